"""The page to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import record
from reliability.same import headline
from reliability.same.written import TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


def of(table: pd.DataFrame, abouts: Sequence[dict[str, str]], seconds: float, /) -> str:
    """Headline, what was varied, what each call gave, and what is not the same."""
    runs = [f"Python {about['python']}: " + ", ".join(
        f"{name} {text}" for name, text in about.items() if name not in ("python", "seconds")
    ) for about in abouts]  # fmt: skip
    parts = [
        "# The same bytes",
        record.provenance([*runs, f"{seconds:,.0f} s in all processes, other work going on"]),
        f"**{headline(table)[0]}.**",
        record.markdown(_by(table, ["varied", "python", "against"], fold="threads and blocks")),
        record.markdown(_by(table, ["call"])),
        *_apart(table),
        _NOTES,
    ]
    return "\n\n".join(parts)


def _by(table: pd.DataFrame, keys: list[str], *, fold: str = "") -> pd.DataFrame:
    """Sums of results by keys; ``fold`` is what all whose ``against`` stand in one row."""
    ran = table[table["outcome"] != "not run"].copy()
    ran.loc[ran["varied"] == fold, "against"] = "1 thread, the default"
    grouped = ran.groupby(keys, sort=False)
    found = grouped[["results", "identical", "close"]].sum()
    found["differ"] = found["results"] - found["identical"] - found["close"]
    found["largest difference"] = grouped["largest difference"].max()
    return found.reset_index()


def _apart(table: pd.DataFrame) -> list[str]:
    """What is close, what differs, and what was not run."""
    parts = []
    apart = table[table["outcome"].isin(["close", "differs"])]
    if len(apart):
        columns = ["python", "against", "call", "identical", "results", "largest difference",
                   "which"]  # fmt: skip
        parts.append("Not byte-identical:\n\n" + record.markdown(apart[columns]))
    lost = table[table["outcome"] == "not run"]
    parts += [f"- Not run: {row.python} ({row.varied}): {row.which}" for row in lost.itertuples()]
    return parts


_NOTES = f"""\
- Rerun: `python -m reliability.same`, which builds a wheel of the checkout and makes an environment
  of every Python it finds; `--python PATH` (repeated) names interpreters, `--quick` compares
  threads and blocks in this Python alone. The inputs are made from a seed, of whole numbers:
  counts of 72 cells of six tumours, and dense logs of 20 bulk samples.
- A result is one array, table column or file that a call leaves: scores, p-values and axes of every
  method, coverage, balance and its draws, comparisons, survival, sources, targets, links,
  blockades, the written settings and notes, every tsv byte for byte, and every h5ad file both by
  what it holds and byte for byte. Left out is the record of the packages' versions.
- Identical means: the same type, shape and bytes. The bytes of an h5ad file and the page of the
  report hold the versions of the packages or figures drawn by them: they are compared between runs
  of one Python on one processor. A tsv that is not the same bytes is compared column by column.
- Close means: within {TOLERANCE:g} of the largest number of the array. That is allowed between
  Pythons that have other versions of numpy and scipy, and between processors, never between
  threads, sizes of blocks, hash seeds or runs. "One of 2008": the kernels that OpenBLAS has for a
  Nehalem, and loops compiled by numba for any x86-64, on the same machine."""
