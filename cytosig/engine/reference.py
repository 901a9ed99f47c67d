"""A stored reference: gene moments that new observations are centred and scaled on."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, get_args

import numpy as np

from cytosig._errors import FileError
from cytosig.engine.cohort import WHOLE, Cohort
from cytosig.engine.recognise import Kind
from cytosig.io import atomic_path, read_arrays

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from numpy.typing import NDArray

_FORMAT = "cytosig-reference-1"


@dataclass(frozen=True)
class Reference:
    """Gene means and standard deviations of a cohort, with the gene universe.

    Parameters
    ----------
    genes
        Engine gene names.
    mean, sd
        Moments of the logged values, one a gene.
    n_obs
        Observations they were taken on.
    kind
        What the values were after any normalisation: ``log1p``, ``log2`` ...
    total
        What every observation added up to before the logarithm; NaN where they differ.
    cohort
        The observations themselves, over the genes that a balance reads and without their names;
        None where they are too many to be samples.
    """

    genes: tuple[str, ...]
    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    n_obs: int
    kind: str
    total: float
    cohort: Cohort | None = None

    def save(self, path: str | os.PathLike[str], /) -> None:
        """Write to an ``.npz`` file (plain arrays, nothing executable)."""
        with atomic_path(path) as part, part.open("wb") as file:
            self._write(file)

    def to_bytes(self) -> bytes:
        """What :meth:`save` writes."""
        stream = io.BytesIO()
        self._write(stream)
        return stream.getvalue()

    def _write(self, file: IO[bytes]) -> None:
        cohort = self.cohort or Cohort(())
        views: dict[str, Any] = {f"view {name}": view for name, view in cohort.views.items()}
        np.savez_compressed(
            file,
            format=np.array(_FORMAT),
            genes=np.array(self.genes),
            mean=self.mean,
            sd=self.sd,
            n_obs=np.array(self.n_obs),
            kind=np.array(self.kind),
            total=np.array(self.total),
            cohort_genes=np.array(cohort.genes, dtype=str),
            cohort_pooled=np.array(cohort.pooled),
            **views,
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str], /) -> Reference:
        """Read a file written by :meth:`save`.

        Raises
        ------
        FileError
            When it is missing, damaged or no reference.
        """
        return cls._of(read_arrays(Path(path)), path)

    @classmethod
    def from_bytes(cls, content: bytes, /, *, name: str) -> Reference:
        """The reference that :meth:`to_bytes` gave; ``name`` says in messages where it was."""
        return cls._of(read_arrays(Path(name), io.BytesIO(content)), name)

    @classmethod
    def _of(cls, held: Mapping[str, NDArray[Any]], name: str | os.PathLike[str]) -> Reference:
        try:
            if str(held["format"]) != _FORMAT:
                raise FileError(f"{name}: reference format {held['format']} is not known.")
            found = cls(
                tuple(held["genes"].tolist()),
                held["mean"].astype(np.float64),
                held["sd"].astype(np.float64),
                int(held["n_obs"]),
                str(held["kind"]),
                float(held["total"]),
                _cohort(held),
            )
            _check(found)
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise FileError(
                f"{name}: is no reference written by cytosig.tl.fit_reference ({error})."
            ) from error
        return found


def _check(found: Reference) -> None:
    """Raise ValueError where parts do not fit each other, or a number is none."""
    genes, cohort = found.genes, found.cohort
    if not genes or len(set(genes)) < len(genes) or not all(isinstance(g, str) for g in genes):
        raise ValueError("genes: expected names, each once")
    if not found.mean.shape == found.sd.shape == (len(genes),):
        raise ValueError("mean and sd: expected one a gene")
    if not (np.isfinite(found.mean).all() and np.isfinite(found.sd).all() and found.sd.min() >= 0):
        raise ValueError("mean and sd: expected finite numbers")
    if found.n_obs < 1 or found.total <= 0 or np.isinf(found.total):
        raise ValueError("n_obs and total: expected above 0")
    if found.kind not in get_args(Kind):
        raise ValueError(f"kind: {found.kind!r} is not known")
    if cohort is None:
        return
    if cohort.pooled not in ("sum", "mean", "none"):
        raise ValueError(f"cohort_pooled: {cohort.pooled!r} is not known")
    for name, view in cohort.views.items():
        if view.shape != (cohort.n_samples, len(cohort.genes)) or np.isinf(view).any():
            raise ValueError(f"view {name!r}: expected samples × genes")


def _cohort(held: Mapping[str, NDArray[Any]]) -> Cohort | None:
    """The cohort of a file; None where it holds none."""
    views = {name.removeprefix("view "): held[name] for name in held if name.startswith("view ")}
    if not views:
        return None
    if WHOLE not in views or any(view.dtype.kind != "f" for view in views.values()):
        raise ValueError("the samples themselves: expected numbers, and a view of the whole sample")
    return Cohort(tuple(held["cohort_genes"].tolist()), views, str(held["cohort_pooled"]))
