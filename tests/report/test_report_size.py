"""A hundred samples with everything run stay below five megabytes."""

from __future__ import annotations

import pandas as pd
import pytest

import cytosig as cs

from .conftest import parsed, stored_tables

MOST = 5_000_000


@pytest.mark.slow
def test_a_hundred_samples_of_single_cells() -> None:
    made = cs.datasets.simulate_tissue(
        n_samples=100, cells_per_sample=100, n_genes=4000, conditions=("before", "after")
    )
    adata = made.adata
    keys = {"sample_key": "sample", "cell_type_key": "cell_type"}
    cs.tl.score(adata, cell_type_key="cell_type")
    cs.tl.channels(adata)
    cs.tl.balance(adata, **keys, sweep=["IFNG", "TGFB1", "IL6"])
    for tool in (cs.tl.sources, cs.tl.targets, cs.tl.links):
        tool(adata, **keys, condition_key="condition")
    cs.tl.blockade(adata, targets="all", sample_key="sample")
    cs.tl.compare(adata, groupby="condition", sample_key="sample")
    page = cs.report.html(adata)
    assert len(page.encode()) < MOST
    saved = stored_tables(parsed(page))
    stored = {k for k, v in adata.uns["cytosig"].items() if isinstance(v, pd.DataFrame)}
    assert stored <= set(saved), "all of them can be saved"


@pytest.mark.slow
def test_a_hundred_bulk_samples() -> None:
    cells = cs.datasets.simulate_cohort(n_samples=100, cells_per_sample=40, n_genes=4000).adata
    adata = cs.pp.pseudobulk(cells, sample_key="sample")
    cs.tl.score(adata)
    cs.tl.channels(adata)
    cs.tl.balance(adata, sweep=["IFNG", "TGFB1"])
    cs.tl.blockade(adata, targets="all")
    page = cs.report.html(adata)
    assert len(page.encode()) < MOST
    saved = stored_tables(parsed(page))
    assert len(saved["cytosig_score"].rows) == 101
