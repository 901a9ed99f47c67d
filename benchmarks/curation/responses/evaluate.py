"""Leave one study out: the first expert lists, then ours, with and without compartments.

Usage: ``python benchmarks/curation/responses/evaluate.py [--out DIR]``

Writes heldout.md and heldout.tsv (one row an experiment).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import record
from heldout import (
    Queries,
    catalogue,
    expert_only,
    leave_one_cell_type_out,
    leave_one_study_out,
    queries,
    summary,
)
from model import study_effects, weights
from panel import bar, single_cells, stimulations
from settings import DEFAULT, HERE
from tables import read

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tables import Tables

METHODS = ("hlm", "ulm", "mlm", "ridge")
PANEL = ("GSE_Jankowski_HPPT", "Seibold_HBEC_IL13", "Boulant_T84", "Pavlakis_hetIL15", "GSE96583")
AIMED_AT = {
    "tables": ".68/.95/.93",
    "tables, no interferon": ".60/.85/.80",
    "dictionary": ".58/.70/.78",
    "dictionary, no interferon": ".40/.55/.62",
}


def first_lists(tables: Tables) -> NDArray[np.float64]:
    """The expert lists before any evidence, genes × cytokines."""
    matrix = np.zeros((len(tables.genes), len(tables.ids)))
    for row in pd.read_csv(HERE / "first_lists.tsv", sep="\t").itertuples():
        if row.gene in tables.row:
            matrix[tables.row[row.gene], tables.ids.index(row.cytokine)] = row.weight
    return matrix


def runs(tables: Tables, asked: Queries) -> dict[tuple[str, str, str], pd.DataFrame]:
    """Every run shown: (lists, method, what is scored) to ranks."""
    found = {}
    for method in METHODS:
        for signs in (True, False):
            what = "directions" if signs else "log fold changes"
            first = expert_only(tables, asked, first_lists(tables), method=method, signs=signs)
            found["first expert lists", method, what] = first
            for compartments in (False, True):
                name = "evidence, by compartment" if compartments else "evidence, generic"
                found[name, method, what] = leave_one_study_out(
                    tables, asked, DEFAULT, method=method, compartments=compartments, signs=signs
                )
    return found


def panel_left_out(tables: Tables, data: Path) -> tuple[pd.DataFrame, pd.Series[float]]:
    """The development panel, its own studies left out of the (generic) weights."""
    effects = [e for e in study_effects(tables, DEFAULT) if e.study not in PANEL]
    signatures = catalogue(tables, weights(tables, effects, DEFAULT))
    return stimulations(data, signatures=signatures), single_cells(data, signatures=signatures)


def main() -> None:
    """Run everything and write the table."""
    given = record.arguments(__doc__).parse_args()
    tables = read()
    asked = queries(tables)
    found = runs(tables, asked)
    lines = [
        {"lists": name, "method": method, "scored": what} | summary(ranked)
        for (name, method, what), ranked in found.items()
    ]
    lines.sort(key=lambda line: (line["scored"], METHODS.index(line["method"])))
    shown = pd.DataFrame([{"lists": "aimed at", "method": "", "scored": ""} | AIMED_AT, *lines])
    stim, cells = panel_left_out(tables, given.data)
    met = pd.DataFrame(list(bar(stim, cells).items()), columns=["bar", "met"])
    best = found["evidence, by compartment", "hlm", "directions"]
    parts = [
        "# Experiments recognised with their study left out",
        record.provenance(),
        _READING,
        record.markdown(shown),
        "## The dictionary with one cell type left out, the others of the study left in",
        record.markdown(pd.DataFrame([summary(leave_one_cell_type_out(tables, asked, DEFAULT))])),
        "## The development panel (panel.md), its studies left out of the weights",
        record.markdown(met),
        record.markdown(stim[["case", "true", "rank", "z", "first three", "axis rank", "AUROC"]]),
        "## By study (hlm, by compartment, directions)",
        record.markdown(_by_study(best)),
        _NOTES,
    ]
    record.write(given.out, "heldout", table=_every(found), text="\n\n".join(parts))


def _by_study(ranked: pd.DataFrame) -> pd.DataFrame:
    groups = ranked.assign(top=ranked["rank"] <= 3).groupby(["cytokine", "study"])
    table = groups.agg(
        experiments=("rank", "size"),
        first=("rank", lambda rank: (rank == 1).mean()),
        top3=("top", "mean"),
        own_axis=("axis first", "mean"),
        median=("rank", "median"),
    )
    return table.reset_index().round(2)


def _every(found: dict[tuple[str, str, str], pd.DataFrame]) -> pd.DataFrame:
    """One row an experiment, of the default method only."""
    own = {key: ranked for key, ranked in found.items() if key[1] == METHODS[0]}
    return pd.concat(
        [t.assign(lists=n, method=m, scored=w) for (n, m, w), t in own.items()],
        ignore_index=True,
    )


_READING = """\
exact first / among the first three / axis of the first. A query is one experiment of the
evidence in cells that can answer, with at least 15 raised genes; IL1A is filed with IL1B.
"tables" are genome-wide tables, "dictionary" the mouse Immune Dictionary (17 cell types, 4 h in
vivo). The study of the query is left out of the evidence as a whole, all cell types and times.
"Directions" scores +1 and -1, "log fold changes" the published values where a table has them; the
dictionary has directions only. No interferon: without the axes IFN-I-III and IFN-II."""

_NOTES = """\
- The expert prior (prior.tsv) was written from the literature without opening these data, but by
  readers who know the field: it is not blind to what the dictionary or the tables taught it.
- The figures aimed at were set before the work began. Those for the dictionary were not reached:
  its T and NK cells answer IL-1, IL-2, IL-12, IL-15 and IL-18 within 4 h in vivo with the
  interferon, IL-6 and glucocorticoid that follow; no list of direct targets ranks the injected
  cytokine first there. Other cell types of the same study help, see above: part of what they
  share is that wave.
- About 500 variants of weights, priors and scoring were compared on these queries while the
  model was made; differences of 2 of 28 or 5 of 189 among the last of them are noise. The
  settings were then frozen (settings.py). They are development figures, not a blind test."""


if __name__ == "__main__":
    main()
