"""What a whole balance does and does not depend on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import cytosig as cs

if TYPE_CHECKING:
    from collections.abc import Callable

    from anndata import AnnData

    Tables = dict[str, pd.DataFrame]


def _same(one: Tables, two: Tables) -> None:
    assert one.keys() == two.keys()
    for name, table in one.items():
        pd.testing.assert_frame_equal(table, two[name], check_exact=True, obj=name)


def _close(one: Tables, two: Tables, rows: list[str]) -> None:
    """Equal but for rounding; rows by sample, text and all."""
    for name in ("balance", "balance_contributions", "balance_activity", "balance_edges"):
        mine, theirs = one[name].loc[rows], two[name].loc[rows]
        pd.testing.assert_frame_equal(mine, theirs, rtol=1e-8, atol=1e-11, obj=name)


def test_the_same_seed_gives_the_same_tables(
    bulk_counts: AnnData, tables: Tables, run: Callable
) -> None:
    _same(tables, run(bulk_counts))
    other = run(bulk_counts, rng=1)
    assert (other["balance"]["ci_low"] != tables["balance"]["ci_low"]).all()
    np.testing.assert_array_equal(other["balance"]["balance"], tables["balance"]["balance"])


def test_the_order_of_genes_does_not_matter(
    bulk_counts: AnnData, tables: Tables, run: Callable
) -> None:
    order = np.random.default_rng(0).permutation(bulk_counts.n_vars)
    _same(tables, run(bulk_counts[:, order].copy()))


def test_the_order_of_samples_does_not_matter(
    bulk_counts: AnnData, tables: Tables, run: Callable
) -> None:
    order = np.random.default_rng(0).permutation(bulk_counts.n_obs)
    _close(tables, run(bulk_counts[order].copy()), list(bulk_counts.obs_names))


def test_genes_that_nobody_reads_do_not_matter(
    bulk_counts: AnnData, tables: Tables, run: Callable
) -> None:
    """Of logged values, which are not brought to a total."""
    x = bulk_counts.X.toarray()
    logged = bulk_counts.copy()
    logged.X = np.log2(x / x.sum(axis=1, keepdims=True) * 1e4 + 1)
    few = logged[:, [not g.startswith("FILL") for g in logged.var_names]].copy()
    _same(run(logged, normalize="none"), run(few, normalize="none"))


def test_the_base_of_the_logarithm_does_not_matter(
    bulk_counts: AnnData, tables: Tables, run: Callable
) -> None:
    x = bulk_counts.X.toarray()
    logged = bulk_counts.copy()
    logged.X = np.log2(x / x.sum(axis=1, keepdims=True) * 1e4 + 1)
    _close(tables, run(logged, normalize="none"), list(bulk_counts.obs_names))


def test_threads_and_storage_do_not_matter(
    bulk_counts: AnnData, tables: Tables, run: Callable
) -> None:
    dense = bulk_counts.copy()
    dense.X = dense.X.toarray()
    _same(tables, run(dense, n_jobs=2))
    dense.layers["counts"] = dense.X.copy()
    dense.X = dense.X * 0 + 1
    _same(tables, run(dense, layer="counts", n_jobs=1))


def test_samples_beside_do_not_matter_against_a_stored_reference(
    bulk_counts: AnnData, run: Callable
) -> None:
    reference = cs.tl.fit_reference(bulk_counts[:20].copy())
    company = run(bulk_counts, reference=reference)
    for sample in ("P03", "P22"):
        alone = run(bulk_counts[[sample]].copy(), reference=reference)
        for name, table in company.items():
            mine = table
            if name == "balance_rules":
                mine = table[table["sample"] == sample].reset_index(drop=True)
                alone[name] = alone[name].reset_index(drop=True)
            elif name != "balance_cytokines":
                mine = table.loc[[sample]]
            pd.testing.assert_frame_equal(alone[name], mine, check_exact=True, obj=name)


def test_a_cohort_is_its_own_reference(bulk_counts: AnnData, tables: Tables, run: Callable) -> None:
    _same(tables, run(bulk_counts, reference=cs.tl.fit_reference(bulk_counts)))


def test_more_draws_move_the_interval_and_nothing_else(
    bulk_counts: AnnData, tables: Tables, run: Callable
) -> None:
    more = run(bulk_counts, n_draws=300)
    drawn = [c for c in more["balance"] if c.endswith(("_low", "_high")) and "one" not in c]
    drawn += ["se", "se_genes", "se_roles", "p_above_zero", "verdict", "verdict_context", "reason"]
    pd.testing.assert_frame_equal(
        more["balance"].drop(columns=drawn), tables["balance"].drop(columns=drawn), check_exact=True
    )
    ratio = more["balance"]["se"] / tables["balance"]["se"]
    assert ratio.between(0.7, 1.4).all()
    assert (ratio != 1).all()


def test_how_deep_a_sample_was_sequenced_does_not_matter(
    bulk_counts: AnnData, tables: Tables, run: Callable
) -> None:
    """Counts of every sample times a number of its own, the totals still those of cells."""
    deeper = bulk_counts.copy()
    deeper.X = bulk_counts.X.multiply(np.resize([1, 2, 3, 0.5], 24)[:, None]).tocsr()
    _close(tables, run(deeper), list(bulk_counts.obs_names))


@pytest.mark.parametrize("own", [False, True])
def test_one_unrelated_gene_hardly_matters(
    bulk_counts: AnnData, tables: Tables, run: Callable, own: bool
) -> None:
    """A gene that no list reads is a part of the total alone; a stored reference has it or not."""
    totals = np.asarray(bulk_counts.X.sum(axis=1)).ravel()
    filler = [i for i, g in enumerate(bulk_counts.var_names) if g.startswith("FILL")]
    share = (bulk_counts.X[:, filler].toarray() / totals[:, None]).max(axis=0)
    gone = filler[int(np.argsort(share)[len(share) // 2])]
    rest = bulk_counts[:, np.arange(bulk_counts.n_vars) != gone].copy()
    found = run(rest, **({} if own else {"reference": cs.tl.fit_reference(bulk_counts)}))
    away = found["balance"]["balance"] - tables["balance"]["balance"]
    assert 0 < away.abs().max() < 1e-3
    assert tables["balance"]["balance"].std() > 0.1
