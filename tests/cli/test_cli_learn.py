"""``cytosig signatures learn``: options to arguments, tables to stdout, the entry to a file."""

from __future__ import annotations

import inspect
import io
import json

import anndata
import numpy as np
import pandas as pd
import pytest
import typer

import cytosig as cs
from cytosig.cli import run
from cytosig.cli._app import app
from cytosig.signatures import Catalogue


@pytest.fixture(scope="module")
def adata() -> anndata.AnnData:
    """Four pairs of logged samples; the first 20 genes are raised by IL22."""
    rng = np.random.default_rng(0)
    x = rng.normal(6, 0.15, (8, 400)) + np.repeat(rng.normal(0, 0.3, (4, 400)), 2, axis=0)
    x[1::2, :20] += 2
    genes = ["SOCS3", "LCN2", "MKI67", *(f"XX{i:03d}" for i in range(397))]
    obs = pd.DataFrame(
        {"cytokine": ["none", "IL22"] * 4, "donor": np.repeat(["a", "b", "c", "d"], 2)},
        index=pd.Index([f"s{i}" for i in range(8)], dtype=str),
    )
    return anndata.AnnData(x, obs=obs, var=pd.DataFrame(index=pd.Index(genes, dtype=str)))


@pytest.fixture(scope="module")
def expected(adata):
    """What the library learns of it."""
    return cs.signatures.learn(
        adata, treatment=("cytokine", "IL22"), control="none", batch_key="donor"
    )


@pytest.fixture
def stored(adata, tmp_path):
    path = tmp_path / "stim.h5ad"
    adata.write_h5ad(path)
    return path


BASE = ["--treatment", "cytokine=IL22", "--control", "none", "--batch", "donor"]
NOTHING = ["--max-q", "1e-300"]


def test_the_entry_and_the_tables(stored, expected, capsys, tmp_path):
    out = tmp_path / "IL22.toml"
    assert run(["signatures", "learn", str(stored), *BASE, "-o", str(out)]) == 0
    printed = capsys.readouterr()
    assert out.read_text(encoding="utf-8") == expected.to_toml()
    genes, folds = (pd.read_csv(io.StringIO(part), sep="\t") for part in printed.out.split("\n\n"))
    listed = expected.genes[expected.genes["weight"] != 0]
    assert genes["gene"].tolist() == listed["gene"].tolist()
    np.testing.assert_allclose(genes["lfc"], listed["lfc"], rtol=1e-5)
    np.testing.assert_allclose(folds["z"], expected.held_out["z"], rtol=1e-5)
    assert folds["left_out"].tolist() == ["a", "b", "c", "d"]
    for line in expected.summary.splitlines():
        assert f"cytosig: {line}" in printed.err
    assert run(["signatures", "check", str(out)]) == 0
    checked = capsys.readouterr().out
    up, down = (int((listed["weight"] * sign > 0).sum()) for sign in (1, -1))
    assert checked == f"{out}: ok, 1 signature, {up} genes up, {down} down, 1 with evidence\n"


def test_the_entry_can_be_scored_by(stored, tmp_path, capsys):
    out, scores = tmp_path / "IL22.toml", tmp_path / "z.tsv"
    assert run(["-q", "signatures", "learn", str(stored), *BASE, "-o", str(out)]) == 0
    call = ["-q", "score", str(stored), "--signatures", str(out), "-o", str(scores)]
    assert run([*call, "--control", "cytokine=none"]) == 0
    capsys.readouterr()
    z = pd.read_csv(scores, sep="\t", index_col=0)["IL22_learnt"]
    assert z.iloc[1::2].min() > z.iloc[::2].max()
    both = cs.signatures.load().merge(Catalogue.from_file(out))
    assert "IL22_learnt" in both.axes["STAT3"].members


