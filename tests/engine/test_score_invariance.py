"""What must not move a score: the order of genes, other cells, blocks, threads, the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import cytosig as cs

if TYPE_CHECKING:
    from collections.abc import Callable

    from anndata import AnnData

    from cytosig.signatures import Catalogue

    Tables = dict[str, pd.DataFrame]
    Sized = tuple[AnnData, dict[str, object]]


def _differ(check: Callable[[], None]) -> bool:
    try:
        check()
    except AssertionError:
        return True
    return False


def _picked(tables: Tables, rows: list[int]) -> Tables:
    return {slot: table.iloc[rows] for slot, table in tables.items()}


def test_gene_order_does_not_matter(
    kind, sized: Sized, run: Callable[..., Tables], close: Callable[..., None]
) -> None:
    """But as those peers have it that break ties, or draw genes, by where they stand."""
    adata, options = sized
    order = np.random.default_rng(1).permutation(adata.n_vars)
    one, other = run(adata, **options), run(adata[:, order].copy(), **options)
    assert _differ(lambda: close(one, other, 1e-9)) == kind.by_order


def test_a_cell_scores_the_same_in_any_company(
    kind, sized: Sized, run: Callable[..., Tables], same: Callable[..., None]
) -> None:
    """Against a stored reference; but by methods that compare observations."""
    adata, options = sized
    reference = cs.tl.fit_reference(adata)
    for scale in {False, kind.method.centred}:
        options = {**options, "scale": scale, "reference": reference}
        whole = run(adata, **options)
        for picked in ([5, 3, 7, 1, 2], *([] if kind.by_company else [[4]])):
            part = run(adata[picked].copy(), **options)
            expected = _picked(whole, picked)
            assert _differ(lambda a=expected, b=part: same(a, b)) == kind.by_company


def test_a_cell_scores_the_same_without_any_company(
    hermit, counts: AnnData, small: Catalogue, run: Callable[..., Tables],
    same: Callable[..., None],
) -> None:  # fmt: skip
    """No reference: ranks need none, and linear methods none where nothing is centred."""
    options = {**hermit.options, "signatures": small}
    options |= {"center": None} if hermit.linear else {}
    whole = run(counts, **options)
    for picked in ([250, 3, 77, 78, 140], [17]):
        same(_picked(whole, picked), run(counts[picked].copy(), **options))


def test_blocks_and_threads_do_not_matter(
    kind, sized: Sized, run: Callable[..., Tables], same: Callable[..., None]
) -> None:
    adata, options = sized
    adata.obs["donor"] = np.array(["d1", "d2", "d3", "d1"])[np.arange(adata.n_obs) % 4]
    if kind.method.centred:
        options = {**options, "scale": True, "batch_key": "donor"}
    if kind.whole:
        adata.obs["donor"] = np.array(["d1", "d2"])[np.arange(adata.n_obs) % 2]
    expected = run(adata, **options)
    for how in ({"chunk_size": 1, "n_jobs": 2}, {"chunk_size": 7, "n_jobs": 3}):
        same(expected, run(adata, **options, **how))


@pytest.mark.parametrize("how", [{"chunk_size": 3, "n_jobs": 2}, {"chunk_size": 1, "n_jobs": 3}])
def test_blocks_and_threads_do_not_matter_to_dense_values(
    few: AnnData, small: Catalogue, every: dict[str, object], how: dict[str, int]
) -> None:
    few.X = few.X.toarray()
    one, other = few.copy(), few.copy()
    cs.tl.score(one, signatures=small, n_jobs=1, **every)
    cs.tl.score(other, signatures=small, **every, **how)
    _same_bytes(one, other)


def test_blocks_and_threads_do_not_matter_dense(
    counts: AnnData, run: Callable[..., Tables], same: Callable[..., None]
) -> None:
    counts.X = counts.X.toarray()
    expected = run(counts)
    same(expected, run(counts, chunk_size=13, n_jobs=2))


def _same_bytes(one: AnnData, other: AnnData) -> None:
    assert list(one.obsm) == list(other.obsm)
    for slot in one.obsm:
        assert one.obsm[slot].to_numpy().tobytes() == other.obsm[slot].to_numpy().tobytes(), slot
    assert list(one.uns) == list(other.uns)
    for key, record in one.uns.items():
        for name, held in record.items():
            if isinstance(held, pd.DataFrame):
                pd.testing.assert_frame_equal(held, other.uns[key][name], check_exact=True)
            elif name == "given":
                there = other.uns[key][name]
                assert {k: v.tobytes() for k, v in held.items()} == {
                    k: v.tobytes() for k, v in there.items()
                }
            else:
                assert held == other.uns[key][name], f"{key}/{name}"


def test_two_runs_write_the_same_bytes(
    few: AnnData, small: Catalogue, every: dict[str, object]
) -> None:
    """Whatever the global random state is, which is left as it was."""
    one, other = few.copy(), few.copy()
    np.random.seed(1)
    cs.tl.score(one, signatures=small, **every)
    np.random.seed(2)
    expected = np.random.random_sample(3)
    np.random.seed(2)
    cs.tl.score(other, signatures=small, **every)
    np.testing.assert_array_equal(np.random.random_sample(3), expected)
    _same_bytes(one, other)
    assert len(one.obsm) > 30
