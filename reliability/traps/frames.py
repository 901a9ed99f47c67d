"""Tables from both doors in one form, how they differ, and what no table may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

KEYS = {
    "sources": ["cytokine", "cell_type", "condition"],
    "targets": ["cytokine", "cell_type", "condition"],
    "links": ["cytokine", "source", "target", "condition"],
    "blockade": ["name"],
    "compare": ["table", "name", "contrast", "group"],
    "balance": ["sample"],
}
"""Columns that name a row, by table."""
NAN_TABLES = ("score", "pvalue", "estimate", "axis", "axis_pvalue", "ligand", "receptor", "spread")
"""Observations × names."""
_AS_FOUND = ("renamed",)
"""Columns that say how names were matched, which differs where spelling does."""
P_RTOL, ATOL = 1e-3, 1e-9
_TESTED = {"score": "pvalue", "axis": "axis_pvalue"}


def normal(name: str, frame: pd.DataFrame, /) -> pd.DataFrame:
    """Rows named by their keys and in order; without columns about spelling."""
    found = frame.drop(columns=[c for c in _AS_FOUND if c in frame])
    if name == "balance" and "sample" not in found:
        found = found.rename_axis("sample").reset_index()
    if "observation" in found:  # as a page has it
        found = found.set_index("observation")
    keys = [key for key in KEYS.get(name, ()) if key in found]
    if keys:
        found = found.assign(**{key: _text(found[key]) for key in keys})
        found = found.set_index(keys)
    else:
        found.index = found.index.astype(str)
    return found.sort_index() if found.index.is_unique else found


def difference(one: pd.DataFrame, two: pd.DataFrame, rtol: float, /) -> str:
    """The first thing in which ``one`` departs from ``two``."""
    if lost := [str(column) for column in two.columns if column not in one.columns]:
        return f"no column {lost[0]}"
    if not one.index.equals(two.index):
        here, there = set(one.index), set(two.index)
        return (
            f"rows differ: {len(here)}, expected {len(there)}; {sorted(map(str, here ^ there))[:2]}"
        )
    for column in two.columns:
        told = _differ(one[column], two[column], rtol)
        if told:
            return f"{column} {told}"
    return ""


def _differ(one: pd.Series, two: pd.Series, rtol: float) -> str:
    name = str(two.name)
    if pd.api.types.is_numeric_dtype(two) and not pd.api.types.is_bool_dtype(two):
        a, b = pd.to_numeric(one, errors="coerce").to_numpy(float), two.to_numpy(float)
        test = name.startswith("p_") or name in ("p", "q", "coupling_p")
        close = np.isclose(
            a, b, rtol=max(rtol, P_RTOL) if test else rtol, atol=ATOL, equal_nan=True
        )
        if close.all():
            return ""
        k = int(np.argmax(~close))
        return f"of {one.index[k]}: {a[k]:.8g}, expected {b[k]:.8g} ({(~close).sum()} such)"
    a, b = _text(one), _text(two)
    unlike = a != b
    if not unlike.any():
        return ""
    k = int(np.argmax(unlike))
    return f"of {one.index[k]}: {a[k]!r}, expected {b[k]!r} ({unlike.sum()} such)"


def _text(series: pd.Series) -> np.ndarray:
    found = series.astype(object)
    return found.where(series.notna(), "").astype(str).to_numpy(dtype=object)


def unsound(tables: Mapping[str, pd.DataFrame], /) -> str:
    """What is wrong with tables whatever they are of: a p of 0, NaN that nobody explains."""
    for table, tested in _TESTED.items():
        if table in tables and tested in tables:
            z, p = (tables[name].to_numpy(float) for name in (table, tested))
            if ((p <= 0) | (p > 1)).any():
                return f"{tested}: {np.nanmin(p)} to {np.nanmax(p)}"
            if (np.isfinite(z) != np.isfinite(p)).any():
                return f"{table}: a score without a p-value, or a p-value without a score"
    if "score" in tables:
        return _unexplained(tables)
    for name in ("sources", "targets", "links", "compare"):
        if name in tables and (told := _tests(tables[name])):
            return f"{name}: {told}"
    return ""


def _unexplained(tables: Mapping[str, pd.DataFrame]) -> str:
    """An infinite score, or one that is missing without a reason."""
    score = tables["score"]
    if np.isinf(score.to_numpy(float)).any():
        return "score: infinite"
    told = set(tables["unscored"].index)
    out = tables["coverage"].index[tables["coverage"]["reason"].astype(str) != ""]
    rest = score.loc[~score.index.isin(told), ~score.columns.isin(out)]
    missing = rest.isna().to_numpy()
    if missing.any():
        row, column = np.argwhere(missing)[0]
        return f"score of {rest.columns[column]} in {rest.index[row]}: NaN without a reason"
    return ""


def _tests(table: pd.DataFrame) -> str:
    """p-values out of range, or below what this number of samples can give."""
    for name in ("p", "q", "p_exact", "p_source", "p_target", "p_competence", "p_response"):
        if name in table:
            p = pd.to_numeric(table[name], errors="coerce").to_numpy(float)
            if ((p <= 0) | (p > 1)).any():
                return f"{name}: {np.nanmin(p)} to {np.nanmax(p)}"
    if {"p_exact", "p_floor"} <= set(table.columns):
        low = pd.to_numeric(table["p_exact"]) < pd.to_numeric(table["p_floor"]) * (1 - 1e-9)
        if low.any():
            return "p_exact below the least p there can be"
    return ""
