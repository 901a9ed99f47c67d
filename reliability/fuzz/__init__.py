"""Damaged files of every format, each read in a process that is watched."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def headline(table: pd.DataFrame, /) -> tuple[str, bool]:
    """What the page says first of ``results/fuzz.tsv``, and whether all is well."""
    row = table.set_index("format").loc["all"]
    n_defects = int(row["defects"])
    said = f"{int(row['inputs']):,} damaged inputs, {n_defects} defect{'s' * (n_defects != 1)}"
    return said, not row["defects"]
