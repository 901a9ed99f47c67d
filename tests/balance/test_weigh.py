"""The balance of a small world against loops, and its intervals against closed forms."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from cytosig._errors import DataError
from cytosig.balance.weigh import arms_of, row_sums, weigh
from cytosig.signatures.model import ResponseGene, Signature

if TYPE_CHECKING:
    from collections.abc import Callable

    from cytosig.balance.measures import Gauge
    from cytosig.balance.weigh import Weighed
    from cytosig.signatures import Catalogue

IDS = ["ANTI", "ALLY", "PRO", "PEST", "DUAL"]


def _weigh(gauge: Gauge, catalogue: Catalogue, **options: float) -> Weighed:
    return weigh(catalogue, gauge, "", **{"min_coverage": 0.25, "where": "samples", **options})


def _frame(z: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(z, columns=[f"G{i:02d}" for i in range(60)])


# --- the number ---------------------------------------------------------------------------------


def test_a_small_world_by_loops(
    gauge_of: Callable,
    expression: Callable,
    standardise: Callable,
    brute_force: Callable,
    toy: Catalogue,
) -> None:
    found = _weigh(gauge_of(expression()), toy)
    by_hand = brute_force(_frame(standardise(expression())), toy)
    close = {"rtol": 1e-9, "atol": 1e-12}
    for name in ("activity", "error", "used"):
        np.testing.assert_allclose(getattr(found, name), by_hand[name], **close)
    np.testing.assert_allclose(found.shrinkage.reliability, by_hand["reliability"], **close)
    np.testing.assert_allclose(found.ballot.vote, by_hand["vote"], rtol=1e-12)
    np.testing.assert_allclose(found.reference, by_hand["activity"], **close)
    np.testing.assert_allclose(found.reference_balance, by_hand["balance"], **close)
    np.testing.assert_allclose(found.contributions, by_hand["parts"], **close)
    anti, pro = arms_of(found)
    np.testing.assert_allclose(anti, by_hand["anti"], **close)
    np.testing.assert_allclose(pro, by_hand["pro"], **close)
    np.testing.assert_allclose(row_sums(found.contributions), by_hand["balance"], **close)


def test_what_is_learnt_is_learnt_of_the_reference(
    gauge_of: Callable,
    expression: Callable,
    standardise: Callable,
    brute_force: Callable,
    toy: Catalogue,
) -> None:
    reference, values = expression(24), expression(3, seed=1) * 2
    found = _weigh(gauge_of(values, reference), toy)
    there = _frame(standardise(reference))
    by_hand = brute_force(_frame(standardise(values, reference)), toy, there)
    for name in ("activity", "error", "used"):
        np.testing.assert_allclose(getattr(found, name), by_hand[name], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(row_sums(found.contributions), by_hand["balance"], rtol=1e-9)
    own = brute_force(there, toy)
    np.testing.assert_allclose(found.reference, own["activity"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.reference_balance, own["balance"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.shrinkage.reliability, own["reliability"], rtol=1e-9)


def test_whether_a_sample_is_in_the_reference_does_not_matter(
    gauge_of: Callable, expression: Callable, toy: Catalogue
) -> None:
    """Nor do the samples beside it: the same bits."""
    reference = expression()
    company = _weigh(gauge_of(np.vstack([expression(3, seed=4), reference]), reference), toy)
    own, alone = _weigh(gauge_of(reference), toy), _weigh(gauge_of(reference[[7]], reference), toy)
    np.testing.assert_array_equal(company.contributions[3:], own.contributions)
    np.testing.assert_array_equal(company.contributions[[10]], alone.contributions)


def test_a_gene_of_one_list_moves_that_cytokine_alone(
    gauge_of: Callable, expression: Callable, toy: Catalogue
) -> None:
    """G20 is PRO's, one of 60 genes: nobody's vote, scale or shrinkage hangs on it otherwise."""
    values = expression()
    level = values[:, 20].std(ddof=1) > np.median(values.std(axis=0, ddof=1))
    assert level  # else the median deviation, which is everybody's, would move
    usual = _weigh(gauge_of(values), toy)
    values[:, 20] = np.random.default_rng(9).permutation(values[:, 20])
    moved = _weigh(gauge_of(values), toy)
    others = [0, 1, 3, 4]
    same = {"rtol": 1e-10, "atol": 1e-13}
    np.testing.assert_allclose(moved.used[:, others], usual.used[:, others], **same)
    np.testing.assert_array_equal(moved.ballot.vote, usual.ballot.vote)
    assert np.abs(moved.used[:, 2] - usual.used[:, 2]).max() > 1e-3


def _of_equal_signs(toy: Catalogue) -> Catalogue:
    """Every gene of every list under ``up``."""
    lists = {
        id: Signature(id, tuple(ResponseGene(g, abs(w)) for g, w in s.weights.items()))
        for id, s in toy.signatures.items()
    }
    return replace(toy, signatures=lists)


def test_more_of_everything_is_no_balance(
    gauge_of: Callable, expression: Callable, toy: Catalogue
) -> None:
    """Raise all activities of one sample by the same: both arms move, the balance does not.

    Of activities as measured: shrinking takes more off some than off others.
    """
    catalogue, reference = _of_equal_signs(toy), expression()
    spread = reference.std(axis=0, ddof=1)
    spread = np.maximum(spread, np.median(spread))
    values = np.vstack([reference[3] + 0.1 * spread, reference[3] + 1.8 * spread])
    found = _weigh(gauge_of(values, reference), catalogue, shrink=False)
    np.testing.assert_allclose(found.activity[1] - found.activity[0], 1.7, rtol=1e-12)
    balance = row_sums(found.contributions)
    assert balance[1] == pytest.approx(balance[0], abs=1e-12)
    anti, pro = arms_of(found)
    assert anti[1] - anti[0] == pytest.approx(1.7, rel=1e-12)
    assert pro[1] - pro[0] == pytest.approx(1.7, rel=1e-12)


def test_the_unit_of_a_gene_does_not_matter(
    gauge_of: Callable, expression: Callable, toy: Catalogue
) -> None:
    """A logarithm of another base, genes of another level: the same balance."""
    level = np.random.default_rng(0).normal(0, 3, 60)
    one = _weigh(gauge_of(expression()), toy)
    two = _weigh(gauge_of(expression() * 3.3 + level), toy)
    np.testing.assert_allclose(one.contributions, two.contributions, rtol=1e-9, atol=1e-12)


def test_leaving_out_casts_the_votes_anew(
    gauge_of: Callable, expression: Callable, standardise: Callable, brute_force, toy: Catalogue
) -> None:
    found = _weigh(gauge_of(expression()), toy)
    for gone in ("ANTI", "PEST", "DUAL"):
        left = {id: s for id, s in toy.signatures.items() if id != gone}
        by_hand = brute_force(_frame(standardise(expression())), replace(toy, signatures=left))
        np.testing.assert_allclose(found.without([gone]), by_hand["balance"], rtol=1e-9, atol=1e-12)


def test_without_an_arm_there_is_no_balance(
    gauge_of: Callable, expression: Callable, toy: Catalogue
) -> None:
    """What is left is one arm, which moves with whatever raises everything."""
    found = _weigh(gauge_of(expression()), toy)
    assert np.isnan(found.without(["PRO", "PEST"])).all()
    assert np.isnan(found.without(["ANTI", "ALLY", "DUAL"])).all()


# --- who votes ----------------------------------------------------------------------------------


def test_coverage_decides_who_votes(
    gauge_of: Callable, expression: Callable, toy: Catalogue
) -> None:
    values = expression()
    values[:, 28:33] = np.nan  # G28 and G29 are PRO's and PEST's, G30 to G32 PEST's
    found = _weigh(gauge_of(values), toy)
    for id, signature in toy.signatures.items():
        weights = {g: abs(w) for g, w in signature.weights.items()}
        kept = sum(w for g, w in weights.items() if not 28 <= int(g[1:]) <= 32)
        assert found.coverage[id] == pytest.approx(kept / sum(weights.values()), rel=1e-12)
    assert found.ballot.ids == tuple(IDS)
    assert "PEST" not in _weigh(gauge_of(values), toy, min_coverage=0.8).ballot.ids
    values[:, 33] = np.nan  # four genes of PEST are left
    assert "PEST" not in _weigh(gauge_of(values), toy, min_coverage=0.0).ballot.ids


def test_arms_say_how_much_of_their_votes_is_measured(
    gauge_of: Callable, expression: Callable, toy: Catalogue
) -> None:
    """PRO has the vote 1/1.5 of a role of -.7, PEST, of confidence .5, .5/1.5 of one of -.3."""
    values = expression()
    values[:, 30:38] = np.nan
    found = _weigh(gauge_of(values), toy)
    assert "PEST" not in found.ballot.ids
    pro, pest = 1 * 1 / 1.5 * 0.7, 0.5 * 1 / 1.5 * 0.3
    np.testing.assert_allclose(found.arms, [1, pro / (pro + pest)], rtol=1e-12)


def test_too_little_to_weigh(gauge_of: Callable, expression: Callable, toy: Catalogue) -> None:
    with pytest.raises(DataError, match=r"samples: the reference has 2 sample\(s\), at least 3"):
        _weigh(gauge_of(expression(2)), toy)
    values = expression()
    values[:, :46] = np.nan
    with pytest.raises(DataError, match="no cytokine with a role has enough of its genes"):
        _weigh(gauge_of(values), toy)


def test_a_sample_without_any_expression_is_empty(
    gauge_of: Callable, expression: Callable, toy: Catalogue
) -> None:
    """Zeros in all genes that are measured; a gene that is not does not hide it."""
    reference, values = expression(), expression(4, seed=1)
    values[1] = 0
    assert _weigh(gauge_of(values, reference), toy).empty.tolist() == [False, True, False, False]
    reference[:, 59] = values[:, 59] = np.nan
    assert _weigh(gauge_of(values, reference), toy).empty.tolist() == [False, True, False, False]


def test_an_empty_sample_is_no_reference(
    gauge_of: Callable, expression: Callable, toy: Catalogue
) -> None:
    """A library that failed does not move the zero of the others."""
    values = np.abs(expression())
    failed = np.vstack([values, np.zeros(60)])
    found, alone = _weigh(gauge_of(failed), toy), _weigh(gauge_of(values), toy)
    np.testing.assert_allclose(found.activity[:-1], alone.activity, rtol=1e-9, atol=1e-12)


def test_row_sums_do_not_round() -> None:
    assert row_sums(np.array([[1e16, 1.0, -1e16], [0.1, 0.2, -0.3]])).tolist() == [
        1.0,
        float(0.1 + 0.2 - 0.3) / 2,  # the true sum of those three doubles
    ]
