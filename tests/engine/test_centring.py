"""Where zero is: centring and scaling against plain numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse

import cytosig as cs
from cytosig import methods, tl
from cytosig._errors import DataError, FileError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cytosig.signatures import Catalogue

    Oracle = Callable[[np.ndarray], np.ndarray]


@pytest.fixture
def oracle(
    logged: AnnData,
    small: Catalogue,
    weight_matrix: Callable[..., np.ndarray],
    axis_names: Callable[[Catalogue], list[str]],
    gene_weights: Callable[..., np.ndarray],
    correlation_z: Callable[..., np.ndarray],
) -> Callable[[np.ndarray], np.ndarray]:
    """Z of the default method for a dense matrix that is centred and scaled already."""
    w = weight_matrix(small, list(logged.var_names))
    t = gene_weights(methods.DEFAULT, w, groups=axis_names(small))
    return lambda y: correlation_z(y, t)


def _score(adata: AnnData, small: Catalogue, **options: object) -> np.ndarray:
    out = cs.tl.score(adata, signatures=small, copy=True, **options)
    return out.obsm["cytosig_score"].to_numpy()


def _agree(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("kind", ["counts", "logged"])
def test_default_is_the_mean_of_all(
    request: pytest.FixtureRequest, logged: AnnData, small: Catalogue, oracle: Oracle, kind: str
) -> None:
    x = logged.X.toarray()
    _agree(_score(request.getfixturevalue(kind), small), oracle(x - x.mean(axis=0)))


def _or_the_usual(sd: np.ndarray) -> np.ndarray:
    """Genes that do not vary are divided by the median of those that do."""
    return np.where(sd > 1e-9, sd, np.median(sd[sd > 1e-9]))


def test_scale_divides_by_the_standard_deviation(
    logged: AnnData, small: Catalogue, oracle: Oracle
) -> None:
    x = logged.X.toarray()
    x[:, :4] = 0.7  # genes that do not vary stay at zero
    logged.X = sparse.csr_matrix(x)
    sd = x.std(axis=0, ddof=1)
    y = np.where(sd > 1e-9, (x - x.mean(axis=0)) / np.where(sd > 1e-9, sd, 1), 0.0)
    _agree(_score(logged, small, scale=True, normalize="none"), oracle(y))


def test_control(logged: AnnData, small: Catalogue, oracle: Oracle) -> None:
    x = logged.X.toarray()
    control = (logged.obs["arm"] == "untreated").to_numpy()
    y = x - x[control].mean(axis=0)
    _agree(_score(logged, small, control=("arm", "untreated")), oracle(y))
    sd = _or_the_usual(x[control].std(axis=0, ddof=1))
    _agree(_score(logged, small, control=("arm", "untreated"), scale=True), oracle(y / sd))


def test_batches(logged: AnnData, small: Catalogue, oracle: Oracle) -> None:
    x = logged.X.toarray()
    donor = logged.obs["donor"].astype(str).to_numpy()
    y = x.copy()
    for name in np.unique(donor):
        y[donor == name] -= x[donor == name].mean(axis=0)
    _agree(_score(logged, small, batch_key="donor"), oracle(y))


def test_control_inside_batches(logged: AnnData, small: Catalogue, oracle: Oracle) -> None:
    x = logged.X.toarray()
    donor = logged.obs["donor"].astype(str).to_numpy()
    control = (logged.obs["arm"] == "untreated").to_numpy()
    y = x.copy()
    for name in np.unique(donor):
        here = donor == name
        y[here] -= x[here & control].mean(axis=0)
    freedom = control.sum() - len(np.unique(donor))
    sd = _or_the_usual(np.sqrt((y[control] ** 2).sum(axis=0) / freedom))
    options = {"control": ("arm", "untreated"), "batch_key": "donor"}
    _agree(_score(logged, small, **options), oracle(y))
    _agree(_score(logged, small, scale=True, **options), oracle(y / sd))


def test_scaling_on_one_control_a_batch_is_refused(logged: AnnData, small: Catalogue) -> None:
    """With a single control a batch there is no spread to divide by."""
    logged.obs["arm"] = "treated"
    logged.obs["arm"] = logged.obs["arm"].where(logged.obs["donor"].duplicated(), "untreated")
    with pytest.raises(DataError, match="at least two observations to centre on"):
        _score(logged, small, control=("arm", "untreated"), batch_key="donor", scale=True)


def test_a_control_that_is_its_own_centre_has_no_score(logged: AnnData, small: Catalogue) -> None:
    """Centred on itself alone, rounding is all that is left: NaN with the reason, not 1e-8."""
    logged.obs["arm"] = "treated"
    logged.obs["arm"] = logged.obs["arm"].where(logged.obs["donor"].duplicated(), "untreated")
    cs.tl.score(logged, signatures=small, control=("arm", "untreated"), batch_key="donor")
    alone = (logged.obs["arm"] == "untreated").to_numpy()
    missing = logged.obsm["cytosig_score"].isna().to_numpy()
    assert missing[alone].all()
    assert not missing[~alone].any()
    unscored = logged.uns["cytosig"]["unscored"]
    assert list(unscored.index) == list(logged.obs_names[alone])
    assert set(unscored["reason"]) == {"nothing left after centring"}


def test_center_none_leaves_expression_as_it_is(
    logged: AnnData, small: Catalogue, oracle: Oracle
) -> None:
    _agree(_score(logged, small, center=None), oracle(logged.X.toarray()))


@pytest.fixture
def contrasts(logged: AnnData) -> AnnData:
    """Twelve log fold changes around zero."""
    rng = np.random.default_rng(2)
    made = logged[:12].copy()
    made.X = rng.standard_t(4, made.shape) * 0.6
    made.X -= np.median(made.X, axis=1, keepdims=True)
    return made


def test_contrasts_are_not_centred_unless_asked(
    contrasts: AnnData, small: Catalogue, oracle: Oracle
) -> None:
    x = contrasts.X
    _agree(_score(contrasts, small), oracle(x))
    _agree(_score(contrasts, small, center=None), oracle(x))
    _agree(_score(contrasts, small, center="mean"), oracle(x - x.mean(axis=0)))
    _agree(_score(contrasts[:1].copy(), small), oracle(x[:1]))
    control = np.arange(12) < 5
    contrasts.obs["base"] = np.where(control, "yes", "no")
    _agree(_score(contrasts, small, control=("base", "yes")), oracle(x - x[control].mean(axis=0)))


@pytest.mark.parametrize("scale", [False, True])
def test_a_reference_is_the_moments_of_its_cohort(
    logged: AnnData, small: Catalogue, oracle: Oracle, tmp_path: Path, scale: bool
) -> None:
    x = logged.X.toarray()
    cohort, fresh = logged[:200].copy(), logged[200:].copy()
    reference = tl.fit_reference(cohort)
    assert reference.n_obs == 200
    assert list(reference.genes) == list(logged.var_names)
    np.testing.assert_allclose(reference.mean, x[:200].mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(reference.sd, x[:200].std(axis=0, ddof=1), rtol=1e-6, atol=1e-9)
    y = x[200:] - x[:200].mean(axis=0)
    if scale:
        y = y / _or_the_usual(x[:200].std(axis=0, ddof=1))
    _agree(_score(fresh, small, reference=reference, scale=scale), oracle(y))
    reference.save(tmp_path / "cohort.npz")
    again = _score(fresh, small, reference=str(tmp_path / "cohort.npz"), scale=scale)
    np.testing.assert_array_equal(again, _score(fresh, small, reference=reference, scale=scale))


def test_a_reference_of_controls(logged: AnnData) -> None:
    control = (logged.obs["arm"] == "untreated").to_numpy()
    reference = tl.fit_reference(logged, control=("arm", "untreated"))
    assert reference.n_obs == control.sum()
    expected = logged.X.toarray()[control].mean(axis=0)
    np.testing.assert_allclose(reference.mean, expected, rtol=1e-10)


def test_references_that_do_not_fit(logged: AnnData, contrasts: AnnData, tmp_path: Path) -> None:
    reference = tl.fit_reference(logged)
    with pytest.raises(DataError, match="log1p values and the data hold contrasts"):
        cs.tl.score(contrasts, reference=reference)
    few = logged[:, :300].copy()
    with pytest.raises(DataError, match="Only 300 of the reference's 3000 genes"):
        cs.tl.score(few, reference=reference)
    with pytest.raises(UsageError, match="excludes control= and batch_key="):
        cs.tl.score(logged, reference=reference, batch_key="donor")
    for name, content in (("empty.npz", b""), ("text.npz", b"nothing of the kind")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FileError, match=name):
            cs.tl.score(logged, reference=tmp_path / name)
    np.savez(tmp_path / "other.npz", format=np.array("cytosig-reference-9"))
    with pytest.raises(FileError, match="cytosig-reference-9"):
        cs.tl.score(logged, reference=tmp_path / "other.npz")
    with pytest.raises(FileError, match=r"gone\.npz"):
        cs.tl.score(logged, reference=tmp_path / "gone.npz")


def test_background_of_signature_genes(
    logged: AnnData, small: Catalogue, weight_matrix: Callable[..., np.ndarray],
    axis_names: Callable[[Catalogue], list[str]], gene_weights: Callable[..., np.ndarray],
    correlation_z: Callable[..., np.ndarray],
) -> None:  # fmt: skip
    named = sorted({r.gene for s in small for r in s.genes})
    x = logged[:, named].X.toarray()
    t = gene_weights(methods.DEFAULT, weight_matrix(small, named), groups=axis_names(small))
    expected = correlation_z(x - x.mean(axis=0), t)
    _agree(_score(logged, small, background="signatures"), expected)


# --- what the zero must not be moved by ----------------------------------------------------------


def test_empty_observations_do_not_move_the_zero(counts: AnnData, small: Catalogue) -> None:
    """Unfiltered matrices are mostly empty droplets."""
    expected = _score(counts, small)
    empty = sparse.csr_matrix((200, counts.n_vars), dtype=counts.X.dtype)
    names = pd.Index([*counts.obs_names, *(f"empty{i}" for i in range(200))])
    padded = AnnData(
        sparse.vstack([counts.X, empty]).tocsr(), obs=pd.DataFrame(index=names), var=counts.var
    )
    found = _score(padded, small)
    np.testing.assert_allclose(found[: counts.n_obs], expected, rtol=1e-9)
    assert np.isnan(found[counts.n_obs :]).all()


@pytest.mark.parametrize("method", [methods.DEFAULT, "zscore"])
def test_empty_observations_do_not_weigh_a_batch(
    logged: AnnData, small: Catalogue, method: str
) -> None:
    """Pooled over batches, a deviation counts for the cells it was taken on."""
    logged.obs["batch"] = np.where(np.arange(logged.n_obs) < 30, "few", "many")
    empty = sparse.csr_matrix((400, logged.n_vars), dtype=logged.X.dtype)
    names = [*logged.obs_names, *(f"empty{i}" for i in range(400))]
    batch = [*logged.obs["batch"], *["few"] * 400]
    obs = pd.DataFrame({"batch": batch}, index=names)
    padded = AnnData(sparse.vstack([logged.X, empty]).tocsr(), obs=obs, var=logged.var)
    options = {"method": method, "batch_key": "batch", "scale": True, "normalize": "none"}
    found = _score(padded, small, **options)
    _agree(found[: logged.n_obs], _score(logged, small, **options))


@pytest.mark.parametrize(
    ("depth", "total"), [(3e4, "10,000"), (2e7, "1,000,000")], ids=["cells", "bulk"]
)
def test_the_total_follows_the_depth(
    counts: AnnData, small: Catalogue, depth: float, total: str
) -> None:
    x = counts.X.toarray()
    counts.X = np.round(x * depth / x.sum(axis=1, keepdims=True)).astype(np.float32)
    out = cs.tl.score(counts, signatures=small, copy=True)
    assert f"normalised to {total} per observation" in " ".join(out.uns["cytosig"]["notes"])
    logged, whole = counts.copy(), counts.X.sum(axis=1, keepdims=True)
    logged.X = np.log1p(counts.X / whole * float(total.replace(",", "")))
    np.testing.assert_allclose(
        out.obsm["cytosig_score"], _score(logged, small), rtol=1e-4, atol=1e-4
    )


def test_not_centring_and_a_zero_exclude_each_other(logged: AnnData, small: Catalogue) -> None:
    with pytest.raises(UsageError, match="center=None excludes control="):
        _score(logged, small, center=None, control=("arm", "untreated"))


def test_a_set_of_all_background_genes_says_nothing(kind, few: AnnData) -> None:
    sets = {"ALL": [f"FILL{i:04d}" for i in range(50)]}
    few.var_names = [f"FILL{i:04d}" for i in range(few.n_vars)]
    with pytest.raises(DataError, match="the same weight on every gene of the background"):
        cs.tl.score(few, signatures=sets, background="signatures", **kind.options)


def test_a_reference_and_the_signature_background_go_together(
    logged: AnnData, small: Catalogue
) -> None:
    reference = tl.fit_reference(logged)
    expected = _score(logged, small, background="signatures")
    found = _score(logged, small, background="signatures", reference=reference)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
