"""``cytosig balance``: options to arguments, files in and out, what is printed."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING

import anndata
import numpy as np
import pandas as pd
import pytest
import typer

import cytosig as cs
from cytosig import tl
from cytosig.cli import run
from cytosig.cli._app import app

if TYPE_CHECKING:
    from pathlib import Path

FAST = ["--n-draws", "100", "--threads", "1"]


@pytest.fixture(scope="module")
def cohort() -> anndata.AnnData:
    return cs.datasets.simulate_cohort(n_samples=6, cells_per_sample=40, n_genes=3000).adata


@pytest.fixture(scope="module")
def cells(cohort, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("cells") / "cells.h5ad"
    cohort.write_h5ad(path)
    return path


@pytest.fixture(scope="module")
def bulk(cohort, tmp_path_factory) -> Path:
    """Genes × samples as text, with metadata beside it."""
    folder = tmp_path_factory.mktemp("bulk")
    pooled = cs.pp.pseudobulk(cohort, sample_key="sample", n_jobs=1)
    pooled.to_df().T.to_csv(folder / "bulk.csv")
    stage = ["I", "II", "III", "IV", "metastatic", ""]
    table = pd.DataFrame({"sample": pooled.obs_names, "ajcc": stage, "arm": list("aaabbb")})
    table.to_csv(folder / "clinic.csv", index=False)
    return folder / "bulk.csv"


def test_every_argument_of_the_library_has_its_option():
    mine = {p.name for p in typer.main.get_command(app).commands["balance"].params}
    assert set(inspect.signature(tl.balance).parameters) - mine == {
        "adata",
        "copy",
        "shrink",  # --no-shrink
    }


def test_shown_defaults_are_those_of_the_library():
    theirs = inspect.signature(tl.balance).parameters
    for option in typer.main.get_command(app).commands["balance"].params:
        if isinstance(option.show_default, str) and option.name in theirs:
            default = theirs[option.name].default
            text = ",".join(default) if isinstance(default, tuple) else str(default)
            assert option.show_default == text, option.name


def test_cells_to_a_table_on_stdout(cells, cohort, capsys):
    assert run(["balance", str(cells), "--sample-key", "sample", "--format", "json", *FAST]) == 0
    out, err = capsys.readouterr()
    rows = json.loads(out)
    own = cohort.copy()
    cs.tl.balance(own, sample_key="sample", n_draws=100)
    table = own.uns["cytosig"]["balance"]
    assert [row["sample"] for row in rows] == list(table.index)
    assert [row["balance"] for row in rows] == table["balance"].tolist()
    assert [row["verdict"] for row in rows] == table["verdict"].tolist()
    assert "not a probability of response" in err


def test_every_table_in_every_format(cells, tmp_path, capsys):
    call = ["balance", str(cells), "--sample-key", "sample", "--cell-type-key", "cell_type",
            "--min-cells", "3", "--sweep", "IFNG", *FAST]  # fmt: skip
    for kind in ("tsv", "json", "parquet"):
        folder = tmp_path / kind
        assert run([*call, "--tables", str(folder), "--tables-as", kind]) == 0
    capsys.readouterr()
    names = {path.stem for path in (tmp_path / "tsv").iterdir()}
    assert names == {
        "balance", "balance_activity", "balance_axes", "balance_cell_types",
        "balance_cell_types_contributions", "balance_contributions", "balance_cytokines",
        "balance_edges", "balance_rules", "balance_sweep", "balance_tipping",
    }  # fmt: skip
    for name in ("balance", "balance_contributions", "balance_cytokines"):
        tsv = pd.read_csv(tmp_path / "tsv" / f"{name}.tsv", sep="\t")
        parquet = pd.read_parquet(tmp_path / "parquet" / f"{name}.parquet").reset_index()
        parquet = parquet[tsv.columns]
        again = pd.DataFrame(json.loads((tmp_path / "json" / f"{name}.json").read_text()))
        numbers = parquet.select_dtypes("number").columns
        for other in (parquet, again):
            np.testing.assert_allclose(
                other[numbers].to_numpy(dtype=float), tsv[numbers].to_numpy(), rtol=1e-6
            )
    parts = pd.read_csv(tmp_path / "tsv" / "balance_contributions.tsv", sep="\t", index_col=0)
    whole = pd.read_csv(tmp_path / "tsv" / "balance.tsv", sep="\t", index_col=0)
    np.testing.assert_allclose(parts.sum(axis=1), whole["balance"], atol=1e-9)


def test_metadata_context_and_reference(bulk, tmp_path, capsys):
    stored, out = tmp_path / "reference.npz", tmp_path / "with.h5ad"
    assert run(["balance", str(bulk), "--save-reference", str(stored), *FAST]) == 0
    first = capsys.readouterr().out.splitlines()[1].split("\t")
    call = [str(bulk), "--reference", str(stored), "--metadata", str(bulk.parent / "clinic.csv"),
            "--context", "stage=ajcc", "--assume", "CR06", "-o", str(out), *FAST]  # fmt: skip
    assert run(["balance", *call]) == 0
    again = capsys.readouterr().out.splitlines()[1].split("\t")
    assert first[:3] == again[:3]  # the cohort against itself, stored
    adata = anndata.read_h5ad(out)
    rules = adata.uns["cytosig"]["balance_rules"]
    stage = rules[rules["rule"] == "CR02"].set_index("sample")["state"]
    assert stage.tolist() == ["does not hold"] * 2 + ["holds"] * 3 + ["undecided"]
    assert set(rules[rules["rule"] == "CR06"]["why"]) == {"said to hold"}


def test_control(bulk, capsys):
    clinic = str(bulk.parent / "clinic.csv")
    call = ["balance", str(bulk), "--metadata", clinic, "--control", "arm=a", "--no-shrink", *FAST]
    assert run(call) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()[1:]]
    controls = [float(row[1]) for row in rows[:3]]
    assert abs(np.mean(controls)) < 1e-4  # they are the zero


def test_a_reference_has_a_file_of_its_own(bulk, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for words in (["-o", "a.tsv"], ["--tables", "."]):
        name = "a.tsv" if "-o" in words else "balance.tsv"
        assert run(["balance", str(bulk), *words, "--save-reference", name, *FAST]) == 2
        assert "the same file" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--context", "stage"], "--context 'stage': expected NAME=COLUMN"),
        (["--context", "phase=arm"], "no rule asks for 'phase'"),
        (["--assume", "CR99"], "no rule 'CR99'"),
        (["--adjust", "mood"], "no programme 'mood'"),
        (["--sweep", "CXCL8"], "'CXCL8' has no vote"),
        (["--tables-as", "json"], "give --tables DIR"),
        (["--key-added", "mine"], "give -o OUT.h5ad"),
        (["-o", "out.txt"], "unknown kind of table"),
        (["--cell-type-key", "arm"], "needs"),
        (["--reference", "x.npz", "--control", "arm=a"], "exclude each other"),
    ],
)
def test_wrong_calls(bulk, words, said, capsys):
    assert run(["balance", str(bulk), *words, *FAST]) == 2
    assert said in " ".join(capsys.readouterr().err.split())
