"""What a linear method is: a K × K matrix that turns signatures into regression weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import scipy.sparse as sp

from cytosig._errors import DataError
from cytosig.methods._base import Method

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


_LARGEST_CONDITION = 1e8


@dataclass(frozen=True, slots=True)
class Design:
    """The signatures over the gene universe.

    Parameters
    ----------
    weights
        Genes in any signature × signatures; every other gene weighs 0.
    n_genes
        Size of the gene universe G.
    ids
        Signature ids, for messages.
    groups
        Axis of each signature; its own id where it has none, as all have when left out.
    """

    weights: Array
    n_genes: int
    ids: tuple[str, ...]
    groups: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.groups:
            object.__setattr__(self, "groups", self.ids)

    @property
    def gram(self) -> Array:
        """W'W, always added up in the same order: a dense product depends on BLAS's threads."""
        own = sp.csr_matrix(self.weights)
        return np.asarray((own.T @ own).toarray())

    @property
    def centred_gram(self) -> Array:
        """W'W with the columns of W centred over all G genes."""
        total = self.weights.sum(axis=0)
        return self.gram - np.outer(total, total) / self.n_genes


class Mix(Protocol):
    """Turns a design into the K × K matrix M with T = W·M."""

    def __call__(self, design: Design, /, *, lam: float | None) -> Array: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearMethod(Method):
    """A method whose score is Σ_g T(g)·x(g), put on its permutation null.

    Parameters
    ----------
    mix
        The method itself.
    """

    mix: Mix
    centred: bool = True
    tested: bool = True
    reads_sets: bool = False


def refuse_collinear(gram: Array, ids: tuple[str, ...], /) -> None:
    """Stop where signatures or axes are so alike that one regression cannot tell them apart.

    Raises
    ------
    DataError
        Naming the two that are most alike.
    """
    norm = np.sqrt(np.diag(gram))
    alike = gram / np.outer(norm, norm)
    if np.linalg.cond(alike) <= _LARGEST_CONDITION:
        return
    alike = np.triu(np.abs(alike), 1)
    i, j = np.unravel_index(int(alike.argmax()), alike.shape)
    raise DataError(
        f"On the genes present, {ids[i]} and {ids[j]} are nearly the same (correlation"
        f" {alike[i, j]:.4f}) or a combination of others, so one regression cannot tell them"
        ' apart. Leave one out (signatures=catalogue.subset(...)) or use method="ulm" or "ridge".'
    )
