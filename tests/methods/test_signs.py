"""What a method makes of lowered genes, of signatures without raised ones, and of axes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

import cytosig as cs
from cytosig import methods
from cytosig.signatures import Axis, Catalogue

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from anndata import AnnData

    Scores = Callable[..., pd.DataFrame]

N, G = 12, 400
CHOSEN = np.random.default_rng(14).permutation(G)
UP, DOWN = CHOSEN[:15], CHOSEN[15:26]
OF_SETS = ["ucell", "aucell", "singscore", "ssgsea", "score_genes", "zscore", "gsva", "gsea"]
RAISED_ONLY = {"ucell": "pyucell", "aucell": "decoupler"}
FEW = {"gsea": {"permutations": 100}}


def test_every_method_that_reads_sets_is_here() -> None:
    known = methods.available().values()
    others = (methods.LinearMethod, methods.ConsensusMethod)
    assert [m.name for m in known if not isinstance(m, others)] == sorted(OF_SETS)


@pytest.fixture
def cells(named: Callable[..., AnnData]) -> AnnData:
    rng = np.random.default_rng(40)
    x = rng.exponential(1, (N, G)) * (rng.random((N, G)) < 0.5)
    x[:, UP] += 0.4 * rng.random((N, 1))
    return named(x)


def _tuned(method: str) -> dict | None:
    return FEW if method in FEW else None


RULES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "ucell": lambda up, down: np.maximum(up - down, 0),
    "aucell": lambda up, down: up,
    "singscore": lambda up, down: up - down,
    "ssgsea": lambda up, down: up - down,
    "score_genes": lambda up, down: up - down,
    "gsva": lambda up, down: up - down,
    "zscore": lambda up, down: (15**0.5 * up - 11**0.5 * down) / 26**0.5,
    "gsea": lambda up, down: np.where(np.sign(up) != np.sign(down), (up - down) / 2, 0),
}


@pytest.mark.parametrize("method", OF_SETS)
def test_lowered_genes_count_against_raised_ones(
    cells: AnnData, scores: Scores, as_sets: Callable[..., dict], method: str
) -> None:
    """From the scores of both sets as if raised; their own are held against oracles elsewhere."""
    sets = as_sets(UP=(UP, []), OTHER=(DOWN, []), BOTH=(UP, DOWN))
    found = scores(cells, sets, method, settings=_tuned(method))
    expected = RULES[method](found["UP"].to_numpy(), found["OTHER"].to_numpy())
    np.testing.assert_allclose(found["BOTH"], expected, rtol=1e-9, atol=1e-12)
    assert len(np.unique(expected)) >= 4


@pytest.mark.parametrize("method", OF_SETS)
def test_only_the_sign_of_a_weight_is_read(
    cells: AnnData, scores: Scores, as_sets: Callable[..., dict], method: str
) -> None:
    plain = as_sets(S=(UP, DOWN))
    size = np.random.default_rng(0).uniform(0.01, 9, 26)
    graded = {"S": {g: w * s for (g, w), s in zip(plain["S"].items(), size, strict=True)}}
    one, other = (scores(cells, s, method, settings=_tuned(method)) for s in (plain, graded))
    np.testing.assert_array_equal(one, other)


# --- signatures without raised genes --------------------------------------------------------------


@pytest.mark.parametrize("compat", [False, True])
@pytest.mark.parametrize("method", RAISED_ONLY)
def test_a_signature_of_lowered_genes_is_nan_with_its_reason(
    cells: AnnData, scored: Callable[..., AnnData], as_sets: Callable[..., dict],
    caplog: pytest.LogCaptureFixture, method: str, compat: bool,
) -> None:  # fmt: skip
    """Also where the raised ones are not in the data; UP loses nothing by it."""
    sets = as_sets(UP=(UP, []), DOWN=([], DOWN), LOST=([], DOWN))
    sets["LOST"] |= {"FILL90001": 1.0, "FILL90002": 1.0}
    done = scored(cells, sets, method, compat=RAISED_ONLY[method] if compat else None)
    assert list(done.obsm["cytosig_score"].isna().all()) == [False, True, True]
    reason = done.uns["cytosig"]["coverage"]["reason"]
    told = f"no raised gene in the data, and {method} reads those"
    assert list(reason) == ["", told, told]
    assert f"DOWN is not scored: {told}." in caplog.messages


@pytest.mark.parametrize("method", [m for m in OF_SETS if m not in RAISED_ONLY])
def test_a_signature_of_lowered_genes_is_scored_by_the_others(
    cells: AnnData, scored: Callable[..., AnnData], as_sets: Callable[..., dict], method: str
) -> None:
    """As the negative of what the same genes score when raised."""
    sets = as_sets(OTHER=(DOWN, []), DOWN=([], DOWN))
    done = scored(cells, sets, method, settings=_tuned(method))
    found = done.obsm["cytosig_score"]
    np.testing.assert_allclose(found["DOWN"], -found["OTHER"], rtol=1e-9)
    assert list(done.uns["cytosig"]["coverage"]["reason"]) == ["", ""]


def test_each_method_of_a_run_has_reasons_of_its_own(
    cells: AnnData, scored: Callable[..., AnnData], as_sets: Callable[..., dict],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    sets = as_sets(UP=(UP, []), DOWN=([], DOWN))
    done = scored(cells, sets, ["ssgsea", "aucell", "ulm"])
    reasons = {key: done.uns[key]["coverage"].loc["DOWN", "reason"] for key in
               ("cytosig", "cytosig_aucell", "cytosig_ulm")}  # fmt: skip
    told = "no raised gene in the data, and aucell reads those"
    assert reasons == {"cytosig": "", "cytosig_aucell": told, "cytosig_ulm": ""}
    assert caplog.messages.count(f"DOWN is not scored by aucell: {told}.") == 1


# --- axes -----------------------------------------------------------------------------------------


def _joint(small: Catalogue, weight_matrix: Callable[..., np.ndarray], genes: list[str]) -> dict:
    """Axis AB as a signature of ±1: signs of the mean of its members at unit length."""
    w = weight_matrix(small, genes)[:, :2]
    mean = (w / np.linalg.norm(w, axis=0)).mean(axis=1)
    mean[np.abs(mean) < 1e-12] = 0
    return {"AB": {genes[i]: float(np.sign(mean[i])) for i in np.flatnonzero(mean)}}


@pytest.mark.parametrize("method", OF_SETS)
def test_an_axis_is_scored_as_the_genes_its_members_move_on_the_whole(
    logged: AnnData, small: Catalogue, weight_matrix: Callable[..., np.ndarray], scored: Callable,
    method: str,
) -> None:  # fmt: skip
    adata = logged[:6].copy()
    tuning = {"settings": _tuned(method)}
    found = scored(adata, small, method, **tuning).obsm["cytosig_axis"]
    joint = _joint(small, weight_matrix, list(adata.var_names))
    both = scored(adata, joint, method, **tuning).obsm["cytosig_score"]
    np.testing.assert_allclose(found["AB"], both["AB"], rtol=1e-9)
    alone = scored(adata, small.subset(["GAMMA"]), method, **tuning).obsm["cytosig_score"]
    np.testing.assert_allclose(found["C"], alone["GAMMA"], rtol=1e-9)


def test_pyucell_counts_missing_genes_of_an_axis(
    logged: AnnData, small: Catalogue, weight_matrix: Callable[..., np.ndarray], scores: Scores,
    scored: Callable,
) -> None:  # fmt: skip
    joint = _joint(small, weight_matrix, list(logged.var_names))
    lost = list(joint["AB"])[::4]
    adata = logged[:40, ~logged.var_names.isin(lost)].copy()
    found = scored(adata, small, "ucell", compat="pyucell").obsm["cytosig_axis"]["AB"]
    expected = scores(adata, joint, "ucell", compat="pyucell")["AB"]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize(("seed", "left_over"), [(1, -1), (2, 1)])
@pytest.mark.parametrize("compat", [None, "pyucell"])
def test_genes_on_which_members_of_an_axis_contradict_each_other_are_not_in_it(
    cells: AnnData, scored: Callable[..., AnnData], as_sets: Callable[..., dict],
    compat: str | None, seed: int, left_over: int,
) -> None:  # fmt: skip
    """Equal weights of either sign cancel, though not to the last digit at unit length."""
    size = np.random.default_rng(seed).uniform(0.1, 1, 15)
    genes = list(as_sets(S=(UP, []))["S"])
    sign = np.repeat([1, -1], [6, 9])
    one = dict(zip(genes, size, strict=True))
    other = dict(zip(genes, 3 * size * sign, strict=True))
    unit = [np.array(list(w.values())) / np.linalg.norm(list(w.values())) for w in (one, other)]
    assert set(np.sign(np.sum(unit, axis=0)[6:])) == {0, left_over}
    catalogue = Catalogue.from_dict({"ONE": one, "OTHER": other})
    axis = {"A": Axis("A", "contradicting", ("ONE", "OTHER"))}
    adata = cells[:, [g not in genes[4:8] for g in cells.var_names]].copy()
    both = replace(catalogue, axes=axis)
    found = scored(adata, both, "ucell", compat=compat).obsm["cytosig_axis"]["A"]
    left = {"LEFT": dict.fromkeys(genes[:6], 1.0)}
    expected = scored(adata, left, "ucell", compat=compat).obsm["cytosig_score"]["LEFT"]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("method", RAISED_ONLY)
def test_an_axis_of_lowered_genes_is_nan(
    cells: AnnData, scored: Callable[..., AnnData], as_sets: Callable[..., dict], method: str
) -> None:
    catalogue = cs.signatures.Catalogue.from_dict(as_sets(UP=(UP, []), DOWN=([], DOWN)))
    axes = {"A": Axis("A", "up", ("UP",)), "B": Axis("B", "down", ("DOWN",))}
    done = scored(cells, replace(catalogue, axes=axes), method)
    found = done.obsm["cytosig_axis"]
    np.testing.assert_array_equal(found["A"], done.obsm["cytosig_score"]["UP"])
    assert list(found.isna().all()) == [False, True]
