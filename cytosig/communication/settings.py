"""What is asked, and the constants that every part shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cytosig._errors import UsageError

if TYPE_CHECKING:
    import numpy as np

OFFSET = 10.0
"""CPM added before the logarithm: tests of types of unequal depth keep their level with it."""
AMBIENT = 0.1
"""Share of a cell's counts that may be loose RNA of the other cells of its sample."""
SET_CORRELATION = 0.01
"""Correlation of genes of one signature where their cytokine does nothing (Wu and Smyth, Nucleic
Acids Res. 2012;40:e133)."""
FEWEST_GENES = 5
FEWEST_SHARE = 0.5
"""A response is read from this many genes at least, and this share of the signature's weight."""
FEW_SAMPLES = 5
"""Below this number of samples, numbers are marked as descriptive."""
FEWEST_COUPLED = 5
FOUND = 0.05
"""Level of p and q at which a cell type is called responsive or competent."""


@dataclass(frozen=True)
class Settings:
    """What a run was asked for.

    Parameters
    ----------
    expressed
        CPM that a receptor or subunit must exceed to count as there.
    level
        Of the confidence intervals.
    n_boot
        Bootstrap samples behind the intervals of shares.
    rng
        Seed or generator.
    exact
        Whether signs are flipped; links, which do not show those p, do without.
    """

    expressed: float = 5.0
    level: float = 0.95
    n_boot: int = 1000
    rng: int | np.random.Generator = 0
    exact: bool = True

    def __post_init__(self) -> None:
        if not self.expressed > 0:
            raise UsageError(f"expressed={self.expressed}: expected CPM above 0.")
        if not 0 < self.level < 1:
            raise UsageError(f"level={self.level}: expected a number between 0 and 1.")
        if self.n_boot < 2 or self.n_boot != int(self.n_boot):
            raise UsageError(f"n_boot={self.n_boot}: expected a whole number of 2 or more.")
        if isinstance(self.rng, int) and self.rng < 0:
            raise UsageError(f"rng={self.rng}: expected a seed of 0 or more, or a generator.")
