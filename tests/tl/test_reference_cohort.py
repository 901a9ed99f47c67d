"""References that keep their samples: saved, read again, and refused where there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import cytosig as cs
from cytosig._errors import DataError, FileError, UsageError
from cytosig.engine import cohort
from cytosig.signatures import load, load_programmes
from cytosig.tl import Reference

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anndata import AnnData

TYPED = {"sample_key": "sample", "cell_type_key": "cell_type", "min_cells": 4}


def _log_normalised(counts: np.ndarray, total: float = 1e4) -> np.ndarray:
    return np.log1p(counts / counts.sum(axis=1, keepdims=True) * total)


def _read_genes() -> list[str]:
    catalogue = load()
    found = set(catalogue.genes) | {g for p in load_programmes().values() for g in p.genes}
    found |= {g for c in catalogue.cytokines.values() for f in c.ligands for g in f.genes}
    lists = [s for own in catalogue.variants.values() for s in own.values()]
    return sorted(found | {g for s in lists for g in s.weights})


def test_a_reference_keeps_logged_expression_of_the_genes_that_are_read(
    balance_bulk: AnnData,
) -> None:
    kept = cs.tl.fit_reference(balance_bulk).cohort
    assert list(kept.genes) == _read_genes()
    assert list(kept.views) == [""]
    assert kept.n_samples == 24
    logged = pd.DataFrame(
        _log_normalised(balance_bulk.X.toarray()), columns=balance_bulk.var_names
    ).reindex(columns=kept.genes)
    np.testing.assert_allclose(kept.views[""], logged, rtol=1e-12)
    assert np.isnan(kept.views[""]).any()  # genes of variants that the data lack


def test_moments_beside_the_cohort_are_those_of_all_genes(balance_bulk: AnnData) -> None:
    found = cs.tl.fit_reference(balance_bulk)
    logged = _log_normalised(balance_bulk.X.toarray())
    np.testing.assert_allclose(found.mean, logged.mean(axis=0), rtol=1e-9)
    np.testing.assert_allclose(found.sd, logged.std(axis=0, ddof=1), rtol=1e-7, atol=1e-12)
    assert (found.n_obs, found.kind, found.total) == (24, "log1p", 1e4)


def test_pooled_cells_by_view(patients: cs.datasets.SimulatedCohort) -> None:
    """Sums of counts by sample and cell type to 10,000, logged; NaN with fewer than four cells."""
    cells = patients.adata
    found = cs.tl.fit_reference(cells, **TYPED)
    assert (found.n_obs, found.cohort.n_samples) == (24, 24)
    sample = cells.obs["sample"].astype(str).to_numpy()
    label = cells.obs["cell_type"].astype(str).to_numpy()
    names = sorted(set(sample))
    there = [g in set(cells.var_names) for g in found.cohort.genes]
    order = cells.var_names.get_indexer([g for g in found.cohort.genes if g in cells.var_names])
    members = {
        "": label != "",
        "malignant": label == "malignant",
        "myeloid": label == "macrophage",
        "cell type fibroblast": label == "fibroblast",
        "B+T_NK+myeloid": np.isin(label, ["T cell", "macrophage"]),
    }
    assert members.keys() <= found.cohort.views.keys()
    for view, inside in members.items():
        own = [inside & (sample == s) for s in names]
        sums = np.array([np.asarray(cells.X[rows].sum(axis=0)).ravel() for rows in own])
        few = np.array([rows.sum() for rows in own]) < (1 if view == "" else 4)
        expected = _log_normalised(sums[~few].astype(np.float64))[:, order]
        held = found.cohort.views[view]
        np.testing.assert_allclose(held[~few][:, there], expected, rtol=1e-10)
        assert np.isnan(held[few]).all()
        assert np.isnan(held[:, ~np.array(there)]).all()
    whole = np.array([np.asarray(cells.X[sample == s].sum(axis=0)).ravel() for s in names])
    logged = _log_normalised(whole.astype(np.float64))
    np.testing.assert_allclose(found.mean, logged.mean(axis=0), rtol=1e-9)


@pytest.mark.parametrize("pooled", [False, True])
def test_a_reference_is_read_as_it_was_written(
    balance_bulk: AnnData, patients: cs.datasets.SimulatedCohort, tmp_path: Path, pooled: bool
) -> None:
    if pooled:  # a label that is no file name
        cells = patients.adata.copy()
        cells.obs["cell_type"] = cells.obs["cell_type"].cat.rename_categories(
            {"T cell": "CD4/CD8 T", "macrophage": "../Mφ.npy", "fibroblast": "file"}
        )
        made = cs.tl.fit_reference(cells, **TYPED)
        assert "cell type CD4/CD8 T" in made.cohort.views
    else:
        made = cs.tl.fit_reference(balance_bulk)
    made.save(tmp_path / "cohort.npz")
    held = Reference.load(tmp_path / "cohort.npz")
    assert (held.genes, held.n_obs, held.kind, held.total) == (
        made.genes,
        made.n_obs,
        made.kind,
        made.total,
    )
    assert held.mean.tobytes() == made.mean.tobytes()
    assert held.sd.tobytes() == made.sd.tobytes()
    assert held.cohort.genes == made.cohort.genes
    assert held.cohort.pooled == made.cohort.pooled == ("sum" if pooled else "none")
    assert list(held.cohort.views) == list(made.cohort.views)
    for name, view in made.cohort.views.items():
        np.testing.assert_array_equal(held.cohort.views[name], view)
    assert [p.name for p in tmp_path.iterdir()] == ["cohort.npz"]


def test_a_path_is_as_good_as_the_reference(
    balance_bulk: AnnData, balances: Callable, same: Callable, tmp_path: Path
) -> None:
    reference = cs.tl.fit_reference(balance_bulk)
    reference.save(tmp_path / "cohort.npz")
    one = balances(balance_bulk[:3].copy(), reference=reference)
    same(one, balances(balance_bulk[:3].copy(), reference=tmp_path / "cohort.npz"))
    same(one, balances(balance_bulk[:3].copy(), reference=str(tmp_path / "cohort.npz")))


def _older(made: Reference, path: Path) -> None:
    """A file as it was written before there were cohorts."""
    np.savez_compressed(
        path,
        format=np.array("cytosig-reference-1"),
        genes=np.array(made.genes),
        mean=made.mean,
        sd=made.sd,
        n_obs=np.array(made.n_obs),
        kind=np.array(made.kind),
        total=np.array(made.total),
    )


def test_an_older_file_scores_and_says_that_it_has_no_samples(
    balance_bulk: AnnData, balances: Callable, tmp_path: Path
) -> None:
    made = cs.tl.fit_reference(balance_bulk)
    _older(made, tmp_path / "old.npz")
    held = Reference.load(tmp_path / "old.npz")
    assert held.cohort is None
    old, new = (
        cs.tl.score(balance_bulk, method="ulm", reference=r, copy=True).obsm["cytosig_score"]
        for r in (tmp_path / "old.npz", made)
    )
    pd.testing.assert_frame_equal(old, new, check_exact=True)
    with pytest.raises(DataError, match="fitted on 24 observations and holds their moments only"):
        balances(balance_bulk, reference=tmp_path / "old.npz")
    held.save(tmp_path / "again.npz")
    assert Reference.load(tmp_path / "again.npz").cohort is None


def test_a_reference_of_cells_has_no_samples(
    patients: cs.datasets.SimulatedCohort, balances: Callable
) -> None:
    """Cells are told by what they look like; their moments are those of the cells."""
    cells = patients.adata[:60].copy()
    found = cs.tl.fit_reference(cells)
    assert (found.n_obs, found.cohort) == (60, None)
    logged = _log_normalised(cells.X.toarray().astype(np.float64))
    np.testing.assert_allclose(found.mean, logged.mean(axis=0), rtol=1e-9)
    with pytest.raises(DataError, match=r"fitted on 60 observations .* a balance needs samples"):
        balances(cells, sample_key="sample", reference=found)


def test_a_reference_of_many_has_no_samples(
    balance_bulk: AnnData, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cytosig.tl import reference

    assert cohort.MOST_SAMPLES == 2000
    monkeypatch.setattr(reference, "MOST_SAMPLES", 23)
    assert cs.tl.fit_reference(balance_bulk).cohort is None
    monkeypatch.setattr(reference, "MOST_SAMPLES", 24)
    assert cs.tl.fit_reference(balance_bulk).cohort.n_samples == 24


def test_control_restricts_cohort_and_moments(
    balance_bulk: AnnData, patients: cs.datasets.SimulatedCohort
) -> None:
    some = cs.tl.fit_reference(balance_bulk, control=("arm", "b"))
    only = cs.tl.fit_reference(balance_bulk[balance_bulk.obs["arm"] == "b"].copy())
    assert some.n_obs == only.n_obs == some.cohort.n_samples == 12
    np.testing.assert_array_equal(some.cohort.views[""], only.cohort.views[""])
    np.testing.assert_allclose(some.mean, only.mean, rtol=1e-12)
    cells = patients.adata
    some = cs.tl.fit_reference(cells, **TYPED, control=("condition", "treated"))
    only = cs.tl.fit_reference(cells[cells.obs["condition"] == "treated"].copy(), **TYPED)
    assert some.n_obs == only.n_obs == 12
    for name, view in only.cohort.views.items():
        np.testing.assert_array_equal(some.cohort.views[name], view)
    np.testing.assert_allclose(some.mean, only.mean, rtol=1e-12)
    with pytest.raises(UsageError, match="control: obs has no column 'arm'"):
        cs.tl.fit_reference(cells, **TYPED, control=("arm", "b"))


def test_no_names_of_samples_are_kept(balance_bulk: AnnData, tmp_path: Path) -> None:
    adata = balance_bulk.copy()
    adata.obs_names = [f"Jane Doe {i}" for i in range(24)]
    cs.tl.fit_reference(adata).save(tmp_path / "cohort.npz")
    with np.load(tmp_path / "cohort.npz") as held:
        texts = [str(held[name]) for name in held if held[name].dtype.kind == "U"]
    assert texts
    assert not any("Jane" in text for text in (*texts, *held))


def test_damaged_files_are_a_clear_error(
    balance_bulk: AnnData, balances: Callable, tmp_path: Path
) -> None:
    path = tmp_path / "cohort.npz"
    cs.tl.fit_reference(balance_bulk).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FileError, match=r"cohort\.npz cannot be read: it is damaged"):
        balances(balance_bulk, reference=path)
    with pytest.raises(FileError, match=r"nowhere\.npz"):
        balances(balance_bulk, reference=tmp_path / "nowhere.npz")


def test_values_that_are_no_numbers_are_refused(balance_bulk: AnnData) -> None:
    adata = balance_bulk.copy()
    adata.X = _log_normalised(adata.X.toarray())
    adata.X[3, list(adata.var_names).index("STAT1")] = np.nan
    with pytest.raises(DataError, match="STAT1"):
        cs.tl.fit_reference(adata)
