"""What the tests of the methods share: golden values, matrices with names, a short way to score."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import cytosig as cs

if TYPE_CHECKING:
    from collections.abc import Callable

    from anndata import AnnData

GOLDEN = Path(__file__).parent / "golden"


def _gene(i: int) -> str:
    return f"FILL{i:05d}"


def _named(x: np.ndarray | sparse.csr_matrix) -> AnnData:
    obs = pd.DataFrame(index=pd.Index([f"cell{i}" for i in range(x.shape[0])], dtype=str))
    var = pd.DataFrame(index=pd.Index([_gene(i) for i in range(x.shape[1])], dtype=str))
    return anndata.AnnData(x, obs=obs, var=var)


@pytest.fixture(scope="session")
def named() -> Callable[..., AnnData]:
    """A matrix with names that no gene table knows: gene i is FILL0000i."""
    return _named


@pytest.fixture(scope="session")
def as_sets() -> Callable[..., dict[str, dict[str, float]]]:
    """Signatures from positions of raised and of lowered genes."""

    def build(**sets: tuple[list[int], list[int]]) -> dict[str, dict[str, float]]:
        return {
            id: {**{_gene(g): 1.0 for g in raised}, **{_gene(g): -1.0 for g in lowered}}
            for id, (raised, lowered) in sets.items()
        }

    return build


@pytest.fixture(scope="session")
def scored() -> Callable[..., AnnData]:
    """A scored copy: values as they are, however few of a signature's genes there are."""

    def run(adata: AnnData, signatures: object, method: object, **options: object) -> AnnData:
        options = {"min_genes": 1, "min_coverage": 0, "normalize": "none", "n_jobs": 1, **options}
        return cs.tl.score(adata, signatures=signatures, method=method, copy=True, **options)

    return run


@pytest.fixture(scope="session")
def scores(scored: Callable[..., AnnData]) -> Callable[..., pd.DataFrame]:
    """The scores alone, of the first method."""
    return lambda *args, **options: scored(*args, **options).obsm["cytosig_score"]


def _table(name: str) -> pd.DataFrame:
    return pd.read_csv(GOLDEN / f"{name}.tsv", sep="\t", index_col=0, float_precision="round_trip")


@cache
def _golden() -> SimpleNamespace:
    with np.load(GOLDEN / "input.npz") as stored:
        z = dict(stored)
    var = pd.DataFrame(index=z["genes"].astype(str))

    def adata(x: object, names: str) -> AnnData:
        return anndata.AnnData(x, obs=pd.DataFrame(index=z[names].astype(str)), var=var.copy())

    cells = sparse.csr_matrix((z["data"], z["indices"], z["indptr"]), shape=tuple(z["shape"]))
    signed = pd.read_csv(GOLDEN / "signatures.tsv", sep="\t")
    return SimpleNamespace(
        cells=adata(cells, "cells"),
        bulk=adata(z["bulk"], "samples"),
        change=adata(z["change"], "contrasts"),
        signed=signed,
        raised=signed[signed["weight"] > 0],
        table=_table,
    )


@pytest.fixture
def golden() -> SimpleNamespace:
    """Input of the golden values (cells, bulk, change; signed, raised) and ``table`` to read them.

    Shared: score copies.
    """
    return _golden()
