"""What a balance is asked to do, checked once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cytosig._errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from cytosig.signatures import Catalogue, ContextRule, Edge

FEWEST_DRAWS = 100


@dataclass(frozen=True)
class Settings:
    """Settings of a balance; see :func:`cytosig.tl.balance` for what each means."""

    catalogue: Catalogue
    rules: tuple[ContextRule, ...]
    edges: tuple[Edge, ...]
    adjust: tuple[str, ...]
    assume: tuple[str, ...]
    sweep: tuple[str, ...]
    min_coverage: float
    shrink: bool
    n_draws: int
    level: float
    rng: int | np.random.Generator

    def __post_init__(self) -> None:
        if not 0 <= self.min_coverage <= 1:
            raise UsageError(f"min_coverage={self.min_coverage}: expected a share from 0 to 1.")
        if self.n_draws < FEWEST_DRAWS:
            raise UsageError(f"n_draws={self.n_draws}: expected {FEWEST_DRAWS} or more.")
        if not 0 < self.level < 1:
            raise UsageError(f"level={self.level}: expected a share between 0 and 1, as 0.95.")
        known = {rule.id for rule in self.rules}
        for id in self.assume:
            if id not in known:
                raise UsageError(
                    f"assume: there is no rule {id!r}; cytosig.signatures.load_context() lists"
                    " them."
                )


def checked_programmes(names: Sequence[str], known: Sequence[str], /) -> tuple[str, ...]:
    """Programmes to hold constant, each there and once."""
    for name in names:
        if name not in known:
            raise UsageError(
                f"adjust: there is no programme {name!r}; there are {', '.join(known)}."
            )
    return tuple(dict.fromkeys(names))
