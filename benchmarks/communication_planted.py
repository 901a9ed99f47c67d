"""Are planted links found, in their direction and nowhere else? And by shuffling cells?

Usage: ``python benchmarks/communication_planted.py [--simulations 30] [--peer PYTHON]``
``[--effects 0,0.25,0.5,0.75,1,1.5] [--processes 2] [--out RESULTS]``
The cases of ``cs.datasets.tissue_panel``, their effects swept; on the same cells, LIANA's
CellPhoneDB with our pairs. ``--no-peer`` leaves LIANA out.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

import _communication as shared
import numpy as np
import pandas as pd
import record

import cytosig as cs
from cytosig.datasets import simulate_tissue, tissue_panel

if TYPE_CHECKING:
    from multiprocessing.pool import Pool

    from cytosig.datasets import Planted

ALPHA = shared.ALPHA
EFFECTS = "0,0.25,0.5,0.75,1,1.5"
PANELS = {
    "single": ("single",),
    "forms": ("IL12", "decoy", "presented", "autocrine"),
    "IL23": ("IL23",),
}
"""Cases that share a simulation: none of them silences a gene of another."""
DECOY = ("IL1B", "IL1R2_IL1RAP")
"""A pair of LIANA's consensus whose receptor is a decoy; it goes with our pairs."""
TRAPS = [
    ("forms", "decoy alone, taken for a receptor", "IL1B", ("IL1B",), ("IL1R2", "IL1RAP"),
     ("macrophage", "T cell")),
    ("forms", "IL23, where IL12 is planted", "IL23", ("IL23A", "IL12B"), ("IL23R", "IL12RB1"),
     None),
    ("IL23", "IL12, where IL23 is planted", "IL12", ("IL12A", "IL12B"), ("IL12RB1", "IL12RB2"),
     None),
]  # fmt: skip
"""Panel, what would be wrong, its cytokine, ligands and receptors, and the pair of types."""
N_GENES = 2500
BATCH = 6
CELLS_POWER, OUR_POWER = 0.85, 0.65


def planted_of(panel: str, effect: float, /) -> tuple[Planted, ...]:
    """What is planted together."""
    return tuple(p for name in PANELS[panel] for p in tissue_panel(name, effect=effect))


# --- one simulation --------------------------------------------------------------------------


def ours(
    case: tuple[str, float, float, int], /, *, folder: Path | None
) -> tuple[list[dict], dict, Path | None]:
    """What we find of each planted cytokine, and of all; the cells are kept for LIANA."""
    panel, effect, lineage, seed = case
    planted = planted_of(panel, effect)
    made = simulate_tissue(planted=planted, lineage_sd=lineage, n_genes=N_GENES, rng=seed)
    links = shared.talk(made.adata, calls=("links",))["links"]
    called = links[(links["q"] < ALPHA) & (links["p"] < ALPHA)]
    wrong = shared.false_links(called, made.expected)
    by_cytokine = pd.Series(wrong).groupby(called["cytokine"].to_numpy()).mean()
    whole = {
        "panel": panel, "effect": effect, "lineage_sd": lineage, "called": len(called),
        "false": int(wrong.sum()), "fdp": wrong.mean() if len(called) else 0.0,
        "fdp_cytokine": by_cytokine.mean() if len(called) else 0.0,
        **{name: float(_trapped(called[called["cytokine"] == id], types))
           for where, name, id, _, _, types in TRAPS if where == panel},
    }  # fmt: skip
    rows = [
        {"panel": panel, "effect": effect, "lineage_sd": lineage, "seed": seed,
         "cytokine": p.cytokine, "source": p.source, "target": p.target,
         **_found(links[links["cytokine"] == p.cytokine], p)}
        for p in planted
    ]  # fmt: skip
    path = None
    if folder is not None and not lineage:
        path = folder / f"{panel}_{effect:g}_{seed}.h5ad"
        made.adata.write_h5ad(path)
    return rows, whole, path


def _trapped(found: pd.DataFrame, types: tuple[str, str] | None) -> bool:
    """Is anything found, or anything between these types?"""
    if types is None:
        return len(found) > 0
    return bool(((found["source"] == types[0]) & (found["target"] == types[1])).any())


def trapped_cells(table: pd.DataFrame, panel: str, /) -> dict[str, float]:
    """The same by shuffled cells."""
    hit = table[table["cellphone_pvals"] < ALPHA]
    return {
        f"{name}, cells": float(_trapped(hit[shared.pairs_of(hit, made, heard)], types))
        for where, name, _, made, heard, types in TRAPS
        if where == panel
    }


def _found(links: pd.DataFrame, p: Planted) -> dict[str, float]:
    """Of one cytokine: right, reversed, elsewhere."""
    right = (links["source"] == p.source) & (links["target"] == p.target)
    back = (links["source"] == p.target) & (links["target"] == p.source) & ~right
    hit = (links["q"] < ALPHA) & (links["p"] < ALPHA)
    return {
        "link": float(hit[right].any()),
        "link p": float((links.loc[right, "p"] < ALPHA).any()),
        "source p": float((links.loc[right, "p_source"] < ALPHA).any()),
        "target p": float((links.loc[right, "p_target"] < ALPHA).any()),
        "reversed": float(hit[back].any()) if back.any() else np.nan,
        "elsewhere": float(hit[~right & ~back].any()),
        "elsewhere, pairs": float(hit[~right & ~back].mean()),
    }


