"""How often sources, targets and links are found where there are none.

Usage: ``python benchmarks/communication_null.py [--simulations 200] [--peer-simulations 40]``
``[--peer PYTHON] [--processes 2] [--out RESULTS]``
Cells of several patients whose cell types do not differ, with effects of patients and of patients
× cell types; and the least favourable nulls, in which one end of a link is planted strongly. On
the same cells, LIANA's CellPhoneDB, which shuffles cells.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

import _communication as shared
import numpy as np
import record

import cytosig as cs
from cytosig.cells import GENERIC, compartment_of
from cytosig.datasets import Planted, simulate_tissue
from cytosig.datasets.tissue import TISSUE_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from cytosig.datasets import SimulatedTissue

Row = tuple[str, str, str, float]
ALPHA = shared.ALPHA
LOW, HIGH = 0.04, 0.06
BATCH = 5
N_GENES = 2500
LIFT = float(np.exp((0.4**2 + 0.4**2) / 2))
"""Log-normal effects of patients raise the sum of all genes by this; a gene's median falls."""
ENDS = [("IFNG", "T cell"), ("HGF", "malignant"), ("CSF1", "macrophage"),
        ("TGFB1", "fibroblast"), ("EGF", "endothelial"), ("CSF3", "dendritic")]  # fmt: skip
"""Cytokines with a list and one receptor form, and the types that are planted to answer them."""


def tissue(seed: int, planted: tuple[Planted, ...] = (), **options: object) -> SimulatedTissue:
    """Nothing planted but what is said; cell types do not differ otherwise."""
    return simulate_tissue(
        planted=planted, lineage_sd=0.0, n_genes=N_GENES, rng=seed, **options
    )  # fmt: skip


def ends(ligand: float, receptor: float, response: float, /) -> tuple[Planted, ...]:
    """The six cytokines with these effects; each type is source of one and target of another."""
    types = list(TISSUE_TYPES)
    return tuple(
        Planted(
            id, types[(types.index(target) + 1) % len(types)], target, ligand_effect=ligand,
            receptor_effect=receptor, response_effect=response,
            compartment=compartment_of(target) or GENERIC,
        )
        for id, target in ENDS
    )  # fmt: skip


def planted_rows(
    table: pd.DataFrame, planted: tuple[Planted, ...], where: str, *, source: bool = False
) -> pd.DataFrame:
    """Rows of the planted cytokines at their target, and their source if asked for."""
    keep = False
    for p in planted:
        mine = (table["cytokine"] == p.cytokine) & (table[where] == p.target)
        keep |= mine & (table["source"] == p.source) if source else mine
    return table[keep]


def nothing(seed: int, **options: object) -> list[Row]:
    """Nothing is planted."""
    found = shared.talk(tissue(seed, **options).adata)
    sources, targets, links = found["sources"], found["targets"], found["links"]
    listed = targets["p_response"].notna()
    alone = sources["limiting"] == ""
    about = "nothing planted"
    if options:
        about += ", " + ", ".join(f"{k}={v}" for k, v in options.items())
    by_type = [
        (f"source p, {name} ({words})", about, "of all",
         shared.below(sources.loc[sources["cell_type"] == name, "p"]))
        for name, words in (("malignant", "most counts"), ("dendritic", "fewest cells"))
    ]  # fmt: skip
    coupled = links.drop_duplicates(["cytokine", "source", "target"])["coupling_p"]
    called = links["q"] < ALPHA
    family = links.loc[called, "cytokine"].nunique()
    return [
        ("source p", about, "of all", shared.below(sources["p"])),
        ("source p, one gene", about, "of all", shared.below(sources.loc[alone, "p"])),
        *by_type,
        ("source p, by sign flips", about, "of all", shared.below(sources["p_exact"])),
        ("source omnibus p", about, "of all",
         shared.below(sources.drop_duplicates("cytokine")["p_omnibus"])),
        ("response p", about, "of all", shared.below(targets["p_response"])),
        ("response p, by sign flips", about, "of all", shared.below(targets["p_exact"])),
        ("target p, with a response list", about, "of all", shared.below(targets[listed]["p"])),
        ("target p, receptor only", about, "of all", shared.below(targets[~listed]["p"])),
        ("link p", about, "of all", shared.below(links["p"])),
        ("coupling p", about, "of all", shared.below(coupled)),
        ("any source q<.05", about, "simulations", float((sources["q"] < ALPHA).any())),
        ("any target q<.05", about, "simulations", float((targets["q"] < ALPHA).any())),
        ("any link q<.05", about, "simulations", float(called.any())),
        ("links q<.05", about, "number", float(called.sum())),
        ("cytokines with a link q<.05", about, "number", float(family)),
    ]  # fmt: skip


