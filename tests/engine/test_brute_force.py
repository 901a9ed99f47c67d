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


@pytest.mark.parametrize("method", ["hlm", "mlm", "ulm"])
@pytest.mark.parametrize("cell", [0, 90, 183])
def test_z_equals_ten_thousand_shuffles(
    curated: Catalogue,
    weight_matrix: Callable[..., np.ndarray],
    gene_weights: Callable[..., np.ndarray],
    axis_names: Callable[[Catalogue], list[str]],
    method: str,
    cell: int,
) -> None:
    adata = cs.datasets.oligodendroglioma()
    held = _by_name(curated, adata.var_names)
    cs.tl.score(adata, signatures=held, method=method)
    scored = adata.obsm["cytosig_score"]
    w, x = weight_matrix(held, list(adata.var_names)), _centred(adata)[cell]
    t = gene_weights(method, w, groups=axis_names(held))

    used = np.flatnonzero(t.any(axis=1))
    rng = np.random.default_rng(cell)
    null = np.array([x[rng.permutation(len(x))[used]] @ t[used] for _ in range(N_SHUFFLES)])
    shuffled = (x @ t - null.mean(axis=0)) / null.std(axis=0)

    z = scored.iloc[cell].to_numpy()
    kurtosis = ((null - null.mean(axis=0)) ** 4).mean(axis=0) / null.var(axis=0) ** 2
    error = np.sqrt((1 + z**2 * (kurtosis - 1) / 4) / N_SHUFFLES)  # of the mean and of the sd
    assert np.abs(shuffled - z).max() < 5 * error.max()
    assert (np.abs(shuffled - z) / error < 4.5).all()
    assert np.std((shuffled - z) / error) < 2


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
