"""Seconds and memory of sources, targets and links, beside LIANA's rank_aggregate.

Usage: ``python benchmarks/communication_speed.py [--peer PYTHON] [--cells 20000] [--runs 3]``
``[--stream-cells 1000000] [--folder FOLDER] [--whole-resource] [--out RESULTS]``
20,000 cells × 4,000 genes × 20 cell types × 12 samples in memory, both sides in a process of their
own, in the same run; then pseudobulk and links of a file of 1,000,000 cells, rows from disk
(0 leaves that out; the file of about 4 GB is made in the folder, and kept there).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

import _communication as shared
import pandas as pd
import record

import cytosig as cs

if TYPE_CHECKING:
    import anndata as ad

HERE = Path(__file__).parent
N_GENES, N_TYPES, N_SAMPLES = 4000, 20, 12
DEPTH = 3000.0
STREAM_GENES = 20_000
CALLS = {"links": ["links"], "sources, targets and links": ["sources", "targets", "links"]}
LIANA = "rank_aggregate"


def data(path: Path, n_cells: int, /) -> ad.AnnData:
    """Cells with planted links, as counts."""
    types = {f"type {i:02d}": 1.0 for i in range(1, N_TYPES + 1)}
    planted = [cs.datasets.Planted("IL6", "type 01", "type 02")]
    made = cs.datasets.simulate_tissue(
        n_samples=N_SAMPLES, cells_per_sample=round(n_cells / N_SAMPLES), n_genes=N_GENES,
        cell_types=types, depth=DEPTH, planted=planted, lineage_sd=0.5, composition_sd=0.2,
    ).adata  # fmt: skip
    made.write_h5ad(path)
    return made


def with_resource(adata: ad.AnnData, consensus: pd.DataFrame, path: Path, /) -> int:
    """The same with LIANA's genes for names of fillers; how many it knows then."""
    wanted = {g for side in consensus for text in consensus[side] for g in text.split("_")}
    names = list(adata.var_names)
    spare = iter(sorted(wanted - set(names)))
    adata = adata.copy()
    adata.var_names = [next(spare, n) if n.startswith("BG") else n for n in names]
    adata.write_h5ad(path)
    return len(wanted & set(adata.var_names))


def ours(path: Path, target: Path, calls: list[str], /, *options: str) -> dict:
    """Figures of our calls."""
    script = HERE / "_communication_ours.py"
    subprocess.run([sys.executable, script, path, target, *calls, *options], check=True)
    return json.loads(target.read_text())


def row(who: str, what: str, cells: int, found: dict, /, **more: object) -> dict[str, object]:
    """One line of the table."""
    return {
        "who": who, "what": what, "cells": cells, "seconds": found["seconds"],
        "CPU seconds": found["cpu"], "peak MiB": found["peak"], "extra MiB": found["extra"],
        "rows": found.get("rows", ""), **more,
    }  # fmt: skip


def peer_cases(
    folder: Path, made: ad.AnnData, peer: shared.Peer, *, whole: bool
) -> list[tuple[Path, str, pd.DataFrame | None]]:
    """File, words and pairs of what LIANA is asked."""
    path, consensus = folder / "cells.h5ad", peer.consensus()
    cases = [(path, "our pairs", shared.our_pairs()), (path, "its consensus", None)]
    if whole:
        named = folder / "named.h5ad"
        genes = with_resource(made, consensus, named)
        cases.append((named, f"its consensus, {genes} of its genes", None))
    return cases


