"""The check on samples left out: what it computes, and that nothing leaks into it."""

from __future__ import annotations

import logging
from dataclasses import replace

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu, rankdata

import cytosig as cs
from cytosig._errors import DataError
from cytosig.datasets import simulate_counts
from cytosig.learn.effects import Bars, changes_of, rivals_of, weighed
from cytosig.learn.experiment import Experiment
from cytosig.learn.held_out import folds_of, held_out, shortfalls
from cytosig.signatures.evidence import HeldOut

BARS = Bars(max_genes=60, max_q=0.05, min_lfc=0.5, drop_programmes=True)


@pytest.fixture(scope="module")
def paired(stimulation):
    """Five pairs: their log2 by hand, and what was learnt."""
    made = stimulation(5)
    counts = made.adata.to_df()
    total = 1e6 if counts.sum(axis=1).median() > 5e5 else 1e4
    scaled = counts.div(counts.sum(axis=1), axis=0) * total
    logs = np.log(scaled.loc[:, (scaled > 0).all()])
    factor = np.exp((logs - logs.mean()).median(axis=1))
    values = np.log2(scaled.div(factor, axis=0) + 1)
    obs = made.adata.obs
    experiment = Experiment(
        values, (obs["cytokine"] == "IL99").to_numpy(), obs["donor"], obs[[]], "", ""
    )
    learned = cs.signatures.learn(
        made.adata, treatment=("cytokine", "IL99"), control="control", batch_key="donor"
    )
    return experiment, learned


def _z(weights: dict[str, float], change: pd.Series) -> float:
    whole = pd.Series(weights).reindex(change.index).fillna(0.0)
    return float(np.sqrt(len(whole) - 1) * np.corrcoef(whole, change)[0, 1])


def test_a_fold_is_what_learning_without_it_gives(paired, curated):
    """Learn without one donor, score that donor by a correlation."""
    experiment, learned = paired
    values, rivals = experiment.values, rivals_of(curated, "")
    samples = learned.samples.set_index("sample")["score"]
    assert learned.held_out["left_out"].tolist() == [f"D{i}" for i in range(5)]
    for _, row in learned.held_out.iterrows():
        donor = row["left_out"]
        rest = experiment.rows((experiment.batch != donor).to_numpy())
        weights = weighed(changes_of(rest), BARS, rivals)
        one, other = values.loc[f"{donor}_IL99"], values.loc[f"{donor}_control"]
        assert row["n_genes"] == len(weights)
        assert row["z"] == pytest.approx(_z(weights, one - other), rel=1e-6)
        treated, control = (rest.values[side].mean() for side in (rest.treated, ~rest.treated))
        for name in (f"{donor}_IL99", f"{donor}_control"):
            expected = _z(weights, values.loc[name] - (treated + control) / 2)
            assert samples[name] == pytest.approx(expected, rel=1e-6)
        assert row["p"] < 1e-10
        assert (row["n_treated"], row["n_control"], row["rank"]) == (1, 1, 1)


def test_the_figures_are_those_of_the_tables(paired):
    _, learned = paired
    figures = learned.signature.evidence.held_out
    samples, folds = learned.samples, learned.held_out
    groups = [samples.loc[samples["treated"] == side, "score"] for side in (True, False)]
    u = mannwhitneyu(*groups).statistic
    assert figures.auroc == pytest.approx(u / (len(groups[0]) * len(groups[1])), abs=5e-5)
    assert figures.found == ((folds["z"] > 0) & (folds["p"] < 0.05)).sum() == figures.folds == 5
    assert figures.median_z == pytest.approx(folds["z"].median(), abs=0.005)
    assert figures.median_rank == folds["rank"].median()
    assert learned.validated


def test_ranks_are_among_the_shipped_signatures(curated):
    """In samples that answer as IL13's list says, IL13 comes before a list of filler genes."""
    rng = np.random.default_rng(0)
    genes = curated.genes + [f"XX{i:03d}" for i in range(500)]
    weight = np.zeros(len(genes))
    for gene, w in curated["IL13"].weights.items():
        weight[genes.index(gene)] = 2 * w
    weight[-20:] = 2.0
    x = rng.normal(6, 0.3, (8, len(genes))) + np.outer([1, 0] * 4, weight)
    adata = anndata.AnnData(x, var=pd.DataFrame(index=genes))
    adata.obs["side"] = ["new", "old"] * 4
    learned = cs.signatures.learn(adata, treatment=("side", "new"), control="old")
    overlap = learned.overlap.set_index("signature")["experiment_z"]
    assert overlap.idxmax() == "IL13"
    scores = [*overlap.dropna(), np.inf]
    assert learned.held_out["n_ranked"].tolist() == [len(scores)] * 4
    assert set(learned.held_out["first"]) == {"IL13"}
    assert rankdata(-np.array(scores))[-1] == 1  # the form of a rank: 1 + those above
    ranks = 1 + (learned.held_out["first_z"] > learned.held_out["z"]).astype(int)
    assert (learned.held_out["rank"] == ranks).all()


def _noise(seed: int, n: int = 4) -> anndata.AnnData:
    adata = simulate_counts(2 * n, 600, density=0.9, rng=seed)
    adata.obs["side"] = ["a", "b"] * n
    return adata


ANYTHING = {"max_q": 1.0, "min_lfc": 0.0}


