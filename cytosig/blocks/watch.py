"""Who is told how far a pass over the rows has come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Watch(Protocol):
    """Is told of every pass over the rows: there may be several before any row is scored."""

    def begin(self, phase: str, n_rows: int, n_done: int, /) -> Callable[[int], None]:
        """A pass begins.

        Parameters
        ----------
        phase
            What it is for, in two words.
        n_rows, n_done
            How many rows there are, and how many of them an earlier run has seen to.

        Returns
        -------
        What is called, by several threads, with the number of rows each finished block adds.
        """
