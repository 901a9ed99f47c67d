"""docs/reliability.md, from what every part left in ``results/``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import pandas as pd

from benchmarks import record
from reliability import PAGE

if TYPE_CHECKING:
    from pathlib import Path

PARTS = ("traps", "properties", "fuzz", "faults", "same")
"""In the order of the page; each has ``headline`` in its ``__init__`` and a ``__main__``."""

_HEAD = """\
<!-- Written by `python -m reliability`; edit the programs in reliability/, not this page. -->
# Reliability

People hand this tool files from anywhere and publish what it says. What follows is what happened
when programs tried to make it say something wrong, lose a file or let somebody in. One command,
`python -m reliability`, runs all of them and writes this page; `python -m reliability.PART` runs
one. Every outcome is in `reliability/results/`."""


def write(results: Path, /) -> None:
    """The page, with one line a part on top and each part's own text below."""
    rows, texts = [], []
    for part in PARTS:
        table = pd.read_csv(results / f"{part}.tsv", sep="\t")
        said, well = import_module(f"reliability.{part}").headline(table)
        text = (results / f"{part}.md").read_text(encoding="utf-8")
        rows.append({"part": f"[{part}](#{_anchor(text)})", "found": said, "all well": well})
        texts.append(_lower(text))
    summary = record.markdown(pd.DataFrame(rows))
    PAGE.write_text("\n\n".join([_HEAD, summary, *texts]).rstrip() + "\n", encoding="utf-8")


def _anchor(text: str) -> str:
    """Where a text's own heading is found on a page, by GitHub and by the site."""
    return text.splitlines()[0].removeprefix("# ").lower().replace(" ", "-")


def _lower(text: str) -> str:
    """Headings one level down, outside blocks of code."""
    lines, fenced = [], False
    for line in text.splitlines():
        fenced ^= line.startswith("```")
        lines.append(f"#{line}" if line.startswith("#") and not fenced else line)
    return "\n".join(lines)
