"""Scenarios alone and in company, of cells and bulk, by the seed, and what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anndata
import numpy as np
import pandas as pd
import pytest

import cytosig as cs
from cytosig._errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from anndata import AnnData

    Tables = dict[str, pd.DataFrame]

ASKED = ["IL6R", "dupilumab", "TNFRSF1A", "edodekin alfa", "bintrafusp alfa"]
POOLED = {"sample_key": "sample"}


def _tables(adata: AnnData, **options: object) -> Tables:
    asked = {"targets": ASKED, "n_draws": 100, "n_jobs": 1, **options}
    held = cs.tl.blockade(adata, copy=True, **asked).uns["cytosig"]
    return {k: v for k, v in held.items() if isinstance(v, pd.DataFrame)}


def _of(found: Tables, sample: str) -> Tables:
    return {k: v.loc[[sample]] for k, v in found.items() if k.startswith("blockade_samples")}


@pytest.fixture(scope="module")
def tables(patients: cs.datasets.SimulatedCohort) -> Tables:
    return _tables(patients.adata, **POOLED, pairs=True)


def test_a_patient_alone_is_the_patient_in_company(
    patients: cs.datasets.SimulatedCohort, same: Callable, tmp_path: Path
) -> None:
    """Against a stored reference, every table of samples, to the bit."""
    cells = patients.adata
    reference = cs.tl.fit_reference(cells, **POOLED)
    reference.save(tmp_path / "reference.npz")
    company = _tables(cells, reference=reference, pairs=True, **POOLED)
    for sample in ("S05", "S20"):
        mine = cells[cells.obs["sample"] == sample].copy()
        alone = _tables(mine, reference=tmp_path / "reference.npz", pairs=True, **POOLED)
        same(_of(company, sample), _of(alone, sample))
        row = alone["blockade"].set_index("name").loc["IL6R"]
        assert row["effect"] == company["blockade_samples"].loc[sample, "IL6R"]
        assert np.isnan(row[["ci_low", "ci_high", "p_above_zero"]].astype(float)).all()
        assert row["note"] == "1 sample: too few to speak for others"


def test_the_cohort_as_its_own_reference_and_stored(
    patients: cs.datasets.SimulatedCohort, tables: Tables, same: Callable
) -> None:
    reference = cs.tl.fit_reference(patients.adata, **POOLED)
    same(tables, _tables(patients.adata, reference=reference, pairs=True, **POOLED))


def test_few_samples_are_marked(patients: cs.datasets.SimulatedCohort) -> None:
    cells = patients.adata
    reference = cs.tl.fit_reference(cells, **POOLED)
    for n, note in ((4, "4 samples: too few to speak for others"), (5, "")):
        names = list(dict.fromkeys(cells.obs["sample"].astype(str)))[:n]
        some = cells[cells.obs["sample"].isin(names)].copy()
        table = _tables(some, reference=reference, targets="IL6R", **POOLED)["blockade"]
        assert table["note"].tolist() == [note]
        assert table["n_samples"].tolist() == [n]
        assert table["ci_low"].notna().all()


def test_controls_set_the_floor(patients: cs.datasets.SimulatedCohort, same: Callable) -> None:
    cells = patients.adata
    some = cells[cells.obs["condition"] == "control"].copy()
    reference = cs.tl.fit_reference(some, **POOLED)
    asked = _tables(cells, **POOLED, control=("condition", "control"))
    same(asked, _tables(cells, **POOLED, reference=reference))


def test_cells_are_added_up(
    patients: cs.datasets.SimulatedCohort, tables: Tables, pooled: Callable, same: Callable
) -> None:
    same(tables, _tables(pooled(patients.adata), target_sum=1e4, pairs=True))


def test_a_scenario_is_the_same_in_any_company(
    patients: cs.datasets.SimulatedCohort, tables: Tables
) -> None:
    """Alone, in another order, with others: the same bits."""
    for asked in (["TNFRSF1A"], [*reversed(ASKED), "IL12B", "IL18"]):
        found = _tables(patients.adata, targets=asked, **POOLED)
        for name in set(asked) & set(ASKED):
            for table in ("blockade_samples", "blockade_samples_low", "blockade_samples_high"):
                assert found[table][name].equals(tables[table][name])
            mine, theirs = (
                t["blockade"].set_index("name").loc[[name]].drop(columns="rank")
                for t in (found, tables)
            )
            pd.testing.assert_frame_equal(mine, theirs, check_exact=True)


def test_threads_seeds_and_generators(
    patients: cs.datasets.SimulatedCohort, tables: Tables, same: Callable
) -> None:
    cells = patients.adata
    same(tables, _tables(cells, pairs=True, n_jobs=2, **POOLED))
    rng = np.random.default_rng(0)
    same(tables, _tables(cells, pairs=True, rng=rng, **POOLED))
    later = _tables(cells, pairs=True, rng=rng, **POOLED)
    for name in ("blockade_samples", "blockade_samples_context", "blockade_cytokines"):
        assert later[name].equals(tables[name])
    assert not later["blockade_samples_low"].equals(tables["blockade_samples_low"])


@pytest.mark.parametrize("kind", ["log1p", "log2", "linear"])
def test_any_scale_gives_the_same_shares(
    patients: cs.datasets.SimulatedCohort, pooled: Callable, kind: str
) -> None:
    """Shares are those of linear expression, whatever the values are logged to."""
    x = pooled(patients.adata)
    linear = x.X * np.random.default_rng(4).lognormal(0, 1, x.shape)
    linear *= 1e6 / linear.sum(axis=1, keepdims=True)
    logged = {"log1p": np.log1p, "log2": lambda v: np.log2(v + 1), "linear": lambda v: v}
    x.X = logged[kind](linear)
    found = _tables(x, targets=["TNFRSF1A", "HBEGF"], normalize="none")
    table = found["blockade_cytokines"].set_index("scenario")["taken"]
    frame = pd.DataFrame(linear, columns=x.var_names)
    ligands = ["EGF", "TGFA", "AREG", "EREG", "HBEGF"]
    for name, genes in (("TNFRSF1A", ["TNFRSF1A", "TNFRSF1B"]), ("HBEGF", ligands)):
        total = frame[genes].sum(axis=1)
        by_hand = (frame[name] / total).where(total > 0, 1 / len(genes)).mean()
        assert table[name] == pytest.approx(by_hand, rel=1e-9)


def test_samples_without_a_balance(patients: cs.datasets.SimulatedCohort, pooled: Callable) -> None:
    """A sample without expression is left out of means; a cohort without genes has no effects."""
    cohort = pooled(patients.adata)
    empty = cohort.copy()
    empty.X[3] = 0
    found = _tables(empty, targets=["IL6R", "dupilumab"])
    assert found["blockade_samples"].isna().all(axis=1).tolist() == [i == 3 for i in range(24)]
    assert found["blockade"]["n_samples"].tolist() == [23, 23]
    rest = _tables(cohort[np.arange(24) != 3].copy(), targets=["IL6R", "dupilumab"])
    np.testing.assert_allclose(found["blockade"]["effect"], rest["blockade"]["effect"], rtol=1e-9)
    lists = cs.signatures.load().subset(["IL6", "TGFB1"])
    found = _tables(cohort, targets=["IL6R"], signatures=lists)
    assert found["blockade"]["note"].tolist() == ["one arm has no cytokine that is measured"]
    assert found["blockade"]["effect"].isna().all()


def test_receptors_that_are_not_measured(
    patients: cs.datasets.SimulatedCohort, pooled: Callable
) -> None:
    """A share that cannot be told is left out by name; a receptor that goes whole needs none."""
    cohort = pooled(patients.adata)
    kept = ~cohort.var_names.isin(["TNFRSF1A", "TNFRSF1B", "IL6R"])
    found = _tables(cohort[:, kept].copy(), targets=["TNFRSF1A", "tocilizumab", "tasonermin"])
    table = found["blockade"].set_index("name")
    assert np.isnan(table.loc["TNFRSF1A", "effect"])
    assert table.loc["TNFRSF1A", "note"] == (
        "it moves no cytokine that votes; not measured: TNF (TNFR1), TNF (TNFR2 (membrane TNF))"
    )
    assert table["effect"].notna()[["tocilizumab", "tasonermin"]].all()
    assert table.loc["tocilizumab", "note"] == ""


def test_what_is_stored(patients: cs.datasets.SimulatedCohort, tmp_path: Path) -> None:
    cells = patients.adata.copy()
    cs.tl.balance(cells, n_draws=100, **POOLED)
    before = dict(cells.uns["cytosig"])
    assert cs.tl.blockade(cells, targets=ASKED, pairs=True, n_draws=100, **POOLED) is None
    record = cells.uns["cytosig"]
    for name, table in before.items():
        if isinstance(table, pd.DataFrame):
            assert record[name].equals(table)
    params = record["blockade_params"]
    assert params["label"] == "scenario ranking, not a forecast of efficacy"
    assert params["scenarios"] == ASKED
    assert (params["pairs"], params["n_draws"], params["rng"]) == (True, 100, 0)
    cells.write_h5ad(tmp_path / "out.h5ad")
    held = anndata.read_h5ad(tmp_path / "out.h5ad").uns["cytosig"]
    for name in (n for n in record if n.startswith("blockade") and n != "blockade_params"):
        pd.testing.assert_frame_equal(
            held[name], record[name], check_exact=True, check_dtype=False, check_names=False,
            check_column_type=False, check_index_type=False, obj=name,
        )  # fmt: skip
    cs.tl.blockade(cells, targets="IL6R", n_draws=100, **POOLED)
    assert list(cells.uns["cytosig"]["blockade"]["name"]) == ["IL6R"]
    assert cells.uns["cytosig"]["balance"].equals(before["balance"])
    cs.tl.score(cells, method="ulm")
    assert list(cells.uns["cytosig"]["blockade"]["name"]) == ["IL6R"]
    cs.tl.balance(cells, n_draws=100, **POOLED)
    assert list(cells.uns["cytosig"]["blockade"]["name"]) == ["IL6R"]


def test_a_copy_leaves_the_input_alone(patients: cs.datasets.SimulatedCohort) -> None:
    cells = patients.adata
    before = dict(cells.uns)
    out = cs.tl.blockade(cells, targets="IL6R", n_draws=100, copy=True, key_added="mine", **POOLED)
    assert "blockade" in out.uns["mine"]
    assert dict(cells.uns) == before


def test_all_pairs_of_all_drugs(patients: cs.datasets.SimulatedCohort) -> None:
    """Every drug and every two of them; tables of samples keep the singles."""
    found = _tables(patients.adata, targets="all", pairs=True, **POOLED)
    n = len({d.name for c in cs.signatures.load().cytokines.values() for d in c.drugs})
    table = found["blockade"]
    assert table["kind"].value_counts().to_dict() == {"pair": n * (n - 1) // 2, "single": n}
    assert found["blockade_samples"].shape == (24, n)
    singles = table[table["kind"] == "single"].set_index("name")["effect"].fillna(0)
    pairs = table[(table["kind"] == "pair") & table["synergy"].notna()]
    names = pairs["name"].str.split(" + ", regex=False)
    sums = names.str[0].map(singles) + names.str[1].map(singles)
    np.testing.assert_allclose(pairs["sum_of_singles"], sums, atol=1e-14)
    np.testing.assert_allclose(pairs["effect"], sums + pairs["synergy"], atol=1e-14)


def test_errors(patients: cs.datasets.SimulatedCohort) -> None:
    cells = patients.adata
    with pytest.raises(UsageError, match="no drug, gene or cytokine is called 'IL6Q'"):
        _tables(cells, targets=["IL6Q"], **POOLED)
    with pytest.raises(UsageError, match="pairs=True needs two"):
        _tables(cells, targets=["IL6R"], pairs=True, **POOLED)
    with pytest.raises(DataError, match="look like single cells"):
        _tables(cells)
    with pytest.raises(UsageError, match="n_draws=3"):
        _tables(cells, n_draws=3, **POOLED)
    with pytest.raises(UsageError, match="key_added"):
        _tables(cells, key_added="a/b", **POOLED)
    contrasts = anndata.AnnData(
        np.random.default_rng(0).normal(size=(6, 200)),
        pd.DataFrame(index=[f"S{i}" for i in range(6)]),
        pd.DataFrame(index=cells.var_names[:200]),
    )
    with pytest.raises(DataError, match="contrasts"):
        _tables(contrasts)


def test_parts_of_drugs_that_are_left_out_are_told(
    patients: cs.datasets.SimulatedCohort, caplog: pytest.LogCaptureFixture
) -> None:
    _tables(patients.adata, targets=["ruxolitinib", "bintrafusp alfa", "IL6R"], **POOLED)
    text = caplog.text
    assert "1 scenario(s) without an effect, first 'ruxolitinib': nothing of it is" in text
    assert "first 'bintrafusp alfa' without CD274 (in no ligand or receptor form)" in text


def test_scenarios_none_of_which_acts(patients: cs.datasets.SimulatedCohort) -> None:
    found = _tables(patients.adata, targets=["ruxolitinib", "IL23"], pairs=True, **POOLED)
    assert found["blockade"]["effect"].isna().all()
    assert found["blockade"]["rank"].isna().all()
    assert found["blockade_samples"].shape == (24, 3)
    assert found["blockade_samples"].isna().all(axis=None)
    assert found["blockade_cytokines"]["cytokine"].tolist() == ["IL23", "IL23"]
    nothing = _tables(patients.adata, targets=["ruxolitinib"], **POOLED)
    assert nothing["blockade_cytokines"].shape == (0, 11)


def test_how_cells_are_stored_does_not_matter(
    patients: cs.datasets.SimulatedCohort, tables: Tables, same: Callable, tmp_path: Path
) -> None:
    patients.adata.write_h5ad(tmp_path / "cells.h5ad")
    backed = anndata.read_h5ad(tmp_path / "cells.h5ad", backed="r")
    same(tables, _tables(backed, pairs=True, **POOLED))
    backed.file.close()
    raw = patients.adata.copy()
    raw.raw, raw.layers["counts"] = raw, raw.X.copy()
    raw.X = raw.X * 0
    same(tables, _tables(raw, pairs=True, use_raw=True, **POOLED))
    same(tables, _tables(raw, pairs=True, layer="counts", **POOLED))
