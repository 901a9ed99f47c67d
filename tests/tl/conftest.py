"""Cohorts that several tests of balances share: bulk samples, and cells of simulated patients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import cytosig as cs
from cytosig.signatures import load, load_programmes

if TYPE_CHECKING:
    from collections.abc import Callable

    from anndata import AnnData

    Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="session")
def balance_bulk() -> AnnData:
    """24 bulk samples of counts, in which interferon gamma, stroma and immune cells vary."""
    rng = np.random.default_rng(31)
    catalogue, programmes = load(), load_programmes()
    named = set(catalogue.genes) | {g for p in programmes.values() for g in p.genes}
    named |= {g for c in catalogue.cytokines.values() for g in c.ligand_genes}
    genes = [*sorted(named), *(f"FILL{i:04d}" for i in range(200))]
    modules = (
        set(catalogue.signatures["IFNG"].weights) | set(programmes["effector_t"].genes),
        set(programmes["stromal_content"].genes) | set(catalogue.signatures["TGFB1"].weights),
        set(programmes["immune_content"].genes),
    )
    level = rng.normal(3, 1.5, len(genes)) + rng.normal(0, 0.4, (24, len(genes)))
    for module in modules:
        level += 0.7 * rng.normal(size=(24, 1)) * np.isin(genes, list(module))
    counts = rng.poisson(np.exp(level)).astype(np.float64)
    obs = pd.DataFrame({"arm": ["a", "b"] * 12}, index=[f"P{i:02d}" for i in range(24)])
    return anndata.AnnData(sparse.csr_matrix(counts), obs, pd.DataFrame(index=genes))


@pytest.fixture(scope="session")
def patients() -> cs.datasets.SimulatedCohort:
    """24 patients of 60 cells; in the treated ones T cells make more interferon gamma."""
    return cs.datasets.simulate_cohort(n_samples=24, cells_per_sample=60, n_genes=3000, rng=3)


@pytest.fixture(scope="session")
def balances() -> Callable[..., Tables]:
    """The tables of a balance of a copy, by slot."""

    def run(adata: AnnData, **options: object) -> Tables:
        out = cs.tl.balance(adata, copy=True, **{"n_draws": 100, **options})
        held = out.uns["cytosig"]
        return {k: held[k] for k in held if isinstance(held[k], pd.DataFrame)}

    return run


def _same(one: Tables, two: Tables) -> None:
    assert one.keys() == two.keys()
    for name, table in one.items():
        pd.testing.assert_frame_equal(table, two[name], check_exact=True, obj=name)


@pytest.fixture(scope="session")
def same() -> Callable[[Tables, Tables], None]:
    """Two runs left the same tables, to the last bit."""
    return _same


def _of_sample(tables: Tables, sample: str) -> Tables:
    found = {}
    for name, table in tables.items():
        if "sample" in table:
            found[name] = table[table["sample"] == sample].reset_index(drop=True)
        elif name == "balance_cytokines":
            found[name] = table
        else:
            found[name] = table.loc[[sample]]
    return found


@pytest.fixture(scope="session")
def of_sample() -> Callable[[Tables, str], Tables]:
    """What the tables say of one sample."""
    return _of_sample


@pytest.fixture(scope="session")
def typed(patients: cs.datasets.SimulatedCohort, balances: Callable) -> Tables:
    """The balance of the simulated patients and of the types of their cells, of 8 or more."""
    return balances(patients.adata, sample_key="sample", cell_type_key="cell_type", min_cells=8)


def _pooled(cells: AnnData) -> AnnData:
    names = cells.obs["sample"].astype(str).to_numpy()
    samples = sorted(set(names))
    x = np.vstack([np.asarray(cells.X[names == s].sum(axis=0)).ravel() for s in samples])
    return anndata.AnnData(x.astype(np.float64), pd.DataFrame(index=samples), cells.var.copy())


@pytest.fixture(scope="session")
def pooled() -> Callable[[AnnData], AnnData]:
    """Counts of every sample added up, in the order of the samples."""
    return _pooled


def _logged(adata: AnnData, total: float = 1e4) -> AnnData:
    out = adata.copy()
    x = out.X.toarray() if sparse.issparse(out.X) else out.X
    x = x.astype(np.float64)
    out.X = np.log1p(x / x.sum(axis=1, keepdims=True) * total)
    return out


@pytest.fixture(scope="session")
def logged_of() -> Callable[..., AnnData]:
    """Counts brought to a total of 10,000, or another, and logged; dense."""
    return _logged
