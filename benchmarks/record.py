"""What every benchmark shares: arguments, the machine's description, result files."""

from __future__ import annotations

import argparse
import logging
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
RESULTS = ROOT / "benchmarks" / "results"
PEER = ROOT / "benchmarks" / "peers" / "env" / "bin" / "python"
_PACKAGES = ("cytosig-toolkit", "anndata", "numpy", "scipy", "pandas", "numba")


def arguments(about: str | None, /, *, peer: bool = False) -> argparse.ArgumentParser:
    """The arguments of every program; the package's notices are silenced."""
    logging.getLogger("cytosig").setLevel(logging.ERROR)
    parser = argparse.ArgumentParser(description=(about or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA, help="folder of development data")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder the results go to")
    if peer:
        parser.add_argument("--peer", type=Path, default=PEER, help="Python of the peer")
    return parser


def machine() -> str:
    """One line: processor, cores this process may use, memory."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    line = f"{_processor()}, {cores} cores"
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
        line += f", {memory:.0f} GiB"
    return f"{line}, {platform.system()} {platform.machine()}"


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    if path.is_file():
        for line in path.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown processor"


def provenance(extra: Sequence[str] = (), /) -> str:
    """Date, machine, versions, digest of the catalogue."""
    import cytosig as cs

    versions = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    digest = cs.signatures.load().digest[:12]
    lines = [
        f"- Date: {datetime.now(UTC):%Y-%m-%d}",
        f"- Machine: {machine()}",
        f"- Python {platform.python_version()}, {versions}; catalogue {digest}",
        *(f"- {line}" for line in extra),
    ]
    return "\n".join(lines)


def markdown(table: pd.DataFrame, /) -> str:
    """A GitHub table; numbers to four significant digits, NaN empty."""
    head = "| " + " | ".join(map(str, table.columns)) + " |"
    rule = "|" + "---|" * table.shape[1]
    rows = ["| " + " | ".join(map(_cell, row)) + " |" for row in table.itertuples(index=False)]
    return "\n".join([head, rule, *rows])


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "" if value != value else f"{value:.4g}"
    return str(value)


def write(folder: Path, name: str, /, *, table: pd.DataFrame, text: str) -> None:
    """``name.tsv`` with every number, ``name.md`` to read."""
    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / f"{name}.tsv", sep="\t", index=False, float_format="%.6g")
    (folder / f"{name}.md").write_text(text.rstrip() + "\n", encoding="utf-8")
    print(text)
