"""What rules, edges and adjustments look at: programmes, activities and ligands of a sample."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cytosig.balance.sets import GeneSets, Standard, measured_in
from cytosig.engine.cohort import WHOLE
from cytosig.signatures.detection import MIN_SHARE
from cytosig.stats.estimate import does_not_vary

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from cytosig.engine.cohort import Cohort
    from cytosig.signatures import Catalogue, Programme

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """One measure over the reference and in the samples; NaN where it cannot be taken."""

    reference: Array
    samples: Array

    def standardised(self) -> Measured:
        """Both over the mean and standard deviation of the reference."""
        known = self.reference[~np.isnan(self.reference)]
        if does_not_vary(known):
            return Measured(
                np.full_like(self.reference, np.nan), np.full_like(self.samples, np.nan)
            )
        mean, sd = known.mean(), known.std(ddof=1)
        return Measured((self.reference - mean) / sd, (self.samples - mean) / sd)

    def given(self, other: Measured, /) -> Measured:
        """Residuals on another measure, by least squares over the reference."""
        x, y = other.reference, self.reference
        known = ~np.isnan(x) & ~np.isnan(y)
        if does_not_vary(x[known]):
            return Measured(np.full_like(y, np.nan), np.full_like(self.samples, np.nan))
        away = x[known] - x[known].mean()
        slope = float(away @ y[known]) / float(away @ away)
        level = y[known].mean() - slope * x[known].mean()
        return Measured(y - level - slope * x, self.samples - level - slope * other.samples)


@dataclass(frozen=True)
class Gauge:
    """Takes measures of samples against a reference cohort, each once.

    Parameters
    ----------
    catalogue, programmes
        Where signatures, ligands and programmes come from.
    reference, samples
        Cohorts over the same genes.
    """

    catalogue: Catalogue
    programmes: Mapping[str, Programme]
    reference: Cohort
    samples: Cohort
    _known: dict[tuple[str, str, tuple[str, ...]], Measured] = field(
        default_factory=dict, init=False
    )
    _views: dict[str, tuple[Standard, Array, Array]] = field(default_factory=dict, init=False)

    def standard(self, view: str = WHOLE, /) -> tuple[Standard, Array, Array]:
        """Zero and spread of the genes in a view, and both cohorts standardised by them."""
        if view not in self._views:
            stored = _filled(self.reference.views[view])
            standard = Standard.over(stored)
            both = (standard.of(stored), standard.of(_filled(self.samples.views[view])))
            self._views[view] = (standard, *both)
        return self._views[view]

    def n_reference(self, view: str, /) -> int:
        """Samples of the reference that have this view."""
        return int((~np.isnan(_filled(self.reference.views[view])).all(axis=1)).sum())

    def has(self, view: str, /) -> bool:
        """Whether both cohorts have that view."""
        return view in self.reference.views and view in self.samples.views

    def take(self, name: str, view: str = WHOLE, /, *, without: Collection[str] = ()) -> Measured:
        """Mean of a programme or activity of a cytokine in a view, without some genes.

        NaN where too little is measured.
        """
        key = (name, view, tuple(sorted(without)))
        if key not in self._known:
            self._known[key] = self._taken(name, view, without)
        return self._known[key]

    def ligand(self, id: str, /, *, without: Collection[str] = ()) -> Measured:
        """Mean standardised expression of the genes of a cytokine's first whole ligand form."""
        known = self.catalogue.cytokines.get(id)
        for form in known.ligands if known is not None else ():
            genes = [gene for gene in form.genes if gene not in without]
            if len(genes) == len(form.genes):
                found = self._mean(dict.fromkeys(genes, 1.0), WHOLE, whole=True)
                if not np.isnan(found.reference).all():
                    return found
        return self._nothing()

    def genes_of(self, name: str, /) -> set[str]:
        """Genes that a measure of this name rests on."""
        if name in self.programmes:
            return set(self.programmes[name].genes)
        if name in self.catalogue.signatures:
            return set(self.catalogue.signatures[name].weights)
        known = self.catalogue.cytokines.get(name)
        return set() if known is None else set(known.ligand_genes)

    def _taken(self, name: str, view: str, without: Collection[str]) -> Measured:
        if name in self.programmes:
            weights: dict[str, float] = dict.fromkeys(self.programmes[name].genes, 1.0)
        elif name in self.catalogue.signatures:
            weights = dict(self.catalogue.signatures[name].weights)
        else:
            return self._nothing()
        left = {gene: w for gene, w in weights.items() if gene not in without}
        return self._mean(left, view) if left else self._nothing()

    def _mean(self, weights: Mapping[str, float], view: str, *, whole: bool = False) -> Measured:
        if not self.has(view):
            return self._nothing()
        _, stored, here = self.standard(view)
        one = GeneSets.of({"": weights}, self.reference.genes, measured_in(stored, here))
        if one.share[0] < (1.0 if whole else MIN_SHARE):
            return self._nothing()
        return Measured(one.means(stored)[0][:, 0], one.means(here)[0][:, 0])

    def _nothing(self) -> Measured:
        return Measured(
            np.full(self.reference.n_samples, np.nan), np.full(self.samples.n_samples, np.nan)
        )


def _filled(values: Array) -> Array:
    """Samples × genes, NaN where a sample has no expression at all."""
    empty = (np.nan_to_num(values) == 0).all(axis=1)
    return np.where(empty[:, None], np.nan, values)
