"""What a scoring run is asked to do, checked once."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal, get_args

from cytosig import methods
from cytosig._errors import UsageError
from cytosig.genes.tables import Organism

Center = Literal["auto", "mean"] | None
Normalize = Literal["auto", "log1p", "none"]
Nonfinite = Literal["raise", "drop_genes"]
Background = Literal["all", "signatures"]


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of a scoring run; see :func:`cytosig.tl.score` for what each means."""

    method: str = methods.DEFAULT
    lam: float | None = None
    center: Center = "auto"
    scale: bool = False
    normalize: Normalize = "auto"
    nonfinite: Nonfinite = "raise"
    background: Background = "all"
    organism: Organism = "human"
    gene_symbols: str | None = None
    min_coverage: float = 0.25
    min_genes: int = 5
    chunk_size: int | None = None
    n_jobs: int | None = None
    target_sum: float | None = None

    def __post_init__(self) -> None:
        method = methods.get(self.method)
        if self.lam is not None and not method.takes_lam:
            raise UsageError(f"lam={self.lam} means nothing to method {self.method!r}; leave it.")
        if self.lam is not None and not 0 <= self.lam < float("inf"):
            raise UsageError(f"lam={self.lam}: expected a number from 0.")
        if self.center is not None:
            _one_of("center", self.center, ("auto", "mean"))
        _one_of("normalize", self.normalize, get_args(Normalize))
        _one_of("nonfinite", self.nonfinite, get_args(Nonfinite))
        _one_of("background", self.background, get_args(Background))
        _one_of("organism", self.organism, get_args(Organism))
        if self.target_sum is not None and not 0 < self.target_sum < float("inf"):
            raise UsageError(f"target_sum={self.target_sum}: expected a number above 0.")
        if not 0 <= self.min_coverage <= 1:
            raise UsageError(f"min_coverage={self.min_coverage}: expected a share from 0 to 1.")
        for name in ("min_genes", "chunk_size", "n_jobs"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"{name}={value}: expected 1 or more.")

    def record(self) -> dict[str, str | float | bool]:
        """Settings that decide the numbers, ready for ``uns`` (None becomes ``"none"``)."""
        kept = {k: v for k, v in asdict(self).items() if k not in ("chunk_size", "n_jobs")}
        return {k: "none" if v is None else v for k, v in kept.items()}


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise UsageError(f"{name}={value!r}: expected one of {', '.join(map(repr, allowed))}.")
