"""``tl.blockade`` from expression to tables, beside loops over the files and ``tl.balance``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats

import cytosig as cs
from cytosig.signatures import load, load_context

if TYPE_CHECKING:
    from anndata import AnnData

    Tables = dict[str, pd.DataFrame]

TARGETS = [
    "tocilizumab", "sarilumab", "siltuximab", "IL12B", "dupilumab", "IL2RG", "TNFRSF1A", "TNFRSF1B",
    "infliximab", "IL17A", {"IL-17A alone": ["IL17A"]}, "HBEGF", "bintrafusp alfa", "ACVR1B",
    "IFNAR2", "ruxolitinib", "trabedersen", {"either": ["IL6", "TGFB1"]},
]  # fmt: skip
FAST = {"n_draws": 100, "n_jobs": 1}


def _tables(adata: AnnData, **options: object) -> Tables:
    out = cs.tl.blockade(adata, copy=True, **{**FAST, **options})
    held = out.uns["cytosig"]
    return {k: v for k, v in held.items() if isinstance(v, pd.DataFrame)}


@pytest.fixture(scope="module")
def bulk(balance_bulk: AnnData) -> AnnData:
    """The bulk cohort with counts of the genes of receptors; some are 0 in some samples."""
    known = load().cytokines.values()
    genes = {g for c in known for f in c.receptors for g in (*f.genes, *f.supplied)}
    more = sorted(genes - set(balance_bulk.var_names))
    rng = np.random.default_rng(8)
    level = rng.normal(2.5, 1.2, len(more)) + rng.normal(0, 0.6, (24, len(more)))
    counts = rng.poisson(np.exp(level)) * (rng.random((24, len(more))) > 0.1)
    x = sparse.hstack([balance_bulk.X, sparse.csr_matrix(counts.astype(np.float64))], "csr")
    var = pd.DataFrame(index=[*balance_bulk.var_names, *more])
    return anndata.AnnData(x, balance_bulk.obs.copy(), var)


@pytest.fixture(scope="module")
def found(bulk: AnnData) -> Tables:
    return _tables(bulk, targets=TARGETS, pairs=True)


def _shares_left(row: pd.Series, genes: set[str]) -> dict[str, float]:
    """What is left of every cytokine's signal in one sample, from the files, form by form."""
    left = {}
    for id, cytokine in load().cytokines.items():
        left[id] = 1.0
        for forms in (cytokine.ligands, cytokine.receptors):
            level = [min(row[g] for g in (*f.genes, *f.supplied)) for f in forms]
            kept = [not genes & {*f.genes, *f.supplied} for f in forms]
            if all(kept):
                continue
            total = sum(level)
            some = sum(x for x, ok in zip(level, kept, strict=True) if ok)
            left[id] *= (some / total if total > 0 else sum(kept) / len(kept)) if any(kept) else 0.0
    return left


def _by_hand(bulk: AnnData, genes: set[str], context: str = "") -> pd.DataFrame:
    """Samples × cytokines: change of every contribution once these genes are gone.

    Activities are contributions of ``tl.balance`` over its pulls; the cohort is its own reference.
    """
    out = cs.tl.balance(bulk, copy=True, assume=[context] if context else (), **FAST)
    parts = out.uns["cytosig"]["balance_contributions"]
    pull = out.uns["cytosig"]["balance_cytokines"]["pull"][parts.columns]
    activity = parts / pull
    x = bulk.to_df()  # counts: shares do not depend on the total
    change = pd.DataFrame(0.0, parts.index, parts.columns)
    for sample, row in x.iterrows():
        left = _shares_left(row, genes)
        for id in parts.columns:
            floor = np.quantile(activity[id], 0.05)
            above = max(activity.loc[sample, id] - floor, 0.0)
            change.loc[sample, id] = -(1 - left[id]) * above
    return change * pull


