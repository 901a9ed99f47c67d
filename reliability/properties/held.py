"""What must hold of anything the package returns, whatever it was given."""

from __future__ import annotations

import math
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import sparse

from cytosig import CytosigError
from cytosig._keys import Keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from anndata import AnnData

    from cytosig.stats.estimate import Estimate

    Tables = dict[str, pd.DataFrame]


def hold(it_does: object, what: str, /) -> None:
    """Fail where something does not hold, also under ``python -O``."""
    if not it_does:
        raise AssertionError(what)


def outcome(call: Callable[[], Any], /) -> Any:
    """What the call returns, or the error of the package's own that it ends in."""
    try:
        return call()
    except CytosigError as error:
        hold(len(str(error)) > 10, "an error says what is wrong")
        return error


def refused(found: Any, /) -> bool:
    """Whether the call ended in an error of the package's own."""
    return isinstance(found, CytosigError)


def contents(adata: AnnData, /) -> dict[str, Any]:
    """A copy of everything that was given: bytes of X, obs, var, and what else there is."""
    return {
        "X": _bytes(adata.X),
        "obs": adata.obs.copy(deep=True),
        "var": adata.var.copy(deep=True),
        "obsm": {key: adata.obsm[key].copy() for key in adata.obsm},
        "uns": deepcopy(dict(adata.uns)),
    }


def _bytes(x: Any) -> Any:
    if sparse.issparse(x):
        return type(x), x.shape, [_bytes(part) for part in (x.data, x.indices, x.indptr)]
    if hasattr(x, "dask"):
        return type(x), x.shape, x.chunks, _bytes(x.compute())
    return type(x), x.dtype, x.shape, x.strides, x.tobytes()


def unchanged(adata: AnnData, before: dict[str, Any], /, *, written: bool) -> None:
    """X, obs and var are what they were; obsm and uns too, unless results were written there."""
    hold(_bytes(adata.X) == before["X"], "X has changed")
    for name in ("obs", "var"):
        pd.testing.assert_frame_equal(getattr(adata, name), before[name], check_exact=True)
        same_kind = type(getattr(adata, name).index) is type(before[name].index)
        hold(same_kind, f"{name} has an index of another kind")
    new = {*adata.obsm, *adata.uns} - {*before["obsm"], *before["uns"]}
    hold(all(key.startswith("cytosig") for key in new), f"strange slots: {new}")
    hold(written or not new, f"written though refused: {new}")


def tables(adata: AnnData, key: str = "cytosig", /) -> Tables:
    """Every table a run left under a key, by its short name."""
    slots = {slot.removeprefix(f"{key}_"): slot for slot in Keys(key).tables}
    return {name: adata.obsm[slot] for name, slot in slots.items() if slot in adata.obsm}


def with_p(found: Tables, /) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Scores with their p, of signatures and of axes."""
    for score, p in (("score", "pvalue"), ("axis", "axis_pvalue")):
        if score in found and p in found:
            yield found[score], found[p]


def same_tables(one: Tables, other: Tables, /) -> None:
    """Equal to the bit, NaN in the same places."""
    hold(list(one) == list(other), f"other tables: {list(one)}, {list(other)}")
    for slot in one:
        pd.testing.assert_frame_equal(one[slot], other[slot], check_exact=True, obj=slot)


def close_tables(one: Tables, other: Tables, /, rtol: float = 1e-8, p_rtol: float = 2e-3) -> None:
    """Equal but for rounding; p may move more: weights are grouped for it."""
    hold(list(one) == list(other), f"other tables: {list(one)}, {list(other)}")
    for slot in one:
        hold(list(one[slot].columns) == list(other[slot].columns), f"other columns of {slot}")
        here = p_rtol if slot.endswith("pvalue") else rtol
        size = np.nanmax(np.abs(one[slot].to_numpy()), initial=1.0)
        np.testing.assert_allclose(
            one[slot], other[slot], rtol=here, atol=max(1e-9, rtol * size), err_msg=slot
        )


def plausible(table: pd.DataFrame, /) -> None:
    """P in (0, 1] under every name it has, q not below p and at most 1."""
    for name in [c for c in table if c == "p" or c.startswith("p_") or c.endswith("_p")]:
        values = table[name].to_numpy(dtype=np.float64)
        there = ~np.isnan(values)
        hold(((values[there] > 0) & (values[there] <= 1)).all(), f"{name} {values}")
    if {"p", "q"} <= set(table.columns):
        p, q = (table[n].to_numpy(dtype=np.float64) for n in ("p", "q"))
        hold((np.isnan(p) == np.isnan(q)).all(), "p without q, or q without p")
        there = ~np.isnan(p)
        hold(((q >= p * (1 - 1e-12)) & (q <= 1))[there].all(), "q below p, or above 1")


def around(table: pd.DataFrame, estimate: str, low: str, high: str, /) -> None:
    """The interval holds the estimate, where there are both."""
    middle, ends = table[estimate].to_numpy(dtype=np.float64), table[[low, high]].to_numpy(float)
    there = ~np.isnan(middle) & ~np.isnan(ends).any(axis=1)
    slack = 1e-9 * np.maximum(1, np.abs(middle[there]))
    hold((ends[there, 0] <= middle[there] + slack).all(), f"{low} is above {estimate}")
    hold((ends[there, 1] >= middle[there] - slack).all(), f"{high} is below {estimate}")


def sound(found: Estimate, /) -> None:
    """An interval around the estimate, a p above 0 and at most 1, or a reason for what lacks."""
    hold(math.isnan(found.p) or 0 < found.p <= 1, f"p is {found.p}")
    if not math.isnan(found.ci_low):
        slack = 1e-9 * max(1, abs(found.estimate))
        low, high = found.ci_low - slack, found.ci_high + slack
        hold(low <= found.estimate <= high, f"{found.estimate} is not in {low} to {high}")
    lacking = math.isnan(found.p) or math.isnan(found.ci_low) or math.isnan(found.estimate)
    hold(not lacking or found.reason, f"no reason for what lacks: {found}")
