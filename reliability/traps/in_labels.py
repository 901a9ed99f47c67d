"""Inputs whose labels are odd, and those in which it is known who speaks to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from reliability.traps.expect import Equal, Holds, refused
from reliability.traps.planted import SINGLE, speaks
from reliability.traps.trap import Trap

if TYPE_CHECKING:
    import anndata as ad

    from reliability.traps.calls import Call
    from reliability.traps.expect import Tables

MARKUP = (
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "\"><b onload='x'>",
    "</style>",
)


def one_type(adata: ad.AnnData) -> ad.AnnData:
    """All cells of one type."""
    adata.obs["cell_type"] = pd.Categorical(["T cell"] * adata.n_obs)
    return adata


def no_type(adata: ad.AnnData) -> ad.AnnData:
    """Four cells without a type."""
    adata.obs.iloc[:4, adata.obs.columns.get_loc("cell_type")] = np.nan
    return adata


def no_sample(adata: ad.AnnData) -> ad.AnnData:
    """Four cells without a sample."""
    adata.obs.iloc[:4, adata.obs.columns.get_loc("sample")] = np.nan
    return adata


def numbered(column: str, *, text: bool) -> object:
    """Whole numbers for labels, as numbers or as text."""

    def make(adata: ad.AnnData) -> ad.AnnData:
        codes = adata.obs[column].cat.codes.to_numpy().astype(int)
        adata.obs[column] = pd.Categorical(codes.astype(str)) if text else codes
        return adata

    return make


def marked(adata: ad.AnnData) -> ad.AnnData:
    """Markup for cell types, samples, columns, cells, genes of no signature, and in uns."""
    obs = adata.obs
    types = obs["cell_type"].cat.categories
    obs["cell_type"] = obs["cell_type"].cat.rename_categories(
        {name: f"{MARKUP[k % 4]} {name}" for k, name in enumerate(types)}
    )
    samples = obs["sample"].cat.categories
    obs["sample"] = obs["sample"].cat.rename_categories(
        {name: f"{name} {MARKUP[k % 4]}".replace("/", "-") for k, name in enumerate(samples)}
    )
    obs[MARKUP[1]] = MARKUP[0]
    adata.obs_names = [f"{MARKUP[k % 3]} {name}" for k, name in enumerate(adata.obs_names)]
    names = list(adata.var_names)
    names[-2:] = MARKUP[:2]
    adata.var_names = names
    adata.var["note"] = MARKUP[0]
    adata.uns["study"] = {MARKUP[3].replace("/", ""): MARKUP[0], "title": MARKUP[1]}
    return adata


def _numbers(frame: pd.DataFrame, columns: pd.Index) -> np.ndarray:
    kept = frame[list(columns)].apply(pd.to_numeric, errors="coerce")
    return np.sort(kept.to_numpy(float), axis=0)


class Unmarked:
    """The numbers of the clean data under other labels, and nothing that a browser would run."""

    said = "the numbers of clean, and nothing that a browser would run"

    def amiss(self, call: Call, tables: Tables, clean: object, /) -> str:
        """Column by column, sorted, since labels sort otherwise."""
        if "(run by a browser)" in tables:
            found = list(tables["(run by a browser)"]["found"])
            return f"a browser would run {found[0]}" if found else ""
        wanted = clean(call, _clean, {})
        for name, expected in wanted.items():
            columns = expected.select_dtypes("number").columns
            if lost := [column for column in columns if column not in tables[name]]:
                return f"{name}: no column {lost[0]}"
            one, two = (_numbers(frame, columns) for frame in (tables[name], expected))
            if one.shape != two.shape or not np.allclose(
                one, two, rtol=1e-3, atol=1e-9, equal_nan=True
            ):
                return f"{name}: other numbers than under plain labels"
        return ""


def _clean(adata: ad.AnnData) -> ad.AnnData:
    return adata


_EMPTY_TYPE = refused("cell.type.key", "empty for 4 observations", "S01_C00001")
_EMPTY_SAMPLE = refused("sample.key", "empty for 4 observations", "S01_C00001")


def _page(_: Call, tables: Tables) -> str:
    """It is there, whatever the labels do not allow."""
    return "" if "coverage" in tables else "no table of what was scored"


LABELS = (
    Trap("one cell type", "too little", one_type,
         {"tissue": refused("one cell type", "T cell"),
          "chain": Holds("a page", _page)}, chain=True),
    Trap("cells without a type", "labels of cells", no_type,
         {"tissue": _EMPTY_TYPE, "balance": _EMPTY_TYPE,
          "chain": Holds("a page", _page)}, chain=True),
    Trap("cell types that are whole numbers", "labels of cells", numbered("cell_type", text=False),
         {"*": Equal(numbered("cell_type", text=True))}),
    Trap("cells without a sample", "labels of cells", no_sample,
         {"tissue": _EMPTY_SAMPLE, "samples": _EMPTY_SAMPLE, "compare": _EMPTY_SAMPLE,
          "chain": Holds("a page", _page)}),
    Trap("samples that are whole numbers", "labels of cells", numbered("sample", text=False),
         {"*": Equal(numbered("sample", text=True))}),
    Trap("markup in obs, var and uns", "markup", marked, {"*": Unmarked()}, chain=True),
    Trap("IL6 from fibroblasts to T cells", "planted",
         expect={"tissue": speaks(("IL6",))}),
    Trap("single ligands", "single ligands", expect={"tissue": speaks(SINGLE)}),
)  # fmt: skip
