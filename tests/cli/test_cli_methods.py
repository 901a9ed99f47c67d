"""``cytosig methods``, and ``--method``, ``--compat`` and ``--set`` as they are typed."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import numpy as np
import pytest
import typer

import cytosig as cs
from cytosig import methods
from cytosig._errors import UsageError
from cytosig._keys import Keys
from cytosig.cli import run
from cytosig.cli._app import app
from cytosig.cli._pairs import settings
from cytosig.cli._tables import TABLES, tables_of
from cytosig.cli.methods import method_names

UCELL = ["max_rank=1500 (2–1e+06)", "w_neg=1 (0–100)"]


@pytest.fixture
def listed(capsys):
    """What ``cytosig methods`` lists, by name."""
    assert run(["methods", "--format", "json"]) == 0
    return {row["name"]: row for row in json.loads(capsys.readouterr().out)}


@pytest.fixture
def stored(counts):
    """Which tables of obsm each method really fills, and its record, over three observations."""
    adata = counts[:3].copy()
    names = ["hlm", *sorted(methods.available().keys() - {"hlm"})]
    cs.tl.score(adata, method=names, settings={"gsea": {"permutations": 100}}, n_jobs=1)
    keys = {name: Keys().of_method(name) if name != "hlm" else Keys() for name in names}
    return {
        name: (
            {table for table in (*TABLES, "spread") if getattr(own, table) in adata.obsm},
            adata.uns[own.uns],
        )
        for name, own in keys.items()
    }


def test_method_names_are_those_of_the_registry():
    assert method_names() == sorted(methods.available())


def test_every_method_is_listed_with_what_can_be_set(listed):
    assert set(listed) == set(methods.available())
    row = listed["ucell"]
    assert list(row) == ["name", "title", "p_values", "settings", "compat", "reference"]
    assert row["settings"] == UCELL
    assert row["compat"] == ["pyucell"]
    assert row["title"].startswith("UCell: Mann-Whitney U")
    assert row["reference"].startswith("Andreatta M, Carmona SJ.")
    assert listed["hlm"]["settings"] == listed["hlm"]["compat"] == []


def test_what_is_said_of_p_values_and_tables_is_what_a_run_fills(listed, stored):
    for name, (tables, record) in stored.items():
        assert listed[name]["p_values"] == ("yes" if "pvalue" in tables else "no"), name
        others = [methods.get("ulm" if name != "ulm" else "mlm"), methods.get(name)]
        planned = tables_of(others)[1]
        assert set(planned.scores) == tables - {"ligand"}, name
        assert ("agreement" in planned.records) == ("agreement" in record), name


def test_the_first_method_has_the_tables_of_every_run():
    (consensus,) = tables_of([methods.get("consensus")])
    assert consensus.scores == (*TABLES, "spread")
    assert consensus.records == ("coverage", "coverage_compartments", "compartments", "agreement")
    assert tables_of([methods.get("ucell")])[0].scores == TABLES


def test_tsv_has_the_same_on_one_line(capsys):
    assert run(["methods", "--format", "tsv"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    cells = [dict(zip(head.split("\t"), line.split("\t"), strict=True)) for line in lines]
    rows = {row["name"]: row for row in cells}
    assert rows["ucell"]["settings"] == ", ".join(UCELL)
    assert rows["gsea"]["p_values"] == "yes"
    assert rows["mlm"]["settings"] == rows["mlm"]["compat"] == ""


def test_a_hundred_columns_hold_the_table(capsys, monkeypatch, listed):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "100")
    assert run(["methods"]) == 0
    out = re.sub("\x1b\\[[0-9;]*m", "", capsys.readouterr().out)
    assert max(map(len, out.splitlines())) <= 100
    assert "--set METHOD.NAME=VALUE" in out
    words = {word for row in listed.values() for text in row["settings"] for word in text.split()}
    assert {word for word in words if word not in out} == set()
    assert "…" not in out
    starts = [line.split()[0] for line in out.splitlines() if line[:1].strip()]
    assert [word for word in starts if word in listed] == list(listed)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("sc", ["score_genes"]),
        ("mlm,u", ["mlm,ucell", "mlm,ulm"]),
        ("ucell,u", ["ucell,ulm"]),
        ("ucell,q", []),
    ],
)
def test_a_shell_completes_the_last_name(typed, offered):
    command = typer.main.get_command(app).commands["score"]
    (option,) = (param for param in command.params if param.name == "method")
    context = command.make_context("score", ["in.h5ad"], resilient_parsing=True)
    assert [item.value for item in option.shell_complete(context, typed)] == offered


def test_the_command_line_is_there_before_any_method():
    code = (
        "import sys, cytosig.cli\n"
        "heavy = {'cytosig.methods', 'scipy', 'numpy', 'pandas', 'anndata'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_settings_are_read_as_numbers():
    found = settings(["ucell.max_rank=1e3", " ucell.w_neg = -2", "gsea.seed=7", "gsea.seed=7"])
    assert found == {"ucell": {"max_rank": 1000, "w_neg": -2}, "gsea": {"seed": 7}}
    assert isinstance(found["gsea"]["seed"], int)
    assert np.isnan(settings(["ucell.w_neg=nan"])["ucell"]["w_neg"])


@pytest.mark.parametrize(
    "text", ["ucell=3", "ucell.max_rank", "max_rank=3", ".x=1", "a.=1", "a.b="]
)
def test_settings_without_method_name_or_value_are_refused(text):
    with pytest.raises(UsageError, match=r"expected METHOD\.NAME=VALUE, such as ucell\.max_rank="):
        settings([text])


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ("--method mlm,lasso", "'lasso' is not one of aucell, consensus, gsea,"),
        ("--method ,", "',' is not one of aucell"),
        ("--method mlm,mlm", "method names 'mlm' twice; keep one."),
        ("--method hlm,consensus", "--method hlm,consensus: consensus joins two or more methods"),
        ("--method ucell --set ucell.w_neg=two", "--set 'ucell.w_neg=two': 'two' is not a number."),
        ("--method ucell --set ucell.w_neg=nan", "--set ucell.w_neg=nan; expected a number from 0"),
        ("--method ucell --set ucell.max_rank=2.5", "--set ucell.max_rank=2.5; expected a whole"),
        ("--method ucell --set ucell.x=1", "--set: ucell has no 'x'; it has max_rank, w_neg."),
        ("--method mlm --set ucell.w_neg=1", "--set: 'ucell' is not among the methods mlm."),
        ("--set a.b=1 --set a.b=2", "--set gives a.b two values; keep one."),
        ("--method ucell --compat scanpy", "--compat scanpy means nothing to ucell"),
        ("--method ucell --control a=b", "--control says what to centre on, and nothing is"),
        ("--method ucell,aucell --batch b", "--batch says what to centre on, and nothing is"),
        ("--method ucell --lam 2", "--lam 2.0 means nothing to method 'ucell'"),
    ],
)
def test_a_wrong_call_is_told_before_anything_is_read(tmp_path, capsys, options, text):
    out = str(tmp_path / "tables")
    assert run(["score", "nothing.h5ad", "--tsv", out, *options.split()]) == 2
    found, err = capsys.readouterr()
    assert text in " ".join(err.replace("│", " ").split())
    assert found == ""
    assert list(tmp_path.iterdir()) == []
