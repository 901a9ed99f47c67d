"""The stored test of what is drawn, and how a plot prints it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from cytosig.pl import _compared, _stored, _words

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from anndata import AnnData
    from matplotlib.axes import Axes

    from cytosig.pl._sampled import Where

_COMPARED = ("score", "axis", "balance")
_TEXT = 6.5  # points
_LETTER = 0.58  # width over height


class Tested(NamedTuple):
    """Row of the comparison by group, the reference, and why there is none."""

    rows: dict[str, pd.Series[Any]]
    reference: str
    why: str
    pairs: str | None = None


def tested(
    adata: AnnData, id: str, what: str, where: Where, levels: list[str], /, *, compare_key: str,
    key: str,
) -> Tested:  # fmt: skip
    """The stored test of each of these groups against the reference."""
    if what not in _COMPARED:
        return Tested({}, "", f"no test: cs.tl.compare reads no {what} expression")
    call = _call(where)
    if not _stored.has_table(adata, compare_key, key=key):
        return Tested({}, "", f"no test stored: {call}")
    other = _other(adata, where, compare_key, key)
    if other:
        return Tested({}, "", f"no test stored of this, compare_key={compare_key!r} has {other}:"
                              f" {call}")  # fmt: skip
    table = _compared.table_of(adata, compare_key, key=key)
    is_it = (table["table"] == what) & (table["name"] == id)
    if "cell_type" in table:
        is_it &= table["cell_type"] == (where.cell_type or "")
    if "cohort" in table:
        is_it &= table["cohort"] == _compared.POOLED
    if "group" not in table or not is_it.any():
        return Tested({}, "", f"no test of {id} stored: {call}")
    found = table[is_it]
    rows = {row["group"]: row for _, row in found.iterrows() if row["group"] in levels}
    if not rows:
        return Tested({}, "", f"no test of these groups stored: {call}")
    pairs = _stored.parameter(adata, compare_key, "paired", key=key)
    return Tested(rows, str(found["reference"].iloc[0]), "", None if pairs is None else str(pairs))


def _call(where: Where) -> str:
    named = where._asdict()
    given = ", ".join(f"{k}={v!r}" for k, v in named.items() if v is not None and k != "cell_type")
    return f"cs.tl.compare(adata, {given})"


def _other(adata: AnnData, where: Where, compare_key: str, key: str) -> str:
    """Arguments of the stored comparison that are not those of the plot."""
    names = ("groupby", "sample_key", "cell_type_key")
    if not _stored.parameter(adata, compare_key, "method", key=key):
        return ""  # written by hand: its contrasts say what it is of
    stored = {name: _stored.parameter(adata, compare_key, name, key=key) for name in names}
    asked = where._asdict()
    differ = [f"{k}={v!r}" for k, v in stored.items() if v != asked[k]]
    return ", ".join(differ)


def above(ax: Axes, levels: list[str], found: Tested, /) -> bool:
    """Print effect, p and q over each group; whether there was room for the intervals."""
    if not found.rows:
        return False
    size, upright, layout = _room(ax, found)
    none = dict.fromkeys(levels, "not tested") | {found.reference: "reference"}
    texts = none | {level: layout(row) for level, row in found.rows.items()}
    over = ax.secondary_xaxis("top")
    shown = [texts[level] for level in levels]
    over.set_xticks(range(len(shown)), shown, fontsize=size, rotation=90 if upright else 0)
    over.tick_params(length=0, pad=2)
    over.spines["top"].set_visible(False)
    return layout is not in_one


def _room(ax: Axes, found: Tested) -> tuple[float, bool, Callable[[pd.Series[Any]], str]]:
    """Size, whether upright, and the layout for which groups stand far enough apart."""
    from cytosig.pl._ticks import LINE, pitch

    room = pitch(ax.xaxis)
    for layout in (in_two, in_four):
        lines = [line for row in found.rows.values() for line in layout(row).split("\n")]
        if max(map(len, lines)) * _LETTER * _TEXT < room:
            return _TEXT, False, layout
    if room > 2 * LINE * _TEXT:
        return _TEXT, True, in_two
    return min(_TEXT, room / LINE), True, in_one


def in_four(row: pd.Series[Any], /) -> str:
    """Effect, its interval, p and q as stored, a line each."""
    return "\n".join(_parts(row))


def in_two(row: pd.Series[Any], /) -> str:
    """Effect with interval over p and q."""
    parts = _parts(row)
    return parts[0] if len(parts) == 1 else f"{' '.join(parts[:-2])}\n{', '.join(parts[-2:])}"


def in_one(row: pd.Series[Any], /) -> str:
    """Effect, p and q, where there is no room for more."""
    parts = _parts(row)
    return ", ".join([parts[0], *parts[-2:]] if len(parts) > 1 else parts)


def _parts(row: pd.Series[Any]) -> list[str]:
    if math.isnan(row["p"]):
        return ["no p"]
    p = [_words.p_value(name, row[name]) for name in ("p", "q")]
    if "ci_low" not in row:
        return [_words.number(row["estimate"]), *p]
    low, high = (_words.number(row[f"ci_{end}"]) for end in ("low", "high"))
    return [_words.number(row["estimate"]), f"({low} to {high})", *p]


def lines(
    found: Tested, counts: dict[str, int], compare_key: str, /, *, intervals: bool
) -> list[str]:
    """Small print: what is tested, over all groups, and where a number is missing."""
    if found.why:
        return [found.why]
    rows = list(found.rows.values())
    first = rows[0]
    pooled = f", {int(first['n_cohorts'])} cohorts pooled" if "n_cohorts" in first else ""
    said = [
        f"above: difference from {found.reference}{', interval' if intervals else ''}, two-sided p"
        f" and q as stored in {compare_key!r} ({first.get('test', 'test not named')}{pooled})"
    ]
    if "omnibus_p" in first:
        both = [_words.p_value(name, first.get(f"omnibus_{name}", math.nan)) for name in "pq"]
        said.append(f"any difference: {first.get('omnibus_test', '')}, {', '.join(both)}")
    for row in rows:
        said.append(_counted(row, counts))
        if math.isnan(row["p"]):
            said.append(f"{row['group']}: no p, {row.get('reason') or 'no reason is stored'}")
    return [line for line in said if line]


def _counted(row: pd.Series[Any], counts: dict[str, int]) -> str:
    """Where the test had other numbers of samples than are drawn."""
    if "n_group" not in row:
        return ""
    stored = int(row["n_group"]), int(row["n_reference"])
    drawn = counts.get(row["group"], 0), counts.get(row["reference"], stored[1])
    if stored == drawn:
        return ""
    return f"{row['contrast']}: tested {stored[0]} against {stored[1]} samples"
