"""What rules and edges look at: programmes, activities, ligands and residuals."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import statsmodels.api as sm

from cytosig.balance.measures import Measured

if TYPE_CHECKING:
    from collections.abc import Callable

    from cytosig.signatures import Catalogue


def test_a_programme_is_the_mean_of_its_standardised_genes(
    gauge_of: Callable, expression: Callable, standardise: Callable
) -> None:
    reference, values = expression(24), expression(5, seed=9)
    found = gauge_of(values, reference).take("four")
    z = standardise(values, reference)[:, 46:50]
    np.testing.assert_allclose(found.samples, z.mean(axis=1), rtol=1e-12)
    there = standardise(reference)[:, 46:50].mean(axis=1)
    np.testing.assert_allclose(found.reference, there, rtol=1e-10, atol=1e-14)


def test_a_cytokine_is_its_activity_without_named_genes(
    gauge_of: Callable,
    expression: Callable,
    standardise: Callable,
    mean_and_error: Callable,
    toy: Catalogue,
) -> None:
    values = expression()
    gauge, z = gauge_of(values), standardise(values)
    weights = dict(toy.signatures["ANTI"].weights)
    for without in ([], ["G08", "G03", "G59"]):
        kept = {g: w for g, w in weights.items() if g not in without}
        by_hand = [mean_and_error({g: row[int(g[1:])] for g in kept}, kept)[0] for row in z]
        found = gauge.take("ANTI", without=without)
        np.testing.assert_allclose(found.samples, by_hand, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize(("lost", "there"), [(2, True), (3, False)])
def test_less_than_half_of_the_genes_is_nothing(
    gauge_of: Callable, expression: Callable, lost: int, there: bool
) -> None:
    values = expression()
    values[:, 46 : 46 + lost] = np.nan
    found = gauge_of(values).take("four")
    assert np.isfinite(found.samples).all() == there
    assert np.isnan(found.reference).all() != there


def test_a_gene_that_only_the_reference_has_is_not_measured(
    gauge_of: Callable, expression: Callable, standardise: Callable
) -> None:
    reference, values = expression(24), expression(5, seed=9)
    values[:, 46] = np.nan
    found = gauge_of(values, reference).take("four")
    z = standardise(values, reference)[:, 47:50]
    np.testing.assert_allclose(found.samples, z.mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(
        found.reference, standardise(reference)[:, 47:50].mean(axis=1), rtol=1e-9, atol=1e-14
    )


def test_a_ligand_is_the_first_form_all_of_whose_genes_are_there(
    gauge_of: Callable, expression: Callable, standardise: Callable
) -> None:
    """MUTE: G00 and G56 together, or G57 alone."""
    values = expression()
    z = standardise(values)
    gauge = gauge_of(values)
    both = (z[:, 0] + z[:, 56]) / 2
    np.testing.assert_allclose(gauge.ligand("MUTE").samples, both, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(gauge.ligand("MUTE").reference, both, rtol=1e-10, atol=1e-13)
    alone = gauge.ligand("MUTE", without=["G00"]).samples
    np.testing.assert_allclose(alone, z[:, 57], rtol=1e-12)
    values[:, 56] = np.nan
    left = standardise(np.delete(values, 56, axis=1))[:, 56]
    np.testing.assert_allclose(gauge_of(values).ligand("MUTE").samples, left, rtol=1e-12)
    assert np.isnan(gauge.ligand("MUTE", without=["G00", "G57"]).samples).all()
    assert np.isnan(gauge.ligand("NOBODY").samples).all()
    assert gauge.genes_of("MUTE") == {"G00", "G56", "G57"}
    assert gauge.genes_of("one46") == {"G46"}
    assert gauge.genes_of("PRO") == {f"G{i}" for i in range(18, 30)}


def test_a_ligand_stands_for_no_activity(gauge_of: Callable, expression: Callable) -> None:
    """What has no signature has no activity, however well its ligand is measured."""
    gauge = gauge_of(expression(5, seed=9), expression())
    assert np.isfinite(gauge.ligand("MUTE").samples).all()
    for name in ("MUTE", "NOBODY"):
        found = gauge.take(name)
        assert (found.samples.shape, found.reference.shape) == ((5,), (24,))
        assert np.isnan(found.samples).all()
        assert np.isnan(found.reference).all()
    assert np.abs(gauge.ligand("ANTI").samples - gauge.take("ANTI").samples).max() > 0.1


def test_empty_samples_are_blank_on_both_sides(
    gauge_of: Callable, expression: Callable, standardise: Callable
) -> None:
    """All zeros, or zeros and gaps: no zero of the others, no value, and not counted."""
    reference, values = expression(), expression(4, seed=9)
    kept = standardise(values[[0, 3]], reference)[:, 46:50].mean(axis=1)
    failed = np.vstack([reference[:7], np.zeros(60), reference[7:], np.full(60, np.nan)])
    failed[7, 3] = np.nan
    values[1], values[2] = 0, np.nan
    gauge = gauge_of(values, failed)
    assert gauge.n_reference("") == 24
    found = gauge.take("four")
    np.testing.assert_allclose(found.samples[[0, 3]], kept, rtol=1e-10, atol=1e-13)
    assert np.isnan(found.samples[[1, 2]]).all()
    assert np.flatnonzero(np.isnan(found.reference)).tolist() == [7, 25]


def test_views_are_measured_on_their_own(
    gauge_of: Callable, expression: Callable, standardise: Callable
) -> None:
    whole, part = expression(), expression(seed=3)
    part[[2, 7]] = np.nan  # samples with too few of these cells
    gauge = gauge_of(whole, views={"myeloid": part})
    found = gauge.take("four", "myeloid").samples
    kept = np.setdiff1d(np.arange(24), [2, 7])
    z = standardise(part[kept])[:, 46:50].mean(axis=1)
    np.testing.assert_allclose(found[kept], z, rtol=1e-10, atol=1e-13)
    assert np.isnan(found[[2, 7]]).all()
    assert np.isnan(gauge.take("four", "malignant").samples).all()  # no such view


def test_another_catalogue_is_not_answered_from_the_first(
    gauge_of: Callable, expression: Callable, toy: Catalogue
) -> None:
    """A gauge with the lists of a compartment takes its own measures."""
    gauge = gauge_of(expression())
    usual = gauge.take("ANTI").samples
    own = replace(toy, signatures={**toy.signatures, "ANTI": toy.signatures["PRO"]})
    changed = replace(gauge, catalogue=own).take("ANTI").samples
    np.testing.assert_array_equal(changed, gauge.take("PRO").samples)
    assert np.abs(changed - usual).max() > 0.1


def test_standardised_over_the_reference() -> None:
    rng = np.random.default_rng(0)
    reference, samples = rng.normal(3, 2, 30), rng.normal(3, 2, 4)
    found = Measured(np.append(reference, np.nan), samples).standardised()
    mean, sd = reference.mean(), reference.std(ddof=1)
    np.testing.assert_allclose(found.samples, (samples - mean) / sd, rtol=1e-13)
    np.testing.assert_allclose(found.reference[:-1], (reference - mean) / sd, rtol=1e-12)
    assert np.isnan(found.reference[-1])


def test_what_does_not_vary_has_no_standard() -> None:
    found = Measured(np.zeros(25), np.array([1.0, 2.0])).standardised()
    assert np.isnan(found.samples).all()


def test_what_varies_by_rounding_alone_has_no_standard() -> None:
    """0.1 in every sample: the mean of 25 of them is not 0.1 to the last digit."""
    found = Measured(np.full(25, 0.1), np.array([1.0, 2.0])).standardised()
    assert np.isnan(found.samples).all()


def test_given_is_the_residual_of_least_squares() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(2, 1, 40)
    y = 0.7 * x + rng.normal(size=40)
    x[3], y[11] = np.nan, np.nan
    here_x, here_y = np.array([0.0, 4.0, np.nan]), np.array([1.0, 2.0, 3.0])
    found = Measured(y, here_y).given(Measured(x, here_x))
    used = ~np.isnan(x) & ~np.isnan(y)
    fit = sm.OLS(y[used], sm.add_constant(x[used])).fit()
    np.testing.assert_allclose(found.reference[used], fit.resid, rtol=1e-9, atol=1e-12)
    expected = here_y - fit.params[0] - fit.params[1] * here_x
    np.testing.assert_allclose(found.samples, expected, rtol=1e-10)
    assert np.isnan(found.reference[[3, 11]]).all()


def test_given_what_does_not_vary_is_nothing() -> None:
    found = Measured(np.arange(25.0), np.arange(3.0)).given(Measured(np.zeros(25), np.zeros(3)))
    assert np.isnan(found.samples).all()
    assert np.isnan(found.reference).all()
