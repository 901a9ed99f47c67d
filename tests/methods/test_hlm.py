"""The default method: other axes regressed out, siblings damped, against least squares."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

import cytosig as cs
from cytosig import methods
from cytosig._errors import DataError
from cytosig.engine.plan import make_plan
from cytosig.methods._linear import Design
from cytosig.signatures import Axis

if TYPE_CHECKING:
    from collections.abc import Callable

    from anndata import AnnData

    from cytosig.signatures import Catalogue

N_GENES = 400
AXES = {
    "none": None,
    "one": ("P",) * 6,
    "pairs": ("P", "P", "Q", "Q", "R", "R"),
    "three, two, one": ("P", "Q", "P", "R", "Q", "P"),
    "one axis, three without": ("P", "x1", "x2", "P", "x4", "P"),
}
with_axes = pytest.mark.parametrize("groups", AXES.values(), ids=AXES)


@pytest.fixture
def weights() -> np.ndarray:
    """Six signatures that overlap, of different lengths; most of the 400 genes in none."""
    rng = np.random.default_rng(11)
    made = np.zeros((N_GENES, 6))
    for k in range(6):
        genes = slice(9 * k, 9 * k + 25)
        made[genes, k] = rng.choice([1.0, 0.7, 0.4, -0.5], 25) * (1 + k)
    return made


def _design(weights: np.ndarray, groups: tuple[str, ...] | None = None) -> Design:
    ids = tuple(f"s{k}" for k in range(weights.shape[1]))
    used = weights[weights.any(axis=1)]
    return Design(used, len(weights), ids, groups) if groups else Design(used, len(weights), ids)


def _t(
    weights: np.ndarray, groups: tuple[str, ...] | None, lam: float | None = None, name: str = "hlm"
) -> np.ndarray:
    """T over all genes, centred."""
    t = weights @ methods.get(name).mix(_design(weights, groups), lam=lam)
    return t - t.mean(axis=0)


def _unit(weights: np.ndarray) -> np.ndarray:
    centred = weights - weights.mean(axis=0)
    return centred / np.linalg.norm(centred, axis=0)


def _close(found: np.ndarray, expected: np.ndarray, rtol: float = 1e-9) -> None:
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * np.abs(expected).max())


@with_axes
@pytest.mark.parametrize("lam", [None, 0.0, 0.3, 3.0, 250.0])
def test_weights_are_rows_of_the_penalised_regression(
    weights: np.ndarray, gene_weights: Callable[..., np.ndarray],
    groups: tuple[str, ...] | None, lam: float | None,
) -> None:  # fmt: skip
    _close(_t(weights, groups, lam), gene_weights("hlm", weights, lam, groups))


@pytest.mark.parametrize("lam", [None, 0.0, 40.0])
@pytest.mark.parametrize("axes", [True, False])
def test_estimates_are_penalised_least_squares(
    logged: AnnData, small: Catalogue, weight_matrix: Callable[..., np.ndarray],
    hlm_design: Callable[..., np.ndarray], lam: float | None, axes: bool,
) -> None:  # fmt: skip
    """Coefficients of x on the regressors, each penalised one with a row √λ below the genes."""
    catalogue = small if axes else replace(small, axes={})
    cs.tl.score(logged, signatures=catalogue, method="hlm", lam=lam, center=None)
    w, x = weight_matrix(small, list(logged.var_names)), logged.X.toarray()
    groups = ["AB", "AB", "C"] if axes else ["ALPHA", "BETA", "GAMMA"]
    for k, id in enumerate(small.ids):
        fit = hlm_design(w, groups, k, 3.0 if lam is None else lam)
        assert len(fit) - len(w) == (axes and id != "GAMMA")
        below = np.zeros((len(fit) - len(w), len(x)))
        expected = np.linalg.lstsq(fit, np.vstack([x.T, below]))[0][0]
        _close(logged.obsm["cytosig_estimate"][id].to_numpy(), expected)


# --- its two ends, and mlm ------------------------------------------------------------------------


@pytest.mark.parametrize("lam", [None, 0.0, 1e6])
def test_without_axes_it_is_mlm(weights: np.ndarray, lam: float | None) -> None:
    _close(_t(weights, None, lam), _t(weights, None, name="mlm"), 1e-12)


def test_without_axes_it_scores_as_mlm(counts: AnnData, small: Catalogue) -> None:
    for name in ("hlm", "mlm"):
        cs.tl.score(counts, signatures=small.to_dict(), method=name, key_added=name)
    for slot in ("score", "estimate", "pvalue"):
        found, expected = (counts.obsm[f"{name}_{slot}"] for name in ("hlm", "mlm"))
        np.testing.assert_allclose(found, expected, rtol=1e-4 if slot == "pvalue" else 1e-9)


def test_axes_themselves_are_scored_as_by_mlm(counts: AnnData, small: Catalogue) -> None:
    for name in ("hlm", "mlm"):
        cs.tl.score(counts, signatures=small, method=name, key_added=name)
    np.testing.assert_allclose(counts.obsm["hlm_axis"], counts.obsm["mlm_axis"], rtol=1e-9)
    apart = counts.obsm["hlm_score"] - counts.obsm["mlm_score"]
    assert (apart.abs().max()[["ALPHA", "BETA"]] > 0.1).all()


def test_no_penalty_is_the_full_regression(weights: np.ndarray) -> None:
    """All members of one axis: as mlm. Else itself, other axes and siblings on equal terms."""
    _close(_t(weights, AXES["one"], 0.0), _t(weights, None, name="mlm"))
    unit, found = _unit(weights), _t(weights, AXES["pairs"], 0.0)
    q, r = unit[:, 2:4].mean(axis=1), unit[:, 4:].mean(axis=1)
    full = np.stack([weights[:, 1], weights[:, 0], q, r, np.ones(N_GENES)], axis=1)
    _close(found[:, 1], np.linalg.lstsq(full, np.eye(N_GENES))[0][0])


@with_axes
def test_under_a_huge_penalty_siblings_ignore_each_other(
    weights: np.ndarray, groups: tuple[str, ...] | None
) -> None:
    """What is left is the regression on itself and the other axes alone."""
    groups = groups or tuple("abcdef")
    unit, found = _unit(weights), _t(weights, groups, 1e12)
    for k, own in enumerate(groups):
        others = [
            np.mean([unit[:, j] for j in range(6) if groups[j] == name], axis=0)
            for name in set(groups) - {own}
        ]
        columns = np.stack([weights[:, k], *others, np.ones(N_GENES)], axis=1)
        _close(found[:, k], np.linalg.lstsq(columns, np.eye(N_GENES))[0][0])


# --- what follows from the formula ----------------------------------------------------------------


@with_axes
@pytest.mark.parametrize("lam", [None, 0.0, 50.0])
def test_itself_counts_in_full_and_other_axes_not_at_all(
    weights: np.ndarray, groups: tuple[str, ...] | None, lam: float | None
) -> None:
    """The response w scores 1, the mean response of another axis 0, whatever the penalty."""
    groups = groups or tuple("abcdef")
    unit, t = _unit(weights), _t(weights, groups, lam)
    for k, own in enumerate(groups):
        assert weights[:, k] @ t[:, k] == pytest.approx(1.0, rel=1e-9)
        for name in set(groups) - {own}:
            mean = unit[:, [g == name for g in groups]].mean(axis=1)
            assert mean @ t[:, k] == pytest.approx(0.0, abs=1e-9 * np.linalg.norm(t[:, k]))


@with_axes
def test_order_and_length_of_signatures_do_not_matter(
    weights: np.ndarray, groups: tuple[str, ...] | None
) -> None:
    expected = _t(weights, groups)
    _close(_t(5 * weights, groups), expected / 5)
    by = np.array([4.0, 1.0, 0.2, 9.0, 1.0, 30.0])
    _close(_t(weights * by, groups), expected / by)
    order = [3, 0, 5, 1, 4, 2]
    shuffled = tuple(groups[k] for k in order) if groups else None
    _close(_t(weights[:, order], shuffled), expected[:, order])


# --- signatures that are alike --------------------------------------------------------------------


def test_identical_siblings_are_scored_alike(weights: np.ndarray) -> None:
    """As if the other were not there; mlm has no answer."""
    weights[:, 1] = 2 * weights[:, 0]
    alone = _t(weights[:, [0, 2, 3, 4, 5]], ("P", "Q", "Q", "R", "R"))
    for lam in (None, 0.1, 1e9):
        found = _t(weights, AXES["pairs"], lam)
        _close(found[:, 0], alone[:, 0])
        _close(found[:, 1], alone[:, 0] / 2)
    with pytest.raises(DataError, match="s0 and s1"):
        _t(weights, None, name="mlm")


def test_identical_siblings_need_a_penalty(weights: np.ndarray) -> None:
    weights[:, 1] = weights[:, 0]
    with pytest.raises(DataError, match=r"s0 and s1 are nearly the same \(correlation 1\.0000\)"):
        _t(weights, AXES["pairs"], 0.0)


def test_identical_axes_are_refused(weights: np.ndarray) -> None:
    weights[:, 2:4] = weights[:, [1, 0]] * [3.0, 1.0]
    with pytest.raises(DataError, match=r"P and Q are nearly the same"):
        _t(weights, AXES["pairs"])
    two = weights[:, :4]  # nothing but these two: no member's own regression would notice
    with pytest.raises(DataError, match=r"P and Q are nearly the same"):
        _t(two, AXES["pairs"][:4])


def test_an_axis_that_is_a_member_of_another_is_refused(weights: np.ndarray) -> None:
    """The axes differ, but that member cannot be told from the axis of one."""
    weights[:, 5] = weights[:, 0]
    with pytest.raises(DataError, match="s0 and R are nearly the same"):
        _t(weights, ("P", "P", "Q", "Q", "Q", "R"))


def test_identical_signatures_on_one_axis_and_on_two(counts: AnnData, small: Catalogue) -> None:
    genes = [gene for gene in counts.var_names if gene.startswith("FILL")]
    one, other = dict.fromkeys(genes[:12], 1.0), dict.fromkeys(genes[8:40], 0.5)
    sets = cs.signatures.Catalogue.from_dict({"ONE": one, "TWIN": one, "OTHER": other})
    axes = {"A": Axis("A", "twins", ("ONE", "TWIN")), "B": Axis("B", "other", ("OTHER",))}
    cs.tl.score(counts, signatures=replace(sets, axes=axes))
    z = counts.obsm["cytosig_score"]
    np.testing.assert_allclose(z["ONE"], z["TWIN"], rtol=1e-9)
    axes = {"A": Axis("A", "one", ("ONE", "OTHER")), "B": Axis("B", "its twin", ("TWIN",))}
    with pytest.raises(DataError, match="ONE and B are nearly the same"):
        cs.tl.score(counts, signatures=replace(sets, axes=axes))


def test_a_signature_called_like_an_axis_is_no_member(weights: np.ndarray) -> None:
    axes = {"s2": Axis("s2", "an axis by the name of a signature", ("s0", "s1"))}
    ids = ("s0", "s1", "s2", "s3", "s4", "s5")
    plan = make_plan(weights, ids, axes, methods.get("hlm"))
    found = weights @ plan.mix[:, :6]
    _close(found - found.mean(axis=0), _t(weights, ("P", "P", "x2", "x3", "x4", "x5")))
