"""Several methods in one call: each as if alone, from one pass over the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import cytosig as cs
from cytosig import methods
from cytosig._errors import UsageError
from cytosig.kernels import ranks

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from anndata import AnnData

    from cytosig.signatures import Catalogue

    Tables = dict[str, pd.DataFrame]

RANKED = [m.name for m in methods.available().values() if isinstance(m, methods.RankMethod)]
ONE_PASS = {*RANKED, "gsva"}  # the others first read what a gene's mean is
UNCENTRED = ["ucell", "aucell", "singscore", "ssgsea", "score_genes", "gsva"]


@pytest.fixture
def check(
    tables: Callable[..., Tables], run: Callable[..., Tables], same: Callable[..., None]
) -> Callable[..., None]:
    """Score by a list and by each of it alone: the same to the bit; only the first has ligands."""

    def each(
        adata: AnnData,
        names: list[str],
        own: dict[str, dict[str, object]] | None = None,
        **options: object,
    ) -> None:
        """``own`` holds options that are only for a method's run on its own."""
        done = cs.tl.score(adata, method=names, copy=True, n_jobs=1, **options)
        shared = {k: v for k, v in options.items() if k not in ("settings", "compat")}
        for name in names:
            alone = run(adata, method=name, **shared, **(own or {}).get(name, {}))
            if name != names[0]:
                alone.pop("ligand")
            same(tables(done, "cytosig" if name == names[0] else f"cytosig_{name}"), alone)

    return each


@pytest.mark.parametrize(
    "names",
    [["mlm", "ucell", "aucell"], ["ucell", "mlm", "hlm"], ["zscore", "score_genes", "ridge"]],
)
def test_a_list_is_its_methods_one_by_one(
    counts: AnnData, check: Callable[..., None], names: list[str]
) -> None:
    check(counts, names)


@pytest.mark.parametrize("turned", [False, True])
def test_all_methods_at_once_are_each_of_them_alone(
    few: AnnData, small: Catalogue, every: dict, check: Callable[..., None], turned: bool
) -> None:
    """In any order; consensus is of the others, so it is not among them."""
    names = sorted(set(every["method"]) - {"consensus"}, reverse=turned)
    settings = every["settings"]
    check(few, names, {"gsea": {"settings": settings}}, signatures=small, settings=settings)


def test_settings_of_one_method_do_not_reach_another(
    counts: AnnData, small: Catalogue, check: Callable[..., None]
) -> None:
    """They share one rank pass, and one set of bins of means."""
    own = {
        "ucell": {"max_rank": 300, "w_neg": 0.5},
        "aucell": {"top": 0.11},
        "ssgsea": {"alpha": 0.7, "range": 50.0},
        "score_genes": {"n_bins": 7},
    }
    names = ["aucell", "ssgsea", "singscore", "score_genes", "zscore", "ucell"]
    alone = {name: {"settings": {name: values}} for name, values in own.items()}
    check(counts, names, alone, settings=own, signatures=small)


def test_a_peer_of_one_method_does_not_reach_another(
    counts: AnnData, small: Catalogue, check: Callable[..., None]
) -> None:
    peers = {"ucell": "pyucell", "aucell": "decoupler", "score_genes": "scanpy"}
    names = ["singscore", "ucell", "mlm", "aucell", "ssgsea", "score_genes"]
    own = {name: {"compat": peer} for name, peer in peers.items()}
    check(counts, names, own, compat=list(peers.values()), signatures=small)


def test_a_penalty_reaches_the_methods_that_take_one(counts: AnnData, small: Catalogue) -> None:
    names = ["ucell", "ridge", "mlm", "hlm"]
    options = {"signatures": small, "copy": True}
    done = cs.tl.score(counts, method=names, lam=2.0, **options)
    for name in names[1:]:
        own = {"lam": 2.0} if methods.get(name).takes_lam else {}
        alone = cs.tl.score(counts, method=name, **options, **own).obsm["cytosig_score"]
        np.testing.assert_array_equal(done.obsm[f"cytosig_{name}_score"], alone)
    plain = cs.tl.score(counts, method="hlm", **options).obsm["cytosig_score"]
    assert (done.obsm["cytosig_hlm_score"] != plain).any(axis=None)


def test_a_list_against_a_reference(few: AnnData, small: Catalogue, check: Callable[..., None],
                                    every: dict) -> None:  # fmt: skip
    names = [name for name in every["method"] if name not in ("consensus", "gsea")]
    check(few, names, signatures=small, reference=cs.tl.fit_reference(few))


@pytest.mark.parametrize("order", [["consensus", "mlm", "ucell"], ["mlm", "ucell", "consensus"]])
def test_consensus_is_the_same_wherever_it_stands(
    counts: AnnData, tables: Callable[..., Tables], order: list[str]
) -> None:
    cs.tl.score(counts, method=order)
    key = "cytosig" if order[0] == "consensus" else "cytosig_consensus"
    single = {n: tables(counts, "cytosig" if n == order[0] else f"cytosig_{n}") for n in order}
    joint = methods.get("consensus").combine(
        [single[name]["score"].to_numpy() for name in ("mlm", "ucell")]
    )
    np.testing.assert_array_equal(tables(counts, key)["score"], joint.score)
    np.testing.assert_array_equal(tables(counts, key)["spread"], joint.spread)


# --- passes over the rows -----------------------------------------------------------------------


