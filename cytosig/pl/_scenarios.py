"""Scenarios of blocking, read back, and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig.pl import _colours, _stored, _talk, _words

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

RUN = "cs.tl.blockade(adata, targets=...)"
CAUTION = "A ranking of scenarios, no forecast of efficacy."
_NEEDED = ("name", "kind", "effect", "ci_low", "ci_high", "effect_context", "rank", "note")
_FEW = 4  # names of a reason in the small print

COLOURS = {"against": _colours.ANTI, "for": _colours.PRO, "undecided": _colours.UNDECIDED}
"""Colour of the side that an interval lies on."""


def read(adata: AnnData, /, *, key: str) -> pd.DataFrame:
    """The stored scenarios, names and notes as plain text."""
    table = _stored.tool_table(adata, "blockade", key=key, run=RUN, needs=_NEEDED)
    texts = {c: table[c].fillna("").astype(str) for c in ("name", "kind", "note")}
    return table.assign(**texts)


def why(singles: pd.DataFrame, /) -> str:
    """Why scenarios have no effect: every note with the names it holds for."""
    parts = []
    lost = singles[singles["effect"].isna()]
    notes = lost["note"].str.split("; ").str[0].replace("", "no reason stored")
    for note, rows in lost.groupby(notes, sort=False):
        names = list(rows["name"])
        more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
        parts.append(f"{note!s} ({', '.join(names[:_FEW])}{more})")
    return f": {'; '.join(parts)}" if parts else ""


def said(
    adata: AnnData, singles: pd.DataFrame, shown: pd.DataFrame, /, *, named: bool, key: str
) -> list[str]:
    """Small print: what this is, what it rests on, and what is not drawn."""
    n = int(shown["n_samples"].max()) if "n_samples" in shown and len(shown) else 0
    samples = f"mean over {n} samples" if n > 1 else "one sample, without an interval" if n else ""
    level = _talk.level(adata, "blockade", key=key)
    lines = [_words.sentences([CAUTION[:-1], samples, f"{level}intervals" if n != 1 else ""]) + "."]
    ranked = singles[singles["effect"].notna()]
    if len(shown) < len(ranked):
        last = _words.number(float(ranked["effect"].min()))
        lines.append(f"The first {len(shown)} of {len(ranked)} ranked; the last has {last}.")
    lost = int(singles["effect"].isna().sum())
    if lost and not named:
        lines.append(f"Without an effect, {lost}{why(singles)}.")
    return lines


def state(low: float, high: float, /) -> str:
    """Which side of 0 an interval lies on."""
    return "against" if low > 0 else "for" if high < 0 else "undecided"


def partly(rows: pd.DataFrame, /) -> list[bool]:
    """Which drugs have targets that are not in the model."""
    if "not_modelled" not in rows:
        return [False] * len(rows)
    return [bool(text) for text in rows["not_modelled"].fillna("").astype(str)]


def states(rows: pd.DataFrame, /) -> list[str]:
    """Side of every scenario."""
    return [state(low, high) for low, high in zip(rows["ci_low"], rows["ci_high"], strict=True)]


def text_of(row: pd.Series[Any], /) -> str:
    """What the mark of a scenario says."""
    if np.isnan(row["effect"]):
        return _words.sentences([f"{row['name']}: no effect", row["note"]])
    missing = str(row.get("not_modelled", "") or "")
    synergy = row.get("synergy", np.nan)
    return _words.sentences(
        [
            f"{row['name']}: {_talk.with_interval(row, 'effect', 'ci_low', 'ci_high')}",
            f"rank {row['rank']:g} among {row['kind']}s" if row["rank"] > 0 else "",
            f"in context {_words.number(row['effect_context'])}",
            "" if np.isnan(synergy) else "beyond the sum of both "
            + _talk.with_interval(row, "synergy", "synergy_low", "synergy_high"),
            f"reaches {row['cytokines']}" if row.get("cytokines") else "",
            f"without {missing}" if missing else "",
            row["note"],
        ]
    )  # fmt: skip
