"""Samples, cell types, groups and survival of any kind: sound tables, or an error that says why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

import cytosig as cs
from reliability.properties import held, sets, tissue
from reliability.properties.profiles import share

if TYPE_CHECKING:
    from collections.abc import Callable

    from reliability.properties.cells import Given

    Tables = dict[str, pd.DataFrame]

pytestmark = pytest.mark.filterwarnings(
    "ignore:(Observation|Variable) names are not unique:UserWarning",
    "ignore:Transforming to str index:UserWarning",
)

KEYS = {"sample_key": "sample", "cell_type_key": "cell_type"}
FEW: dict[str, Any] = {"min_cells": 1, "n_jobs": 1}
DRAWN = {**FEW, "min_coverage": 0.0, "n_draws": 100}
by = st.sampled_from(("arm", "age", "sample", "cell_type", "died", None))


def _run(data: Given, tool: Callable[..., Any], **asked: Any) -> Tables | None:
    """The tables it leaves in uns, the data left as they were; None where it refuses."""
    before = held.contents(data.adata)
    asked.setdefault("signatures", tissue.few_cytokines())
    found = held.outcome(lambda: tool(data.adata, **asked))
    held.unchanged(data.adata, before, written=not held.refused(found))
    if held.refused(found):
        return None
    record = data.adata.uns["cytosig"]
    return {k: record[k] for k in record if isinstance(record[k], pd.DataFrame)}


# --- balance and blockade -----------------------------------------------------------------------


def _sound_balance(table: pd.DataFrame) -> None:
    held.around(table, "balance", "ci_low", "ci_high")
    above = table["p_above_zero"].to_numpy(dtype=float)
    assert ((above >= 0) & (above <= 1))[~np.isnan(above)].all()
    verdicts = {"anti-tumour", "pro-tumour", "indeterminate", "insufficient coverage"}
    assert set(table["verdict"]) <= verdicts
    assert (table["reason"][table["balance"].isna()] != "").all()


@share(1 / 3)
@given(tissue.tissues(), st.booleans(), st.sampled_from((None, "cell_type", "arm")), st.booleans())
def test_any_samples_get_a_balance_or_are_refused(
    data: Given, bulk: bool, types: str | None, controls: bool
) -> None:
    """Bulk or cells, columns of any type: a balance inside its interval, a share of draws in 0 to
    1, a verdict, a reason where there is none; or an error of the package's own."""
    keys = {} if bulk else {"sample_key": "sample", "cell_type_key": types}
    control = ("arm", "control") if controls else None
    found = _run(data, cs.tl.balance, control=control, **keys, **DRAWN)
    if found is not None:
        _sound_balance(found["balance"])


@share(1 / 3)
@given(tissue.tissues(odd=False))
def test_contributions_add_up_to_the_balance(data: Given) -> None:
    """Contributions of cytokines, and of axes, add up to the balance of every sample."""
    found = _run(data, cs.tl.balance, sample_key="sample", **DRAWN)
    assume(found is not None)
    balance = found["balance"]["balance"]
    for name in ("balance_contributions", "balance_axes"):
        total = found[name].sum(axis=1, min_count=1)
        np.testing.assert_allclose(total, balance, rtol=1e-9, atol=1e-9, err_msg=name)
    assert list(balance.index) == sorted(set(data.adata.obs["sample"]))


@share(1 / 3)
@given(tissue.tissues(), st.lists(st.sampled_from(("IL6", "TGFB1", "IL6R", "siltuximab", "nobody")),
                                  min_size=1, max_size=2), st.booleans())  # fmt: skip
def test_any_samples_can_be_blocked_or_are_refused(
    data: Given, targets: list[str], pairs: bool
) -> None:
    """Any samples and targets: effects inside their intervals, ranks without gaps; or an error of
    the package's own."""
    found = _run(data, cs.tl.blockade, targets=targets, pairs=pairs, sample_key="sample", **DRAWN)
    if found is not None:
        table = found["blockade"]
        held.around(table, "effect", "ci_low", "ci_high")
        above = table["p_above_zero"].to_numpy(dtype=float)
        assert ((above >= 0) & (above <= 1))[~np.isnan(above)].all()


# --- who speaks to whom -------------------------------------------------------------------------


