"""How far cytosig can be relied on: programs that try to break it, and the page of their results.

Each part is a program of its own, ``python -m reliability.PART``, that writes ``results/PART.tsv``
with every outcome and ``results/PART.md`` to read. ``python -m reliability`` runs them all and
writes docs/reliability.md. They test whichever cytosig Python imports: the one of this checkout
when run from its root, an installed wheel when run from a folder that holds links to
``reliability`` and ``benchmarks`` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import record

if TYPE_CHECKING:
    import argparse

RESULTS = record.ROOT / "reliability" / "results"
PAGE = record.ROOT / "docs" / "reliability.md"


def arguments(about: str | None, /) -> argparse.ArgumentParser:
    """The arguments of every part; the package's notices are silenced."""
    parser = record.arguments(about)
    parser.set_defaults(out=RESULTS)
    return parser
