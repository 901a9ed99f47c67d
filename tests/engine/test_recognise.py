"""What the values of a matrix are, told from matrices of which we know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import sparse

from cytosig._errors import DataError
from cytosig.blocks import RowBlocks
from cytosig.engine.recognise import recognise

if TYPE_CHECKING:
    from anndata import AnnData


def _kind(x: object) -> str:
    return recognise(RowBlocks(x)).kind


@pytest.fixture
def dense(counts: AnnData) -> np.ndarray:
    return counts.X.toarray().astype(np.float64)


def test_counts(dense: np.ndarray) -> None:
    for x in (dense, dense.astype(int), sparse.csc_matrix(dense), np.minimum(dense, 2)):
        assert _kind(x) == "counts"


def test_one_broken_number_far_down_makes_them_no_counts(dense: np.ndarray) -> None:
    x = np.tile(dense, (3, 1))
    x[443, 7] = 2.5
    x[:, 0] = 200
    assert _kind(x) == "linear"


def test_tpm_and_scaled_counts(dense: np.ndarray) -> None:
    assert _kind(dense / dense.sum(axis=1, keepdims=True) * 1e6) == "linear"


@pytest.mark.parametrize("target", [1e3, 1e4, 1e5, 1e6])
def test_natural_logs_of_any_depth(dense: np.ndarray, target: float) -> None:
    values = recognise(RowBlocks(np.log1p(dense / dense.sum(axis=1, keepdims=True) * target)))
    assert (values.kind, values.base) == ("log1p", pytest.approx(np.e))


@pytest.mark.parametrize("target", [1e4, 1e6])
def test_logs_to_base_two(dense: np.ndarray, target: float) -> None:
    values = recognise(RowBlocks(np.log2(1 + dense / dense.sum(axis=1, keepdims=True) * target)))
    assert (values.kind, values.base) == ("log2", 2.0)


def test_logs_of_part_of_the_genes(dense: np.ndarray) -> None:
    x = np.log1p(dense / dense.sum(axis=1, keepdims=True) * 1e4)[:, :400]
    assert _kind(x) == "log1p"


def test_log2_of_arrays_and_of_tpm_plus_a_little() -> None:
    rng = np.random.default_rng(0)
    assert _kind(rng.gamma(9, 1, (12, 900)) + 2) == "log2"
    tpm = np.where(rng.random((12, 900)) < 0.3, 0.0, rng.lognormal(2, 2, (12, 900)))
    values = recognise(RowBlocks(np.log2(tpm + 0.001)))
    assert (values.kind, values.base) == ("log2", None)


@pytest.mark.parametrize("total", [1.0, 10.0, 100.0, 576.0, 1e4])
def test_rows_of_one_total_are_linear_however_small(dense: np.ndarray, total: float) -> None:
    x = dense / dense.sum(axis=1, keepdims=True) * total
    for values in (x, x.astype(np.float32), x[::-1]):
        assert _kind(sparse.csr_matrix(values)) == "linear"


def test_logarithms_of_one_total_are_none(dense: np.ndarray) -> None:
    """Arrays brought to one mean, or to one distribution, have levels close together."""
    rng = np.random.default_rng(0)
    arrays = rng.gamma(9, 1, (12, 900)) + 2
    assert _kind(arrays / arrays.sum(axis=1, keepdims=True) * 9900) == "log2"
    assert _kind(np.array([rng.permutation(arrays[0]) for _ in range(12)])) != "linear"
    logged = np.log1p(dense / dense.sum(axis=1, keepdims=True) * 1e4)
    quantiles = np.sort(logged, axis=1).mean(axis=0)
    assert _kind(quantiles[logged.argsort(axis=1).argsort(axis=1)]) == "log1p"


def test_what_they_are_does_not_depend_on_the_order_of_rows() -> None:
    """One row of 500 decides, and the rows that are looked at first are 200."""
    rng = np.random.default_rng(3)
    x = rng.gamma(0.5, 2, (500, 300))
    x[1, 7] = 60.0
    said = {recognise(RowBlocks(np.roll(x, k, axis=0))) for k in range(5)}
    assert {(one.kind, one.reason[:26]) for one in said} == {
        ("linear", "non-negative values up to ")
    }
    assert len(said) == 1
    x[1, 7] = 3.0
    assert len({recognise(RowBlocks(np.roll(x, k, axis=0))).reason for k in range(5)}) == 1


def test_rows_without_a_value_at_first_do_not_decide() -> None:
    x = np.zeros((500, 30))
    x[1] = np.arange(30)
    assert _kind(x) == "counts"


@pytest.mark.parametrize("row", [0, 1, 499])
@pytest.mark.parametrize("kind", ["counts", "shallow", "linear"])
def test_a_stray_negative_value_is_named(dense: np.ndarray, row: int, kind: str) -> None:
    x = np.tile(dense, (3, 1))[:500]
    x = {"counts": x, "shallow": np.minimum(x, 5), "linear": x * 1.5 + (x == 1) * 60}[kind]
    x[row, 7] = -1.0
    names = ([f"c{k}" for k in range(500)], [f"g{k}" for k in range(x.shape[1])])
    with pytest.raises(DataError, match=rf"holds -1 at observation 'c{row}', gene 'g7' \(1 neg"):
        recognise(RowBlocks(sparse.csr_matrix(x)), names=names)
    with pytest.raises(DataError, match=r"holds -1 \(1 negative value"):
        recognise(RowBlocks(x))
    assert recognise(RowBlocks(x), strict=False).kind == "log2", "as they are, if so asked"


@pytest.mark.parametrize("background", [20, 150])
def test_intensities_below_background_are_refused(background: float) -> None:
    rng = np.random.default_rng(0)
    x = rng.lognormal(5, 2, 900) * rng.lognormal(0, 0.2, (12, 900)) - background
    with pytest.raises(DataError, match=r"negative value\(s\)\) and values up to"):
        recognise(RowBlocks(x))


def test_corrected_logarithms_may_fall_below_zero(dense: np.ndarray) -> None:
    x = np.log1p(dense / dense.sum(axis=1, keepdims=True) * 1e4)
    x[x > 0] -= np.random.default_rng(0).uniform(0, 0.4, int((x > 0).sum()))
    assert _kind(np.where(x < 0, 0.0, x)) == "log1p"
    x[3, 5] = -0.2
    assert _kind(x) == "log2", "as they are, nothing undone"


@pytest.mark.parametrize("largest", [60.0, 300.0])
def test_large_statistics_are_contrasts(largest: float) -> None:
    x = np.random.default_rng(0).standard_t(4, (6, 900))
    x[2, 5] = largest
    assert _kind(x) == "contrasts"


def test_contrasts() -> None:
    rng = np.random.default_rng(0)
    assert _kind(rng.standard_t(3, (6, 900))) == "contrasts"
    assert _kind(rng.normal(size=(1, 50))) == "contrasts"


def test_sets_of_plus_and_minus_one_are_contrasts() -> None:
    rng = np.random.default_rng(0)
    assert _kind(rng.choice([-1.0, 0.0, 1.0], (3, 900), p=[0.05, 0.9, 0.05])) == "contrasts"


def test_rounded_fold_changes_are_contrasts() -> None:
    assert _kind(np.round(np.random.default_rng(0).normal(size=(5, 2000)), 1)) == "contrasts"


@pytest.mark.parametrize("clip", [None, 10.0])
def test_scaled_expression_is_contrasts(dense: np.ndarray, clip: float | None) -> None:
    x = np.log1p(dense / dense.sum(axis=1, keepdims=True) * 1e4)
    x = (x - x.mean(axis=0)) / np.maximum(x.std(axis=0), 1e-9)
    assert _kind(x if clip is None else np.minimum(x, clip)) == "contrasts"


def test_reasons_carry_the_numbers(dense: np.ndarray) -> None:
    assert f"{dense.max():g}" in recognise(RowBlocks(dense)).reason
    logged = np.log1p(dense / dense.sum(axis=1, keepdims=True) * 1e4)
    assert "1e+04" in recognise(RowBlocks(logged)).reason


def test_all_zero_and_not_finite_values_do_not_disturb(dense: np.ndarray) -> None:
    assert _kind(np.zeros((3, 10))) == "log1p"
    dense[0, :5] = np.nan
    dense[1, 0] = np.inf
    assert _kind(dense) == "counts"


@pytest.mark.parametrize("shape", [(4,), (2, 3, 4)])
def test_only_two_dimensions(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match=f"{len(shape)} dimension"):
        RowBlocks(np.zeros(shape))


def test_a_guessed_base_follows_the_reference() -> None:
    """Three samples of a log2 cohort whose own values stay below what tells log2 from ln."""
    from cytosig.engine.align import _as_in
    from cytosig.engine.reference import Reference

    guess = recognise(RowBlocks(np.random.default_rng(0).uniform(0, 8.4, (3, 400))))
    assert (guess.kind, guess.total) == ("log1p", None)
    reference = Reference(("A",), np.zeros(1), np.ones(1), 9, "log2", float("nan"))
    told = _as_in(reference, guess)
    assert (told.kind, told.base) == ("log2", 2.0)
    assert _as_in(None, guess) is guess