def test_json_is_one_object(stored, expected, capsys):
    assert run(["signatures", "learn", str(stored), *BASE, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["id"], found["axis"], found["grade"]) == ("IL22_learnt", "STAT3", "D")
    assert found["validated"] is True
    assert found["summary"] == expected.summary
    assert [row["gene"] for row in found["genes"]] == list(
        expected.genes["gene"][: len(expected.signature.genes)]
    )
    assert found["evidence"]["held_out"]["folds"] == len(found["held_out"]) == 4
    assert len(found["samples"]) == 8
    assert len(found["overlap"]) == len(cs.signatures.load())


def test_options_become_arguments(stored, monkeypatch, capsys, expected):
    seen = {}

    def learn(data, **arguments):
        seen.update(arguments)
        return expected

    monkeypatch.setattr("cytosig.learn.learn", learn)
    typed = [
        "--treatment", "cytokine=IL=22", "--control", "donor=a", "--batch", "donor",
        "--covariates", "age,sex", "--sample-key", "s", "--min-cells", "3", "--layer", "counts",
        "--gene-symbols", "names", "--organism", "mouse", "--nonfinite", "drop_genes",
        "--id", "MINE", "--axis", "STAT3", "--compartment", "T_NK", "--experiment", "GSE1",
        "--max-genes", "40", "--max-q", "0.1", "--min-lfc", "1", "--keep-programmes",
    ]  # fmt: skip
    assert run(["-q", "signatures", "learn", str(stored), *typed]) == 0
    assert seen == {
        "treatment": ("cytokine", "IL=22"), "control": ("donor", "a"), "batch_key": "donor",
        "covariates": ["age", "sex"], "sample_key": "s", "min_cells": 3, "layer": "counts",
        "gene_symbols": "names", "organism": "mouse", "nonfinite": "drop_genes", "id": "MINE",
        "axis": "STAT3", "compartment": "T_NK", "experiment": "GSE1", "max_genes": 40,
        "max_q": 0.1, "min_lfc": 1.0, "drop_programmes": False,
    }  # fmt: skip
    capsys.readouterr()


def test_a_value_with_a_sign_is_no_column(stored, monkeypatch, expected):
    seen = {}
    monkeypatch.setattr("cytosig.learn.learn", lambda _, **given: seen.update(given) or expected)
    typed = ["--treatment", "cytokine=IL22", "--control", "time=0"]
    assert run(["-q", "signatures", "learn", str(stored), *typed]) == 0
    assert seen["control"] == "time=0"


def test_every_argument_has_its_option_and_shown_defaults_are_true():
    command = typer.main.get_command(app).commands["signatures"].commands["learn"]
    arguments = inspect.signature(cs.signatures.learn).parameters
    options = {p.name: p for p in command.params}
    own = {"source", "metadata", "transpose", "out", "format", "keep_programmes", "help"}
    assert set(options) - own == set(arguments) - {"adata", "drop_programmes"}
    for name in ("min_cells", "max_genes", "max_q", "min_lfc", "organism", "nonfinite"):
        assert str(options[name].show_default) == str(arguments[name].default)


def test_a_table_with_its_metadata(adata, expected, tmp_path, capsys):
    table, clinic = tmp_path / "expression.tsv", tmp_path / "samples.csv"
    adata.to_df().T.to_csv(table, sep="\t")
    adata.obs.rename_axis("sample").to_csv(clinic)
    call = ["signatures", "learn", str(table), *BASE, "--metadata", str(clinic), "--transpose"]
    assert run([*call, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {row["gene"] for row in found["genes"]} == set(expected.signature.weights)


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--treatment", "IL22", "--control", "none"], 2, "--treatment 'IL22': expected COLUMN="),
        (["--treatment", "cytokine=IL2", "--control", "none"], 2, "no sample has 'IL2'"),
        ([*BASE, "-o", "x.txt"], 2, "x.txt: a signature is written as TOML"),
        ([*BASE, "--layer", "a", "--use-raw"], 2, "--layer and --use-raw exclude each other"),
        ([*BASE, "--axis", "STAT9"], 2, "--axis STAT9: expected one of"),
        ([*BASE, *NOTHING], 1, "Lower bars (--max-q, --min-lfc) give a list"),
        (["--treatment", "donor=a", "--control", "donor=b", "--batch", "donor"], 1, "no 'donor' h"),
    ],
)
def test_mistakes_have_their_exit_code(stored, capsys, options, code, message):
    assert run(["signatures", "learn", str(stored), *options]) == code
    assert message in capsys.readouterr().err


def test_what_fails_writes_nothing(stored, tmp_path, capsys):
    out = tmp_path / "x.toml"
    assert run(["signatures", "learn", str(stored), *BASE, *NOTHING, "-o", str(out)]) == 1
    assert not out.exists()
    capsys.readouterr()


def test_a_warning_is_said_once(stored, capsys):
    typed = ["--treatment", "cytokine=IL22", "--control", "none", "--max-q", "0.2"]
    assert run(["signatures", "learn", str(stored), *typed]) == 0
    err = capsys.readouterr().err
    assert err.count("NOT VALIDATED") == 1
    assert "cytosig: warning: IL22_learnt: NOT VALIDATED: genes with q above 0.05" in err


def test_a_terminal_shows_the_first_rows(expected, capsys, monkeypatch):
    from cytosig.cli import learn as command

    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    command._print(expected, None)
    out = capsys.readouterr().out
    assert out.startswith("IL22_learnt: ")
    assert "contrasts left out" in out
