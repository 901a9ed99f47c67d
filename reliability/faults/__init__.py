"""Killed, disk full, no permission, inputs that change, two runs at once: is anything lost?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def headline(table: pd.DataFrame, /) -> tuple[str, bool]:
    """What the page says first of ``results/faults.tsv``, and whether all is well."""
    lost = table["outcome"].str.startswith("LOST")
    killed = table["fault"].isin(("killed", "killed command"))
    survived = int((killed & ~lost).sum())
    others = f"{int((~killed & (table['fault'] != 'no kill')).sum()):,} other faults"
    said = f"{survived:,} of {int(killed.sum()):,} kills survived, {others}"
    end = "nothing lost" if not lost.any() else f"{int(lost.sum()):,} LOST SOMETHING"
    return f"{said}; {end}", not lost.any()