@share(1 / 3)
@given(tissue.tissues(), by)
def test_any_cells_have_sources_or_are_refused(data: Given, condition: str | None) -> None:
    """Sources: p and q in order, shares between 0 and 1 inside their intervals; or refused."""
    found = _run(data, cs.tl.sources, condition_key=condition, n_boot=100, **KEYS, **FEW)
    if found is None:
        return
    table = found["sources"]
    held.plausible(table)
    held.around(table, "specificity", "ci_low", "ci_high")
    for name in ("share", "fraction", "share_low", "share_high"):
        values = table[name].to_numpy(dtype=float)
        assert ((values >= -1e-12) & (values <= 1 + 1e-12))[~np.isnan(values)].all()


@share(1 / 3)
@given(tissue.tissues(), by)
def test_any_cells_have_targets_or_are_refused(data: Given, condition: str | None) -> None:
    """Targets: p and q in order, intervals around what they are of, a class each; or refused."""
    found = _run(data, cs.tl.targets, condition_key=condition, **KEYS, **FEW)
    if found is None:
        return
    table = found["targets"]
    held.plausible(table)
    held.around(table, "response", "ci_low", "ci_high")
    held.around(table, "competence", "competence_low", "competence_high")
    classes = {"responsive", "competent only", "response only", "neither", "untestable"}
    assert set(table["class"]) <= classes
    assert (table["class"][table["p"].isna()] == "untestable").all()


@share(1 / 3)
@given(tissue.tissues(), by)
def test_any_cells_have_links_or_are_refused(data: Given, condition: str | None) -> None:
    """Links: p that of the worse end, q not below it, strengths of a cytokine in a sample adding
    up to 1; or refused."""
    found = _run(data, cs.tl.links, condition_key=condition, n_boot=100, **KEYS, **FEW)
    if found is None:
        return
    table = found["links"]
    held.plausible(table)
    worse = np.maximum(table["p_source"], table["p_target"])
    np.testing.assert_allclose(table["p"], worse, rtol=1e-12)
    strength = found["links_strength"]
    of = [name.split("|")[0] for name in strength.index]
    total = strength.groupby(of).sum(min_count=1).to_numpy()
    np.testing.assert_allclose(total[~np.isnan(total)], 1.0, rtol=1e-9)


@given(tissue.tissues(), st.sampled_from((None, 1, 7)))
def test_any_cells_have_channels_or_are_refused(data: Given, chunk: int | None) -> None:
    """Ligands and receptors: finite or missing, in the order of the cells; or refused."""
    found = _run(data, cs.tl.channels, chunk_size=chunk, n_jobs=1)
    if found is None:
        return
    for name in ("cytosig_ligand", "cytosig_receptor"):
        table = data.adata.obsm[name]
        assert list(table.index) == list(data.adata.obs_names)
        assert list(table.columns) == list(tissue.few_cytokines().cytokines)
        assert not np.isinf(table.to_numpy()).any()


# --- compartments and sums ----------------------------------------------------------------------


@share(1 / 2)
@given(tissue.tissues(), st.sampled_from(("cell_type", "arm", "died", "months")), sets.kinds())
def test_any_labels_are_compartments_or_generic(data: Given, key: str, kind: sets.Kind) -> None:
    """Cell types by columns of any type, curated signatures: every label is told with what it was
    read as and how often it is there, and every gap has its reason; or refused."""
    before = held.contents(data.adata)
    asked = {"signatures": tissue.few_cytokines(), "min_coverage": 0.0, "cell_type_key": key}
    found = held.outcome(lambda: cs.tl.score(data.adata, **asked, **kind.options))
    held.unchanged(data.adata, before, written=not held.refused(found))
    if held.refused(found):
        return
    record = data.adata.uns["cytosig"]
    labels = record["compartments"]
    assert labels["n"].sum() == data.adata.n_obs
    known = {*cs.signatures.COMPARTMENTS, "generic"}
    assert set(labels["compartment"]) <= known
    score = data.adata.obsm["cytosig_score"]
    gone = (record["coverage"]["reason"] != "").to_numpy() | score.isna().all().to_numpy()
    rows = score.loc[:, ~gone].isna().to_numpy().all(axis=1)
    told = len(record["unscored"])
    assert told == rows.sum() or (record["coverage_compartments"]["reason"] != "").any()