def by_cells(table: pd.DataFrame, p: Planted, /) -> dict[str, float]:
    """The same by shuffled cells, any of the planted forms."""
    known = cs.signatures.load().cytokines[p.cytokine]
    made = [f.genes for f in known.ligands if set(f.genes) <= set(p.ligands or f.genes)]
    heard = [f.genes for f in known.receptors if set(f.genes) <= set(p.receptors or f.genes)]
    keep = np.zeros(len(table), dtype=bool)
    for ligands in made:
        for receptors in heard:
            keep |= shared.pairs_of(table, ligands, receptors).to_numpy()
    own = table[keep]
    hit = own[own["cellphone_pvals"] < ALPHA]
    found = set(zip(hit["source"], hit["target"], strict=True))
    right, back = (p.source, p.target), (p.target, p.source)
    types = table["source"].nunique()
    rest = found - {right, back}
    return {
        "cells": float(right in found),
        "cells, reversed": np.nan if right == back else float(back in found),
        "cells, elsewhere": float(bool(rest)),
        "cells, elsewhere, pairs": len(rest) / (types**2 - len({right, back})),
    }


# --- many ------------------------------------------------------------------------------------


def all_of(
    workers: Pool, asked: list[tuple[str, float, float, int]], peer: shared.Peer | None, /
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row a planted cytokine and simulation, and one a simulation."""
    rows, whole = [], []
    call = partial(ours, folder=peer.folder if peer else None)
    pairs = shared.our_pairs()
    pairs.loc[len(pairs)] = DECOY
    for first in range(0, len(asked), BATCH):
        batch = asked[first : first + BATCH]
        done = workers.map(call, batch, chunksize=1)
        kept = [path for _, _, path in done if path]
        run = peer.run("cellphonedb", kept, pairs=pairs) if peer and kept else []
        tables = {path: table for path, (table, _) in zip(kept, run, strict=True)}
        for (panel, effect, _, _), (found, one, path) in zip(batch, done, strict=True):
            whole.append(one | (trapped_cells(tables[path], panel) if path else {}))
            for p, row in zip(planted_of(panel, effect), found, strict=True):
                rows.append(row | (by_cells(tables[path], p) if path else {}))
        for path in kept:
            path.unlink()
    return pd.DataFrame(rows), pd.DataFrame(whole)


def traps(whole: pd.DataFrame, /) -> pd.DataFrame:
    """Share of simulations in which what would be wrong is found."""
    rows = []
    for panel, name, *_ in TRAPS:
        one = whole[(whole["panel"] == panel) & (whole["lineage_sd"] == 0)]
        for effect, each in one.groupby("effect", sort=True):
            shares = {"ours": each[name].mean()}
            if f"{name}, cells" in each:
                shares["cells"] = each[f"{name}, cells"].mean()
            rows.append({"found though wrong": name, "effect": effect, **shares})
    return pd.DataFrame(rows)


def power(rows: pd.DataFrame, /) -> pd.DataFrame:
    """Shares of the simulations, by cytokine and effect."""
    keys = ["cytokine", "source", "target", "lineage_sd", "effect"]
    known = [c for c in rows.columns if c not in (*keys, "panel", "seed")]
    table = rows.groupby(keys, sort=False)[known].mean().reset_index()
    table.insert(5, "simulations", rows.groupby(keys, sort=False).size().to_numpy())
    return table


def at_equal_power(table: pd.DataFrame, /) -> pd.DataFrame:
    """Our power at the effect where shuffled cells reach .85, on the line between two effects."""
    found = []
    plain = table[table["lineage_sd"] == 0]
    for cytokine, one in plain.groupby("cytokine", sort=False):
        one = one.sort_values("effect")
        x, cells = one["effect"].to_numpy(), np.maximum.accumulate(one["cells"].to_numpy())
        if cells[-1] < CELLS_POWER:
            at = np.nan
        elif cells[0] >= CELLS_POWER:
            at = x[0]
        else:
            i = int(np.argmax(cells >= CELLS_POWER))
            at = np.interp(CELLS_POWER, cells[i - 1 : i + 1], x[i - 1 : i + 1])
        row = {"cytokine": cytokine, "effect": at, "cells with nothing planted": cells[0]}
        for name in ("link p", "link"):
            row[f"ours, {name}"] = np.interp(at, x, one[name]) if at == at else np.nan
        row["met"] = "" if at != at else bool(row["ours, link p"] >= OUR_POWER)
        found.append(row)
    return pd.DataFrame(found)


def held_by(consensus: pd.DataFrame, /) -> pd.DataFrame:
    """Rows of LIANA's resource with just the planted ligand and receptor, and what it has."""
    rows = []
    known = cs.signatures.load().cytokines
    for p in (p for panel in PANELS for p in planted_of(panel, 1.0)):
        made, heard = known[p.cytokine].ligands[0].genes, known[p.cytokine].receptors
        genes = {gene for form in heard for gene in form.genes}
        exact = sum(shared.pairs_of(consensus, made, form.genes).sum() for form in heard)
        near = consensus[
            consensus["ligand"].map(lambda text, m=made: bool(set(text.split("_")) & set(m)))
            & consensus["receptor"].map(lambda text, g=genes: bool(set(text.split("_")) & g))
        ]
        shown = [f"{a} > {b}" for a, b in zip(near["ligand"], near["receptor"], strict=True)]
        row = {"cytokine": p.cytokine, "our ligand": " + ".join(made)}
        rows.append(row | {"rows in consensus": int(exact), "what it has": "; ".join(shown[:4])})
    return pd.DataFrame(rows)


def report(
    table: pd.DataFrame, whole: pd.DataFrame, resource: pd.DataFrame | None, head: list[str], /
) -> str:
    """The page to read."""
    keys = ["panel", "lineage_sd", "effect"]
    groups = whole.groupby(keys, sort=False)
    false = groups[["called", "false", "fdp", "fdp_cytokine"]].mean()
    false["fdp, mc error"] = groups["fdp"].sem()
    parts = ["# Planted links", record.provenance(head), _ABOUT, "## Each cytokine",
             record.markdown(table.drop(columns=["source p", "target p"]))]  # fmt: skip
    if "cells" in table:
        parts += ["## Where shuffled cells have power .85", _EQUAL,
                  record.markdown(at_equal_power(table))]  # fmt: skip
    parts += ["## Decoys and shared subunits", _TRAPS, record.markdown(traps(whole))]
    parts += [
        "## False discoveries among all cytokines",
        _FALSE,
        record.markdown(false.reset_index()),
    ]
    if resource is not None:
        parts += ["## LIANA's consensus", record.markdown(resource)]
    return "\n\n".join(parts)


def main() -> None:
    """Run all and write the table."""
    parser = record.arguments(__doc__, peer=True)
    parser.set_defaults(peer=shared.PEER)
    parser.add_argument("--simulations", type=int, default=30)
    parser.add_argument("--effects", default=EFFECTS)
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    effects = [float(text) for text in asked.effects.split(",")]
    seeds = range(asked.simulations)
    cases = [(name, e, 0.0, seed) for e in effects for name in PANELS for seed in seeds]
    cases += [("single", e, 0.5, seed) for e in (0.0, 1.0) for seed in seeds]
    start, head, resource = time.perf_counter(), [], None
    with tempfile.TemporaryDirectory() as name:
        peer = None if asked.no_peer else shared.Peer(asked.peer, Path(name))
        if peer:
            peer.check()
            head.append(f"Peer: {peer.versions()}")
            resource = held_by(peer.consensus())
        with get_context("spawn").Pool(asked.processes, initializer=_quiet) as workers:
            rows, whole = all_of(workers, cases, peer)
    head.append(f"{time.perf_counter() - start:.0f} s in {asked.processes} processes")
    table = power(rows)
    text = report(table, whole, resource, head)
    record.write(asked.out, "communication_planted", table=table, text=text)


def _quiet() -> None:
    logging.getLogger("cytosig").setLevel(logging.ERROR)


_ABOUT = """\
Eight patients with the patient effects of `communication_null.py`. At effect 1 the source makes
7.4 times the ligand that all types make, the target has 7.4 times the receptor, and a response gene
of weight 1 is 2.7 times as high; 0 leaves only what is silent. `lineage_sd` .5: all genes that are
not planted differ between types as well. Shares of simulations: `link` found with p and q < .05,
`link p` with p < .05 alone, `reversed` from target to source, `elsewhere` any other pair of types,
`pairs` the share of those. `cells`: p < .05 by LIANA's CellPhoneDB, 1,000 shuffles of cells, our
pairs, 10,000 counts a cell, logged, its other defaults."""
_EQUAL = f"""\
Effect at which shuffled cells find the planted pair in {CELLS_POWER:.0%} (on the line between two
effects), and what we find there; the bar is {OUR_POWER:.0%} at p < .05. The first number to read is
what shuffled cells find with nothing planted."""
_TRAPS = """\
Share of simulations in which it is found: ours with p and q < .05, cells with p < .05. The decoy's
pair, IL1B with IL1R2 and IL1RAP, is one of LIANA's consensus and was put among our pairs for it."""
_FALSE = """\
A link is false where its source makes no more than the other types or its target has no receptor
or no response, by the means that cells are drawn from (differences up to 0.1 log2 count as none).
`fdp` is the share of false ones among those called, 0 where none is; `fdp_cytokine` averages over
the cytokines called, which is what q controls. With `lineage_sd` most ligands have a source."""

if __name__ == "__main__":
    main()
