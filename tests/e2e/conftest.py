"""The installed command and small files for it; nothing here needs the checkout."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import cytosig as cs
from cytosig.cli import run

if TYPE_CHECKING:
    from collections.abc import Callable

    Cli = Callable[..., subprocess.CompletedProcess[str]]

N_CELLS, N_OTHERS = 60, 1500


def _command() -> str:
    found = [p for p in Path(sys.executable).parent.glob("cytosig*") if p.stem == "cytosig"]
    assert found, "the console script is not installed beside the interpreter"
    return str(found[0])


@pytest.fixture(scope="session")
def command() -> str:
    return _command()


@pytest.fixture(scope="session")
def process(command: str, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """Run the installed command, a process of its own, away from the checkout."""
    elsewhere = tmp_path_factory.mktemp("cwd")

    def call(*args: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [command, *map(str, args)],
            cwd=cwd or elsewhere,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    return call


@pytest.fixture(scope="session")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """What that process calls, called here: seconds of imports are saved each time."""
    elsewhere = tmp_path_factory.mktemp("cwd")

    def call(*args: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        words, out, err = list(map(str, args)), io.StringIO(), io.StringIO()
        with (
            contextlib.chdir(cwd or elsewhere),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = run(words)
        return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())

    return call


@pytest.fixture(scope="session")
def demo(
    cli: Cli, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The demonstration: the folder it makes, and what it says."""
    where = tmp_path_factory.mktemp("demo")
    return where / "cytosig-demo", cli("demo", "--format", "json", cwd=where)


@pytest.fixture(scope="session")
def counts() -> ad.AnnData:
    """Counts of 60 cells; interferon gamma's genes are raised fourfold in the second half."""
    rng = np.random.default_rng(7)
    catalogue = cs.signatures.load()
    genes = [*catalogue.genes, *(f"ZNF{i}X" for i in range(N_OTHERS))]
    level = rng.gamma(1.0, 3.0, size=len(genes))
    rate = np.tile(level, (N_CELLS, 1))
    up = [genes.index(g) for g, w in catalogue["IFNG"].weights.items() if w > 0]
    rate[np.ix_(np.arange(N_CELLS) >= N_CELLS // 2, up)] *= 4.0
    obs = pd.DataFrame(
        {
            "group": pd.Categorical(["rest"] * (N_CELLS // 2) + ["treated"] * (N_CELLS // 2)),
            "donor": pd.Categorical([f"d{i % 3}" for i in range(N_CELLS)]),
            "age": rng.integers(30, 70, N_CELLS),
        },
        index=[f"cell{i}" for i in range(N_CELLS)],
    )
    matrix = sp.csr_matrix(rng.poisson(rate).astype(np.float32))
    return ad.AnnData(matrix, obs=obs, var=pd.DataFrame(index=genes))


@pytest.fixture(scope="session")
def rich_h5ad(counts: ad.AnnData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An h5ad with something in every slot."""
    adata = counts.copy()
    adata.raw = counts.copy()
    adata.layers["counts"] = counts.X.copy()
    totals = np.asarray(counts.X.sum(axis=1))
    adata.X = sp.csr_matrix(np.log1p(counts.X.toarray() / totals * 1e4).astype(np.float32))
    adata.var["length"] = np.arange(adata.n_vars)
    adata.obsm["X_umap"] = np.arange(2.0 * N_CELLS).reshape(N_CELLS, 2)
    adata.obsp["distances"] = sp.eye(N_CELLS, format="csr")
    adata.uns["study"] = {"name": "made up", "year": 2024}
    path = tmp_path_factory.mktemp("rich") / "rich.h5ad"
    adata.write_h5ad(path)
    return path


@pytest.fixture(scope="session")
def scoring(
    process: Cli, rich_h5ad: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The rich file scored with default settings into out.h5ad, tables/ and ref.npz."""
    folder = tmp_path_factory.mktemp("scored")
    done = process(
        "score", rich_h5ad, "-o", folder / "out.h5ad", "--tsv", folder / "tables",
        "--save-reference", folder / "ref.npz", "--format", "json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder, done


@pytest.fixture(scope="session")
def scored(scoring: tuple[Path, subprocess.CompletedProcess[str]]) -> Path:
    """Folder of the scored file."""
    return scoring[0]