@pytest.mark.parametrize(
    ("name", "genes"),
    [
        ("tocilizumab", {"IL6R"}), ("siltuximab", {"IL6"}), ("IL12B", {"IL12B"}),
        ("dupilumab", {"IL4R"}), ("IL2RG", {"IL2RG"}), ("TNFRSF1A", {"TNFRSF1A"}),
        ("infliximab", {"TNF"}), ("IL17A", {"IL17A", "IL17F"}), ("IL-17A alone", {"IL17A"}),
        ("HBEGF", {"HBEGF"}), ("ACVR1B", {"ACVR1B"}), ("IFNAR2", {"IFNAR2"}),
        ("bintrafusp alfa", {"TGFB1", "TGFB2", "TGFB3"}),
        ("TNFRSF1A + HBEGF", {"TNFRSF1A", "HBEGF"}), ("siltuximab + either", {"IL6", "TGFB1"}),
        ("infliximab + either", {"TNF", "IL6", "TGFB1"}),
    ],
)  # fmt: skip
def test_effects_by_loops(bulk: AnnData, found: Tables, name: str, genes: set[str]) -> None:
    change = _by_hand(bulk, genes)
    row = found["blockade"].set_index("name").loc[name]
    each = found["blockade_samples"][name]
    np.testing.assert_allclose(each, change.sum(axis=1), atol=1e-12)
    assert row["effect"] == pytest.approx(change.sum(axis=1).mean(), abs=1e-12)
    told = found["blockade_cytokines"].set_index(["scenario", "cytokine"]).loc[name]
    voting = told["contribution_change"].dropna()
    np.testing.assert_allclose(voting, change[voting.index].mean(), atol=1e-12)
    elsewhere = change.drop(columns=voting.index)
    assert (elsewhere == 0).all(axis=None)
    assert row["cytokines"].split(", ") == list(told.index)


def test_what_a_target_takes_down_with_it(found: Tables) -> None:
    table = found["blockade"].set_index("name")
    assert table.loc["IL12B", "cytokines"] == "IL12, IL23"
    assert table.loc["IL12B", "note"] == "without a vote: IL23"
    assert set(table.loc["dupilumab", "cytokines"].split(", ")) == {"IL4", "IL13"}
    five = {"IL2", "IL4", "IL7", "IL15", "IL21"}
    assert set(table.loc["IL2RG", "cytokines"].split(", ")) == five
    bispecific = table.loc["bintrafusp alfa"]
    assert bispecific["not_modelled"] == "CD274 (in no ligand or receptor form)"
    assert bispecific["note"] == "without a vote: TGFB2, TGFB3"
    told = found["blockade_cytokines"].set_index(["scenario", "cytokine"])
    assert told.loc[("bintrafusp alfa", "TGFB2"), "note"] == (
        "no vote: read with the list of TGFB1"
    )
    il6 = told.loc[("tocilizumab", "IL6")]
    assert il6["receptor_forms"] == "classic (cis), trans"
    assert (il6["taken"], il6["ligand_forms"]) == (1.0, "")


def test_one_drug_by_two_names_is_one_effect(found: Tables) -> None:
    """Both catch the receptor; the ligand's antibody takes the same away."""
    samples = found["blockade_samples"]
    assert samples["tocilizumab"].equals(samples["sarilumab"].rename("tocilizumab"))
    np.testing.assert_array_equal(samples["tocilizumab"], samples["siltuximab"])


def test_additivity(found: Tables) -> None:
    """Two that touch other cytokines add up without a rest; two that touch the same overlap."""
    table = found["blockade"].set_index("name")
    pair = table.loc["tocilizumab + dupilumab"]
    sum_ = table.loc["tocilizumab", "effect"] + table.loc["dupilumab", "effect"]
    assert pair["sum_of_singles"] == pytest.approx(sum_, abs=1e-15)
    assert pair["effect"] == pytest.approx(sum_, abs=1e-15)
    assert (pair["synergy"], pair["synergy_low"], pair["synergy_high"]) == (0, 0, 0)
    twice = table.loc["tocilizumab + siltuximab"]
    assert twice["effect"] == table.loc["tocilizumab", "effect"]
    assert twice["synergy"] == pytest.approx(-twice["effect"])
    assert twice["synergy_high"] < 0  # good is counted once
    harm = found["blockade_samples"][["IL2RG", "IL12B"]].mean()
    assert (harm < 0).all()


