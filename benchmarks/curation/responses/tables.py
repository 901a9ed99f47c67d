"""What goes in: the expert prior, the measured evidence, and how cells map to compartments."""

from __future__ import annotations

import sys
import tomllib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from settings import EVIDENCE, HERE, SIGNATURES

from cytosig.genes.resolve import approved_names
from cytosig.genes.tables import human
from cytosig.learn.effects import programme_of

if TYPE_CHECKING:
    from pathlib import Path

FILED_WITH = {"IL1A": "IL1B"}
_TEXT = {"sep": "\t", "dtype": str, "keep_default_na": False}


@dataclass(frozen=True, eq=False)
class Tables:
    """Genes, cytokines and axes in a fixed order, and the two sources of knowledge.

    Parameters
    ----------
    prior
        cytokine, gene, direction, compartments, confidence, direct, reference, note, leans_on (a
        study of the evidence that the row was taken from).
    evidence
        One row a cytokine, gene and experiment, with ``compartment`` and ``sign``.
    axis_of
        Cytokine to axis.
    """

    prior: pd.DataFrame
    evidence: pd.DataFrame
    axis_of: dict[str, str]

    @cached_property
    def ids(self) -> list[str]:
        """Cytokines with a prior list, sorted."""
        return sorted(self.prior["cytokine"].unique())

    @cached_property
    def genes(self) -> list[str]:
        """Every gene of the prior or the evidence, sorted."""
        return sorted({*self.prior["gene"], *self.evidence["gene"]})

    @cached_property
    def row(self) -> dict[str, int]:
        """Gene to row."""
        return {gene: i for i, gene in enumerate(self.genes)}

    def without(self, study: str) -> Tables:
        """Prior rows that lean on the study say nothing; the evidence is left as it is."""
        leaning = self.prior["leans_on"] == study
        if not leaning.any():
            return self
        prior = self.prior.assign(confidence=self.prior["confidence"].mask(leaning, "none"))
        return replace(self, prior=prior)

    @cached_property
    def groups(self) -> np.ndarray:
        """Number of the axis of each cytokine."""
        names = list(dict.fromkeys(self.axis_of[id] for id in self.ids))
        return np.array([names.index(self.axis_of[id]) for id in self.ids])


def read(evidence: Path = EVIDENCE) -> Tables:
    """Read every table; an unknown cell type or cytokine stops the program."""
    prior = pd.read_csv(HERE / "prior.tsv", **_TEXT)
    cells = pd.read_csv(HERE / "cell_types.tsv", **_TEXT).set_index("cell_type")["compartment"]
    axes = tomllib.loads((SIGNATURES / "axes.toml").read_text())["axis"]
    axis_of = {member: axis["id"] for axis in axes for member in axis["members"]}
    return Tables(prior, _evidence(evidence, cells, set(prior["cytokine"])), axis_of)


def _evidence(path: Path, cells: pd.Series[str], ids: set[str]) -> pd.DataFrame:
    table = pd.read_csv(path, sep="\t", low_memory=False)
    table = table[~table["study"].isin(left_out("weights"))]
    table = table.assign(cytokine=table["cytokine"].replace(FILED_WITH))
    unknown = sorted(set(table["cell_type"]) - set(cells.index))
    if unknown:
        sys.exit(f"No compartment for {unknown}: add them to cell_types.tsv.")
    table = _approved(table)
    table["compartment"] = table["cell_type"].map(cells)
    table["sign"] = np.where(table["direction"] == "up", 1.0, -1.0)
    return table[table["cytokine"].isin(ids)].reset_index(drop=True)


def left_out(of: str) -> frozenset[str]:
    """Studies that enter no ``weights``, or no ``grades``; left_out.tsv says why."""
    table = pd.read_csv(HERE / "left_out.tsv", **_TEXT)
    return frozenset(table.loc[table["from"] == of, "study"])


def _approved(table: pd.DataFrame) -> pd.DataFrame:
    """Approved symbols for previous ones and aliases; a name nobody approved is left out."""
    names = sorted(table["gene"].unique())
    approved = dict(zip(names, approved_names(names, "human"), strict=True))
    table = table.assign(gene=table["gene"].map(approved))
    table = table[table["gene"].isin(human().keys())]
    return table.drop_duplicates(["experiment", "gene"]).reset_index(drop=True)


def programme_genes(genes: list[str]) -> np.ndarray:
    """Which genes mark growth, stress or content, by the table that learnt signatures go by."""
    return np.array([programme_of(gene) != "" for gene in genes])
