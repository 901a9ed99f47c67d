"""What scoring writes into an AnnData, and where; what it takes away and what it leaves."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import cytosig as cs
from cytosig import methods
from cytosig._errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from anndata import AnnData

    from cytosig.signatures import Catalogue

LINEAR = ("score", "pvalue", "estimate", "axis", "axis_pvalue", "ligand")
LIST = ["mlm", "ucell", "consensus"]
OF_LIST = {
    *(f"cytosig_{slot}" for slot in LINEAR),
    *(f"cytosig_ucell_{slot}" for slot in ("score", "axis")),
    *(f"cytosig_consensus_{slot}" for slot in ("score", "axis", "spread")),
}


def _same(one: AnnData, other: AnnData) -> None:
    assert set(one.obsm) == set(other.obsm)
    for slot in one.obsm:
        pd.testing.assert_frame_equal(one.obsm[slot], other.obsm[slot], check_exact=True)


def _equal(one: object, other: object, where: str = "uns") -> None:
    """Records alike, NaN in the same places; lists may have become arrays."""
    if isinstance(one, dict):
        assert set(one) == set(other), where
        for key in one:
            _equal(one[key], other[key], f"{where}/{key}")
    elif isinstance(one, pd.DataFrame):
        assert list(one.index) == list(other.index), where
        assert list(one.columns) == list(other.columns), where
        for column in one:
            np.testing.assert_array_equal(
                one[column].to_numpy(), other[column].to_numpy(), err_msg=f"{where}/{column}"
            )
    elif isinstance(one, list | np.ndarray):
        assert list(one) == list(other), where
    else:
        assert one == other, where


# --- one method ---------------------------------------------------------------------------------


def test_copy_leaves_the_input_alone(counts: AnnData) -> None:
    before = counts.copy()
    out = cs.tl.score(counts, copy=True)
    assert out is not counts
    assert (list(counts.obsm), list(counts.uns)) == ([], [])
    np.testing.assert_array_equal(counts.X.toarray(), before.X.toarray())
    pd.testing.assert_frame_equal(counts.obs, before.obs)
    assert cs.tl.score(counts) is None
    _same(out, counts)


def test_scoring_leaves_the_matrix_alone(counts: AnnData) -> None:
    data, indices = counts.X.data.copy(), counts.X.indices.copy()
    cs.tl.score(counts, scale=True, method=["hlm", "ucell", "zscore", "score_genes"])
    np.testing.assert_array_equal(counts.X.data, data)
    np.testing.assert_array_equal(counts.X.indices, indices)


def test_key_added_names_every_slot(counts: AnnData, small: Catalogue) -> None:
    cs.tl.score(counts, signatures=small, method="ulm", key_added="mine")
    assert set(counts.obsm) == {f"mine_{slot}" for slot in LINEAR}
    assert set(counts.uns) == {"mine"}
    cs.tl.score(counts, signatures=small, method="wmean")
    assert counts.uns["mine"]["params"]["method"] == "ulm"
    assert counts.uns["cytosig"]["params"]["method"] == "wmean"
    np.testing.assert_allclose(counts.obsm["mine_score"], counts.obsm["cytosig_score"], rtol=1e-9)


def test_a_second_run_leaves_no_slot_of_the_first(counts: AnnData, small: Catalogue) -> None:
    cs.tl.score(counts)
    cs.tl.score(counts, signatures=small.to_dict())
    assert set(counts.obsm) == {"cytosig_score", "cytosig_pvalue", "cytosig_estimate"}
    assert list(counts.obsm["cytosig_score"].columns) == ["ALPHA", "BETA", "GAMMA"]


@pytest.mark.parametrize("method", sorted(methods.available()))
def test_a_method_without_p_or_estimate_leaves_those_slots_out(
    counts: AnnData, small: Catalogue, method: str
) -> None:
    """And takes those of a run before it away."""
    few = counts[:3].copy()
    cs.tl.score(few, signatures=small)
    settings = {"gsea": {"permutations": 100}} if method == "gsea" else None
    cs.tl.score(few, signatures=small, method=method, settings=settings)
    kind = methods.get(method)
    linear = isinstance(kind, methods.LinearMethod)
    expected = {"score", "axis", "ligand"}
    expected |= {"pvalue", "axis_pvalue"} if linear or getattr(kind, "tested", False) else set()
    expected |= {"estimate"} if linear else set()
    expected |= {"spread"} if method == "consensus" else set()
    own = tuple(f"cytosig_{name}_" for name in getattr(kind, "members", ()))
    assert {s for s in few.obsm if not s.startswith(own)} == {f"cytosig_{s}" for s in expected}
    assert all(few.obsm[slot].index.equals(few.obs_names) for slot in few.obsm)


def test_the_record_says_what_was_done(counts: AnnData, small: Catalogue) -> None:
    cs.tl.score(counts, signatures=small, method="ridge", lam=2.0, control=("arm", "untreated"))
    record = counts.uns["cytosig"]
    params = record["params"]
    assert (params["method"], params["lam"], params["control"]) == ("ridge", 2.0, "arm=untreated")
    assert record["catalogue_digest"] == small.digest
    n = int((counts.obs["arm"] == "untreated").sum())
    assert f"centred on control observations ({n})" in list(record["notes"])
    assert f"gene universe: {counts.n_vars} genes" in list(record["notes"])
    assert record["versions"]["numpy"] == np.__version__


def test_progress_counts_every_observation(counts: AnnData) -> None:
    seen: list[int] = []
    cs.tl.score(counts, chunk_size=70, progress=seen.append, n_jobs=1)
    assert seen == [70, 70, 70, 70, 20]


def test_columns_follow_the_catalogue(counts: AnnData, curated: Catalogue) -> None:
    cs.tl.score(counts, method=["hlm", "ucell"])
    for key in ("cytosig", "cytosig_ucell"):
        assert list(counts.obsm[f"{key}_score"].columns) == curated.ids
        assert list(counts.obsm[f"{key}_axis"].columns) == list(curated.axes)
    assert list(counts.obsm["cytosig_ligand"].columns) == list(curated.cytokines)
    assert all(counts.obsm[key].index.equals(counts.obs_names) for key in counts.obsm)


# --- several methods ----------------------------------------------------------------------------


def test_further_methods_have_slots_of_their_own(counts: AnnData, small: Catalogue) -> None:
    cs.tl.score(counts, signatures=small, method=LIST)
    assert set(counts.obsm) == OF_LIST
    assert list(counts.uns) == ["cytosig", "cytosig_ucell", "cytosig_consensus"]
    further = ["cytosig_ucell", "cytosig_consensus"]
    assert list(counts.uns["cytosig"]["further"]) == further
    assert [counts.uns[key]["part_of"] for key in further] == ["cytosig"] * 2
    assert "part_of" not in counts.uns["cytosig"]
    mine = cs.tl.score(counts, signatures=small, method=LIST, key_added="mine", copy=True)
    assert {f"mine{slot.removeprefix('cytosig')}" for slot in OF_LIST} == set(mine.obsm) - OF_LIST


@pytest.mark.parametrize(
    "later", ["ucell", "mlm", ["ucell", "mlm"], ["mlm", "ucell"], ["ulm", "aucell"]], ids=str
)
@pytest.mark.parametrize("read", [False, True])
def test_a_later_run_takes_away_what_it_does_not_fill(
    counts: AnnData, small: Catalogue, tmp_path: Path, later: str | list[str], read: bool
) -> None:
    """Also where the first was written to a file and read again."""
    expected = cs.tl.score(counts, signatures=small, method=later, copy=True)
    cs.tl.score(counts, signatures=small, method=LIST)
    if read:
        counts.write_h5ad(tmp_path / "scored.h5ad")
        counts = anndata.read_h5ad(tmp_path / "scored.h5ad")
    cs.tl.score(counts, signatures=small, method=later)
    _same(counts, expected)
    _equal(dict(counts.uns), dict(expected.uns))


def test_slots_of_others_are_left_alone(counts: AnnData, small: Catalogue) -> None:
    """Of other tools, of runs under other keys, and of a run under a key that looks like ours."""
    counts.obsm["X_pca"] = np.ones((counts.n_obs, 2))
    counts.obsm["cytosig_ucell_umap"] = np.ones((counts.n_obs, 2))
    counts.uns["neighbors"] = {"further": ["cytosig_aucell"]}
    cs.tl.score(counts, signatures=small, method="aucell", key_added="cytosig_aucell")
    cs.tl.score(counts, signatures=small, method=["ulm", "ucell"], key_added="mine")
    kept = {slot: counts.obsm[slot].copy() for slot in counts.obsm}
    kept_uns = set(counts.uns)
    for method in (LIST, "mlm", ["ulm", "ucell"], "wmean"):
        cs.tl.score(counts, signatures=small, method=method)
        assert set(kept) <= set(counts.obsm)
        assert kept_uns <= set(counts.uns)
        for slot, table in kept.items():
            np.testing.assert_array_equal(np.asarray(counts.obsm[slot]), np.asarray(table))


def test_a_run_made_since_under_the_key_of_a_further_method_is_kept(
    counts: AnnData, small: Catalogue
) -> None:
    cs.tl.score(counts, signatures=small, method=["mlm", "ucell"])
    cs.tl.score(counts, signatures=small, method="hlm", key_added="cytosig_ucell")
    mine = counts.obsm["cytosig_ucell_score"].copy()
    cs.tl.score(counts, signatures=small, method="ulm")
    pd.testing.assert_frame_equal(counts.obsm["cytosig_ucell_score"], mine)
    assert counts.uns["cytosig_ucell"]["params"]["method"] == "hlm"


def test_a_run_that_fails_leaves_the_older_one(counts: AnnData, small: Catalogue) -> None:
    cs.tl.score(counts, signatures=small, method=LIST)
    before = counts.copy()
    x = counts.X.toarray()
    x[3, 5] = np.nan
    counts.X = x
    with pytest.raises(DataError):
        cs.tl.score(counts, signatures=small, method=["ulm", "ucell"])
    _same(counts, before)
    assert counts.uns["cytosig"]["params"]["method"] == "mlm"


@pytest.fixture
def records(counts: AnnData, small: Catalogue) -> dict[str, tuple]:
    """The record of every method in a list and alone."""
    few = counts[:5].copy()
    names = [n for n in methods.available() if n not in ("consensus", "gsea")]
    settings = {"ucell": {"max_rank": 700}, "score_genes": {"n_bins": 9}}
    peers = {"aucell": "decoupler", "ssgsea": "gseapy"}
    done = cs.tl.score(few, signatures=small, method=names, copy=True, settings=settings,
                       compat=list(peers.values()))  # fmt: skip
    found = {}
    for name in names:
        own = {"settings": {name: settings[name]}} if name in settings else {}
        alone = cs.tl.score(
            few, signatures=small, method=name, copy=True, compat=peers.get(name), **own
        )
        key = "cytosig" if name == names[0] else f"cytosig_{name}"
        found[name] = done.uns[key], alone.uns["cytosig"]
        params = done.uns[key]["params"]
        assert (params["method"], params["compat"]) == (name, peers.get(name, "none"))
        method = methods.get(name)
        expected = {s.name: settings.get(name, {}).get(s.name, s.default) for s in method.settings}
        assert params.get("settings", {}) == expected
        assert (done.uns[key]["unit"], done.uns[key]["about_zero"]) == (
            method.unit, method.about_zero,
        )  # fmt: skip
    return found


def test_each_method_has_the_record_it_has_alone(records: dict[str, tuple]) -> None:
    """But for what ties the records of one run together, and the calls."""
    for name, (held, alone) in records.items():
        own, its = (
            {k: v for k, v in one.items() if k not in ("further", "part_of", "calls", "given")}
            for one in (held, alone)
        )
        _equal(its, own, name)


def test_what_a_further_method_does_not_score_is_told(
    counts: AnnData, small: Catalogue, caplog: pytest.LogCaptureFixture
) -> None:
    """A control that is its own centre has ranks, but no z."""
    counts.obs["arm"] = ["untreated", *["treated"] * (counts.n_obs - 1)]
    with caplog.at_level(logging.WARNING, "cytosig"):
        cs.tl.score(counts, signatures=small, method=["ucell", "mlm"], control=("arm", "untreated"))
    assert list(counts.uns["cytosig"]["unscored"].index) == []
    assert list(counts.uns["cytosig_mlm"]["unscored"].index) == ["cell0"]
    assert any("1 observation(s) not scored" in message for message in caplog.messages)


# --- files --------------------------------------------------------------------------------------


def _everything(counts: AnnData, small: Catalogue, names: list[str], **options: object) -> AnnData:
    """Scored with an empty cell, cell types, and signatures that some or all do not score."""
    few = counts[:6].copy()
    x = few.X.toarray()
    x[3] = 0
    few.X = sparse.csr_matrix(x)
    few.obs_names = [f"<cell> {i}/ä" for i in range(few.n_obs)]
    few.obs["cell_type"] = ["T cell", "Neuron"] * 3
    lowered = dict.fromkeys(few.var_names[:30], -1.0)
    sets = {**small.to_dict(), "GONE": {"NOPE1": 1.0}, "lowered only": lowered}
    cs.tl.score(few, signatures=sets, method=names, cell_type_key="cell_type", **options)
    return few


def test_everything_survives_a_file(counts: AnnData, small: Catalogue, tmp_path: Path) -> None:
    """All methods, with their agreement."""
    names = sorted(methods.available())
    settings = {"gsea": {"permutations": 100}}
    few = _everything(counts, small, names, settings=settings, compat=["pyucell", "gseapy"])
    few.write_h5ad(tmp_path / "scored.h5ad")
    read = anndata.read_h5ad(tmp_path / "scored.h5ad")
    assert len(read.uns) == len(names)
    _same(read, few)
    _equal(dict(few.uns), dict(read.uns))
    agreement = read.uns["cytosig_consensus"]["agreement"]
    assert agreement.loc["GONE", "n_methods"] == 0
    assert np.isnan(agreement.loc["GONE", "kendall_w"])
    assert agreement.loc["ALPHA", "n_methods"] == len(names) - 1
    assert 0 < agreement.loc["ALPHA", "kendall_w"] <= 1


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Writing zarr v2 data:UserWarning")
def test_several_methods_survive_zarr(counts: AnnData, small: Catalogue, tmp_path: Path) -> None:
    pytest.importorskip("zarr")
    few = _everything(counts, small, ["ucell", "singscore", "consensus"])
    few.write_zarr(tmp_path / "scored.zarr")
    read = anndata.read_zarr(tmp_path / "scored.zarr")
    _same(read, few)
    _equal(dict(few.uns), dict(read.uns))