def test_noise_shows_nothing_where_it_was_held_out(caplog):
    """The strongest noise parts the sides where it was learnt, and not where it was held out.

    That it is worth a coin on average takes many sets: test_learn_calibration.py.
    """
    for seed in range(3):
        adata = _noise(seed)
        with caplog.at_level(logging.WARNING, logger="cytosig"):
            learned = _learn(adata)
        weights = pd.Series(learned.signature.weights)
        scores = adata.to_df()[weights.index] @ weights
        assert scores.iloc[::2].min() > scores.iloc[1::2].max()
        assert learned.signature.evidence.held_out.auroc < 0.9
        assert not learned.validated
    assert "NOT VALIDATED" in caplog.text


def _learn(adata: anndata.AnnData, **arguments: object):
    return cs.signatures.learn(
        adata, treatment=("side", "a"), control="b", **{**ANYTHING, **arguments}
    )


def test_noise_gives_no_signature():
    with pytest.raises(DataError, match=r"Too few genes .* 0 of these a change of 0\.5"):
        _learn(_noise(3), max_q=0.05, min_lfc=0.5)


def test_labels_of_the_samples_left_out_play_no_part(paired, curated):
    """Exchanging the sides of a donor mirrors its fold, and leaves what was learnt for it."""
    experiment, learned = paired
    treated = experiment.treated.copy()
    treated[:2] = ~treated[:2]
    other = replace(experiment, treated=treated)
    check = held_out(learned.signature, other, BARS, rivals_of(curated, ""), list(curated))
    first, mirrored = learned.held_out.iloc[0], check.folds.iloc[0]
    assert mirrored["n_genes"] == first["n_genes"] > 20
    assert mirrored["z"] == pytest.approx(-first["z"], rel=1e-6)
    scores, same = (t.set_index("sample")["score"] for t in (check.samples, learned.samples))
    assert scores["D0_IL99"] == pytest.approx(same["D0_IL99"], rel=1e-6)


def test_without_blocks_samples_of_both_sides_are_left_out_alike(stimulation, sides):
    made = stimulation(4, donor_sd=0.1)
    adata = made.adata[[0, 1, 2, 3, 4, 5, 7]].copy()  # 4 treated, 3 controls
    learned = cs.signatures.learn(adata, **sides)
    folds = learned.held_out
    assert folds["n_treated"].tolist() == [2, 1, 1]
    assert folds["n_control"].tolist() == [1, 1, 1]
    left_out = [name for names in folds["left_out"] for name in names.split(", ")]
    assert sorted(left_out) == sorted(adata.obs_names)


def test_many_blocks_are_dealt_out():
    names = [f"s{i:02d}" for i in range(90)]
    batch = pd.Series([f"d{i // 2:02d}" for i in range(90)], index=names)
    values = pd.DataFrame(np.zeros((90, 2)), index=names)
    treated = np.arange(90) % 2 == 0
    folds = folds_of(Experiment(values, treated, batch, values.iloc[:, :0], "", ""))
    assert len(folds) == 20
    assert np.sum([fold.out for fold in folds], axis=0).tolist() == [1] * 90
    assert {int(fold.out.sum()) for fold in folds} == {4, 6}


def test_two_samples_a_side_cannot_be_checked(stimulation, sides, caplog):
    made = stimulation(2, effect=4.0, donor_sd=0.05)
    learned = cs.signatures.learn(made.adata, **sides)
    evidence = learned.signature.evidence
    assert (evidence.held_out, evidence.validated, learned.validated) == (None, False, False)
    assert len(learned.held_out) == len(learned.samples) == 0
    assert "nothing can be left out" in caplog.text
    assert "nothing can be left out" in learned.summary


def test_a_fold_without_a_signature_says_why_and_counts_against_it(stimulation, sides):
    """Three pairs and small effects: two of them are not enough."""
    made = stimulation(3, effect=0.9, seed=1)
    learned = cs.signatures.learn(made.adata, batch_key="donor", **sides)
    lost = learned.held_out[learned.held_out["n_genes"] == 0]
    assert len(lost) == 2
    assert lost["reason"].str.contains("genes passed without these samples").all()
    assert lost[["z", "p", "rank"]].isna().all(axis=None)
    unseen = learned.samples["fold"].isin(lost["fold"])
    assert ((learned.samples["score"] == 0) == unseen).all()
    figures = learned.signature.evidence.held_out
    assert (figures.found, figures.folds) == (1, 3)
    assert figures.median_z == pytest.approx(learned.held_out["z"].max(), abs=0.005)
    assert not learned.validated


@pytest.mark.parametrize(
    ("figures", "max_q", "short"),
    [
        (None, 0.05, ["nothing can be left out"]),
        (HeldOut(3, 2, 0.8), 0.05, []),
        (HeldOut(3, 1, 0.8), 0.05, ["fewer than two thirds"]),
        (HeldOut(6, 4, 0.79), 0.05, ["AUROC is below 0.8"]),
        (HeldOut(6, 3, 0.5), 0.2, ["fewer than two thirds", "AUROC", "q above 0.05"]),
        (HeldOut(6, 6, 1.0), 0.051, ["q above 0.05"]),
    ],
)
def test_what_it_takes_to_be_validated(figures, max_q, short):
    found = shortfalls(figures, max_q)
    assert len(found) == len(short)
    assert all(text in reason for text, reason in zip(short, found, strict=True))
