"""Kill `cytosig score` at any moment: is the input intact, the output whole, can it be resumed?

Usage: ``python benchmarks/scaling_killed.py --folder FOLDER [--cells 100000] [--kills 10]``
``[--seed 0] [--out DIR]``
The file of so many cells is made in the folder where it is missing, and all outputs go there.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))

import fresh  # noqa: F401
import record
import scaling_runs as runs
from scaling_compare import differences, digest

if TYPE_CHECKING:
    import argparse

METHODS = "hlm,ucell"
RESUME = "--resume"


@dataclass(frozen=True)
class Uncut:
    """The input, and a run that nothing disturbed."""

    path: Path
    digest: str
    out: Path
    seconds: float

    @property
    def folder(self) -> Path:
        """Where every killed run writes; made anew for each."""
        return self.out.parent.parent / "killed"


def command(path: Path, out: Path, *flags: str) -> list[object]:
    """A full copy with the scores of two methods."""
    return [runs.COMMAND, "--quiet", "score", path, "-o", out, "--method", METHODS, *flags]


def check() -> None:
    """Stop where the command cannot resume."""
    call = [str(runs.COMMAND), "score", "--help"]
    if RESUME not in subprocess.run(call, capture_output=True, text=True, check=True).stdout:
        raise SystemExit(f"This cytosig has no {RESUME}; it cannot be tested.")


def empty(folder: Path, /) -> Path:
    """The folder with nothing in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def left(out: Path, /) -> str:
    """Other files beside the output."""
    return ", ".join(sorted(path.name for path in out.parent.iterdir() if path != out))


def state(out: Path, uncut: Uncut, /) -> str:
    """absent, complete, or what is wrong with the output."""
    if not out.exists():
        return "absent"
    try:
        found = differences(uncut.out, out)
    except (OSError, KeyError, RuntimeError) as error:
        return f"BROKEN: {type(error).__name__}"
    return f"DIFFERS: {', '.join(found[:3])}" if found else "complete"


def kill_after(seconds: float, path: Path, out: Path, /) -> bool:
    """Start, wait, SIGKILL; whether it was still running."""
    with subprocess.Popen([*map(str, command(path, out))], stdout=subprocess.DEVNULL) as process:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            return True
    return False


def resume(path: Path, out: Path, /) -> tuple[int, float]:
    """Exit code and seconds of the second start."""
    call = [*map(str, command(path, out, RESUME))]
    start = time.perf_counter()
    code = subprocess.run(call, stdout=subprocess.DEVNULL, check=False).returncode
    return code, time.perf_counter() - start


def cut(number: int, moment: float, uncut: Uncut, /) -> dict[str, object]:
    """One kill and the run that takes up its work."""
    out = empty(uncut.folder) / "out.h5ad"
    running = kill_after(moment, uncut.path, out)
    found: dict[str, object] = {
        "run": number,
        "killed after, s": moment,
        "of the uncut run": f"{moment / uncut.seconds:.0%}" if running else "it had ended",
        "input": "unchanged" if digest(uncut.path) == uncut.digest else "CHANGED",
        "output": state(out, uncut),
        "left beside it": left(out),
    }
    code, seconds = resume(uncut.path, out)
    same = "the same" if out.exists() and digest(out) == digest(uncut.out) else "not the same"
    return found | {
        "resumed, s": seconds,
        "exit code": code,
        "resumed output": state(out, uncut),
        "whole file": same,
        "left in the end": left(out),
        "input in the end": "unchanged" if digest(uncut.path) == uncut.digest else "CHANGED",
    }


def moments(n: int, seconds: float, seed: int, /) -> list[float]:
    """One random moment in each n-th of the run."""
    parts = np.arange(n) + np.random.default_rng(seed).random(n)
    return (parts / n * seconds).tolist()


def fits(row: dict[str, object], /) -> bool:
    """Nothing damaged, and the resumed output that of the uncut run."""
    intact = row["input"] == row["input in the end"] == "unchanged"
    whole = row["output"] in ("absent", "complete") and row["resumed output"] == "complete"
    return intact and whole and row["exit code"] == 0


def report(table: pd.DataFrame, uncut: Uncut, again: str, asked: argparse.Namespace, /) -> str:
    """The page to read."""
    good = int(table["met"].eq("yes").sum())
    same = int(table["whole file"].eq("the same").sum())
    settings = [
        f"{asked.cells:,} cells, {uncut.path.stat().st_size / 1e6:,.0f} MB",
        f"Uncut run: {uncut.seconds:.1f} s; a second one: {again}",
    ]
    parts = [
        "# Killed and resumed",
        record.provenance(settings),
        f"**{good} of {len(table)}** kills left the input unchanged and the output absent or"
        " complete, and the resumed run gave the uncut run's output; its whole file was the"
        f" uncut run's, byte by byte, in {same}.",
        record.markdown(table),
        _NOTES,
    ]
    return "\n\n".join(parts)


_NOTES = f"""\
- `cytosig score FILE -o OUT.h5ad --method {METHODS}`, a full copy, is stopped by SIGKILL at one
  random moment in each equal part of the uncut run's length, then started again with
  `{RESUME}`. Each kill begins in an empty folder.
- "complete": every group, attribute, type, compression and dataset is the uncut run's, values
  compared by their bytes. "unchanged": SHA-256 of the input.
- "left beside it" lists the other files in the output's folder after the kill."""


def whole(path: Path, folder: Path, /) -> tuple[Uncut, str]:
    """The uncut run, and how a second one compares."""
    outs = [empty(folder / name) / "out.h5ad" for name in ("uncut", "again")]
    before = digest(path)
    seconds = [runs.score(path, out, METHODS).seconds for out in outs]
    uncut = Uncut(path, before, outs[0], seconds[0])
    same = digest(outs[0]) == digest(outs[1])
    again = f"{state(outs[1], uncut)}, {'the same' if same else 'other'} bytes"
    shutil.rmtree(outs[1].parent)
    return uncut, again


def main() -> None:
    """Kill, look, resume, compare; write scaling_killed.md and .tsv."""
    parser = record.arguments(__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="folder of the files")
    parser.add_argument("--cells", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    check()
    runs.pin(2)
    runs.warm(asked.folder)
    path = runs.make(asked.folder, asked.cells)
    runs.into_cache(path)
    rows = []
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        uncut, again = whole(path, Path(name))
        for number, moment in enumerate(moments(asked.kills, uncut.seconds, asked.seed), start=1):
            row = cut(number, moment, uncut)
            rows.append(row | {"met": "yes" if fits(row) else "no"})
            print(rows[-1], file=sys.stderr)
    table = pd.DataFrame(rows)
    record.write(asked.out, "scaling_killed", table=table, text=report(table, uncut, again, asked))


if __name__ == "__main__":
    main()
