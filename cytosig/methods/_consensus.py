"""What is made of the scores of several methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from cytosig.methods._base import Method

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


class Consensus(NamedTuple):
    """A joint score of every observation, and how far the methods are apart in it."""

    score: Array
    spread: Array


class Combine(Protocol):
    """From the scores of one signature, methods × observations, to the joint ones."""

    def __call__(self, scores: Array, /) -> Consensus: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsensusMethod(Method):
    """A method that joins others.

    Parameters
    ----------
    combine
        The method itself.
    members
        Methods it joins when none is asked for beside it.
    """

    combine: Combine
    members: tuple[str, ...]
