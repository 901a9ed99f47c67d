"""Memory of this process; imported by ours and by the peer, so it needs nothing but Python."""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def status(field: str, /) -> float:
    """A figure of /proc/self/status in MiB; NaN where there is none."""
    path = Path("/proc/self/status")
    if path.is_file():
        for line in path.read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) / 1024
    return float("nan")


def reset_peak() -> None:
    """Forget the peak reached so far (Linux only)."""
    path = Path("/proc/self/clear_refs")
    if path.exists():
        path.write_text("5")


def peak() -> float:
    """Largest resident memory since reset_peak, MiB."""
    found = status("VmHWM")
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return found if found == found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def repeated(call: Callable[[], object], runs: int, /) -> tuple[list[float], float]:
    """Seconds of every run, and by how many MiB memory grew at most during the first."""
    reset_peak()
    before = status("VmRSS")
    seconds, extra = [], 0.0
    for run in range(runs):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
        if run == 0:
            extra = peak() - before
    return seconds, extra
