"""Inputs on which other tools fail, through Python and the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def headline(table: pd.DataFrame, /) -> tuple[str, bool]:
    """What the page says first of ``results/traps.tsv``, and whether all is well."""
    asked = table[table["outcome"] != "not asked"]
    right = int((asked["outcome"] == "right").sum())
    refused = int((asked["outcome"] == "refused").sum())
    defects = len(asked) - right - refused
    inputs = table["input"].nunique(dropna=False)  # one is called NaN
    said = (
        f"{table['trap'].nunique()} traps, {inputs} inputs, {len(asked):,} calls:"
        f" {right:,} right, {refused:,} refused in so many words, {defects} defects"
    )
    return said, not defects
