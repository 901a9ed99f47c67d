"""What must hold for any data, for data drawn at random: does it?

Usage: ``python -m reliability.properties [--examples 200] [--seed 0] [--only WORD]``
Runs tests/properties with many examples each; quick properties get more, slow ones fewer.
``--only`` takes what pytest's ``-k`` takes. The same seed and versions draw the same examples.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
import time
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pandas as pd

from benchmarks import record
from reliability import arguments

if TYPE_CHECKING:
    import argparse

    from reliability.properties.tally import Property

TESTS = record.ROOT / "tests" / "properties"
COLUMNS = ("property", "what must hold", "examples", "failures", "seconds")


def why_not() -> str:
    """Why the campaign cannot run here; empty where it can."""
    if not TESTS.is_dir():
        return "tests/properties is not here"
    lacking = [name for name in ("hypothesis", "pytest") if find_spec(name) is None]
    return f"{' and '.join(lacking)} not installed" if lacking else ""


def campaign(asked: argparse.Namespace, /) -> tuple[list[Property], int]:
    """Every property with what came of it, and pytest's exit status."""
    import pytest

    from reliability.properties.tally import Tally

    tally = Tally(asked.examples)
    call = [str(TESTS), "-q", "--tb=short", "-p", "no:cacheprovider", "-p", "no:xdist"]
    call += [f"--hypothesis-seed={asked.seed}", *(["-k", asked.only] if asked.only else [])]
    status = pytest.main(call, plugins=[tally])
    return list(tally.found.values()), int(status)


def table_of(found: list[Property], /) -> pd.DataFrame:
    """A row for each property."""
    rows = [
        (_name(one), one.must_hold, one.examples, len(one.failed), round(one.seconds, 1))
        for one in found
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _name(one: Property) -> str:
    file, test = one.where.rsplit("/", 1)[-1].split("::")
    return f"{file.removeprefix('test_').removesuffix('.py')}: {test.removeprefix('test_')}"


def report(table: pd.DataFrame, found: list[Property], asked: argparse.Namespace, /) -> str:
    """The page to read."""
    examples, failures = int(table["examples"].sum()), int(table["failures"].sum())
    about = [
        f"hypothesis {version('hypothesis')}, pytest {version('pytest')}",
        f"seed {asked.seed}, {asked.examples} examples for a property of usual length;"
        f" {table['seconds'].sum():,.0f} s, one after the other, other work going on",
    ]
    shown = table.assign(property=[name.replace("_", " ") for name in table["property"]])
    wrong = [f"```text\n{text[-3000:]}\n```" for one in found for text in one.failed]
    parts = [
        "# Properties",
        record.provenance(about),
        f"**{len(table)} properties, {examples:,} examples, {failures} failures.**",
        record.markdown(shown),
        *(["What failed, on the smallest example found:", *wrong] if wrong else []),
        _NOTES,
    ]
    return "\n\n".join(parts)


_NOTES = """\
- A property is a test of `tests/properties`; the tests run it with a few examples, always the
  same, and this campaign with many. Examples that a property says nothing of (data that are
  refused, where it speaks of scores) are not counted.
- Data are drawn by hypothesis: 0 to 14 observations, 0 to 80 genes, fourteen types of number,
  dense, strided, sparse in six ways (unsorted, zeros stored, entries stored twice ...), dask; empty
  and constant rows and genes, twins, NaN, infinities, 1e300; names that are empty, doubled, of
  another script, of control characters, formulas or HTML; columns of `obs` of twelve types, with
  gaps and with levels that nobody has. A failure is shown by the smallest example found.
- One property again, with as many examples as you like:
  `python -m reliability.properties --only order_of_genes --examples 5000`."""


def main() -> None:
    """Run the campaign; write properties.md and properties.tsv."""
    parser = arguments(__doc__)
    parser.add_argument("--examples", type=int, default=200, help="for a property of usual length")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="properties whose names match, as pytest -k takes it")
    asked = parser.parse_args()
    lacking = why_not()
    if lacking:
        said = f"not run: {lacking}"
        table = pd.DataFrame([(said, "", 0, 0, 0.0)], columns=list(COLUMNS))
        record.write(asked.out, "properties", table=table, text=f"# Properties\n\n**{said}**")
        return
    start = time.perf_counter()
    found, status = campaign(asked)
    print(f"{time.perf_counter() - start:,.0f} s", file=sys.stderr)
    table = table_of(found)
    record.write(asked.out, "properties", table=table, text=report(table, found, asked))
    sys.exit(status != 0)


if __name__ == "__main__":
    main()
