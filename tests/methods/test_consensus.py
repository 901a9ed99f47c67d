"""The consensus of several methods, and what is said of their agreement, by hand."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import sparse, stats

from cytosig import methods

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from anndata import AnnData

    from cytosig.signatures import Catalogue

    Scored = Callable[..., AnnData]

SOME = ["ulm", "ucell", "singscore", "zscore"]


def _table(done: AnnData, method: str, what: str = "score") -> pd.DataFrame:
    """Of a run in which consensus came first."""
    return done.obsm[f"cytosig_{method}_{what}"]


def _by_hand(columns: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and spread of (rank − 1/2)/n over methods, n the observations that were scored."""
    shares = []
    for column in columns:
        scored = np.isfinite(column)
        share = np.full(len(column), np.nan)
        share[scored] = (stats.rankdata(column[scored]) - 0.5) / scored.sum()
        shares.append(share)
    apart = ((shares - np.mean(shares, axis=0)) ** 2).sum(axis=0)
    return np.mean(shares, axis=0), np.sqrt(apart / max(len(columns) - 1, 1))


@pytest.fixture
def cells(logged: AnnData) -> AnnData:
    return logged[:80].copy()


@pytest.mark.parametrize("order", [["consensus", *SOME], [*SOME, "consensus"]])
def test_it_is_the_mean_of_ranks(
    cells: AnnData, small: Catalogue, scored: Scored, order: list[str]
) -> None:
    """Of signatures and of axes; wherever it stands in the list."""
    done = scored(cells, small, order)
    key = {m: "cytosig" if m == order[0] else f"cytosig_{m}" for m in order}
    for what in ("score", "axis"):
        found = done.obsm[f"{key['consensus']}_{what}"]
        for id in found.columns:
            columns = [done.obsm[f"{key[m]}_{what}"][id].to_numpy() for m in SOME]
            mean, spread = _by_hand(columns)
            np.testing.assert_allclose(found[id], mean, rtol=1e-12)
            if what == "score":
                away = done.obsm[f"{key['consensus']}_spread"][id]
                np.testing.assert_allclose(away, spread, rtol=1e-9, atol=1e-15)
                assert len(np.unique(mean)) > 60
    assert f"{key['consensus']}_pvalue" not in done.obsm
    assert f"{key['consensus']}_estimate" not in done.obsm


def test_alone_it_joins_its_members(cells: AnnData, small: Catalogue, scored: Scored) -> None:
    members = ["hlm", "ucell", "singscore", "zscore"]
    alone = scored(cells, small, "consensus")
    named = scored(cells, small, ["consensus", *members])
    single = [scored(cells, small, m).obsm["cytosig_score"] for m in members]
    for done in (alone, named):
        mean, _ = _by_hand([one["BETA"].to_numpy() for one in single])
        np.testing.assert_allclose(done.obsm["cytosig_score"]["BETA"], mean, rtol=1e-12)
    assert "consensus of hlm, ucell, singscore, zscore" in alone.uns["cytosig"]["notes"]


def test_the_sign_and_scale_of_scores_do_not_matter_but_their_order() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 30, 4))
    combine = methods.get("consensus").combine
    expected = combine([a, b]).score
    np.testing.assert_allclose(combine([np.exp(3 * a), b - 100]).score, expected, rtol=1e-14)
    opposite = combine([a, -a])
    np.testing.assert_allclose(opposite.score, 0.5, rtol=1e-14)
    same = combine([a, a**3, a + 1])
    np.testing.assert_allclose(same.score, (stats.rankdata(a, axis=0) - 0.5) / 30, rtol=1e-14)
    np.testing.assert_allclose(same.spread, 0, atol=1e-15)


def test_tied_scores_share_their_rank(cells: AnnData, small: Catalogue, scored: Scored) -> None:
    """A UCell score of 0 is one tie."""
    settings = {"ucell": {"max_rank": 30}}
    done = scored(cells, small, ["consensus", "ucell", "ulm"], settings=settings)
    zeros = (_table(done, "ucell") == 0).sum()
    assert zeros.max() > 10
    id = zeros.idxmax()
    mean, _ = _by_hand([_table(done, m)[id].to_numpy() for m in ("ucell", "ulm")])
    np.testing.assert_allclose(done.obsm["cytosig_score"][id], mean, rtol=1e-12)


# --- what is not scored ---------------------------------------------------------------------------


@pytest.fixture
def sets(cells: AnnData) -> dict[str, dict[str, float]]:
    """One of raised genes, one of lowered ones, one the data lack."""
    seen = cells.var_names[np.argsort(-cells.X.toarray().mean(axis=0))]
    return {
        "UP": dict.fromkeys(seen[10:40], 1.0),
        "DOWN": dict.fromkeys(seen[50:70], -1.0),
        "LACKING": {f"FILL9{i:04d}": 1.0 for i in range(9)},
    }


def test_a_method_that_does_not_score_a_signature_has_no_say_in_it(
    cells: AnnData, sets: dict, scored: Scored
) -> None:
    """DOWN says nothing to ucell and aucell; where one method is left there is no spread."""
    done = scored(cells, sets, ["consensus", "ucell", "ulm", "singscore"], min_genes=5)
    speak = {"UP": ["ucell", "ulm", "singscore"], "DOWN": ["ulm", "singscore"]}
    for id, names in speak.items():
        mean, spread = _by_hand([_table(done, m)[id].to_numpy() for m in names])
        np.testing.assert_allclose(done.obsm["cytosig_score"][id], mean, rtol=1e-12)
        np.testing.assert_allclose(done.obsm["cytosig_spread"][id], spread, rtol=1e-9)
    assert done.obsm["cytosig_score"]["LACKING"].isna().all()
    assert list(done.uns["cytosig"]["agreement"]["n_methods"]) == [3, 2, 0]
    done = scored(cells, sets, ["consensus", "ucell", "aucell", "ulm"], min_genes=5)
    mean, _ = _by_hand([_table(done, "ulm")["DOWN"].to_numpy()])
    np.testing.assert_allclose(done.obsm["cytosig_score"]["DOWN"], mean, rtol=1e-12)
    assert done.obsm["cytosig_spread"]["DOWN"].isna().all()


