"""The same input on several Pythons, with any number of threads and size of blocks: same bytes?

Usage: ``python -m reliability.same [--python PATH ...] [--wheel FILE] [--out RESULTS]``
``python -m reliability.same --quick``: this Python alone, nothing written.
``python -m reliability.same --write FOLDER``: one run of this Python, kept there;
``python -m reliability.same --against FOLDER FOLDER ...``: such runs compared.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from benchmarks import record
from reliability import arguments
from reliability.same import headline, pythons, report, written

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence

PROCESSOR = {"OPENBLAS_CORETYPE": "Nehalem", "NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
"""As on a processor of 2008: other kernels of BLAS, other instructions of compiled loops."""
VARIED: dict[str, list[tuple[str, Mapping[str, str]]]] = {
    "hash seed": [(f"seed {k}", {"PYTHONHASHSEED": str(k)}) for k in (1, 2)],
    "threads of BLAS": [("2 threads", {"OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2",
                                       "MKL_NUM_THREADS": "2"})],
    "again": [("a second run", {})],
    "processor": [("one of 2008", PROCESSOR)],
}  # fmt: skip
Rows = list[dict[str, object]]


def in_place(run: written.Run, /) -> Rows:
    """What a run found by itself."""
    return [{"python": run.about["python"], **row} for row in run.rows]


def between(runs: Sequence[written.Run], /) -> Rows:
    """Every run but the first against the first."""
    first, rows = runs[0], []
    for other in runs[1:]:
        words = f"Python {first.about['python']}"
        found = written.against(first, other, varied="python", words=words)
        rows += [{"python": other.about["python"], **row} for row in found]
    return rows


def environments(asked: argparse.Namespace, folder: Path, /) -> Iterator[tuple[str, Path | str]]:
    """Interpreters that have the package, or why there is none."""
    given = asked.python or [pythons.of_version(version) or version for version in pythons.VERSIONS]
    for number, python in enumerate(given):
        if isinstance(python, str):
            yield python, "no such Python on this machine"
        elif pythons.has_cytosig(python):
            yield str(python), python
        else:
            try:
                wheel = asked.wheel or pythons.built(folder / "wheel")
                yield str(python), pythons.with_wheel(python, wheel, folder / f"venv{number}")
            except pythons.NotRunError as exc:
                yield str(python), str(exc)


def everything(asked: argparse.Namespace, folder: Path, /) -> tuple[Rows, list[dict[str, str]]]:
    """Every Python, and in the first one everything else that may vary."""
    runs, rows = [], []
    for name, python in environments(asked, folder):
        if isinstance(python, str):
            rows.append(_not_run(name, "python", python))
            continue
        rows += _run(name, python, folder, runs)
    rows += between(runs) if runs else []
    return rows, [run.about for run in runs]


def _run(name: str, python: Path, folder: Path, runs: list[written.Run]) -> Rows:
    place, rows = folder / f"run{len(runs)}", []
    try:
        pythons.run(python, place, [])
    except pythons.NotRunError as exc:
        return [_not_run(name, "python", str(exc))]
    runs.append(written.read(place))
    rows += in_place(runs[-1])
    for varied, ways in VARIED.items():
        if varied == "processor" and len(runs) > 1:  # compiled anew, minutes: in the first alone
            continue
        for words, env in ways:
            other = folder / f"run{len(runs) - 1} {words}"
            try:
                pythons.run(python, other, ["--first-only"], env=env)
            except pythons.NotRunError as exc:
                rows.append(_not_run(runs[-1].about["python"], varied, str(exc)))
                continue
            found = written.against(runs[-1], written.read(other), varied=varied, words=words)
            rows += [{"python": runs[-1].about["python"], **row} for row in found]
    return rows


def _not_run(python: str, varied: str, why: str) -> dict[str, object]:
    return {"python": python, "varied": varied, "call": "", "against": "", "results": 0,
            "identical": 0, "close": 0, "outcome": "not run", "which": why}  # fmt: skip


def said(rows: Rows, /) -> bool:
    """Print the headline and what differs; whether all is well."""
    table = pd.DataFrame(rows)
    text, well = headline(table)
    print(text)
    for row in table[table["outcome"] == "differs"].itertuples(index=False):
        print(*row, sep="\t", file=sys.stderr)
    return well


def main() -> None:
    """Run what is asked for; the exit status is 1 where results differ."""
    parser = arguments(__doc__)
    parser.add_argument("--python", type=Path, action="append", help="an interpreter; repeat it")
    parser.add_argument(
        "--wheel",
        type=Path,
        help="what is installed; else one that is built",
    )
    parser.add_argument("--quick", action="store_true", help="this Python alone, in seconds")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="one run of this Python")
    parser.add_argument("--first-only", action="store_true", help="one setting alone, with --write")
    parser.add_argument("--short", action="store_true", help="few settings, with --write")
    parser.add_argument("--against", type=Path, nargs="+", metavar="FOLDER", help="runs to compare")
    asked = parser.parse_args()
    if asked.write:
        settings = [] if asked.first_only else written.QUICK if asked.short else written.ALL
        written.write(asked.write, settings, long=not asked.short)
        return
    if asked.against:
        runs = [written.read(folder) for folder in asked.against]
        sys.exit(not said([row for run in runs for row in in_place(run)] + between(runs)))
    with tempfile.TemporaryDirectory() as folder:
        if asked.quick:
            written.write(Path(folder), written.QUICK, long=False)
            sys.exit(not said(in_place(written.read(Path(folder)))))
        begun = time.perf_counter()
        rows, abouts = everything(asked, Path(folder))
    table = pd.DataFrame(rows)
    text = report.of(table, abouts, time.perf_counter() - begun)
    record.write(asked.out, "same", table=table, text=text)
    sys.exit(not headline(table)[1])


if __name__ == "__main__":
    main()