def test_or_forms_complement_one_another(found: Tables) -> None:
    """TNFR1 and TNFR2 take their shares; together what an antibody to TNF takes."""
    samples, table = found["blockade_samples"], found["blockade"].set_index("name")
    one, two, both = (samples[name] for name in ("TNFRSF1A", "TNFRSF1B", "TNFRSF1A + TNFRSF1B"))
    np.testing.assert_allclose(one + two, both, atol=1e-15)
    np.testing.assert_allclose(both, samples["infliximab"], atol=1e-15)
    assert table.loc["TNFRSF1A + TNFRSF1B", "synergy"] == pytest.approx(0, abs=1e-15)
    assert 0 < abs(one.mean()) < abs(both.mean())
    taken = found["blockade_cytokines"].set_index("scenario")["taken"]
    assert taken["TNFRSF1A"] + taken["TNFRSF1B"] == pytest.approx(1)


def test_a_sample_at_the_floor_loses_nothing(bulk: AnnData, found: Tables) -> None:
    parts = cs.tl.balance(bulk, copy=True, **FAST).uns["cytosig"]["balance_contributions"]
    for name, id in (("tocilizumab", "IL6"), ("IFNAR2", "IFN1"), ("infliximab", "TNF")):
        pull = np.sign(load().cytokines[id].role.value)
        lowest = (parts[id] * pull).idxmin()
        effects = found["blockade_samples"][name]
        assert effects[lowest] == 0
        assert found["blockade_samples_high"].loc[lowest, name] >= 0
        assert (effects != 0).sum() > 20
    il6 = found["blockade_samples"]["tocilizumab"]
    assert (il6 >= 0).all()  # IL-6 works for the tumour


def test_activation_rises_towards_what_the_reference_has_highest(bulk: AnnData) -> None:
    own = {"half": {"targets": ["TNFRSF1A"], "action": "activates"}}
    found = _tables(bulk, targets=["edodekin alfa", own, "tasonermin"])
    out = cs.tl.balance(bulk, copy=True, **FAST).uns["cytosig"]
    pull = out["balance_cytokines"]["pull"]
    activity = out["balance_contributions"] / pull[out["balance_contributions"].columns]
    missing = (activity.quantile(0.95) - activity).clip(lower=0)
    samples = found["blockade_samples"]
    np.testing.assert_allclose(samples["edodekin alfa"], missing["IL12"] * pull["IL12"], atol=1e-12)
    x = bulk.to_df()
    total = x["TNFRSF1A"] + x["TNFRSF1B"]
    share = (x["TNFRSF1A"] / total).where(total > 0, 0.5)
    np.testing.assert_allclose(samples["half"], share * missing["TNF"] * pull["TNF"], atol=1e-12)
    np.testing.assert_allclose(samples["tasonermin"], missing["TNF"] * pull["TNF"], atol=1e-12)
    told = found["blockade_cytokines"].set_index("scenario").loc["half"]
    assert (told["engaged_forms"], told["taken"]) == ("TNFR1", 0)
    assert told["engaged"] == pytest.approx(share.mean())


def test_an_agonist_meets_a_blocker(bulk: AnnData) -> None:
    """What is taken first can be set off again: beyond the sum by taken × engaged × range."""
    own = {
        "catch": {"targets": ["TNF"]},
        "give": {"targets": ["TNFRSF1A", "TNFRSF1B"], "action": "activates"},
    }
    found = _tables(bulk, targets=own, pairs=True)
    both, give = (found["blockade_samples"][name] for name in ("catch + give", "give"))
    ceiling = give.abs() > 0
    np.testing.assert_allclose(both[ceiling], give[ceiling], atol=1e-15)  # to the ceiling again


