"""Methods that another library runs on the whole matrix: for tens to hundreds of samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from cytosig.methods._base import Method

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cytosig.methods._base import How, Sets

    Array = NDArray[np.float64]


class Whole(NamedTuple):
    """Scores, and p-values where the method has them, observations × signatures."""

    score: Array
    pvalue: Array | None = None


class Run(Protocol):
    """From values (observations × genes, in an order that does not depend on the data's)."""

    def __call__(self, values: Array, sets: Sets, how: How, /, *, threads: int) -> Whole: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeMethod(Method):
    """A method that needs all observations, dense, before it can score one.

    Parameters
    ----------
    run
        The method itself.
    fewest, most
        Observations it takes.
    compares
        Whether an observation's score depends on the others.
    why_most
        What more of them would cost, for the message that refuses them.
    """

    run: Run
    fewest: int
    most: int
    compares: bool
    why_most: str
