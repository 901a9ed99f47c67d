"""z against 10,000 shuffles of the gene labels, on the embedded real cells."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

import cytosig as cs

if TYPE_CHECKING:
    from collections.abc import Callable

    from cytosig.signatures import Catalogue

N_SHUFFLES = 10_000
METHODS = ("hlm", "mlm", "ulm")


@pytest.mark.parametrize("cell", [0, 90, 183])
def test_z_equals_ten_thousand_shuffles(
    curated: Catalogue,
    weight_matrix: Callable[..., np.ndarray],
    gene_weights: Callable[..., np.ndarray],
    axis_names: Callable[[Catalogue], list[str]],
    cell: int,
) -> None:
    """Every linear method with axes, from the same shuffles."""
    adata = cs.datasets.oligodendroglioma()
    held = _by_name(curated, adata.var_names)
    cs.tl.score(adata, signatures=held, method=METHODS)
    w, x = weight_matrix(held, list(adata.var_names)), _centred(adata)[cell]
    groups = axis_names(held)
    weights = {method: gene_weights(method, w, groups=groups) for method in METHODS}
    nulls = _shuffled(x, np.hstack(list(weights.values())), np.random.default_rng(cell))
    for k, (method, t) in enumerate(weights.items()):
        slot = "cytosig_score" if k == 0 else f"cytosig_{method}_score"
        null = nulls[:, k * t.shape[1] : (k + 1) * t.shape[1]]
        _compare(adata.obsm[slot].iloc[cell].to_numpy(), x @ t, null)


def _compare(z: np.ndarray, observed: np.ndarray, null: np.ndarray) -> None:
    """z is within the sampling error of the observed place among the shuffles."""
    shuffled = (observed - null.mean(axis=0)) / null.std(axis=0)
    kurtosis = ((null - null.mean(axis=0)) ** 4).mean(axis=0) / null.var(axis=0) ** 2
    error = np.sqrt((1 + z**2 * (kurtosis - 1) / 4) / N_SHUFFLES)  # of the mean and of the sd
    assert np.abs(shuffled - z).max() < 5 * error.max()
    assert (np.abs(shuffled - z) / error < 4.5).all()
    assert np.std((shuffled - z) / error) < 2


def _shuffled(x: np.ndarray, t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Sums of weights times values with the gene labels shuffled, shuffles × weights."""
    used = np.flatnonzero(t.any(axis=1))
    copies = np.tile(x, (250, 1))
    turns = range(N_SHUFFLES // len(copies))
    return np.vstack([rng.permuted(copies, axis=1)[:, used] @ t[used] for _ in turns])


def _by_name(catalogue: Catalogue, names: object) -> Catalogue:
    """The signatures' genes that go by the same name in the data, where there are five."""
    here = set(names)
    found = {
        id: {gene: weight for gene, weight in weights.items() if gene in here}
        for id, weights in catalogue.to_dict().items()
    }
    held = cs.signatures.Catalogue.from_dict({k: v for k, v in found.items() if len(v) >= 5})
    return replace(held, axes=catalogue.axes)


def _centred(adata: object) -> np.ndarray:
    x = adata.X.toarray().astype(np.float64)
    x = np.log1p(x / x.sum(axis=1, keepdims=True) * 1e4)
    return x - x.mean(axis=0)
