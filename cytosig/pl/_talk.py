"""Tables of who makes, hears and says what: read back, checked, brought down to what is asked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from cytosig._errors import DataError, UsageError
from cytosig._obs import names_of
from cytosig.pl import _stored, _words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd
    from anndata import AnnData

_KEYS = "sample_key=..., cell_type_key=..."


def table(
    adata: AnnData, name: str, /, *, key: str, columns: Sequence[str], by: str = "condition"
) -> pd.DataFrame:
    """A table of ``tl.sources``, ``targets`` or ``links``, names as text, with these columns."""
    tool, _, change = name.partition("_")
    run = f"cs.tl.{tool}(adata, {_KEYS}{', condition_key=...' if change else ''})"
    words = ["cytokine", *(["source", "target"] if tool == "links" else ["cell_type"]), by]
    found = _stored.tool_table(adata, name, key=key, run=run, needs=[*words, *columns])
    found = found.assign(**{word: found[word].astype(str) for word in words})
    if found.duplicated(words).any():
        twice = ", ".join(found.loc[found.duplicated(words), words].iloc[0])
        raise DataError(f"uns[{key!r}][{name!r}] has two rows for {twice}; run {run} again.")
    return found


def of_level(found: pd.DataFrame, wanted: str | None, /, *, by: str, what: str) -> pd.DataFrame:
    """Rows of one condition or contrast; the only one where none is named."""
    there = list(dict.fromkeys(found[by]))
    if wanted is None and len(there) > 1:
        raise UsageError(f"The {what} are of {names_of(there)}: pass one as {by}=.")
    if wanted is not None and str(wanted) not in there:
        raise UsageError(f"{by}={wanted!r}: the {what} are of {names_of(there)}.")
    return found if wanted is None else found[found[by] == str(wanted)]


def chosen(wanted: Iterable[str] | str, there: Sequence[str], /, *, argument: str) -> list[str]:
    """Names that are there, in the order asked for; one that is not is refused with the nearest."""
    names = [wanted] if isinstance(wanted, str) else list(dict.fromkeys(map(str, wanted)))
    if not names:
        raise UsageError(f"{argument}={wanted!r} names none; pass None for the usual choice.")
    for name in names:
        if name not in there:
            hint = _words.near(name, there) or f" There are {names_of(there)}."
            raise UsageError(f"{argument}: the stored tables have no {name!r}.{hint}")
    return names


def check_max_q(max_q: float | None, /) -> None:
    """Refuse what is no false discovery rate."""
    if max_q is not None and not 0 < max_q <= 1:
        raise UsageError(f"max_q={max_q}: expected a number above 0 and at most 1, or None.")


def found_links(links: pd.DataFrame, max_q: float | None, /) -> pd.DataFrame:
    """Links with traffic and a q of at most ``max_q``; all with traffic when it is None.

    Raises
    ------
    UsageError
        When none is left, with what there is.
    """
    check_max_q(max_q)
    kept = links[links["strength"] > 0]
    if max_q is not None:
        kept = kept[kept["q"] <= max_q]
    if kept.empty:
        q = links["q"]
        least = "" if q.isna().all() else f"; the smallest q is {q.min():.2g}"
        asked = "has any traffic" if max_q is None else f"has q of {max_q:g} or less"
        raise UsageError(
            f"None of the {len(links)} links {asked}{least}. {int(q.isna().sum())} have no q (too"
            " few samples). max_q=None shows the links whatever their q, as description."
        )
    return kept


def cell_types(*columns: pd.Series[str]) -> list[str]:
    """Cell types in the order of the tables."""
    return list(dict.fromkeys(label for column in columns for label in column))


def basis(adata: AnnData, found: pd.DataFrame, /, *, key: str) -> str:
    """What rows of one condition rest on, for the small print: its name and its samples."""
    name = str(found["condition"].iloc[0])
    n = int(found["n_samples"].max()) if "n_samples" in found else _n_samples(adata, name, key)
    parts = [*([] if name == "all" else [f"condition {name}"])]
    return ", ".join([*parts, *([f"{n} sample{'s' * (n != 1)}"] if n else [])])


def _n_samples(adata: AnnData, condition: str, key: str) -> int:
    """Samples of a condition by what other tables say; 0 where none does."""
    for name in ("sources", "targets"):
        if _stored.has_table(adata, name, key=key):
            rows = _stored.tool_table(adata, name, key=key, run="")
            if {"condition", "n_samples"} <= set(rows):
                counts = rows.loc[rows["condition"].astype(str) == condition, "n_samples"]
                if len(counts):
                    return int(counts.max())
    if condition == "all" and _stored.has_table(adata, "links_strength", key=key):
        return len(_stored.tool_table(adata, "links_strength", key=key, run="").columns)
    return 0


def level(adata: AnnData, tool: str, /, *, key: str) -> str:
    """Level of a tool's intervals before the word; empty where it was not recorded."""
    found = _stored.parameter(adata, tool, "level", key=key)
    return "" if found is None else f"{100 * float(found):g} % "


def with_interval(row: pd.Series[Any], value: str, low: str, high: str, /) -> str:
    """A value with its interval where the table has one, as text."""
    ends = [float(row.get(name, math.nan)) for name in (low, high)]
    if any(map(math.isnan, ends)):
        return _words.number(row[value])
    return _words.interval(row[value], *ends)
