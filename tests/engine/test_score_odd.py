"""Odd observations and genes, by every method: empty, constant, alone, not a number."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse

import cytosig as cs
from cytosig import methods
from cytosig._errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cytosig.signatures import Catalogue

    Tables = dict[str, pd.DataFrame]
    Sized = tuple[AnnData, dict[str, object]]


same_names = pytest.mark.filterwarnings("ignore:Variable names are not unique:UserWarning")


def _without(adata: AnnData, row: int) -> tuple[AnnData, np.ndarray]:
    others = np.delete(np.arange(adata.n_obs), row)
    return adata[others].copy(), others


@pytest.mark.parametrize("dense", [True, False])
def test_constant_genes_make_no_nan(
    kind, few_logged: AnnData, small: Catalogue, run: Callable[..., Tables], dense: bool
) -> None:
    """Two genes of a signature the same in all cells, three all zero, one of no signature."""
    adata = few_logged[:8].copy()
    genes = [record.gene for record in small.signatures["ALPHA"].genes]
    x = adata.X.toarray()
    x[:, [adata.var_names.get_loc(gene) for gene in genes[:2]]] = 1.3
    x[:, [adata.var_names.get_loc(gene) for gene in genes[2:5]]] = 0.0
    x[:, -1] = 2.0
    adata.X = x if dense else sparse.csr_matrix(x)
    for scale in {False, kind.method.centred}:
        found = run(adata, signatures=small, scale=scale, normalize="none", **kind.options)
        for slot, table in found.items():
            assert np.isfinite(table.to_numpy()).all(), slot


def test_an_empty_cell_is_nan_in_its_place(
    kind, sized: Sized, tables: Callable[..., Tables], run: Callable[..., Tables]
) -> None:
    """The others score as if it were not there, though nothing is stored to compare them with."""
    adata, options = sized
    x = adata.X.toarray()
    x[7] = 0
    adata.X = sparse.csr_matrix(x)
    rest, others = _without(adata, 7)
    expected = run(rest, **options)
    cs.tl.score(adata, n_jobs=1, **options)
    for slot, table in tables(adata).items():
        if slot != "ligand":
            assert table.iloc[7].isna().all()
        np.testing.assert_allclose(table.iloc[others], expected[slot], rtol=1e-12, atol=1e-14)
    unscored = adata.uns["cytosig"]["unscored"]
    assert unscored["reason"].to_dict() == {"cell7": "no non-zero value"}


@pytest.mark.parametrize(("value", "dense"), [(1.7, False), (-2.5, True)])
def test_a_constant_cell_is_nan_with_its_reason(
    kind, few_logged: AnnData, small: Catalogue, tables: Callable[..., Tables], value: float,
    dense: bool,
) -> None:  # fmt: skip
    adata = few_logged[:6].copy()
    x = adata.X.toarray()
    x[3] = value
    adata.X = x if dense else sparse.csr_matrix(x)
    cs.tl.score(adata, signatures=small, normalize="none", n_jobs=1, **kind.options)
    for slot, table in tables(adata).items():
        if slot != "ligand":
            assert table.iloc[3].isna().all(), slot
            assert np.isfinite(table.drop(index="cell3").to_numpy()).all(), slot
    unscored = adata.uns["cytosig"]["unscored"]
    assert unscored["reason"].to_dict() == {"cell3": "every gene has the same value"}


@pytest.mark.parametrize("bad", [1e300, -1e80])
def test_a_value_beyond_all_measure_is_named(
    linear, few_logged: AnnData, small: Catalogue, bad: float
) -> None:
    """Its powers would be infinite; ranks do not mind it."""
    adata = few_logged[:6].copy()
    x = adata.X.toarray()
    x[4, 7] = bad
    for values in (x, sparse.csr_matrix(x)):
        adata.X = values
        message = rf"{re.escape(f'{bad}')}.*'cell4'.*'{adata.var_names[7]}'.*nonfinite="
        with pytest.raises(DataError, match=message):
            cs.tl.score(adata, signatures=small, normalize="none", **linear.options)
        with pytest.raises(DataError, match=f"'{adata.var_names[7]}'"):
            cs.tl.fit_reference(adata, normalize="none")
    found = cs.tl.score(adata, signatures=small, normalize="none", nonfinite="drop_genes",
                        copy=True, **linear.options)  # fmt: skip
    assert np.isfinite(found.obsm["cytosig_score"].to_numpy()).all()


@pytest.mark.parametrize(("bad", "place"), [(np.nan, 0), (np.inf, -1), (-np.inf, 0)])
def test_a_value_that_is_no_number_is_named(
    kind, few_logged: AnnData, small: Catalogue, bad: float, place: int
) -> None:
    """In a gene of a signature or of none; nothing is written."""
    adata = few_logged[:6].copy()
    gene = adata.var_names[place]
    assert (gene in small.genes) == (place == 0)
    x = adata.X.toarray()
    x[4, place] = bad
    for values in (x, sparse.csr_matrix(x)):
        adata.X = values
        with pytest.raises(DataError, match=rf"{bad}.*'cell4'.*'{gene}'.*nonfinite="):
            cs.tl.score(adata, signatures=small, normalize="none", **kind.options)
    assert (list(adata.obsm), list(adata.uns)) == ([], [])


def test_genes_that_are_no_numbers_can_be_left_out(
    kind, few_logged: AnnData, small: Catalogue, run: Callable[..., Tables],
    close: Callable[..., None],
) -> None:  # fmt: skip
    adata = few_logged[:6].copy()
    x = adata.X.toarray()
    x[[1, 4], [0, -1]] = np.nan
    adata.X = x
    options = {"signatures": small, "normalize": "none", **kind.options}
    found = run(adata, nonfinite="drop_genes", **options)
    close(run(adata[:, 1:-1].copy(), **options), found)


def test_nothing_but_empty_cells(
    kind, few: AnnData, small: Catalogue, tables: Callable[..., Tables]
) -> None:
    few.X = np.zeros(few.shape)
    cs.tl.score(few, signatures=small, **kind.options)
    for slot, table in tables(few).items():
        assert slot == "ligand" or table.isna().all(axis=None), slot
    unscored = few.uns["cytosig"]["unscored"]
    assert dict(unscored["reason"]) == dict.fromkeys(few.obs_names, "no non-zero value")


def test_a_signature_with_no_gene_present_is_no_number(
    kind, few: AnnData, small: Catalogue, run: Callable[..., Tables]
) -> None:
    """And takes nothing from the others, which are scored as without it."""
    sets = small.to_dict()
    options = kind.options
    score = run(few, signatures={**sets, "GONE": {"NOPE1": 1.0}}, **options)["score"]
    assert score["GONE"].isna().all()
    expected = run(few, signatures=sets, **options)["score"]
    pd.testing.assert_frame_equal(score.drop(columns="GONE"), expected, check_exact=True)


# --- alone --------------------------------------------------------------------------------------


def test_one_observation_alone(
    kind, few: AnnData, small: Catalogue, run: Callable[..., Tables], same: Callable[..., None]
) -> None:
    """Ranks are inside it; every other method says what it would have to be compared with."""
    one = few[[2]].copy()
    options = {"signatures": small, **kind.options}
    if not kind.ranks:
        with pytest.raises(DataError, match=r"only one|there is 1|of one observation") as caught:
            cs.tl.score(one, **options)
        assert any(name in str(caught.value) for name in ("singscore", "reference="))
        assert list(one.obsm) == []
        return
    found = run(one, **options)
    assert np.isfinite(found["score"].to_numpy()).all()
    if not kind.by_company:
        same(found, {slot: table.iloc[[2]] for slot, table in run(few, **options).items()})


def test_a_consensus_of_one_observation_is_refused(few: AnnData, small: Catalogue) -> None:
    """It ranks observations; of one, every rank is the same whatever the data are."""
    names = ["consensus", "ucell", "singscore"]
    with pytest.raises(DataError):
        cs.tl.score(few[:1].copy(), signatures=small, method=names)


def test_two_observations_of_which_one_is_empty(
    plain, few: AnnData, small: Catalogue, run: Callable[..., Tables]
) -> None:
    """What is left is alone: scored from its ranks, or not at all, never compared with itself."""
    two = few[:2].copy()
    x = two.X.toarray()
    x[1] = 0
    two.X = x
    try:
        score = run(two, signatures=small, **plain.options)["score"].to_numpy()
    except DataError:
        assert not plain.ranks
        return
    assert np.isnan(score[1]).all()
    assert np.isfinite(score[0]).all() == plain.ranks


def test_a_cell_that_is_its_own_centre_has_no_score(
    centring, few_logged: AnnData, small: Catalogue, tables: Callable[..., Tables]
) -> None:
    """One control a batch, and nothing but rounding left of it: NaN with the reason."""
    adata = few_logged[:8].copy()
    adata.obs["batch"] = np.arange(8) % 2
    adata.obs["arm"] = ["no", "no", *["yes"] * 6]
    options = {"control": ("arm", "no"), "batch_key": "batch", **centring.options}
    try:
        cs.tl.score(adata, signatures=small, **options)
    except DataError as error:
        assert "unit variance only with at least two" in str(error)
        return
    for slot, table in tables(adata).items():
        if slot != "ligand":
            assert list(np.flatnonzero(table.isna().all(axis=1))) == [0, 1], slot
    unscored = adata.uns["cytosig"]["unscored"]
    assert dict(unscored["reason"]) == dict.fromkeys(
        ["cell0", "cell1"], "nothing left after centring"
    )


@pytest.mark.parametrize("n", [3, 6])
def test_identical_cells_have_nothing_to_score(
    centring, few_logged: AnnData, small: Catalogue, tables: Callable[..., Tables], n: int
) -> None:
    """Centred on their mean they are zero everywhere; rounding must not pass for signal."""
    names = pd.Index([f"twin{i}" for i in range(n)])
    x = few_logged.X[[4] * n]
    same = AnnData(x, obs=pd.DataFrame(index=names), var=few_logged.var)
    cs.tl.score(same, signatures=small, **centring.options)
    for slot, table in tables(same).items():
        assert slot == "ligand" or table.isna().all(axis=None), slot
    assert len(same.uns["cytosig"]["unscored"]) == n


def test_an_observation_that_is_not_scored_has_no_score(
    few_logged: AnnData, small: Catalogue
) -> None:
    """Twins leave nothing to ulm, which then has no say in the consensus of the others."""
    names = pd.Index([f"twin{i}" for i in range(4)])
    x = few_logged.X[[4] * 4]
    same = AnnData(x, obs=pd.DataFrame(index=names), var=few_logged.var)
    cs.tl.score(same, signatures=small, method=["consensus", "ulm", "ucell", "singscore"])
    missing = same.obsm["cytosig_score"].isna().any(axis=1)
    assert list(same.uns["cytosig"]["unscored"].index) == list(names[missing])


@pytest.mark.parametrize("wanted", [501, 2001])
def test_too_many_observations_are_refused_before_they_are_read(
    few_logged: AnnData, small: Catalogue, passes: list[int], wanted: int
) -> None:
    """By gsea and gsva, also where other methods of the list could take them."""
    whole = [m for m in methods.available().values() if isinstance(m, methods.WholeMethod)]
    refusing = [m.name for m in whole if m.most < wanted]
    assert refusing
    x = few_logged.X[np.arange(wanted) % few_logged.n_obs]
    names = pd.Index([f"c{i}" for i in range(wanted)])
    many = AnnData(x, obs=pd.DataFrame(index=names), var=few_logged.var)
    for method in refusing:
        with pytest.raises(DataError, match=rf"at most .*{wanted:,} observations"):
            cs.tl.score(many, signatures=small, method=["ucell", method])
    assert (list(many.obsm), passes) == ([], [])


@same_names
@pytest.mark.parametrize("left", [0, 3])
def test_too_few_genes_in_the_background_are_refused(
    plain, few: AnnData, small: Catalogue, left: int
) -> None:
    """Where only genes of signatures count, or several columns are one gene."""
    genes = list(small.signatures["ALPHA"].weights)[:left]
    sets = {"MINE": dict(zip([*genes, "NOPE1", "NOPE2"], [1.0, 0.5, 0.3, 1.0, 1.0], strict=False))}
    asked = {"min_genes": 1, "min_coverage": 0.0, **plain.options}
    with pytest.raises(DataError, match=rf"columns {left} are left.*expected at least 4"):
        cs.tl.score(few, signatures=sets, background="signatures", **asked)
    if left:
        few = few[:, [few.var_names[0], *genes]].copy()
        few.var_names = [*genes, genes[0]]
        with pytest.raises(DataError, match="Of 4 columns 3 are left"):
            cs.tl.score(few, signatures=sets, **asked)
    assert list(few.obsm) == []
