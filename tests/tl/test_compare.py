"""``cs.tl.compare``: who the samples are, what is refused, what is stored."""

from __future__ import annotations

import logging

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats

import cytosig as cs
from cytosig._errors import DataError, UsageError

NAMES = ["IFNG", "IL6", "TNF"]


def _bulk(n: int = 20, seed: int = 0) -> anndata.AnnData:
    rng = np.random.default_rng(seed)
    names = pd.Index([f"s{i}" for i in range(n)], dtype=str)
    obs = pd.DataFrame(
        {
            "response": np.resize(["R", "N"], n),
            "age": rng.normal(60, 9, n),
            "months": rng.exponential(10, n) + 0.1,
            "died": (rng.random(n) < 0.8).astype(int),
            "patient": [f"p{i // 2}" for i in range(n)],
            "study": np.repeat(["one", "two"], n // 2),
        },
        index=names,
    )
    adata = anndata.AnnData(obs=obs)
    values = rng.normal(size=(n, 3))
    adata.obsm["cytosig_score"] = pd.DataFrame(values, index=names, columns=NAMES)
    adata.obsm["cytosig_axis"] = pd.DataFrame(values[:, :2] * 2, index=names, columns=["A", "B"])
    balance = pd.DataFrame(
        {
            "balance": values[:, 0] - values[:, 1], "pro": values[:, 1], "anti": values[:, 0],
            "verdict": "indeterminate", "n_genes": 7,
        },
        index=names,
    )  # fmt: skip
    adata.uns["cytosig"] = {"format": 1, "balance": balance}
    return adata


def _cells(bulk: anndata.AnnData, per: int = 30, seed: int = 1) -> anndata.AnnData:
    """Cells in random order whose means by sample are exactly the scores of the bulk."""
    rng = np.random.default_rng(seed)
    of = np.repeat(np.arange(bulk.n_obs), per)
    away = rng.normal(size=(bulk.n_obs, per, 3))
    away -= away.mean(axis=1, keepdims=True)
    values = bulk.obsm["cytosig_score"].to_numpy()[of] + away.reshape(-1, 3)
    order = rng.permutation(len(of))
    obs = bulk.obs.iloc[of].assign(sample=bulk.obs_names.to_numpy()[of])
    obs.index = [f"cell{i}" for i in range(len(of))]
    cells = anndata.AnnData(sparse.random(len(of), 300, 0.1, format="csr", random_state=0), obs=obs)
    cells.obsm["cytosig_score"] = pd.DataFrame(values, index=cells.obs_names, columns=NAMES)
    return cells[order].copy()


def _table(adata: anndata.AnnData, **asked: object) -> pd.DataFrame:
    cs.tl.compare(adata, **asked)
    return adata.uns["cytosig"]["compare"]


# --- what is compared ---------------------------------------------------------------------------


def test_scores_axes_and_balance_stand_in_one_table():
    adata = _bulk()
    found = _table(adata, groupby="response", method="t")
    assert found["table"].tolist() == ["score"] * 3 + ["axis"] * 2 + ["balance"] * 3
    assert found["name"].tolist() == [*NAMES, "A", "B", "balance", "anti", "pro"]
    treated = (adata.obs["response"] == "R").to_numpy()
    z = adata.obsm["cytosig_score"]
    np.testing.assert_allclose(found["p"][:3], stats.ttest_ind(z[treated], z[~treated]).pvalue)
    b = adata.uns["cytosig"]["balance"]["balance"]
    assert found["p"][5] == pytest.approx(stats.ttest_ind(b[treated], b[~treated]).pvalue)
    assert found["contrast"].unique().tolist() == ["R vs N"]


def test_use_and_key_choose_what_is_read():
    adata = _bulk()
    adata.obsm["mine_axis"] = adata.obsm.pop("cytosig_axis")
    assert set(_table(adata, groupby="response")["table"]) == {"score", "balance"}
    cs.tl.compare(adata, groupby="response", key="mine", use="axis", key_added="arms")
    assert set(adata.uns["mine"]["arms"]["table"]) == {"axis"}
    assert adata.uns["mine"]["format"] == 1
    with pytest.raises(UsageError, match=r"'axis' is not stored.*cytosig_score"):
        cs.tl.compare(adata, groupby="response", use=["score", "axis"])
    with pytest.raises(UsageError, match="expected some of 'score', 'axis', 'balance'"):
        cs.tl.compare(adata, groupby="response", use=["scores"])
    with pytest.raises(UsageError, match=r"Nothing to compare.*cs\.tl\.score"):
        cs.tl.compare(anndata.AnnData(obs=adata.obs), groupby="response")


def test_balance_needs_no_record_of_scores_but_the_same_samples():
    adata = _bulk()
    table = adata.uns["cytosig"]["balance"]
    adata.uns["cytosig"]["balance"] = table.iloc[::-1].iloc[2:]
    found = _table(adata, groupby="response", use="balance", method="welch")
    own = table.iloc[:-2]
    treated = (adata.obs["response"].iloc[:-2] == "R").to_numpy()
    expected = stats.ttest_ind(own["pro"][treated], own["pro"][~treated], equal_var=False).pvalue
    assert found.set_index("name").loc["pro", "p"] == pytest.approx(expected)
    assert found["n_group"].tolist() == [9, 9, 9]
    adata.uns["cytosig"]["balance"] = table.set_axis([f"x{i}" for i in range(20)], axis=0)
    with pytest.raises(DataError, match="none of them one of the samples"):
        cs.tl.compare(adata, groupby="response")


def test_categories_set_the_order_and_reference_and_groups_choose():
    adata = _bulk(24)
    adata.obs["arm"] = pd.Categorical(np.resize(list("CAB"), 24), categories=list("CABX"))
    found = _table(adata, groupby="arm", use="score")
    assert found["contrast"].unique().tolist() == ["A vs C", "B vs C"]
    found = _table(adata, groupby="arm", use="score", groups=["A"], reference="B")
    assert found["contrast"].unique().tolist() == ["A vs B"]
    assert (found["n_group"] + found["n_reference"] == 16).all()
    with pytest.raises(UsageError, match=r"reference: .* no group 'X'; it has 'C', 'A', 'B'"):
        cs.tl.compare(adata, groupby="arm", reference="X")
    with pytest.raises(UsageError, match="expected a list"):
        cs.tl.compare(adata, groupby="arm", groups="AB")
    with pytest.raises(DataError, match="one group, 'A'"):
        cs.tl.compare(adata, groupby="arm", groups=["A"])


@pytest.mark.parametrize("values", [[1, 0], [1.0, 0.0], [True, False]])
def test_numbers_and_truth_values_are_groups_too(values):
    adata = _bulk()
    adata.obs["yes"] = np.resize(np.array(values), 20)
    found = _table(adata, groupby="yes", use="score")
    plain = _table(adata, groupby="response", use="score")
    np.testing.assert_allclose(found["p"], plain["p"])
    assert found["contrast"][0] in ("1 vs 0", "True vs False")
    cs.tl.compare(adata, groupby="yes", reference=values[0])
    assert adata.uns["cytosig"]["compare"]["estimate"][0] == pytest.approx(-plain["estimate"][0])


def test_missing_labels_and_covariates_leave_samples_out_and_are_told(caplog):
    adata = _bulk()
    adata.obs.loc["s3", "response"] = None
    adata.obs.loc["s4", "age"] = np.nan
    with caplog.at_level(logging.WARNING, "cytosig"):
        found = _table(adata, groupby="response", covariates="age", use="score")
    assert (found["n_group"] + found["n_reference"]).tolist() == [18] * 3
    assert "1 of 20 samples left out: obs['response'] is empty ('s3' first)." in caplog.messages
    assert "1 of 20 samples left out: obs['age'] is empty ('s4' first)." in caplog.messages
    kept = adata[~adata.obs_names.isin(["s3", "s4"])].copy()
    pd.testing.assert_frame_equal(
        found, _table(kept, groupby="response", covariates=["age"], use="score")
    )


def test_pairs_are_found_in_obs_and_the_others_told(caplog):
    adata = _bulk()
    adata.obs.loc["s7", "patient"] = "alone"
    with caplog.at_level(logging.WARNING, "cytosig"):
        found = _table(adata, groupby="response", paired="patient", method="t", use="score")
    assert any("2 of 20 samples left out: no partner" in text for text in caplog.messages)
    z = adata.obsm["cytosig_score"].drop(["s6", "s7"])
    expected = stats.ttest_rel(z.iloc[::2], z.iloc[1::2]).pvalue
    np.testing.assert_allclose(found["p"], expected)
    adata.obs["number"] = np.arange(20) // 2  # numbers are patients, too, not a covariate
    found = _table(adata, groupby="response", paired="number", method="moderated", use="score")
    same = adata.obs["number"].astype(str)
    adata.obs["text"] = same
    other = _table(adata, groupby="response", paired="text", method="moderated", use="score")
    pd.testing.assert_frame_equal(found, other)


@pytest.mark.parametrize(
    ("asked", "error", "text"),
    [
        ({}, UsageError, "Give one of groupby=, covariate= and survival=; found none"),
        ({"groupby": "response", "covariate": "age"}, UsageError, "groupby= and covariate="),
        ({"groupby": "reponse"}, UsageError, "groupby: obs has no column 'reponse'"),
        ({"groupby": "age"}, UsageError, "20 different numbers; a trend along them is covariate="),
        ({"groupby": "patient", "groups": ["p1"]}, DataError, "one group, 'p1'"),
        ({"covariate": "response"}, UsageError, "holds no numbers but 'R', 'N'"),
        ({"covariate": "age", "reference": "R"}, UsageError, "reference= means nothing"),
        ({"covariate": "age", "method": "welch"}, UsageError, "does not go with covariate="),
        ({"survival": "months"}, UsageError, r"expected \(time, event\)"),
        ({"survival": ("months", "response")}, UsageError, "holds no numbers but 'R', 'N'"),
        ({"survival": ("months", "age")}, DataError, "expected 1 for an event"),
        ({"survival": ("months", "months")}, UsageError, "both name 'months'"),
        ({"groupby": "response", "method": "wilcoxon"}, UsageError, "Pairs are named by paired="),
        ({"groupby": "response", "paired": "patient", "method": "mann-whitney"}, UsageError,
         "use 'moderated', 't', 'wilcoxon'"),
        ({"groupby": "response", "method": "mann-whitney", "covariates": ["age"]}, UsageError,
         "holds no covariates constant"),
        ({"groupby": "response", "covariates": ["response"]}, UsageError, "both name 'response'"),
        ({"groupby": "response", "paired": "study"}, DataError, "several samples in group"),
        ({"groupby": "study", "paired": "patient"}, DataError, "several samples in group"),
        ({"groupby": "study", "paired": "response"}, DataError, "several samples in group"),
        ({"groupby": "response", "cohort_key": "response"}, UsageError, "both name"),
        ({"groupby": "response", "level": 95}, UsageError, "between 0 and 1"),
        ({"groupby": "response", "auroc_ci": "exact"}, UsageError, "expected 'delong'"),
        ({"covariate": "age", "auroc_ci": "bootstrap"}, UsageError, "only unpaired groups"),
        ({"groupby": "response", "n_draws": 3}, UsageError, "n_draws=3"),
        ({"groupby": "response", "min_cells": 5}, UsageError, "give sample_key="),
        ({"groupby": "response", "cell_type_key": "study"}, UsageError, "needs sample_key="),
        ({"groupby": "response", "key_added": "balance"}, UsageError, "holds something else"),
        ({"groupby": "response", "key_added": "a/b"}, UsageError, "without '/'"),
    ],
)  # fmt: skip
def test_wrong_calls_are_refused_and_write_nothing(asked, error, text):
    adata = _bulk()
    before = set(adata.uns["cytosig"])
    with pytest.raises(error, match=text):
        cs.tl.compare(adata, **asked)
    assert set(adata.uns["cytosig"]) == before


def test_times_of_zero_and_pairs_across_cohorts_are_named():
    adata = _bulk()
    adata.obs.loc["s5", "months"] = 0.0
    with pytest.raises(DataError, match="is 0 in sample 's5'"):
        cs.tl.compare(adata, survival=("months", "died"))
    adata.obs["site"] = np.resize(list("aabb"), 20)
    adata.obs.loc["s1", "site"] = "b"
    with pytest.raises(DataError, match=r"'p0'.*different cohorts"):
        cs.tl.compare(adata, groupby="response", paired="patient", cohort_key="site")
    adata.obs["site"] = "a"
    with pytest.raises(DataError, match="one value, 'a'"):
        cs.tl.compare(adata, groupby="response", cohort_key="site")


def test_ranks_that_cannot_reach_five_per_cent_are_told(caplog):
    adata = _bulk(6)
    with caplog.at_level(logging.WARNING, "cytosig"):
        found = _table(adata, groupby="response", method="mann-whitney")
    assert any("no p of this test is below 0.1" in text for text in caplog.messages)
    assert found["p"].min() >= 0.1
    assert np.isinf(found["ci_low"]).all()


def test_one_against_one_is_refused_and_two_against_two_have_an_interval():
    with pytest.raises(DataError, match="no group of obs"):
        cs.tl.compare(_bulk(2), groupby="response")
    found = _table(_bulk(4), groupby="response", method="welch", use="score")
    assert found["ci_low"].notna().all()


# --- the sample is the unit ---------------------------------------------------------------------


@pytest.mark.parametrize("method", ["moderated", "welch", "mann-whitney"])
def test_cells_averaged_by_sample_are_the_bulk_of_their_means(method):
    bulk = _bulk()
    expected = _table(bulk, groupby="response", use="score", method=method)
    cells = _cells(bulk)
    found = _table(cells, groupby="response", sample_key="sample", method=method)
    pd.testing.assert_frame_equal(found, expected, rtol=1e-9)


def test_cell_types_are_averaged_in_each_sample_and_share_one_family():
    cells = _cells(_bulk(), per=40)
    rng = np.random.default_rng(3)
    cells.obs["cell_type"] = rng.choice(["T", "B", "rare"], cells.n_obs, p=[0.5, 0.48, 0.02])
    found = _table(cells, groupby="response", sample_key="sample", cell_type_key="cell_type",
                   method="welch")  # fmt: skip
    obs = cells.obs.reset_index()
    z = cells.obsm["cytosig_score"].to_numpy()
    for label in ("T", "B"):
        mine = (obs["cell_type"] == label).to_numpy()
        means = pd.DataFrame(z[mine], columns=NAMES).groupby(obs["sample"][mine].to_numpy()).mean()
        counts = obs["sample"][mine].value_counts()
        means = means[counts[means.index] >= 10]
        arm = obs.drop_duplicates("sample").set_index("sample")["response"][means.index]
        p = stats.ttest_ind(means[arm == "R"], means[arm == "N"], equal_var=False).pvalue
        own = found[found["cell_type"] == label]
        np.testing.assert_allclose(own["p"], p)
    rare = found[found["cell_type"] == "rare"]
    assert rare["p"].isna().all()
    assert (rare["reason"] != "").all()
    there = found["p"].notna()
    np.testing.assert_allclose(found["q"][there], stats.false_discovery_control(found["p"][there]))


def test_a_mean_needs_cells_with_a_value(caplog):
    cells = _cells(_bulk(), per=12)
    cells.obs["sample"] = cells.obs["sample"].astype(str)
    first = np.flatnonzero((cells.obs["sample"] == "s0").to_numpy())
    cells.obsm["cytosig_score"].iloc[first[:5], 0] = np.nan
    small = (cells.obs["sample"] != "s1").to_numpy()
    small[np.flatnonzero(~small)[:6]] = True
    cells = cells[small].copy()
    with caplog.at_level(logging.WARNING, "cytosig"):
        found = _table(cells, groupby="response", sample_key="sample")
    assert (found["n_group"] + found["n_reference"]).tolist() == [18, 19, 19]
    assert "1 sample(s) left out: fewer than 10 cells each ('s1' has 6)." in caplog.messages
    every = _table(cells, groupby="response", sample_key="sample", min_cells=6)
    assert (every["n_group"] + every["n_reference"]).tolist() == [20, 20, 20]
    with pytest.raises(DataError, match="No sample has 13 cells"):
        cs.tl.compare(cells, groupby="response", sample_key="sample", min_cells=13)


def test_balance_of_cell_types_is_read_by_sample_and_type():
    cells = _cells(_bulk(), per=40)
    cells.obs["cell_type"] = np.resize(["T", "B"], cells.n_obs)
    names = [f"s{i}" for i in range(20)]
    rng = np.random.default_rng(0)
    stacked = pd.DataFrame(
        {"sample": names * 2, "cell_type": np.repeat(["T", "B"], 20),
         "balance": rng.normal(size=40), "intensity": rng.normal(size=40)},
    )  # fmt: skip
    stacked.index = [f"{s}_{c}" for s, c in zip(stacked["sample"], stacked["cell_type"],
                                                 strict=True)]  # fmt: skip
    stacked.loc["s3_T", "balance"] = np.nan
    cells.uns["cytosig"] = {"format": 1, "balance_cell_types": stacked}
    asked = {"groupby": "response", "sample_key": "sample", "cell_type_key": "cell_type"}
    found = _table(cells, **asked, use="balance", method="t").set_index(["cell_type", "name"])
    own = stacked[stacked["cell_type"] == "T"].set_index("sample")["balance"].dropna()
    treated = np.array([int(name[1:]) % 2 == 0 for name in own.index])
    expected = stats.ttest_ind(own[treated], own[~treated])
    assert found.loc[("T", "balance"), "p"] == pytest.approx(expected.pvalue)
    assert found.loc[("T", "balance"), "n_reference"] == 9


def test_a_sample_is_one_thing_only():
    cells = _cells(_bulk())
    cells.obs["response"] = cells.obs["response"].astype(str)
    cells.obs.iloc[40, cells.obs.columns.get_loc("response")] = "?"
    sample = cells.obs["sample"].iloc[40]
    with pytest.raises(DataError, match=f"groupby: .*'{sample}' it is .*'\\?'"):
        cs.tl.compare(cells, groupby="response", sample_key="sample")
    cells = _cells(_bulk())
    cells.obs["depth"] = np.arange(cells.n_obs)
    for asked in ({"groupby": "response", "covariates": ["depth"]}, {"covariate": "depth"}):
        with pytest.raises(DataError, match="one value a sample"):
            cs.tl.compare(cells, sample_key="sample", **asked)


@pytest.mark.parametrize("where", ["X", "raw", "layer", "dense", "dask", "backed", "names"])
def test_cells_as_replicates_are_refused(where, tmp_path):
    cells = _cells(_bulk(), per=5)
    matrix = cells.X
    if where in ("raw", "layer"):
        cells.X = np.ones(cells.shape)  # as scaling leaves it: no zeros
    if where == "raw":
        cells.raw = anndata.AnnData(matrix, obs=cells.obs)
    if where == "layer":
        cells.layers["counts"] = matrix
    if where == "dense":
        cells.X = matrix.toarray()
    if where == "dask":
        import dask.array as da

        cells.X = da.from_array(matrix.toarray(), chunks=(30, 300))
    if where == "names":
        cells = anndata.AnnData(obs=cells.obs, obsm=dict(cells.obsm))
        cells.obs_names = [f"AAACCTGAGAAACCAT-{i}" for i in range(cells.n_obs)]
    if where == "backed":
        cells.write_h5ad(tmp_path / "cells.h5ad")
        cells = anndata.read_h5ad(tmp_path / "cells.h5ad", backed="r")
    with pytest.raises(DataError, match=r"look like single cells .* sample_key="):
        cs.tl.compare(cells, groupby="response")
    if where == "backed":
        cells.file.close()


def test_real_cells_are_refused_and_real_bulk_is_not():
    cells = cs.datasets.oligodendroglioma()
    cells.obsm["cytosig_score"] = pd.DataFrame({"X": 1.0}, index=cells.obs_names)
    with pytest.raises(DataError, match="look like single cells"):
        cs.tl.compare(cells, groupby="cell_type")
    bulk = cs.pp.pseudobulk(cells, sample_key="sample", n_jobs=1)
    bulk.obs["arm"] = np.resize(["a", "b"], bulk.n_obs)
    bulk.obsm["cytosig_score"] = pd.DataFrame({"X": np.arange(5.0)}, index=bulk.obs_names)
    assert _table(bulk, groupby="arm")["n_group"].tolist() == [2]


@pytest.mark.parametrize("n_genes", [2, 60_000])
def test_small_panels_and_full_annotations_are_not_taken_for_cells(n_genes):
    adata = _bulk()
    x = sparse.random(20, n_genes, 0.4, format="csr", random_state=1)
    bulk = anndata.AnnData(x, obs=adata.obs, obsm=dict(adata.obsm))
    assert len(_table(bulk, groupby="response")) == 5


def _rich(n: int, zero: float) -> anndata.AnnData:
    """Observations with few zeros, as cells have that lost their rare genes."""
    adata = _bulk(n)
    x = np.ones((n, 300), np.float32)
    x[:, : round(300 * zero)] = 0
    return anndata.AnnData(x, obs=adata.obs, obsm=dict(adata.obsm))


@pytest.mark.parametrize(("n", "zero", "refused"), [(98, 0.45, False), (100, 0.3, True),
                                                    (100, 0.2, False)])  # fmt: skip
def test_many_observations_may_have_fewer_zeros(n, zero, refused):
    adata = _rich(n, zero)
    if refused:
        with pytest.raises(DataError, match="30% of X is 0, 210 genes found"):
            cs.tl.compare(adata, groupby="response")
    else:
        assert len(_table(adata, groupby="response")) == 5


@pytest.mark.parametrize("name", ["sample", "Sample_ID", "donor_id", "orig.ident", "Patient"])
def test_many_observations_of_a_sample_are_no_replicates(name):
    cells = _rich(200, 0)
    if name in cells.obs:
        del cells.obs[name]
    cells.obs[name] = pd.Categorical([f"p{i % 10}" for i in range(200)])
    with pytest.raises(DataError, match=r"obs\['.*'\] has 10 label\(s\) for 200 of them"):
        cs.tl.compare(cells, groupby="response")
    told = _table(cells, groupby="response", sample_key=name)
    assert told["n_group"].eq(5).all()


def test_a_bulk_cohort_with_its_usual_columns_is_taken_as_it_is():
    """Patients with a second sample, donors with 18 tissues, few batches, centres and types."""
    bulk = _rich(360, 0)
    i = np.arange(360)
    bulk.obs["patient"] = [f"p{k}" for k in np.where(i % 50, i, i // 100)]
    bulk.obs["donor"] = [f"d{k // 18}" for k in i]
    for name in ("batch", "center", "sample_type", "cell_type", "study"):
        bulk.obs[name] = [f"{name}{k % 3}" for k in i]
    found = _table(bulk.copy(), groupby="response")
    assert found["n_group"].eq(180).all()
    bulk.obs["sample"] = [f"kind{k % 2}" for k in i]  # refused by mistake: the message says how on
    with pytest.raises(DataError, match=r"one label each there, and pass min_cells=1"):
        cs.tl.compare(bulk, groupby="response")
    bulk.obs["own"] = bulk.obs_names
    again = _table(bulk, groupby="response", sample_key="own", min_cells=1)
    columns = ["estimate", "p", "q", "auroc"]
    pd.testing.assert_frame_equal(again[columns], found[columns])


def test_scores_remember_that_they_are_of_cells(tmp_path):
    cells = cs.datasets.simulate_tissue(n_samples=6, cells_per_sample=60, n_genes=2000, rng=3).adata
    with pytest.raises(DataError, match="look like single cells"):
        cs.tl.compare(_scored_as(cells), groupby="arm")
    cells.obs = cells.obs[["cell_type"]].copy()
    cs.tl.score(cells, method=["wmean", "ulm"], n_jobs=1)
    for key in ("cytosig", "cytosig_ulm"):
        only = anndata.AnnData(obs=cells.obs, obsm=dict(cells.obsm), uns={key: cells.uns[key]})
        only.obs["arm"] = np.resize(["a", "b"], only.n_obs)
        only.write_h5ad(tmp_path / "scores.h5ad")
        back = anndata.read_h5ad(tmp_path / "scores.h5ad")
        with pytest.raises(DataError, match=r"single cells \(when scored: .* of the matrix is 0"):
            cs.tl.compare(back, groupby="arm", key=key)


def _scored_as(cells: anndata.AnnData) -> anndata.AnnData:
    adata = cells.copy()
    adata.obs["arm"] = np.resize(["a", "b"], adata.n_obs)
    adata.obsm["cytosig_score"] = pd.DataFrame({"X": 1.0}, index=adata.obs_names)
    return adata


def test_scores_of_samples_carry_no_such_note():
    tissue = cs.datasets.simulate_tissue(n_samples=6, cells_per_sample=60, n_genes=2000, rng=3)
    bulk = cs.pp.pseudobulk(tissue.adata, sample_key="sample", n_jobs=1)
    plain = anndata.AnnData(bulk.X, obs=bulk.obs[["donor"]], var=bulk.var)  # of nobody knows whom
    for adata in (bulk, plain):
        cs.tl.score(adata, n_jobs=1)
        assert "looks_like_cells" not in adata.uns["cytosig"]
    only = anndata.AnnData(obs=plain.obs, obsm=dict(plain.obsm), uns=dict(plain.uns))
    only.obs["arm"] = np.resize(["a", "b"], only.n_obs)
    assert _table(only, groupby="arm")["n_group"].eq(3).all()


def test_a_pseudobulk_of_cell_types_needs_to_be_told_which():
    cells = _cells(_bulk(8), per=24)
    cells.X = cells.X.copy()
    cells.X.data[:] = np.ceil(cells.X.data * 9)
    cells.obs["cell_type"] = np.resize(["T", "B"], cells.n_obs)
    bulk = cs.pp.pseudobulk(cells, sample_key="sample", cell_type_key="cell_type", n_jobs=1)
    rng = np.random.default_rng(0)
    bulk.obsm["cytosig_score"] = pd.DataFrame(
        rng.normal(size=(bulk.n_obs, 3)), index=bulk.obs_names, columns=NAMES
    )
    with pytest.raises(DataError, match="sample_key='sample' and cell_type_key='cell_type'"):
        cs.tl.compare(bulk, groupby="response")
    with pytest.raises(DataError, match="rows of this pseudobulk are of sample"):
        cs.tl.compare(bulk, groupby="response", sample_key="sample")
    asked = {"groupby": "response", "sample_key": "sample", "cell_type_key": "cell_type"}
    found = _table(bulk, **asked, min_cells=5, method="t")
    own = bulk[(bulk.obs["cell_type"] == "T").to_numpy() & (bulk.obs["n_cells"] >= 5).to_numpy()]
    treated = (own.obs["response"] == "R").to_numpy()
    z = own.obsm["cytosig_score"]
    expected = stats.ttest_ind(z[treated], z[~treated]).pvalue
    np.testing.assert_allclose(found.loc[found["cell_type"] == "T", "p"], expected)


def test_a_bulk_may_name_its_samples_by_a_column():
    adata = _bulk()
    adata.obs["barcode"] = [f"TCGA-{i:02d}" for i in range(20)]
    del adata.uns["cytosig"]
    expected = _table(adata.copy(), groupby="response")
    found = _table(adata, groupby="response", sample_key="barcode")
    pd.testing.assert_frame_equal(found, expected)


def test_repeated_names_are_refused():
    adata = _bulk()
    names = adata.obs_names.to_numpy().copy()
    names[1] = "s0"
    adata.obs_names = names
    with pytest.raises(DataError, match="Two observations are called 's0'"):
        cs.tl.compare(adata, groupby="response")


# --- what is stored -----------------------------------------------------------------------------

CALLS = [
    {"groupby": "response"},
    {"groupby": "response", "covariates": ["age"], "cohort_key": "study"},
    {"groupby": "arm", "method": "mann-whitney"},
    {"groupby": "response", "paired": "patient", "method": "wilcoxon"},
    {"covariate": "age", "method": "hc3", "covariates": ["response"]},
    {"survival": ("months", "died"), "cohort_key": "study"},
]


@pytest.mark.parametrize("asked", CALLS, ids=str)
def test_the_table_and_what_was_asked_survive_a_file(asked, tmp_path):
    adata = _bulk(30)
    adata.obs["arm"] = np.resize(list("abc"), 30)
    adata.obsm["cytosig_score"]["IL6"] = np.nan
    cs.tl.compare(adata, **asked)
    adata.write_h5ad(tmp_path / "compared.h5ad")
    read = anndata.read_h5ad(tmp_path / "compared.h5ad").uns["cytosig"]
    table = read["compare"].copy()
    expected = adata.uns["cytosig"]["compare"]
    for name in expected.select_dtypes(exclude="number"):
        table[name] = table[name].astype(str)
    table.index = table.index.astype(int)
    pd.testing.assert_frame_equal(
        table, expected, check_dtype=False, check_index_type=False, check_column_type=False
    )
    params = read["compare_params"]
    assert params["method"] == asked.get("method", "cox" if "survival" in asked else "moderated")
    assert params["groupby"] == asked.get("groupby", "none")
    assert list(params["use"]) == ["score", "axis", "balance"]
    if "covariates" in asked:
        assert list(params["covariates"]) == list(asked["covariates"])


def test_a_copy_leaves_the_original_alone_and_a_second_run_replaces_the_first():
    adata = _bulk()
    done = cs.tl.compare(adata, groupby="response", copy=True)
    assert set(adata.uns["cytosig"]) == {"format", "balance"}
    first = done.uns["cytosig"]["compare"]
    assert cs.tl.compare(done, covariate="age") is None
    assert done.uns["cytosig"]["compare"]["contrast"].unique().tolist() == ["age"]
    assert first["contrast"].unique().tolist() == ["R vs N"]


def test_a_view_is_written_to_and_its_original_is_not():
    adata = _bulk()
    part = adata[:12]
    with pytest.warns(anndata.ImplicitModificationWarning):
        cs.tl.compare(part, groupby="response")
    assert (part.uns["cytosig"]["compare"]["n_group"] == 6).all()
    assert "compare" not in adata.uns["cytosig"]


@pytest.mark.parametrize(
    "asked",
    [{"groupby": "response"}, {"groupby": "response", "method": "mann-whitney"},
     {"covariate": "age"}, {"covariate": "age", "method": "hc3", "covariates": ["response"]},
     {"survival": ("months", "died")}, {"groupby": "arm", "covariates": ["age"]}],
    ids=str,
)  # fmt: skip
def test_a_cell_type_of_two_samples_has_reasons_not_numbers(asked):
    cells = _cells(_bulk(12), per=30)
    cells.obs["arm"] = "abc"
    for i, name in enumerate(f"s{i}" for i in range(12)):
        cells.obs.loc[(cells.obs["sample"] == name).to_numpy(), "arm"] = "abc"[i % 3]
    of = cells.obs["sample"].astype(str)
    number = cells.obs.groupby(of, observed=True).cumcount()
    cells.obs["type"] = np.where(of.isin(["s0", "s2"]) & (number < 12), "rare", "usual")
    found = _table(cells, sample_key="sample", cell_type_key="type", **asked)
    rare = found[found["cell_type"] == "rare"]
    assert len(rare) == len(found) / 2
    assert rare["p"].isna().all()
    assert (rare["reason"] != "").all()
    assert found[found["cell_type"] == "usual"]["p"].notna().all()


def test_the_order_of_observations_means_nothing():
    bulk = _bulk()
    cells = _cells(bulk)
    order = np.random.default_rng(9).permutation(cells.n_obs)
    asked = {"groupby": "response", "sample_key": "sample", "auroc_ci": "bootstrap"}
    first = _table(cells, **asked)
    pd.testing.assert_frame_equal(first, _table(cells[order].copy(), **asked), rtol=1e-9)


def test_cohorts_are_pooled_from_obs():
    found = _table(_bulk(40), groupby="response", cohort_key="study", use="score")
    assert found["cohort"].unique().tolist() == ["one", "two", "pooled"]
    pooled = found[found["cohort"] == "pooled"]
    assert (pooled["n_cohorts"] == 2).all()
    assert pooled["p"].notna().all()