@pytest.fixture
def cost(few_logged: AnnData, small: Catalogue, passes: list[int]) -> Callable[..., int]:
    """How often the rows are read by a call, whole; logged values are told from a sample."""

    def count(*names: str, **options: object) -> int:
        settings = {"gsea": {"permutations": 100}} if "gsea" in names else None
        passes.clear()
        adata = few_logged[:6].copy()
        adata.obs["batch"] = np.arange(6) % 2
        cs.tl.score(
            adata, signatures=small, method=list(names), settings=settings, chunk_size=2, **options
        )
        assert set(passes) <= {3}
        return len(passes)

    return count


@pytest.mark.parametrize(
    "names",
    [["mlm", "ucell", "aucell"], RANKED, ["zscore", "score_genes", "hlm", "ulm"], ["ucell", "gsva"],
     sorted(methods.available())],
    ids=len,
)  # fmt: skip
def test_a_list_reads_the_rows_no_more_often_than_its_most_demanding_method(
    cost: Callable[..., int], names: list[str]
) -> None:
    alone = {name: cost(name) for name in names}
    assert alone == {name: 1 if name in ONE_PASS else 2 for name in names}
    assert cost(*names) == max(alone.values())


def test_a_reference_saves_the_pass_for_the_means(
    few_logged: AnnData, cost: Callable[..., int]
) -> None:
    reference = cs.tl.fit_reference(few_logged)
    names = [name for name in methods.available() if name != "gsea"]
    assert cost(*names, reference=reference) == 1


def test_batches_cost_one_pass_more_where_means_of_all_are_asked_for_too(
    cost: Callable[..., int],
) -> None:
    """score_genes bins genes by their mean over all; the batches' means are other sums."""
    names = ["mlm", "hlm", "zscore", "ucell"]
    assert cost(*names, batch_key="batch") == max(cost(n, batch_key="batch") for n in names[:3])
    assert cost(*names, "score_genes", batch_key="batch") == 3


def test_rank_methods_share_one_rank_pass(
    few_logged: AnnData, small: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    original = ranks.rank_sums

    def counted(indptr: np.ndarray, *rest: object) -> None:
        seen.append(len(indptr) - 1)
        original(indptr, *rest)

    monkeypatch.setattr(ranks, "rank_sums", counted)
    cs.tl.score(few_logged, signatures=small, method=RANKED, n_jobs=1)
    assert sum(seen) == few_logged.n_obs


def test_progress_counts_every_observation_once(counts: AnnData) -> None:
    seen: list[int] = []
    names = ["mlm", "ucell", "zscore", "consensus"]
    cs.tl.score(counts, method=names, chunk_size=70, progress=seen.append, n_jobs=1)
    assert seen == [70, 70, 70, 70, 20]


# --- where zero is, for methods that centre and methods that do not ------------------------------

CENTRING = [{"control": ("arm", "untreated")}, {"batch_key": "donor"}, {"scale": True},
            {"center": "mean"}]  # fmt: skip


@pytest.mark.parametrize("given", CENTRING, ids=lambda given: next(iter(given)))
@pytest.mark.parametrize("names", [[m] for m in UNCENTRED] + [UNCENTRED, ["consensus", *RANKED]])
def test_how_to_centre_means_nothing_where_nothing_is_centred(
    counts: AnnData, given: dict[str, object], names: list[str]
) -> None:
    name = next(iter(given))
    message = rf"{name}= says what to centre on, and nothing is centred by {', '.join(names)}: lea"
    with pytest.raises(UsageError, match=message):
        cs.tl.score(counts, method=names, **given)
    assert (list(counts.obsm), list(counts.uns)) == ([], [])


def test_the_methods_that_do_not_centre_are_those() -> None:
    of_one = {m.name for m in methods.available().values() if not m.centred}
    assert of_one == {*UNCENTRED, "consensus"}


@pytest.mark.parametrize("given", CENTRING, ids=lambda given: next(iter(given)))
def test_how_to_centre_reaches_the_methods_that_do(
    counts: AnnData, small: Catalogue, run: Callable[..., Tables],
    tables: Callable[..., Tables], same: Callable[..., None], given: dict[str, object],
) -> None:  # fmt: skip
    """And leaves the others of the list as they are without it."""
    names = ["mlm", "ucell", "score_genes", "zscore"]
    done = cs.tl.score(counts, signatures=small, method=names, copy=True, n_jobs=1, **given)
    for name in names:
        own = given if methods.get(name).centred else {}
        expected = run(counts, signatures=small, method=name, **own)
        if name != "mlm":
            expected.pop("ligand")
        same(tables(done, "cytosig" if name == "mlm" else f"cytosig_{name}"), expected)


def test_consensus_alone_brings_methods_that_centre(counts: AnnData) -> None:
    cs.tl.score(counts, method="consensus", batch_key="donor", scale=True)
    assert counts.uns["cytosig"]["params"]["batch_key"] == "donor"


@pytest.mark.parametrize("method", [*RANKED, "score_genes", "zscore", "gsva"])
def test_a_reference_fixes_the_genes(
    few_logged: AnnData, small: Catalogue, run: Callable[..., Tables], close: Callable[..., None],
    method: str,
) -> None:  # fmt: skip
    """Genes the cohort did not have do not move a rank, and neither does their order."""
    options = {"signatures": small, "method": method}
    known = np.arange(few_logged.n_vars) % 5 != 2
    cohort = few_logged[:, known].copy()
    reference = cs.tl.fit_reference(cohort)
    expected = run(cohort, reference=reference, **options)
    order = np.random.default_rng(3).permutation(few_logged.n_vars)
    found = run(few_logged[:, order].copy(), reference=reference, **options)
    close(expected, found, 1e-12)
    free = run(few_logged, **options)
    assert np.abs(free["score"] - found["score"]).to_numpy().max() > 1e-3
    if method in (*RANKED, "gsva"):  # nothing else is read from it
        close(expected, run(cohort, **options), 1e-12)
