"""``cytosig blockade``: options to arguments, files in and out, what is printed."""

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
LABEL = "scenario ranking, not a forecast of efficacy"
NAMES = ["IL6R", "bintrafusp alfa", "TNFRSF1A"]


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
    table = pd.DataFrame({"sample": pooled.obs_names, "ajcc": "IV", "arm": list("aaabbb")})
    table.to_csv(folder / "clinic.csv", index=False)
    return folder / "bulk.csv"


def _expected(cohort: anndata.AnnData, **options: object) -> dict:
    own = cohort.copy()
    cs.tl.blockade(own, sample_key="sample", n_draws=100, **options)
    return own.uns["cytosig"]


def test_every_argument_of_the_library_has_its_option():
    mine = {p.name for p in typer.main.get_command(app).commands["blockade"].params}
    assert set(inspect.signature(tl.blockade).parameters) - mine == {
        "adata",
        "copy",
        "shrink",  # --no-shrink
    }


def test_shown_defaults_are_those_of_the_library():
    theirs = inspect.signature(tl.blockade).parameters
    for option in typer.main.get_command(app).commands["blockade"].params:
        if isinstance(option.show_default, str) and option.name in theirs:
            assert option.show_default == str(theirs[option.name].default), option.name


def test_every_column_on_stdout_and_the_label(cells, cohort, capsys):
    call = ["blockade", str(cells), "--sample-key", "sample", "--targets", ",".join(NAMES),
            "--pairs", "--format", "json", *FAST]  # fmt: skip
    assert run(call) == 0
    out, err = capsys.readouterr()
    rows = json.loads(out)
    table = _expected(cohort, targets=NAMES, pairs=True)["blockade"]
    assert [row["name"] for row in rows] == table["name"].tolist()
    assert [row["effect"] for row in rows] == table["effect"].tolist()
    assert list(rows[0]) == list(table.columns)
    assert rows[0]["synergy"] is None
    assert LABEL in err


def test_a_terminal_shows_the_main_columns_and_the_label(cells, capsys, monkeypatch):
    call = ["blockade", str(cells), "--sample-key", "sample", "--targets", "all", *FAST]
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "400")
    assert run(call) == 0
    out = capsys.readouterr().out
    assert f"Change of the balance: {LABEL}. 84 more rows" in " ".join(out.split())
    assert "synergy" not in out  # no pairs
    assert "bintrafusp" in out


def test_scenarios_of_ones_own(cells, cohort, capsys):
    call = ["blockade", str(cells), "--sample-key", "sample", "-t", "IL6R", "--scenario",
            "mine=CD274, TGFB1", "--scenario", "agonist = CD40 : activates", "--format", "json",
            *FAST]  # fmt: skip
    assert run(call) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(rows) == {"IL6R", "mine", "agonist"}
    own = {
        "mine": {"targets": ["CD274", "TGFB1"]},
        "agonist": {"targets": ["CD40"], "action": "activates"},
    }
    table = _expected(cohort, targets=["IL6R", own])["blockade"].set_index("name")
    for name, row in rows.items():
        assert row["effect"] == table.loc[name, "effect"]
        assert row["not_modelled"] == table.loc[name, "not_modelled"]
    assert rows["agonist"]["action"] == "activates"


def test_every_table_in_every_format(cells, cohort, tmp_path, capsys):
    call = ["blockade", str(cells), "--sample-key", "sample", "--targets", ",".join(NAMES),
            "--pairs", *FAST]  # fmt: skip
    for kind in ("tsv", "json", "parquet"):
        out = tmp_path / f"table.{kind}"
        folder = tmp_path / kind
        assert run([*call, "--tables", str(folder), "--tables-as", kind, "-o", str(out)]) == 0
        assert out.is_file()
    capsys.readouterr()
    expected = _expected(cohort, targets=NAMES, pairs=True)
    names = {name for name, table in expected.items() if isinstance(table, pd.DataFrame)}
    assert {path.stem for path in (tmp_path / "tsv").iterdir()} == names
    for name in names:
        tsv = pd.read_csv(tmp_path / "tsv" / f"{name}.tsv", sep="\t")
        parquet = pd.read_parquet(tmp_path / "parquet" / f"{name}.parquet").reset_index()
        again = pd.DataFrame(json.loads((tmp_path / "json" / f"{name}.json").read_text()))
        numbers = expected[name].select_dtypes("number").columns
        for other in (tsv, parquet, again):
            np.testing.assert_allclose(
                other[numbers].to_numpy(dtype=float), expected[name][numbers], rtol=1e-6
            )
    assert pd.read_csv(tmp_path / "table.tsv", sep="\t")["name"].tolist() == (
        expected["blockade"]["name"].tolist()
    )
    samples = pd.read_csv(tmp_path / "tsv" / "blockade_samples.tsv", sep="\t")
    assert samples["sample"].tolist() == list(expected["blockade_samples"].index)


def test_metadata_context_control_and_reference(bulk, tmp_path, capsys):
    stored, out = tmp_path / "reference.npz", tmp_path / "with.h5ad"
    adata = cs.read(bulk)
    cs.tl.fit_reference(adata).save(stored)
    clinic = str(bulk.parent / "clinic.csv")
    call = [str(bulk), "--targets", "IL6R", "--metadata", clinic, "--context", "stage=ajcc",
            "--assume", "CR06", *FAST]  # fmt: skip
    assert run(["blockade", *call, "--reference", str(stored), "-o", str(out),
                "--key-added", "mine"]) == 0  # fmt: skip
    record = anndata.read_h5ad(out).uns["mine"]
    assert list(record["blockade"]["name"]) == ["IL6R"]
    params = record["blockade_params"]
    assert list(params["context"]) == ["stage=ajcc"]
    assert list(params["assume"]) == ["CR06"]
    assert params["label"] == LABEL
    assert run(["blockade", *call, "--control", "arm=a", "--no-shrink"]) == 0
    effect = capsys.readouterr().out.splitlines()[-1].split("\t")[7]
    adata.obs["arm"] = list("aaabbb")
    cs.tl.blockade(adata, targets="IL6R", control=("arm", "a"), shrink=False, n_draws=100)
    expected = adata.uns["cytosig"]["blockade"]["effect"].iloc[0]
    assert float(effect) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Name what to block"),
        (["--targets", " , "], "Name what to block"),
        (["--targets", "tocilizumap"], "Near: tocilizumab"),
        (["--targets", "IL6R", "--pairs"], "needs two scenarios"),
        (["--scenario", "mine"], "expected NAME=GENE,GENE"),
        (["--scenario", "mine=CD40:"], "expected NAME=GENE,GENE"),
        (["--scenario", "mine=CD40:warms"], "expected blocks, activates, depletes"),
        (["-t", "IL6R", "--context", "stage"], "--context 'stage': expected NAME=COLUMN"),
        (["-t", "IL6R", "--tables-as", "json"], "give --tables DIR"),
        (["-t", "IL6R", "--key-added", "mine"], "give -o OUT.h5ad"),
        (["-t", "IL6R", "-o", "out.txt"], "unknown kind of table"),
        (["-t", "IL6R", "--reference", "x.npz", "--control", "arm=a"], "exclude each other"),
        (["-t", "IL6R", "--layer", "x", "--use-raw"], "--layer and --use-raw exclude each other"),
    ],
)
def test_wrong_calls(bulk, words, said, capsys):
    assert run(["blockade", str(bulk), *words, *FAST]) == 2
    assert said in " ".join(capsys.readouterr().err.split())
