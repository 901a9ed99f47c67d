"""Other Pythons, each with the wheel installed, and runs in processes of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VERSIONS = ("3.11", "3.12", "3.13")
HOURS = 3600
_LOCK = record.ROOT / ".ci" / "lock.txt"


class NotRunError(Exception):
    """Why a Python, or a run in it, is not to be had."""


def of_version(version: str, /) -> Path | None:
    """A working interpreter of that version: on PATH, or in pyenv's versions folder."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    places = [shutil.which(f"python{version}")]
    places += sorted(root.glob(f"versions/{version}*/bin/python"))
    code = f"import sys; sys.exit('%d.%d' % sys.version_info[:2] != {version!r})"
    for place in filter(None, places):
        if not subprocess.run([place, "-c", code], check=False, capture_output=True).returncode:
            return Path(place)
    return None


def has_cytosig(python: Path, /) -> bool:
    """Whether the package is installed beside that interpreter."""
    code = "import importlib.metadata as m; m.version('cytosig-toolkit')"
    return not subprocess.run([python, "-c", code], check=False, capture_output=True).returncode


@cache
def built(folder: Path, /) -> Path:
    """A wheel of this checkout as it is now; one that lies about may be of another day."""
    call = [sys.executable, "-m", "build", "--wheel", "--outdir", folder, record.ROOT]
    done = subprocess.run(call, check=False, capture_output=True, text=True, timeout=HOURS)
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or not wheels:
        why = (done.stderr or done.stdout).strip()[-200:]
        raise NotRunError(f"no wheel could be built; pip install build, or --wheel FILE: {why}")
    return wheels[-1]


def with_wheel(python: Path, wheel: Path, folder: Path, /) -> Path:
    """An environment of that interpreter with the wheel and what the lock says it needs."""
    subprocess.run([python, "-m", "venv", folder], check=True)
    own = next(folder.glob("[bS][ic][nr]*/python*"))
    limits = ["-c", str(_LOCK)] if _LOCK.is_file() else []
    call = [own, "-m", "pip", "install", "-q", "--only-binary", ":all:", *limits, str(wheel)]
    done = subprocess.run(call, check=False, capture_output=True, text=True, timeout=HOURS)
    if done.returncode:
        raise NotRunError(f"the wheel could not be installed: {done.stderr.strip()[-200:]}")
    return own


def run(
    python: Path, folder: Path, options: Sequence[str], /, *, env: Mapping[str, str] | None = None
) -> None:
    """Let ``reliability.same --write`` run there, on the installed package and nothing else."""
    away = folder / "away"
    away.mkdir(parents=True)
    for name in ("reliability", "benchmarks"):
        (away / name).symlink_to(record.ROOT / name, target_is_directory=True)
    call = [python, "-m", "reliability.same", "--write", folder, *options]
    own = {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    given = {**os.environ, **own, **(env or {})}
    given.pop("PYTHONPATH", None)
    done = subprocess.run(call, cwd=away, env=given, check=False, capture_output=True, text=True,
                          timeout=HOURS)  # fmt: skip
    if done.returncode:
        raise NotRunError(f"it ended with {done.returncode}: {done.stderr.strip()[-400:]}")
    print(f"{folder.name}: done", file=sys.stderr, flush=True)
