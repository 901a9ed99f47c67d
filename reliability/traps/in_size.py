"""Inputs that are small: few genes, few cells, none, one; signatures without a gene."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

import cytosig as cs
from reliability.traps.covered import Covered
from reliability.traps.data import CELLS, cells, dense, logged, others
from reliability.traps.expect import Equal, Holds, NotAsked, refused
from reliability.traps.in_names import OWN_SETS, with_sets
from reliability.traps.trap import Trap

if TYPE_CHECKING:
    from pathlib import Path

    import anndata as ad

    from reliability.traps.calls import Call
    from reliability.traps.expect import Tables
    from reliability.traps.trap import Maker


def variable(adata: ad.AnnData) -> ad.AnnData:
    """The 600 genes that vary most over all the cells."""
    x = dense(logged(cells()))
    chosen = np.sort(np.argsort(-x.var(axis=0), kind="stable")[:600])
    return adata[:, chosen].copy()


def panel(adata: ad.AnnData) -> ad.AnnData:
    """470 genes, as many as a panel has."""
    chosen = np.random.default_rng(4).choice(adata.n_vars, 470, replace=False)
    return adata[:, np.sort(chosen)].copy()


def cut(rows: slice, columns: slice = slice(None)) -> Maker:
    """These observations and genes alone."""
    return lambda adata: adata[rows, columns].copy()


def only(gene: str) -> Maker:
    """That gene alone."""
    return lambda adata: adata[:, [gene]].copy()


def one_sample(adata: ad.AnnData) -> ad.AnnData:
    """The first patient."""
    return adata[: max(2, CELLS * adata.n_obs // 300)].copy()


# --- alone, against a stored reference ----------------------------------------------------------


def _reference(_: Path) -> dict[str, Any]:
    return {"reference": cs.tl.fit_reference(cells(), n_jobs=1)}


def _saved(folder: Path) -> dict[str, Any]:
    cs.tl.fit_reference(cells(), n_jobs=1).save(folder / "zero.npz")
    return {"reference": folder / "zero.npz"}


class Inside:
    """The same rows of a call on all the cells."""

    def __init__(self, rows: slice, *, stored: bool) -> None:
        self._rows, self._stored = rows, stored
        self.said = "equal to the same cells inside 300" + (", by a stored reference" * stored)

    def amiss(self, call: Any, tables: Any, clean: Any, /) -> str:
        """Row by row."""
        from reliability.traps.frames import NAN_TABLES, difference

        wanted = clean(call, cells_all, _reference_of(stored=self._stored))
        for name in NAN_TABLES:
            if name in tables and name in wanted:
                here = wanted[name].iloc[self._rows]
                told = difference(tables[name], here, 1e-9)
                if told:
                    return f"{name}: {told}"
        return ""


_FITTED: dict[bool, Any] = {}


def _reference_of(*, stored: bool) -> dict[str, Any]:
    if stored and True not in _FITTED:
        _FITTED[True] = cs.tl.fit_reference(cells(), n_jobs=1)
    return {"reference": _FITTED[True]} if stored else {}


def cells_all(adata: ad.AnnData) -> ad.AnnData:
    """All cells."""
    return adata


_RANKED = NotAsked(
    "it compares the observations with each other: not promised, as docs/other_methods.md says"
)
_OF_TEN = NotAsked("the page compares what is in the file")
_NO_TISSUE = NotAsked("ten cells hold no samples to compare")
_ALONE = dict.fromkeys(("tissue", "samples", "compare", "chain"), _NO_TISSUE)
_TEN, _ONE, _TWO = slice(0, 10), slice(0, 1), slice(0, 2)
_NONE = refused("0 cells", "at least one")
_OF_TWO = NotAsked("each is relative to the other, as the README says")


def _opposite(_: Call, tables: Tables) -> str:
    score = tables["score"].to_numpy()
    away = np.abs(score[0] + score[1]).max()
    return "" if away < 1e-6 * np.abs(score).max() else f"they add up to {away:.3g}, not to 0"


def _untested(call: Call, tables: Tables) -> str:
    table = tables[call.name]
    if table[["p", "q"]].notna().any(axis=None):
        return "a p-value of one sample"
    silent = table["flags"].fillna("").astype(str) == ""
    return "a row without p and without a flag" if silent.any() else ""


OPPOSITE = Holds("each the other's opposite, centred on their mean", _opposite)
UNTESTED = Holds("no p, and a flag that says why", _untested)
GONE = {"GONE": [f"NOPE{k}" for k in range(12)]}


@cache
def _there() -> dict[str, list[str]]:
    return {"THERE": others()[:12]}


@cache
def _both() -> dict[str, list[str]]:
    return {**_there(), **GONE}


SIZES = (
    Trap("highly variable genes only", "few genes", variable, {"*": Covered(variable)}),
    Trap("a panel of 470 genes", "few genes", panel, {"*": Covered(panel)}),
    Trap("ten cells, a stored reference", "alone", cut(_TEN),
         {"score": Inside(_TEN, stored=True), "consensus": _RANKED, "whole": _RANKED,
          "channels": Inside(_TEN, stored=True), "report": _OF_TEN, **_ALONE},
         options=_reference, typed=_saved),
    Trap("ten cells, nothing stored", "alone", cut(_TEN),
         {"rank": Inside(_TEN, stored=False), "consensus": _RANKED, "whole": _RANKED,
          "linear": NotAsked("centred on the ten: relative, as the README says"),
          "company": NotAsked("relative to the ten, as the README says"),
          "report": _OF_TEN,
          "channels": Inside(_TEN, stored=False), **_ALONE}),
    Trap("one cell", "too little", cut(_ONE),
         {"rank": Inside(_ONE, stored=False), "channels": Inside(_ONE, stored=False),
          "consensus": refused("only one", "alone"), "gsva": refused("there is 1", "ssgsea"),
          "score_genes": refused("one observation", "reference"),
          "score": refused("only one observation", "reference"),
          "tissue": refused("one cell type"), "samples": refused("1 sample", "reference")}),
    Trap("one cell, a stored reference", "too little", cut(_ONE),
         {"score": Inside(_ONE, stored=True), "channels": Inside(_ONE, stored=True),
          "consensus": refused("only one", "alone"), "gsva": refused("there is 1", "ssgsea"),
          "tissue": refused("one cell type"), "report": _OF_TEN, **_ALONE},
         options=_reference, typed=_saved),
    Trap("two cells", "too little", cut(_TWO),
         {"rank": Inside(_TWO, stored=False), "channels": Inside(_TWO, stored=False),
          "linear": OPPOSITE, "zscore": OPPOSITE, "score": _OF_TWO, "report": _OF_TWO,
          "compare": refused("3 cells", "min.cells"),
          "tissue": refused("3 cells of one type", "min.cells"),
          "samples": refused("1 sample", "reference")}),
    Trap("no cell", "too little", cut(slice(0, 0)),
         {"*": refused("0 observations"), "tissue": _NONE, "samples": _NONE}),
    Trap("no gene", "too little", cut(slice(None), slice(0, 0)), {"*": refused("0 genes")}),
    Trap("one gene", "too little", only("IL6"), {"*": refused("1 gene")}),
    Trap("one sample", "too little", one_sample,
         {"rank": Inside(slice(0, CELLS), stored=False),
          "channels": Inside(slice(0, CELLS), stored=False),
          "score": NotAsked("centred on that sample: relative, as the README says"),
          "report": NotAsked("centred on that sample"), "compare": refused("one group"),
          "tissue": UNTESTED, "samples": refused("1 sample", "reference")}),
    Trap("a signature without a gene, and one with", "set without genes",
         expect={**OWN_SETS, "score": Equal(options=lambda: {"signatures": _there()},
                                            reason="none of its genes")},
         **with_sets(_both)),
    Trap("no signature with a gene", "set without genes",
         expect={**OWN_SETS, "score": refused("none of its genes")},
         **with_sets(lambda: GONE)),
)  # fmt: skip
