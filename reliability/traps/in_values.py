"""Inputs whose values are odd: no numbers, nothing at all, another scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anndata as ad
import numpy as np
import pandas as pd
from scipy import sparse

from reliability.traps.contrasts import Contrasts
from reliability.traps.data import CELL, GENE, dense, logged, place, with_values
from reliability.traps.expect import Equal, Holds, NotAsked, refused
from reliability.traps.planted import PLANTED, speaks
from reliability.traps.trap import Trap

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reliability.traps.calls import Call
    from reliability.traps.expect import Tables
    from reliability.traps.trap import Maker

FIRST = "S01_C00001"
"""The cell in which something is wrong."""


def _with(value: float, *, on_disk_dense: bool = False, log: bool = False) -> Maker:
    def make(adata: ad.AnnData) -> ad.AnnData:
        x = dense(logged(adata) if log else adata)
        x[CELL, place(adata)] = value
        return with_values(adata, x if on_disk_dense else sparse.csr_matrix(x))

    return make


def without_gene(adata: ad.AnnData) -> ad.AnnData:
    """All genes but that one."""
    return adata[:, [gene for gene in adata.var_names if gene != GENE]].copy()


def _drop(_: Path) -> dict[str, Any]:
    return {"nonfinite": "drop_genes"}


NAMED = refused(FIRST, GENE, "Impute or remove")
NAMED_WITH_REMEDY = refused(FIRST, GENE, "nonfinite")
_NO_NUMBER = {"*": NAMED_WITH_REMEDY, "tissue": NAMED, "samples": NAMED}
_NO_OPTION = NotAsked("no such option: there the gene is named and has to be left out by hand")


def emptied(adata: ad.AnnData) -> ad.AnnData:
    """One cell without a count."""
    x = dense(adata)
    x[CELL] = 0
    return with_values(adata, sparse.csr_matrix(x))


def without_cell(adata: ad.AnnData) -> ad.AnnData:
    """All cells but that one."""
    return adata[np.arange(adata.n_obs) != CELL].copy()


def all_empty(adata: ad.AnnData) -> ad.AnnData:
    """Cells without a count, all of them."""
    return with_values(adata, sparse.csr_matrix(adata.shape, dtype=np.float32))


def empty_sample(adata: ad.AnnData) -> ad.AnnData:
    """No count in any cell of the first sample."""
    x = dense(adata)
    x[(adata.obs["sample"] == "S01").to_numpy()] = 0
    return with_values(adata, sparse.csr_matrix(x))


def without_sample(adata: ad.AnnData) -> ad.AnnData:
    """The other samples."""
    return adata[(adata.obs["sample"] != "S01").to_numpy()].copy()


def barely(adata: ad.AnnData) -> ad.AnnData:
    """The empty cell has one count of another cell of its sample and type: sums stay."""
    out = emptied(adata)
    x = dense(out)
    other = _like(adata)[x[_like(adata), -1] > 0][0]
    x[other, -1] -= 1
    x[CELL, -1] += 1
    return with_values(adata, sparse.csr_matrix(x))


def _like(adata: ad.AnnData) -> np.ndarray:
    """Other cells of the sample and type of that cell."""
    own = adata.obs.iloc[CELL]
    like = (adata.obs["sample"] == own["sample"]) & (adata.obs["cell_type"] == own["cell_type"])
    return np.flatnonzero(like.to_numpy())[1:]


def by_sample(adata: ad.AnnData) -> ad.AnnData:
    """The mean of the logarithms of each sample, by hand: one observation each."""
    return _means(logged(adata))


def by_sample_per_million(adata: ad.AnnData) -> ad.AnnData:
    """The mean of what cells have per million."""
    return _means(per_million(adata))


def _means(adata: ad.AnnData) -> ad.AnnData:
    x, samples = dense(adata), adata.obs["sample"]
    names = list(samples.cat.categories)
    means = np.stack([x[(samples == name).to_numpy()].mean(axis=0) for name in names])
    obs = pd.DataFrame({"sample": pd.Categorical(names)}, index=names)
    return ad.AnnData(means, obs=obs, var=adata.var.copy())


def _constant(value: float) -> Callable[[ad.AnnData], ad.AnnData]:
    def make(adata: ad.AnnData) -> ad.AnnData:
        x = dense(adata)
        x[CELL] = value
        return with_values(adata, sparse.csr_matrix(x))

    return make


def same_sum(adata: ad.AnnData) -> ad.AnnData:
    """A count moved from the constant cell to another of its sample and type: sums stay."""
    out = _constant(3.0)(adata)
    x = dense(out)
    x[CELL, -1] -= 1
    x[_like(adata)[-1], -1] += 1
    return with_values(adata, sparse.csr_matrix(x))


_LEFT_OUT = "that cell NaN with its reason, the others as without it"
_EMPTY = Equal(without_cell, reason="no non-zero value", said=_LEFT_OUT)
_CONSTANT = Equal(without_cell, reason="every gene has the same value", said=_LEFT_OUT)
_STILL_A_CELL = Equal(barely, said="equal to clean: it counts as a cell of its type")
_NO_SAMPLE = Equal(
    without_sample, reason="no non-zero value",
    said="that sample NaN with its reason, the others as without it",
)  # fmt: skip
_DRAWN = tuple(f"{name}_{end}" for name in ("share", "strength", "autocrine")
               for end in ("low", "high"))  # fmt: skip
_NO_SAMPLE_DRAWN = Equal(without_sample, leave=_DRAWN,
                         said="as without that sample, bootstraps of samples aside")  # fmt: skip
"""Rank methods; the others are centred on all cells that have values, that one among them."""


def _nothing_scored(call: Call, tables: Tables) -> str:
    """No score anywhere, every cell with its reason."""
    if call.name == "channels":
        return ""
    if call.name == "compare":
        table = tables["compare"]
        return "a p-value of nothing" if table["p"].notna().any() else ""
    if not call.is_score:
        return ""
    number = tables["score"].notna().any(axis=None)
    told = tables["unscored"]["reason"] == "no non-zero value"
    return "" if not number and told.all() and len(told) == len(tables["score"]) else "a number"


def _one_unscored(call: Call, tables: Tables) -> str:
    """The constant cell has its reason, and nobody else has one."""
    if not call.is_score:
        return ""
    told = tables["unscored"]["reason"].to_dict()
    return "" if told == {FIRST: "every gene has the same value"} else f"unscored: {told}"


NOTHING = Holds("NaN in every cell, with its reason", _nothing_scored)
ONE = Holds("that cell NaN with its reason, the others numbers", _one_unscored)


def log2(adata: ad.AnnData) -> ad.AnnData:
    """Logged to base 2."""
    out = logged(adata)
    out.X = out.X / np.log(2)
    return out


def per_million(adata: ad.AnnData) -> ad.AnnData:
    """Not logged, not whole numbers."""
    x = dense(adata)
    return with_values(adata, sparse.csr_matrix(x / x.sum(axis=1, keepdims=True) * 1e6))


def scaled(adata: ad.AnnData) -> ad.AnnData:
    """Each gene at mean 0 and standard deviation 1, clipped at 10 as scanpy does."""
    x = dense(logged(adata))
    x = (x - x.mean(axis=0)) / np.maximum(x.std(axis=0), 1e-9)
    return with_values(adata, np.clip(x, None, 10))


def in_layer(adata: ad.AnnData) -> ad.AnnData:
    """Scaled values in X, the counts in a layer."""
    out = scaled(adata)
    out.layers["counts"] = adata.X.copy()
    return out


def in_raw(adata: ad.AnnData) -> ad.AnnData:
    """A third of the genes in X, all of them in raw."""
    out = scaled(adata)[:, ::3].copy()
    out.raw = adata
    return out


def _made_by_hand(make: Maker) -> Equal:
    alone = {"cell_type_key": None, "min_cells": 1}
    return Equal(make, lambda: alone, said="equal to samples averaged by hand")


_LOGGED = {
    "tissue": speaks(PLANTED),
    "samples": _made_by_hand(by_sample),
}
"""Sums of counts are gone; z is that of the counts, since their total is told from the values."""
_UNITS = NotAsked("in units of the data, which are log2 here")
SCALE_FREE = ("score", "pvalue", "axis", "axis_pvalue")

VALUES = (
    Trap("NaN", "not a number", _with(np.nan), _NO_NUMBER),
    Trap("+infinity", "not a number", _with(np.inf), _NO_NUMBER),
    Trap("-infinity", "not a number", _with(-np.inf), _NO_NUMBER),
    Trap("NaN among logged values, dense", "not a number",
         _with(np.nan, on_disk_dense=True, log=True), _NO_NUMBER),
    Trap("NaN, its gene left out on request", "not a number", _with(np.nan),
         {"*": Equal(without_gene), "tissue": _NO_OPTION, "chain": _NO_OPTION}, options=_drop),
    Trap("one cell without a count", "empty cell", emptied,
         {"*": _EMPTY, "tissue": _STILL_A_CELL, "samples": Equal(barely)}),
    Trap("no cell with a count", "empty cell", all_empty,
         {"*": NOTHING, "tissue": refused("none of them has any count"),
          "samples": refused("0 sample", "with any count")}),
    Trap("a sample without a count", "empty cell", empty_sample,
         {"*": _NO_SAMPLE, "tissue": _NO_SAMPLE_DRAWN, "compare": Equal(without_sample)}),
    Trap("a constant cell", "constant", _constant(3.0),
         {"*": ONE, "rank": _CONSTANT, "tissue": Equal(same_sum), "samples": Equal(same_sum)}),
    Trap("logged values", "scales", logged, _LOGGED),
    Trap("logged to base 2", "scales", log2,
         {**_LOGGED, "score": Equal(tables=SCALE_FREE, said="z and p equal to clean"),
          "report": Equal(tables=("coverage", "cytosig_score", "cytosig_pvalue", "cytosig_axis")),
          "score_genes": _UNITS, "channels": _UNITS}),
    Trap("counts per million", "scales", per_million,
         {"*": Equal(options=lambda: {"target_sum": 1e6}, said="equal to clean at target_sum=1e6"),
          "tissue": speaks(PLANTED),
          "samples": _made_by_hand(by_sample_per_million),
          "compare": NotAsked("of scores at another total"),
          "report": NotAsked("of scores at another total")}),
    Trap("counts, and one negative value", "scales", _with(-1.0),
         {"*": refused("-1", FIRST, GENE, "Set what stands for nothing to 0", "layer")}),
    Trap("scaled, with negative values", "scales", scaled,
         {"*": Contrasts(scaled), "tissue": refused("contrasts", "layer"),
          "samples": refused("contrasts", "layer"), "channels": refused("contrasts", "layer")}),
    Trap("scaled in X, counts in a layer", "scales", in_layer, {},
         options=lambda _: {"layer": "counts"}),
    Trap("scaled in X, counts in raw", "scales", in_raw, {},
         options=lambda _: {"use_raw": True}),
)  # fmt: skip
