"""From what a door gave and what was expected of it to one outcome."""

from __future__ import annotations

import re
import tempfile
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from reliability.traps.expect import NotAsked, Refused
from reliability.traps.frames import unsound

if TYPE_CHECKING:
    from reliability.traps.calls import Call
    from reliability.traps.doors import Answer
    from reliability.traps.expect import Clean, Expectation
    from reliability.traps.trap import Trap

RIGHT, REFUSED, NOT_ASKED = "right", "refused", "not asked"
DEFECTS = ("silent", "traceback", "wrong", "left behind", "unclear")
"""A result where there is none, an error nobody foresaw, other numbers, files, unhelpful words."""


@dataclass(frozen=True)
class Outcome:
    """A row of the table of results."""

    trap: str
    input: str
    call: str
    door: str
    expected: str
    outcome: str
    message: str
    seconds: float

    @property
    def is_defect(self) -> bool:
        """Whether something has to be mended."""
        return self.outcome in DEFECTS

    def row(self) -> dict[str, object]:
        """For the table."""
        return asdict(self)


def without_place(text: str, /) -> str:
    """Without the folder that is made for a run."""
    return re.sub(rf"{re.escape(tempfile.gettempdir())}/[^/\s]+/", "", text)


def judged(trap: Trap, call: Call, door: str, answer: Answer, clean: Clean, /) -> Outcome:
    """What became of a call."""
    expected = trap.expected(call)
    outcome, message = _verdict(call, answer, expected, clean)
    words = without_place(" ".join(message.split()))[:300]
    return Outcome(
        trap.row, trap.name, call.name, door, expected.said, outcome, words, answer.seconds
    )


def not_asked(trap: Trap, call: Call, door: str, why: str, /) -> Outcome:
    """A call that does not go with an input."""
    return Outcome(trap.row, trap.name, call.name, door, "", NOT_ASKED, why, 0.0)


def _verdict(call: Call, answer: Answer, expected: Expectation, clean: Clean) -> tuple[str, str]:
    if answer.fault is not None:
        return answer.fault
    if isinstance(expected, NotAsked):
        return NOT_ASKED, expected.said
    if answer.refusal:
        if not isinstance(expected, Refused):
            return "wrong", f"refused: {answer.refusal}"
        lacking = expected.unclear(answer.refusal)
        if lacking:
            return "unclear", f"{lacking!r} is not in: {answer.refusal}"
        return REFUSED, answer.refusal
    if isinstance(expected, Refused):
        return "silent", expected.amiss(call, answer.tables, clean)
    told = unsound(answer.tables) or expected.amiss(call, answer.tables, clean)
    return ("wrong", told) if told else (RIGHT, "")
