"""z against 10,000 shuffles of the gene labels, on the embedded real cells."""

from __future__ import annotations

import numpy as np
import pytest

import cytosig as cs

N_SHUFFLES = 10_000


@pytest.mark.parametrize("method", ["mlm", "ulm"])
@pytest.mark.parametrize("cell", [0, 90, 183])
def test_z_equals_ten_thousand_shuffles(method: str, cell: int) -> None:
    adata = cs.datasets.oligodendroglioma()
    cs.tl.score(adata, method=method)
    scored = adata.obsm["cytosig_score"].dropna(axis=1)
    t, x = _weights(adata.var_names, list(scored), method), _centred(adata)[cell]

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


def _weights(names: object, ids: list[str], method: str) -> np.ndarray:
    """Regression weights by brute force: the pseudo-inverse of the centred signatures."""
    found = cs.signatures.load()
    current = {"WARS": "WARS1", "IL8": "CXCL8", "SEPP1": "SELENOP", "DDX58": "RIGI"}
    w = found.subset(ids).weights([current.get(name, name) for name in names])
    centred = w - w.mean(axis=0)
    return centred if method == "ulm" else np.linalg.pinv(centred).T


def _centred(adata: object) -> np.ndarray:
    x = adata.X.toarray().astype(np.float64)
    x = np.log1p(x / x.sum(axis=1, keepdims=True) * 1e4)
    return x - x.mean(axis=0)