def in_memory(
    folder: Path, peer: shared.Peer, n_cells: int, runs: int, *, whole: bool
) -> pd.DataFrame:
    """Both sides on the same cells."""
    path = folder / "cells.h5ad"
    made = data(path, n_cells)
    n, rows, own = made.n_obs, [], {}
    for name, calls in CALLS.items():
        for jobs in (1, 2):
            found = ours(
                path, folder / "ours.json", calls, "--jobs", str(jobs), "--runs", str(runs)
            )
            rows.append(row("cytosig", f"{name}, {jobs} threads", n, found))
            own[name] = min(own.get(name, found["seconds"]), found["seconds"])
    for jobs in (1, 2):
        for where, about, pairs in peer_cases(folder, made, peer, whole=whole):
            options = f"--jobs {jobs} --warm"
            _, found = peer.run(LIANA, [where], pairs=pairs, options=options)[0]
            times = {f"times ours, {name}": found["seconds"] / own[name] for name in CALLS}
            rows.append(row("liana", f"{LIANA}, {about}, {jobs} jobs", n, found, **times))
    return pd.DataFrame(rows).fillna("")


def streamed(folder: Path, n_cells: int, /) -> pd.DataFrame:
    """Pseudobulk and links of a file, its matrix never in memory."""
    path = folder / f"cells_{n_cells}.h5ad"
    if not path.exists():
        call = [sys.executable, HERE / "scaling_data.py", path, "--cells", n_cells,
                "--genes", STREAM_GENES, "--values", "counts"]  # fmt: skip
        subprocess.run(list(map(str, call)), check=True)
    rows = []
    for calls in (["pseudobulk", "links"], ["links"]):
        found = ours(path, folder / "ours.json", calls, "--backed", "--jobs", "2")
        what = " + ".join(calls) + ", from disk, 2 threads"
        parts = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in found["parts"].items())
        rows.append(row("cytosig", what, n_cells, found, parts=parts))
    return pd.DataFrame(rows)


def main() -> None:
    """Make the data, run both sides, write the tables."""
    parser = record.arguments(__doc__, peer=True)
    parser.set_defaults(peer=shared.PEER)
    parser.add_argument("--cells", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3, help="of ours; LIANA runs once")
    parser.add_argument(
        "--whole-resource", action="store_true", help="LIANA with all its pairs too: 20 GiB"
    )
    parser.add_argument("--stream-cells", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="for the file; the default is thrown away")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        peer = shared.Peer(asked.peer, Path(name))
        peer.check()
        head = [f"Peer: {peer.versions()}"]
        whole = asked.whole_resource
        table = in_memory(Path(name), peer, asked.cells, asked.runs, whole=whole)
        parts = ["# Speed of sources, targets and links", record.provenance(head), _ABOUT,
                 record.markdown(table)]  # fmt: skip
        if asked.stream_cells:
            folder = asked.folder or Path(name)
            folder.mkdir(parents=True, exist_ok=True)
            more = streamed(folder, asked.stream_cells)
            parts += ["## From disk", _STREAM, record.markdown(more)]
            table = pd.concat([table, more])
    parts.append(_NOTES)
    record.write(asked.out, "communication_speed", table=table, text="\n\n".join(parts))


_ABOUT = (
    f"{N_GENES:,} genes, {N_TYPES} cell types, {N_SAMPLES} samples, {DEPTH:,.0f} counts a cell, CSR"
    " in memory, every cytokine of the catalogue. Every row is a process of its own, after a small"
    " call that is not timed. LIANA: 1,000 permutations of cells, matrix logged beforehand."
)
_STREAM = (
    f"{STREAM_GENES:,} genes, 7 % filled, gzip, 8 types and 8 samples; written by scaling_data.py."
)
_NOTES = """\
- Ours tests samples and has no permutations of cells; it gives sources, targets and links with
  intervals. LIANA's rank_aggregate runs five methods on all samples together. Compare what a user
  waits for, not like with like.
- "our pairs" gives LIANA the pairs of our catalogue only; "its consensus" what that has among the
  genes of the file, which are our catalogue's and fillers. LIANA leaves out pairs of genes that
  fewer than 10 % of the cells have; "rows" is what it gave.
- "peak MiB" is the largest resident memory during the first call (LIANA's workers added), "extra
  MiB" that less what was held before."""

if __name__ == "__main__":
    main()