def test_ranks_and_order(found: Tables) -> None:
    for kind in ("single", "pair"):
        rows = found["blockade"][found["blockade"]["kind"] == kind]
        by_hand = stats.rankdata(-rows["effect"].dropna(), method="min")
        assert rows["rank"].dropna().tolist() == sorted(by_hand.tolist())
        assert rows["effect"].dropna().is_monotonic_decreasing
        assert rows["rank"].isna().to_numpy().tolist() == rows["effect"].isna().tolist()
    kinds = found["blockade"]["kind"].tolist()
    assert kinds == sorted(kinds, reverse=True)
    assert len(kinds) == len(TARGETS) * (len(TARGETS) + 1) / 2


def test_what_is_not_modelled_has_no_effect_and_says_why(found: Tables) -> None:
    table = found["blockade"].set_index("name")
    jak, mute = table.loc["ruxolitinib"], table.loc["trabedersen"]
    assert np.isnan(jak[["effect", "ci_low", "rank"]].astype(float)).all()
    assert jak["note"] == "nothing of it is modelled"
    assert jak["n_samples"] == 0
    assert "JAK1 (in no" in jak["not_modelled"]
    assert mute["note"] == "it moves no cytokine that votes"
    assert found["blockade_samples"]["ruxolitinib"].isna().all()
    pair = table.loc["tocilizumab + ruxolitinib"]
    assert pair["effect"] == table.loc["tocilizumab", "effect"]
    assert np.isnan(pair["synergy"])
    assert "JAK1" in pair["not_modelled"]


def test_effects_in_context(bulk: AnnData) -> None:
    """A rule that holds changes the pull; what is moved stays."""
    rule = next(r for r in load_context() if r.cytokine == "TGFB1" and r.operation == "override")
    found = _tables(bulk, targets=["NIS793", "tocilizumab"], assume=[rule.id])
    table, samples = found["blockade"].set_index("name"), found["blockade_samples"]
    usual = load().cytokines["TGFB1"].role.value
    out = cs.tl.balance(bulk, copy=True, **FAST).uns["cytosig"]["balance_cytokines"]
    arm = {s: (out["vote"] * out["role"].abs())[s * out["role"] > 0].sum() for s in (1, -1)}
    ratio = (rule.value / arm[np.sign(rule.value) or 1]) / (usual / arm[-1])
    np.testing.assert_allclose(
        found["blockade_samples_context"]["NIS793"], samples["NIS793"] * ratio, atol=1e-12
    )
    assert table.loc["NIS793", "effect_context"] == pytest.approx(
        table.loc["NIS793", "effect"] * ratio, abs=1e-12
    )
    without = _tables(bulk, targets=["NIS793", "tocilizumab"])
    for name in ("blockade_samples", "blockade_samples_context"):
        np.testing.assert_array_equal(found[name]["tocilizumab"], without[name]["tocilizumab"])


def test_intervals_hold_the_scatter_of_samples_and_of_roles(found: Tables) -> None:
    """At least as wide as Student's t over the samples alone."""
    table, samples = found["blockade"].set_index("name"), found["blockade_samples"]
    for name in ("tocilizumab", "IL12B", "infliximab", "bintrafusp alfa", "IL2RG"):
        row, values = table.loc[name], samples[name]
        assert row["ci_low"] < row["effect"] < row["ci_high"]
        alone = 2 * stats.sem(values) * stats.t.ppf(0.975, 23)
        assert row["ci_high"] - row["ci_low"] > 0.95 * alone
        low, high = (found[f"blockade_samples_{end}"][name] for end in ("low", "high"))
        assert (low <= values + 1e-12).mean() > 0.95
        assert (high >= values - 1e-12).mean() > 0.95
    assert table.loc["infliximab", "p_above_zero"] < 1  # the role of TNF may be either
    assert table.loc["tocilizumab", "p_above_zero"] > 0.95
