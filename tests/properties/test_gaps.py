"""What is empty, missing or stored in parts moves nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from hypothesis import assume, given
from hypothesis import strategies as st

import cytosig as cs
from cytosig import methods
from reliability.properties import cells, held, sets

if TYPE_CHECKING:
    from cytosig.signatures import Catalogue
    from reliability.properties.cells import Given
    from reliability.properties.held import Tables
    from reliability.properties.sets import Kind

LOOSE = {"min_genes": 1, "min_coverage": 0.0}


def _scored(adata: AnnData, wanted: Any, kind: Kind, **options: Any) -> Tables:
    asked = {**LOOSE, "signatures": wanted, **kind.options, **options}
    found = held.outcome(lambda: cs.tl.score(adata, copy=True, **asked))
    assume(not held.refused(found))
    return held.tables(found)


no_numbers = st.sampled_from((np.nan, np.inf, -1e300))
places_of_bad = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 39)), min_size=1, max_size=3)


@given(cells.sound_data(kinds=("logged", "contrasts")), sets.catalogues(),
       sets.kinds(by_order=False), no_numbers, places_of_bad)  # fmt: skip
def test_genes_that_are_no_numbers_count_as_not_there(
    data: Given, wanted: Catalogue, kind: Kind, bad: float, places: list[tuple[int, int]]
) -> None:
    """With `nonfinite="drop_genes"`, NaN, infinities and numbers beyond all measure: the scores of
    the data without those genes."""
    lost = sorted({j for _, j in places})
    kept = np.delete(np.arange(data.adata.n_vars), lost)
    how = {"normalize": "none", "center": "mean" if kind.method.centred else "auto"}
    one = _scored(data.adata[:, kept].copy(), wanted, kind, **how)
    for i, j in places:
        data.adata.X[i, j] = bad
    held.close_tables(one, _scored(data.adata, wanted, kind, nonfinite="drop_genes", **how))


@given(cells.sound_data(kinds=("counts",), least=5), sets.catalogues(), sets.kinds(),
       st.integers(0, 4))  # fmt: skip
def test_an_empty_observation_moves_no_other(
    data: Given, wanted: Catalogue, kind: Kind, where: int
) -> None:
    """A row of zeros has no score and its reason; the others score as if it were not there."""
    others = np.delete(np.arange(data.adata.n_obs), where)
    one = _scored(data.adata[others].copy(), wanted, kind)
    data.adata.X[where] = 0
    found = _scored(data.adata, wanted, kind)
    assert found["score"].iloc[where].isna().all()
    assume(not isinstance(kind.method, methods.WholeMethod))  # orders ties by rounding
    held.close_tables(one, {slot: table.iloc[others] for slot, table in found.items()})


@pytest.mark.filterwarnings("ignore:Variable names are not unique:UserWarning")
@given(cells.sound_data(kinds=("counts",)), sets.catalogues(), sets.kinds(by_order=False),
       st.integers(0, 39), st.integers(0, 99))  # fmt: skip
def test_a_gene_in_two_columns_is_their_sum(
    data: Given, wanted: Catalogue, kind: Kind, where: int, seed: int
) -> None:
    """Counts of a gene split over two columns of its name: the same scores."""
    one = _scored(data.adata, wanted, kind)
    x = np.asarray(data.adata.X)
    part = np.random.default_rng(seed).binomial(x[:, where].astype(int), 0.5)
    split = np.column_stack([x, part])
    split[:, where] -= part
    names = [*data.adata.var_names, data.adata.var_names[where]]
    other = AnnData(split, data.adata.obs, pd.DataFrame(index=names))
    held.close_tables(one, _scored(other, wanted, kind))


@given(cells.sound_data(kinds=("counts",)), sets.catalogues(), sets.kinds(), st.integers(0, 99))
def test_the_depth_of_an_observation_does_not_matter(
    data: Given, wanted: Catalogue, kind: Kind, seed: int
) -> None:
    """Linear values brought to one total: each observation times a number of its own, the same
    scores."""
    assume(not isinstance(kind.method, methods.WholeMethod))  # orders ties by rounding
    how = {"normalize": "log1p", "target_sum": 1e4}
    one = _scored(data.adata, wanted, kind, **how)
    depth = 2.0 ** np.random.default_rng(seed).integers(-3, 4, (data.adata.n_obs, 1))
    data.adata.X = data.adata.X * depth
    other = _scored(data.adata, wanted, kind, **how)
    # ligands are on the scale of the data once normalised, too
    held.close_tables(one, other)


@given(cells.sound_data(), sets.catalogues(), sets.kinds(), st.integers(2, 3))
def test_centring_inside_batches_is_centring_each_alone(
    data: Given, wanted: Catalogue, kind: Kind, n: int
) -> None:
    """With `batch_key`, a linear method scores every batch as if it were the file."""
    assume(kind.linear)
    batch = np.arange(data.adata.n_obs) % n
    data.adata.obs["batch"] = [f"b{k}" for k in batch]
    plain: dict[str, Any] = {"normalize": "none", "center": "mean"}
    counted = {"normalize": "log1p", "target_sum": 1e4, "center": "mean"}
    how = counted if data.kind in ("counts", "linear") else plain
    whole = _scored(data.adata, wanted, kind, batch_key="batch", **how)
    for k in range(n):
        rows = np.flatnonzero(batch == k)
        alone = _scored(data.adata[rows].copy(), wanted, kind, **how)
        held.close_tables({slot: table.iloc[rows] for slot, table in whole.items()}, alone)