@given(tissue.tissues(), st.sampled_from(("sample", "arm", "age", "died")),
       st.sampled_from((None, "cell_type", "arm")), st.sampled_from((None, 1, 5)))  # fmt: skip
def test_any_cells_add_up_to_their_groups(
    data: Given, sample: str, types: str | None, chunk: int | None
) -> None:
    """Pseudobulk by columns of any type: of counts the sums of the groups, each cell in one of
    them, in any number of blocks; or refused."""
    before = held.contents(data.adata)
    keys = {"sample_key": sample, "cell_type_key": types}
    found = held.outcome(lambda: cs.pp.pseudobulk(data.adata, chunk_size=chunk, n_jobs=1, **keys))
    held.unchanged(data.adata, before, written=False)
    if held.refused(found):
        return
    obs, x = data.adata.obs, data.adata.X
    x = x.toarray() if hasattr(x, "toarray") else x
    whole = obs[[sample, *([types] if types else [])]].notna().all(axis=1).to_numpy()
    total = found.X.toarray() if hasattr(found.X, "toarray") else found.X
    np.testing.assert_allclose(total.sum(axis=0), x[whole].sum(axis=0), rtol=1e-9)
    assert found.obs["n_cells"].sum() == whole.sum()
    names, made = (t[sample].astype(str).to_numpy() for t in (obs, found.obs))
    for name in set(names[whole]):
        mine = x[whole & (names == name)].sum(axis=0)
        np.testing.assert_allclose(total[made == name].sum(axis=0), mine, rtol=1e-9, err_msg=name)


# --- comparisons --------------------------------------------------------------------------------

questions = st.one_of(
    st.fixed_dictionaries({"groupby": st.sampled_from(("arm", "sample", "died", "cell_type"))},
                          optional={"paired": st.sampled_from(("sample", "age")),
                                    "auroc_ci": st.just("bootstrap")}),
    st.fixed_dictionaries({"covariate": st.sampled_from(("age", "died", "arm"))}),
    st.fixed_dictionaries({"survival": st.sampled_from((("months", "died"), ("age", "died")))}),
)  # fmt: skip
further = st.fixed_dictionaries({}, optional={
    "covariates": st.sampled_from((["age"], ["arm"], ["died", "sample"])),
    "cohort_key": st.sampled_from(("arm", "died")),
    "method": st.sampled_from(("moderated", "t", "welch", "mann-whitney", "wilcoxon", "hc3",
                               "spearman", "cox")),
})  # fmt: skip


@share(2)
@given(tissue.tissues(), sets.sound_sets(least=3), questions, further, st.booleans(), st.booleans())
def test_anything_can_be_compared_or_is_refused(
    data: Given, wanted: sets.Weights, question: dict[str, Any], more: dict[str, Any], bulk: bool,
    types: bool,
) -> None:  # fmt: skip
    """Groups, pairs, covariates and survival by columns of any type and by every test: p in (0, 1],
    q not below it and Benjamini-Hochberg's of its family, intervals around their estimates, a
    reason where a number is missing; or an error of the package's own."""
    genes = iter(tissue.their_genes())
    known = {id: {next(genes): w for w in own.values()} for id, own in wanted.items()}
    asked = {"signatures": known, "method": "ulm", "min_genes": 1, "normalize": "none", "n_jobs": 1}
    scored = held.outcome(lambda: cs.tl.score(data.adata, **asked))
    assume(not held.refused(scored))
    keys = {} if bulk else {"sample_key": "sample", "min_cells": 1}
    if types and not bulk:
        keys["cell_type_key"] = "cell_type"
    before = held.contents(data.adata)
    found = held.outcome(lambda: cs.tl.compare(data.adata, n_draws=100, **question, **more, **keys))
    held.unchanged(data.adata, before, written=not held.refused(found))
    if held.refused(found):
        return
    table = data.adata.uns["cytosig"]["compare"]
    held.plausible(table)
    held.around(table, "estimate", "ci_low", "ci_high")
    assert (table["reason"][table["p"].isna()] != "").all()
    family = [c for c in ("table", "contrast", "cohort") if c in table]
    for _, own in table.groupby(family, sort=False):
        p = own["p"].dropna()
        if len(p):
            expected = multipletests(p, method="fdr_bh")[1]
            np.testing.assert_allclose(own["q"].dropna(), expected, rtol=1e-9)
