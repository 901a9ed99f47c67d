"""What a scoring run is asked to do, checked once."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, get_args

from cytosig._errors import UsageError
from cytosig.engine.asked import chosen_compat, chosen_methods, chosen_settings
from cytosig.genes.tables import Organism
from cytosig.methods import DEFAULT, How, Method

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Center = Literal["auto", "mean"] | None
Normalize = Literal["auto", "log1p", "none"]
Nonfinite = Literal["raise", "drop_genes"]
Background = Literal["all", "signatures"]
_UNRECORDED = ("chunk_size", "n_jobs", "method", "compat", "settings")


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of a scoring run; see :func:`cytosig.tl.score` for what each means."""

    method: str | Sequence[str] = DEFAULT
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
    compat: str | Sequence[str] | None = None
    settings: Mapping[str, Mapping[str, float]] | None = None
    methods: tuple[Method, ...] = field(init=False, repr=False)
    _hows: Mapping[str, How] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        chosen = chosen_methods(self.method)
        compat = chosen_compat(self.compat, chosen)
        settings = chosen_settings(self.settings, chosen)
        hows = {m.name: How(settings[m.name], compat.get(m.name)) for m in chosen}
        object.__setattr__(self, "methods", chosen)
        object.__setattr__(self, "_hows", hows)
        self._check_lam()
        if self.center is not None:
            _one_of("center", self.center, ("auto", "mean"))
        self.needs_centring(
            [name for name in ("center", "scale") if getattr(self, name) in ("mean", True)]
        )
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

    def _check_lam(self) -> None:
        if self.lam is None:
            return
        if not any(method.takes_lam for method in self.methods):
            names = ", ".join(repr(method.name) for method in self.methods)
            raise UsageError(f"lam={self.lam} means nothing to method {names}; leave it.")
        if not 0 <= self.lam < float("inf"):
            raise UsageError(f"lam={self.lam}: expected a number from 0.")

    def needs_centring(self, given: Iterable[str], /) -> None:
        """Refuse arguments that say how to centre where no method centres.

        Raises
        ------
        UsageError
            Naming the first of ``given``.
        """
        named = list(given)
        if named and not any(method.centred for method in self.methods):
            names = ", ".join(method.name for method in self.methods)
            raise UsageError(
                f"{named[0]}= says what to centre on, and nothing is centred by {names}: leave it."
            )

    def how(self, method: Method, /) -> How:
        """How that method is asked to run."""
        return self._hows[method.name]

    def record(self, method: str, /) -> dict[str, Any]:
        """Settings that decide the numbers of one method, ready for ``uns`` (None: ``"none"``)."""
        names = [f.name for f in fields(self) if f.init and f.name not in _UNRECORDED]
        kept = {name: getattr(self, name) for name in names}
        how = self._hows[method]
        named = {"method": method, **kept, "compat": how.compat}
        found = {k: "none" if v is None else v for k, v in named.items()}
        return {**found, **({"settings": dict(how.settings)} if how.settings else {})}


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise UsageError(f"{name}={value!r}: expected one of {', '.join(map(repr, allowed))}.")
