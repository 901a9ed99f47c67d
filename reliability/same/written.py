"""One run in this process: every call, with every number of threads and size of blocks."""

from __future__ import annotations

import json
import platform
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from reliability.same import calls
from reliability.same.arrays import compared, compared_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from reliability.same.arrays import Arrays

    Setting = tuple[int, int | None]

THREADS, CHUNKS = (1, 2, 4), (None, 1, 7, 64)
FIRST: Setting = (1, None)
ALL = [(threads, chunk) for threads in THREADS for chunk in CHUNKS if (threads, chunk) != FIRST]
QUICK: list[Setting] = [(2, 7), (4, 1), (1, 64)]

TOLERANCE = 1e-9
"""Of the largest number: what other versions of numpy and scipy, or another processor, may do."""
PACKAGES = ("cytosig-toolkit", "anndata", "numpy", "scipy", "pandas", "numba", "matplotlib")
VERSIONED = ("(bytes)", "(page)")
"""Results that hold the versions of the packages: compared where these are the same."""


class Run(NamedTuple):
    """What one process left."""

    about: dict[str, str]
    found: dict[str, Arrays]
    rows: list[dict[str, object]]


def write(folder: Path, settings: Sequence[Setting], /, *, long: bool) -> None:
    """Make every call and keep its results, and how those of other settings compare with them."""
    folder.mkdir(parents=True, exist_ok=True)
    begun = time.perf_counter()
    with calls.in_folder(folder):
        found, rows = {}, []
        for name, call, own in _every(settings, long):
            found[name], _ = _timed(call, FIRST)
            for setting in own:
                other, seconds = _timed(call, setting)
                row = outcome(found[name], other, of_versions=True, tolerance=0.0)
                rows.append({"varied": "threads and blocks", "call": name,
                             "against": said(setting), **row, "seconds": seconds})  # fmt: skip
    kept = {f"{name}|{what}": array for name, own in found.items() for what, array in own.items()}
    np.savez_compressed(folder / "results.npz", **kept)
    about = {"python": platform.python_version(), "seconds": f"{time.perf_counter() - begun:.1f}",
             **{package: version(package) for package in PACKAGES}}  # fmt: skip
    text = json.dumps({"about": about, "rows": rows}, indent=1)
    (folder / "run.json").write_text(text, encoding="utf-8")


def _every(
    settings: Sequence[Setting], long: bool
) -> Iterator[tuple[str, Callable[[int, int | None], Arrays], list[Setting]]]:
    """Each call, and what to vary."""
    threads = [(n, None) for n in sorted({n for n, _ in settings} - {FIRST[0]})]
    for named, own in ((calls.BY_BLOCKS, list(settings)), (calls.BY_THREADS, threads),
                       (calls.ONCE if long else {}, [])):  # fmt: skip
        for name, call in named.items():
            yield name, call, own


def _timed(call: Callable[[int, int | None], Arrays], setting: Setting) -> tuple[Arrays, float]:
    begun = time.perf_counter()
    return call(*setting), time.perf_counter() - begun


def said(setting: Setting, /) -> str:
    """A setting in words."""
    threads, chunk = setting
    words = f"{threads} thread{'s' * (threads > 1)}"
    return words if chunk is None else f"{words}, blocks of {chunk}"


def read(folder: Path, /) -> Run:
    """What :func:`write` has left there."""
    held = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    found: dict[str, Arrays] = {}
    with np.load(folder / "results.npz") as kept:
        for key in kept.files:
            name, what = key.split("|", 1)
            found.setdefault(name, {})[what] = kept[key]
    return Run(held["about"], found, held["rows"])


def outcome(
    one: Arrays, other: Arrays, /, *, of_versions: bool, tolerance: float
) -> dict[str, object]:
    """How many results of a call are the same bytes, how far off the worst, and which it is."""
    if not of_versions:
        one, other = (
            {what: array for what, array in own.items() if not what.endswith(VERSIONED)}
            for own in (one, other)
        )
    found = {
        what: (compared_tables if what.endswith(".tsv") else compared)(one[what], other[what])
        for what in one.keys() & other.keys()
    }
    apart = {what: about.largest for what, about in found.items() if not about.identical}
    apart |= dict.fromkeys(one.keys() ^ other.keys(), np.inf)
    close = sum(largest <= tolerance for largest in apart.values())
    worst = max(sorted(apart), key=apart.__getitem__, default="")
    kind = "identical" if not apart else "close" if close == len(apart) else "differs"
    n = len(one.keys() | other.keys())
    return {"results": n, "identical": n - len(apart), "close": close, "outcome": kind,
            "largest difference": apart.get(worst, 0.0), "which": worst}  # fmt: skip


def against(first: Run, other: Run, /, *, varied: str, words: str) -> list[dict[str, object]]:
    """Rows of two runs; numbers may be close where packages or the processor are others."""
    names = [name for name in PACKAGES if first.about[name] != other.about[name]]
    apart = bool(names) or varied == "processor"
    tolerance = TOLERANCE if apart else 0.0
    same_python = first.about["python"] == other.about["python"]
    rows = []
    for name in first.found:
        row = outcome(first.found[name], other.found[name], tolerance=tolerance,
                      of_versions=same_python and not apart)  # fmt: skip
        rows.append({"varied": varied, "call": name, "against": words, **row})
    return rows
