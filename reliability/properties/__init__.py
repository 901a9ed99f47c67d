"""What must hold for any data, tried on data drawn at random by hypothesis."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def headline(table: pd.DataFrame, /) -> tuple[str, bool]:
    """What the page says first of ``results/properties.tsv``, and whether all is well."""
    if not len(table) or str(table["property"][0]).startswith("not run"):
        return "not run", False
    examples, failures = int(table["examples"].sum()), int(table["failures"].sum())
    said = f"{len(table)} properties, {examples:,} examples, {failures} failures"
    return said, not failures