def lacking(planted: Planted, /) -> Planted:
    """The same with the last subunit of its receptor not planted, the others strongly."""
    genes = cs.signatures.load().cytokines[planted.cytokine].receptors[0].genes
    if len(genes) == 1:
        return planted
    return replace(planted, receptors=genes[:-1], receptor_effect=2.5)


def no_receptor(seed: int, cpm: float = 5.0) -> list[Row]:
    """Ligand and response are strong, a gene of each receptor is just at ``expressed``."""
    planted = tuple(map(lacking, ends(2.5, 0.0, 1.5)))
    level = cpm * LIFT
    made = tissue(seed, planted, quiet_cpm=(level, level))
    found = shared.talk(made.adata, expressed=cpm)
    about = f"source and response strong, receptor at the threshold of {cpm:g} CPM"
    targets = planted_rows(found["targets"], planted, "cell_type")
    links = planted_rows(found["links"], planted, "target", source=True)
    simple = found["targets"]["cytokine"].isin(_one_receptor_gene())
    return [
        ("competence p, one receptor gene", about, "of all",
         shared.below(found["targets"].loc[simple, "p_competence"])),
        ("target p", about, "of the planted", shared.below(targets["p"])),
        ("link p", about, "of the planted", shared.below(links["p"])),
        ("power of what is planted", about, "response p",
         shared.below(targets["p_response"])),
        ("power of what is planted", about, "source p", shared.below(links["p_source"])),
    ]  # fmt: skip


def deep_threshold(seed: int) -> list[Row]:
    """The same where the threshold is well measured."""
    return no_receptor(seed, 50.0)


def _one_receptor_gene() -> list[str]:
    known = cs.signatures.load().cytokines
    return [
        id for id, c in known.items()
        if len(c.receptors) == 1 and len(c.receptors[0].genes) == 1 and not c.modifiers.decoys
        and not c.receptors[0].supplied
    ]  # fmt: skip


def no_response(seed: int) -> list[Row]:
    """Ligand and receptor are strong, nobody responds."""
    planted = ends(2.5, 2.5, 0.0)
    found = shared.talk(tissue(seed, planted).adata)
    about = "source and receptor strong, no response"
    targets = planted_rows(found["targets"], planted, "cell_type")
    links = planted_rows(found["links"], planted, "target", source=True)
    return [
        ("target p", about, "of the planted", shared.below(targets["p"])),
        ("link p", about, "of the planted", shared.below(links["p"])),
        ("power of what is planted", about, "competence p",
         shared.below(targets["p_competence"])),
        ("power of what is planted", about, "source p", shared.below(links["p_source"])),
    ]  # fmt: skip


def no_source(seed: int) -> list[Row]:
    """Receptor and response are strong, all types make the same of the ligand."""
    planted = ends(0.0, 2.5, 1.5)
    found = shared.talk(tissue(seed, planted).adata)
    about = "target strong, no source"
    links = planted_rows(found["links"], planted, "target")
    return [
        ("link p", about, "of the planted", shared.below(links["p"])),
        ("power of what is planted", about, "target p", shared.below(links["p_target"])),
    ]


def change(seed: int) -> list[Row]:
    """Six patients before, six others after, alike."""
    made = tissue(seed, n_samples=12, conditions=("before", "after"))
    calls = ("sources", "targets")
    found = shared.talk(made.adata, calls=calls, condition_key="condition", baseline="before")
    about = "6 against 6 patients"
    sources, targets = found["sources_change"], found["targets_change"]
    rows = [(f"change of {part}, p", about, "of all", shared.below(sources[f"{part}_p"]))
            for part in ("output", "recruitment", "induction")]  # fmt: skip
    rows.append(("change of response, p", about, "of all", shared.below(targets["p"])))
    rows.append(("any source change q<.05", about, "simulations",
                 float((sources["q"] < ALPHA).any())))  # fmt: skip
    return rows


def few(seed: int) -> list[Row]:
    """Five patients."""
    return nothing(seed, n_samples=5)


def alike_depth(seed: int) -> list[Row]:
    """Every type as deep as the others."""
    return nothing(seed, depth=5000.0)


CASES: dict[str, tuple[Callable[[int], list[Row]], float]] = {
    "nothing": (nothing, 1.0),
    "no_receptor": (no_receptor, 1.0),
    "deep_threshold": (deep_threshold, 1.0),
    "no_response": (no_response, 1.0),
    "no_source": (no_source, 1.0),
    "alike_depth": (alike_depth, 0.5),
    "few": (few, 0.5),
    "change": (change, 0.5),
}


