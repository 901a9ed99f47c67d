"""Memory of this process; imported by ours and by the peer, so it needs nothing but Python."""

from __future__ import annotations

import resource
import sys
from pathlib import Path


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
