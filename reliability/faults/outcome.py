"""One fault, and what became of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """One fault, and what became of it.

    Parameters
    ----------
    fault, command
        What happened, and to which run.
    moment
        When and how.
    left
        What was found after it.
    outcome
        Where nothing is lost: what the run, or the next one, said or made.
    faults
        What may not be; empty where all is well.
    seconds
        Of the clock.
    number
        Of its kind; told with the seed it happens again.
    """

    fault: str
    command: str
    moment: str
    left: str
    outcome: str
    faults: tuple[str, ...]
    seconds: float
    number: int

    @property
    def row(self) -> dict[str, object]:
        """As a row of the table."""
        wrong = " ".join("; ".join(self.faults).split())
        return {
            "fault": self.fault, "number": self.number, "command": self.command,
            "moment": self.moment, "left": self.left,
            "outcome": f"LOST: {wrong}"[:500] if wrong else " ".join(self.outcome.split())[:300],
            "seconds": round(self.seconds, 2),
        }  # fmt: skip


Job = Callable[[], Outcome]
"""A fault that has not happened yet."""


def plain(said: str, /) -> str:
    """The error of what was said, or else its end; without what is drawn at random."""
    lines = [line for line in said.splitlines() if line.startswith("cytosig: error:")]
    text = " ".join(lines or said.splitlines()[-3:])
    text = re.sub(r"\.[0-9a-f]{8}-\d+-[0-9a-f]{8}\.", ".*.", " ".join(text.split()))
    return re.sub(r"/\S*?faults-\w+/(place|disk)/?", "", text)[:300]
