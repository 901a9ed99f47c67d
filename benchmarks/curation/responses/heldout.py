"""Leave one study out: does the rest of the evidence recognise it?

The whole study leaves the evidence, the weights are made anew, and each of its experiments is
scored by the package as a row of log fold changes (or of signs). The expert prior stays, but for
the rows that were taken from the study (``leans_on``); see README.md.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import anndata as ad
import numpy as np
import pandas as pd
from model import GENERIC, study_effects, weights
from settings import INTERFERON_AXES

import cytosig as cs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from settings import Settings
    from tables import Tables

FEWEST_UP = 15
DICTIONARY = "ImmuneDictionary"


@dataclass(frozen=True)
class Queries:
    """Experiments to recognise: one row each in ``about``, ``sign`` and ``change``."""

    about: pd.DataFrame
    sign: NDArray[np.float64]
    change: NDArray[np.float64]


def queries(tables: Tables) -> Queries:
    """Every experiment in cells that can answer, with at least 15 raised genes."""
    use = tables.evidence[tables.evidence["direct_cell"] == 1]
    raised = use[use["direction"] == "up"].groupby("experiment").size()
    kept = raised.index[raised >= FEWEST_UP]
    about, sign, change = [], [], []
    for name, rows in use[use["experiment"].isin(kept)].groupby("experiment", sort=True):
        first = rows.iloc[0]
        kind = "dictionary" if first["study"] == DICTIONARY else first["kind"]
        known = first[["study", "cytokine", "cell_type", "compartment"]]
        about.append((name, *known, kind))
        place = rows["gene"].map(tables.row).to_numpy()
        for store, values in ((sign, rows["sign"]), (change, rows["log2FC"].fillna(rows["sign"]))):
            row = np.zeros(len(tables.genes))
            row[place] = values
            store.append(row)
    columns = ["experiment", "study", "cytokine", "cell_type", "compartment", "kind"]
    frame = pd.DataFrame(about, columns=columns)
    frame["interferon"] = frame["cytokine"].map(tables.axis_of).isin(INTERFERON_AXES)
    return Queries(frame, np.array(sign), np.array(change))


def catalogue(tables: Tables, matrix: NDArray[np.float64]) -> cs.signatures.Catalogue:
    """The weights as a catalogue with the shipped axes."""
    curated = cs.signatures.load()
    sets = {
        id: {tables.genes[g]: matrix[g, k] for g in np.flatnonzero(matrix[:, k])}
        for k, id in enumerate(tables.ids)
    }
    return replace(cs.signatures.Catalogue.from_dict(sets), axes=curated.axes)


def score(
    tables: Tables, matrix: NDArray[np.float64], rows: NDArray[np.float64], method: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """z of every cytokine and axis for rows of changes."""
    logging.getLogger("cytosig").setLevel(logging.ERROR)
    adata = ad.AnnData(rows, var=pd.DataFrame(index=tables.genes))
    cs.tl.score(adata, signatures=catalogue(tables, matrix), method=method, center=None)
    return adata.obsm["cytosig_score"], adata.obsm["cytosig_axis"]


def leave_one_study_out(
    tables: Tables,
    asked: Queries,
    settings: Settings,
    *,
    method: str = "hlm",
    compartments: bool = True,
    signs: bool = True,
) -> pd.DataFrame:
    """Rank of the true cytokine and of its axis for every experiment, its study unseen."""
    rows = asked.sign if signs else asked.change
    about = asked.about.copy()
    for part, matrix in folds(tables, asked, settings, compartments=compartments):
        _rank(tables, about, part.index, *score(tables, matrix, rows[part.index], method))
    return about


def folds(
    tables: Tables, asked: Queries, settings: Settings, *, compartments: bool = True
) -> Iterator[tuple[pd.DataFrame, NDArray[np.float64]]]:
    """Experiments of one study (and compartment), and the weights made without that study."""
    effects = study_effects(tables, settings)
    about = asked.about
    where = about["compartment"] if compartments else pd.Series(GENERIC, index=about.index)
    for (study, compartment), part in about.groupby(["study", where], sort=True):
        others = [effect for effect in effects if effect.study != study]
        yield part, weights(tables.without(study), others, settings, compartment)


def leave_one_cell_type_out(tables: Tables, asked: Queries, settings: Settings) -> pd.DataFrame:
    """The dictionary only, its other cell types left in: what the study itself adds."""
    about = asked.about[asked.about["kind"] == "dictionary"].copy()
    evidence = tables.evidence
    for (cell, compartment), part in about.groupby(["cell_type", "compartment"], sort=True):
        out = (evidence["study"] == DICTIONARY) & (evidence["cell_type"] == cell)
        effects = study_effects(replace(tables, evidence=evidence[~out]), settings, tables.row)
        matrix = weights(tables, effects, settings, compartment)
        _rank(tables, about, part.index, *score(tables, matrix, asked.sign[part.index], "hlm"))
    return about


def expert_only(
    tables: Tables, asked: Queries, matrix: NDArray[np.float64], *, method: str, signs: bool = True
) -> pd.DataFrame:
    """The same ranks with one fixed matrix."""
    about = asked.about.copy()
    rows = asked.sign if signs else asked.change
    _rank(tables, about, about.index, *score(tables, matrix, rows, method))
    return about


def _rank(
    tables: Tables, about: pd.DataFrame, index: pd.Index[int], z: pd.DataFrame, axis: pd.DataFrame
) -> None:
    for i, k in enumerate(index):
        true = about.at[k, "cytokine"]
        row = z.iloc[i].fillna(-np.inf)
        about.loc[k, "rank"] = int((row >= row[true]).sum())
        about.loc[k, "first"] = row.idxmax()
        about.loc[k, "axis first"] = tables.axis_of[row.idxmax()] == tables.axis_of[true]
        own = axis.iloc[i].fillna(-np.inf)
        about.loc[k, "axis rank"] = int((own >= own[tables.axis_of[true]]).sum())


def summary(ranked: pd.DataFrame) -> dict[str, str]:
    """exact first / top 3 / axis first, for the groups the table shows."""
    tables, dictionary = ranked["kind"] == "table", ranked["kind"] == "dictionary"
    groups = {
        "tables": tables,
        "tables, no interferon": tables & ~ranked["interferon"],
        "dictionary": dictionary,
        "dictionary, no interferon": dictionary & ~ranked["interferon"],
    }
    return {name: _shares(ranked[here]) for name, here in groups.items() if here.any()}


def _shares(part: pd.DataFrame) -> str:
    found = ((part["rank"] == 1).mean(), (part["rank"] <= 3).mean(), part["axis first"].mean())
    return "/".join(f"{share:.2f}" for share in found) + f" (n={len(part)})"
