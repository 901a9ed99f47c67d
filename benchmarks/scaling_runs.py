"""Timed processes of one size: the readers and the command line; for scaling.py."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
COMMAND = Path(sys.executable).with_name("cytosig")
METHODS = "hlm,ucell,aucell,singscore,ssgsea"
READERS = {
    "h5py": "reading with h5py",
    "anndata": "reading with anndata, backed",
    "ours": "reading with cytosig",
}
SCORE, COPY = "cytosig score, scores only", "cytosig score, full copy"
WARM = 1_000
MIB = 2**20


@dataclass(frozen=True)
class Ran:
    """What one process took, and what it printed."""

    seconds: float
    peak: float
    """Largest resident memory, MiB."""
    printed: str


def pin(cores: int, /) -> None:
    """No more cores than this, for us and for every process started here."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])


def run(call: list[object], /) -> Ran:
    """One process to its end; its own memory only, by wait4."""
    start = time.perf_counter()
    with subprocess.Popen([*map(str, call)], stdout=subprocess.PIPE, text=True) as process:
        printed = process.stdout.read() if process.stdout else ""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, call))}: exit code {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Ran(time.perf_counter() - start, used.ru_maxrss * unit / MIB, printed)


def make(folder: Path, n_obs: int, /) -> Path:
    """The file of this size, made where it is missing; gzip, log1p."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"cells_{n_obs}.h5ad"
    if not path.exists():
        run([sys.executable, HERE / "scaling_data.py", path, "--cells", n_obs])
    return path


def score(path: Path, out: Path, methods: str, *flags: str) -> Ran:
    """The command line as a user runs it."""
    out.unlink(missing_ok=True)
    return run([COMMAND, "--quiet", "score", path, "-o", out, "--method", methods, *flags])


def warm(folder: Path, /) -> None:
    """Compile the kernels, so that no measured process does."""
    path, out = make(folder, WARM), folder / "out.h5ad"
    score(path, out, METHODS)
    score(path, out, METHODS, "--scores-only")
    out.unlink()


def into_cache(path: Path, /) -> None:
    """Read the bytes once, so that no process waits for the disk."""
    with path.open("rb", buffering=0) as file:
        while file.read(16 * MIB):
            pass


def _read(name: str, path: Path, /) -> tuple[dict[str, float], int]:
    ran = run([sys.executable, HERE / "scaling_read.py", name, path])
    found = json.loads(ran.printed)
    return {"seconds": found["seconds"], "peak": ran.peak}, found["seen"]


def _score(path: Path, *flags: str) -> dict[str, float]:
    out = path.parent / "out.h5ad"
    ran = score(path, out, METHODS, *flags)
    found = {"seconds": ran.seconds, "peak": ran.peak, "output": out.stat().st_size / 1e6}
    out.unlink()
    return found


def _once(path: Path, /, *, copy: bool) -> dict[str, dict[str, float]]:
    """Everything once, one after the other."""
    found, seen = {}, set()
    for name, label in READERS.items():
        found[label], n = _read(name, path)
        seen.add(n)
    if len(seen) > 1:
        raise SystemExit(f"{path}: the readers disagree about the non-zeros: {sorted(seen)}")
    found[SCORE] = _score(path, "--scores-only")
    if copy:
        found[COPY] = _score(path)
    return found


def measure(path: Path, n_obs: int, runs: int, /, *, copy: bool) -> list[dict[str, object]]:
    """One row a program: median and slowest seconds, largest memory."""
    into_cache(path)
    every = [_once(path, copy=copy) for _ in range(runs)]
    h5py = statistics.median(found[READERS["h5py"]]["seconds"] for found in every)
    rows = []
    for label in every[0]:
        seconds = [found[label]["seconds"] for found in every]
        rows.append(
            {
                "cells": n_obs,
                "file MB": path.stat().st_size / 1e6,
                "what": label,
                "seconds": statistics.median(seconds),
                "slowest": max(seconds),
                "seconds / h5py's": statistics.median(seconds) / h5py,
                "peak MiB": max(found[label]["peak"] for found in every),
                "output MB": every[0][label].get("output", float("nan")),
            }
        )
    return rows