@pytest.mark.parametrize("first", ["ucell", "ulm"])
def test_what_is_scored_has_no_reason_not_to_be(
    cells: AnnData, sets: dict, scored: Scored, caplog: pytest.LogCaptureFixture, first: str
) -> None:
    """Whichever method of the list is named first; only LACKING is not scored by consensus."""
    second = {"ucell": "ulm", "ulm": "ucell"}[first]
    done = scored(cells, sets, ["consensus", first, second], min_genes=5)
    assert list(done.obsm["cytosig_score"].isna().all()) == [False, False, True]
    reason = done.uns["cytosig"]["coverage"]["reason"]
    assert list(reason != "") == [False, False, True]
    assert not any(message.startswith("DOWN is not scored: ") for message in caplog.messages)


def test_an_observation_that_one_method_does_not_score_is_nan(
    cells: AnnData, sets: dict, scored: Scored
) -> None:
    """Empty for all of them; the rest are ranked without it."""
    x = cells.X.toarray()
    x[5] = 0
    cells.X = sparse.csr_matrix(x)
    done = scored(cells, sets, ["consensus", "ucell", "ulm"], min_genes=5)
    found = done.obsm["cytosig_score"]["UP"]
    assert list(np.flatnonzero(found.isna())) == [5]
    mean, _ = _by_hand([_table(done, m)["UP"].to_numpy() for m in ("ucell", "ulm")])
    np.testing.assert_allclose(found, mean, rtol=1e-12)
    assert list(done.uns["cytosig"]["unscored"].index) == [cells.obs_names[5]]
    assert done.uns["cytosig"]["agreement"].loc["UP", "n_obs"] == 79


def test_a_method_that_lost_an_observation_has_no_say_in_it(
    named: Callable[..., AnnData], as_sets: Callable[..., dict], scored: Scored
) -> None:
    """The same value in every gene but the set's mean: ulm has nothing left after centring."""
    x = np.random.default_rng(7).exponential(1, (9, 60))
    x[8] = x[:8].mean(axis=0)  # equals the mean of all, so nothing is left of it
    done = scored(named(x), as_sets(S=(range(9), [])), ["consensus", "ulm", "ssgsea"])
    lost = [_table(done, m)["S"].isna().to_numpy().nonzero()[0].tolist() for m in ("ulm", "ssgsea")]
    assert lost == [[8], []]
    ranks = [stats.rankdata(_table(done, "ssgsea")["S"]) / 9 - 1 / 18,
             stats.rankdata(_table(done, "ulm")["S"].to_numpy()[:8]) / 8 - 1 / 16]  # fmt: skip
    expected = np.append((ranks[0][:8] + ranks[1]) / 2, ranks[0][8])
    np.testing.assert_allclose(done.obsm["cytosig_score"]["S"], expected, rtol=1e-12)
    assert np.isnan(done.obsm["cytosig_spread"]["S"].iloc[8])
    assert done.uns["cytosig"]["unscored"].empty
    lost = done.uns["cytosig_ulm"]["unscored"]
    assert dict(lost["reason"]) == {"cell8": "nothing left after centring"}


# --- agreement ------------------------------------------------------------------------------------


def _pairs(done: AnnData, id: str, names: list[str]) -> dict[str, float]:
    return {
        f"{a}, {b}": stats.spearmanr(_table(done, a)[id], _table(done, b)[id]).statistic
        for a, b in combinations(names, 2)
    }


def test_the_table_of_agreement_is_that_of_scipy(
    cells: AnnData, small: Catalogue, scored: Scored
) -> None:
    done = scored(cells, small, ["consensus", *SOME])
    found = done.uns["cytosig"]["agreement"]
    assert list(found.index) == list(small.ids)
    assert list(found.columns) == [
        "n_methods", "n_obs", "kendall_w", "mean_spearman", "least_spearman", "least_alike"
    ]  # fmt: skip
    for id, row in found.iterrows():
        pairs = _pairs(done, id, SOME)
        columns = np.array([_table(done, m)[id] for m in SOME])
        assert (row["n_methods"], row["n_obs"]) == (4, 80)
        w = stats.friedmanchisquare(*columns.T).statistic / (4 * 79)
        assert row["kendall_w"] == pytest.approx(w, rel=1e-10)
        assert row["mean_spearman"] == pytest.approx(np.mean(list(pairs.values())), rel=1e-10)
        assert row["least_alike"] == min(pairs, key=pairs.__getitem__)
        assert row["least_spearman"] == pytest.approx(min(pairs.values()), rel=1e-10)
    assert [key for key in done.uns if "agreement" in done.uns[key]] == ["cytosig"]


def test_too_few_observations_have_no_agreement(
    cells: AnnData, small: Catalogue, scored: Scored
) -> None:
    """Two rankings of two things agree or not by chance; three can be ranked."""
    for n in (2, 3):
        done = scored(cells[:n].copy(), small, ["consensus", "ucell", "singscore"])
        found = done.uns["cytosig"]["agreement"]
        assert list(found["n_obs"]) == [n] * 3
        assert found["kendall_w"].notna().all() == (n == 3)
        assert set(found["least_alike"]) == ({"ucell, singscore"} if n == 3 else {""})