def job(asked: tuple[str, int]) -> list[Row]:
    """One simulation, by its name and number."""
    name, seed = asked
    return CASES[name][0](seed)


def by_cells(peer: shared.Peer, n: int, /) -> list[Row]:
    """LIANA's shuffled cells on the first simulations of ``nothing`` and ``alike_depth``."""
    rows: list[Row] = []
    for about, options in (
        ("nothing planted", {}), ("nothing planted, depth=5000.0", {"depth": 5000.0}),
    ):  # fmt: skip
        for first in range(0, n, BATCH):
            data = []
            for seed in range(first, min(first + BATCH, n)):
                data.append(peer.folder / f"null{seed}.h5ad")
                tissue(seed, **options).adata.write_h5ad(data[-1])
            for pairs, name in ((None, "consensus"), (shared.our_pairs(), "our pairs")):
                for table, _ in peer.run("cellphonedb", data, pairs=pairs):
                    test = f"LIANA, CellPhoneDB p, {name}"
                    rows.append((test, about, "of all", shared.below(table["cellphone_pvals"])))
            for path in data:
                path.unlink()
    return rows


def table_of(rows: list[Row], /) -> pd.DataFrame:
    """Means over the simulations, with their errors and what they should be."""
    table = shared.gathered(rows, ["test", "data", "share"])
    judged = (table["share"].str.startswith("of ")) & ~table["test"].str.contains("LIANA|power")
    inside = table["mean"].map(
        lambda v: "yes" if LOW <= v <= HIGH else "below" if v < LOW else "above"
    )
    table["in 4-6 %"] = inside.where(judged, "")
    return table.rename(columns={"mean": "p<.05", "sem": "mc error", "count": "sims"})


def main() -> None:
    """Run all and write the table."""
    parser = record.arguments(__doc__, peer=True)
    parser.set_defaults(peer=shared.PEER)
    parser.add_argument("--simulations", type=int, default=200)
    parser.add_argument("--peer-simulations", type=int, default=40, help="0 leaves LIANA out")
    parser.add_argument("--only", default="", help=f"one of {', '.join(CASES)}")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    jobs = [
        (name, seed)
        for name, (_, part) in CASES.items()
        if asked.only in ("", name)
        for seed in range(max(2, round(asked.simulations * part)))
    ]
    start, head = time.perf_counter(), []
    with get_context("spawn").Pool(asked.processes, initializer=_quiet) as workers:
        rows = [row for found in workers.imap(job, jobs, chunksize=1) for row in found]
    if asked.peer_simulations:
        with tempfile.TemporaryDirectory() as name:
            peer = shared.Peer(asked.peer, Path(name))
            peer.check()
            head.append(f"Peer: {peer.versions()}; {asked.peer_simulations} simulations")
            rows += by_cells(peer, asked.peer_simulations)
    head.append(f"{time.perf_counter() - start:.0f} s in {asked.processes} processes")
    table = table_of(rows)
    text = [
        "# Sources, targets and links that are none", "", record.provenance(head), "", _ABOUT, "",
        record.markdown(table), "", _NOTES,
    ]  # fmt: skip
    record.write(asked.out, "communication_null", table=table, text="\n".join(text))


def _quiet() -> None:
    logging.getLogger("cytosig").setLevel(logging.ERROR)


_ABOUT = (
    "`cs.datasets.simulate_tissue`: 8 patients, 600 cells each of six types of unequal number and"
    " depth, effects of a patient on every gene (SD .4, natural log), of a patient on every gene of"
    " each cell type (.4), of both on every signature (.15) and on the shares of types (.4). Cell"
    " types do not differ. Means over simulations of the share of tests with p < .05, with the"
    " error over simulations; tests of a simulation are correlated."
)
_NOTES = """\
- A target needs receptor and response, a link source and target; their p is the larger of two, so
  that with both parts null it is far below nominal. The rows "strong" plant all parts but one,
  where p should be below .05 in just 5 %. Rows "power" show that the other parts were found.
- Receptors are expressed at 5 to 60 CPM where nothing is planted: competence is true there for
  most, and the other part of a target's p is null: the response, or without a list the receptor
  over that of other types. Where receptors are at the threshold, competence is null for all.
- "any ... q<.05" is the share of simulations with a false discovery; where nothing is true it is
  the false discovery rate.
- LIANA's CellPhoneDB gets the same cells, normalised to 10,000 and logged, 1,000 permutations and
  its defaults otherwise, with its own consensus and with our pairs. It shuffles cells over all
  patients, so patients are not its replicates."""

if __name__ == "__main__":
    main()
