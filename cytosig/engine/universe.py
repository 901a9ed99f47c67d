"""The gene universe: which columns are which engine genes, and where signatures find theirs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from cytosig._errors import DataError, GeneError
from cytosig.engine.prepare import selector

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import scipy.sparse as sp
    from numpy.typing import NDArray

    from cytosig.genes import GeneMap

_ENOUGH = 0.8


@dataclass(frozen=True)
class Universe:
    """Engine genes in order.

    Parameters
    ----------
    keys
        Name of each engine gene: the approved symbol where it was asked for, else the label.
    columns
        Data columns summed into it.
    n_columns
        Columns of the data.
    """

    keys: tuple[str, ...]
    columns: tuple[tuple[int, ...], ...]
    n_columns: int

    @property
    def place(self) -> dict[str, int]:
        """Position by key."""
        return {key: i for i, key in reversed(list(enumerate(self.keys)))}

    def places(self, found: GeneMap, /) -> dict[str, int]:
        """Position of every asked-for gene that is there."""
        first = {columns[0]: i for i, columns in enumerate(self.columns)}
        pairs = zip(found.genes, found.columns, strict=True)
        return {gene: first[c[0]] for gene, c in pairs if c and c[0] in first}

    def selector(self) -> sp.csr_matrix | None:
        """Columns × genes matrix, None where nothing changes."""
        if self.columns == _each_its_own(self.n_columns):
            return None
        return selector(self.n_columns, self.columns)

    def without(self, columns: NDArray[np.bool_], /) -> Universe:
        """The genes none of whose columns is marked."""
        return self.keep(np.array([not columns[list(mine)].any() for mine in self.columns]))

    def holds(self, found: GeneMap, genes: Iterable[str], /) -> NDArray[np.bool_]:
        """Which of the genes are among the named ones."""
        named = set(genes)
        pairs = zip(found.genes, found.columns, strict=True)
        first = {columns[0] for gene, columns in pairs if columns and gene in named}
        return np.array([columns[0] in first for columns in self.columns])

    def renamed(self, names: Sequence[str], /) -> Universe:
        """Each gene called by its first column's name; the second of a name becomes name#2."""
        seen: dict[str, int] = {}
        keys = []
        for columns in self.columns:
            name = names[columns[0]]
            seen[name] = seen.get(name, 0) + 1
            keys.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
        return Universe(tuple(keys), self.columns, self.n_columns)

    def keep(self, mask: NDArray[np.bool_], /) -> Universe:
        """The genes where ``mask`` holds."""
        kept = np.flatnonzero(mask)
        return Universe(
            tuple(self.keys[i] for i in kept),
            tuple(self.columns[i] for i in kept),
            self.n_columns,
        )

    def ordered_as(self, keys: Sequence[str], /) -> tuple[Universe, NDArray[np.int64]]:
        """The genes of ``keys`` that are here, in that order, and their positions in ``keys``.

        Raises
        ------
        DataError
            When fewer than four in five of ``keys`` are here.
        """
        place = self.place
        shared = [i for i, key in enumerate(keys) if key in place]
        if len(shared) < _ENOUGH * len(keys):
            raise DataError(
                f"Only {len(shared)} of the reference's {len(keys)} genes are in the data, fewer"
                f" than {_ENOUGH:.0%}. Use a reference of the same platform and gene names."
            )
        here = [place[keys[i]] for i in shared]
        chosen = Universe(
            tuple(self.keys[i] for i in here),
            tuple(self.columns[i] for i in here),
            self.n_columns,
        )
        return chosen, np.array(shared, dtype=np.int64)


def make_universe(labels: Sequence[str], found: GeneMap, /, *, additive: bool) -> Universe:
    """Every column an engine gene, duplicates of asked-for genes summed where that is right.

    Parameters
    ----------
    labels
        Gene names of the data.
    found
        The asked-for genes.
    additive
        Values are counts or linear, so that duplicates may be summed.

    Raises
    ------
    GeneError
        When a gene has several columns and the values are logged.
    """
    duplicates = found.duplicates
    if duplicates and not additive:
        gene, columns = next(iter(duplicates.items()))
        where = ", ".join(f"{labels[j]!r} (column {j})" for j in columns[:4])
        raise GeneError(
            f"Gene {gene} has {len(columns)} columns: {where}"
            + (f"; and {len(duplicates) - 1} more gene(s)" if len(duplicates) > 1 else "")
            + ". Logged values cannot be summed: sum the counts before taking logarithms, or"
            " keep one column of each gene."
        )
    keys = list(labels)
    joined = _same_label(labels) if additive else {}
    for gene, columns in zip(found.genes, found.columns, strict=True):
        if columns:
            keys[columns[0]] = gene
            joined[columns[0]] = columns
    whole = Universe(tuple(keys), _each_its_own(len(labels)), len(labels))
    extra = {j for columns in joined.values() for j in columns[1:]}
    if not extra:
        return whole
    kept = [j for j in range(len(labels)) if j not in extra]
    columns_of = tuple(joined.get(j, (j,)) for j in kept)
    return Universe(tuple(keys[j] for j in kept), columns_of, len(labels))


@lru_cache(maxsize=2)
def _each_its_own(n: int) -> tuple[tuple[int, ...], ...]:
    """Every column a gene."""
    return tuple(zip(range(n)))


def _same_label(labels: Sequence[str]) -> dict[int, tuple[int, ...]]:
    """Columns that carry one name, by the first of them, whoever asks for that name."""
    by_label: dict[str, list[int]] = {}
    for j, label in enumerate(labels):
        if label.strip():
            by_label.setdefault(label.strip(), []).append(j)
    return {columns[0]: tuple(columns) for columns in by_label.values() if len(columns) > 1}
