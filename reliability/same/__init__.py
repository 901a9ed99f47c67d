"""The same calls on several Pythons, with any threads and blocks: are they the same bytes?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def headline(table: pd.DataFrame, /) -> tuple[str, bool]:
    """What the page says first of ``results/same.tsv``, and whether all is well."""
    ran = table[table["outcome"] != "not run"]
    blocks = ran.loc[ran["varied"] == "threads and blocks", "against"]
    n_threads = blocks.str.extract(r"(\d+) thread")[0].nunique()
    n_sizes = blocks.str.extract(r"blocks of (\d+)")[0].nunique() + 1  # the default
    n_pythons = ran["python"].nunique()
    results, identical = ran["results"].sum(), ran["identical"].sum()
    close = ran["close"].sum()
    said = (
        f"{results:,} results compared over {n_pythons} Python{'s' * (n_pythons > 1)}, {n_threads}"
        f" numbers of threads, {n_sizes} sizes of blocks: "
    )
    if identical == results:
        return f"{said}all byte-identical", True
    differ = results - identical - close
    parts = [f"{identical:,} byte-identical"]
    if close:
        largest = ran.loc[ran["outcome"] == "close", "largest difference"].max()
        parts.append(
            f"{close:,} equal within {largest:.1g} of the largest, where the versions of numpy and"
            " scipy or the processor are others"
        )
    if differ:
        parts.append(f"{differ:,} differ")
    return said + ", ".join(parts), not differ
