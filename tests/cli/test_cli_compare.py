"""``cytosig compare``: options to arguments, metadata to obs, tables to files."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, get_args

import anndata
import numpy as np
import pandas as pd
import pytest
import typer
from scipy import sparse, stats

from cytosig import tl
from cytosig._errors import DataError, FileError, UsageError
from cytosig.cli import _compare_options, run
from cytosig.cli._app import app
from cytosig.cli._metadata import add_metadata
from cytosig.cli._table_file import check_frame_path, write_frame

if TYPE_CHECKING:
    from pathlib import Path

N = 16


def _scored(n: int = N) -> anndata.AnnData:
    rng = np.random.default_rng(0)
    names = pd.Index([f"00{i}" for i in range(n)], dtype=str)
    adata = anndata.AnnData(
        np.ones((n, 300), np.float32),
        obs=pd.DataFrame({"site": np.resize(["x", "y"], n)}, index=names),
    )
    z = rng.normal(size=(n, 3))
    adata.obsm["cytosig_score"] = pd.DataFrame(z, index=names, columns=["IFNG", "IL6", "TNF"])
    return adata


@pytest.fixture
def scored(tmp_path) -> Path:
    path = tmp_path / "scored.h5ad"
    _scored().write_h5ad(path)
    return path


@pytest.fixture
def clinic(tmp_path) -> Path:
    """In another order, with a patient who is not in the data."""
    rng = np.random.default_rng(1)
    rows = pd.DataFrame(
        {
            "sample": [f"00{i}" for i in range(N)],
            "response": np.resize(["R", "R", "N", "N"], N),
            "age": rng.integers(40, 80, N),
            "months": rng.exponential(10, N).round(3) + 0.1,
            "died": np.resize([1, 1, 0], N),
        }
    ).sample(frac=1, random_state=0)
    path = tmp_path / "clinic.csv"
    more = pd.DataFrame({"sample": ["099"], "response": ["N"], "age": [50]})
    pd.concat([rows, more]).to_csv(path, index=False)
    return path


@pytest.fixture
def asked(monkeypatch):
    """Arguments handed to ``tl.compare``, which is not run."""
    seen = {}

    def compare(adata, *, key="cytosig", key_added="compare", **arguments):
        seen.update(arguments)
        adata.uns[key] = {key_added: pd.DataFrame({"name": ["B", "A"], "p": [0.5, 0.25]})}

    monkeypatch.setattr(tl, "compare", compare)
    return seen


# --- options ------------------------------------------------------------------------------------


def _options() -> dict[str, object]:
    return {p.name: p for p in typer.main.get_command(app).commands["compare"].params}


def test_every_argument_of_the_library_has_its_option():
    assert set(inspect.signature(tl.compare).parameters) - set(_options()) == {"adata", "copy"}


def test_shown_defaults_are_those_of_the_library():
    theirs = inspect.signature(tl.compare).parameters
    for name, option in _options().items():
        if isinstance(option.show_default, str) and name in theirs:
            assert option.show_default == str(theirs[name].default), name


def test_choices_are_those_of_the_library():
    from cytosig.tl.compare import Interval, Method

    assert tuple(_compare_options.Method) == get_args(Method)
    assert tuple(_compare_options.Interval) == get_args(Interval)


def test_what_is_not_given_is_not_handed_on(asked, scored):
    assert run(["compare", str(scored), "--groupby", "site"]) == 0
    assert asked == {"groupby": "site"}


def test_every_option_reaches_its_argument(asked, scored):
    call = (
        "--groupby site --reference x --groups x,y --paired pt --covariates age,sex --cohort-key c"
        " --sample-key s --cell-type-key t --min-cells 3 --use score,axis --method mann-whitney"
        " --auroc-ci bootstrap --n-draws 500 --rng 7 --level 0.9"
    )
    assert run(["compare", str(scored), *call.split()]) == 0
    assert asked == {
        "groupby": "site", "reference": "x", "groups": ["x", "y"], "paired": "pt",
        "covariates": ["age", "sex"], "cohort_key": "c", "sample_key": "s", "cell_type_key": "t",
        "min_cells": 3, "use": ["score", "axis"], "method": "mann-whitney",
        "auroc_ci": "bootstrap", "n_draws": 500, "rng": 7, "level": 0.9,
    }  # fmt: skip
    asked.clear()
    assert run(["compare", str(scored), "--survival", "months,died"]) == 0
    assert asked == {"survival": ("months", "died")}
    asked.clear()
    assert run(["compare", str(scored), "--covariate", "age"]) == 0
    assert asked == {"covariate": "age"}


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ("", "Give one of --groupby, --covariate and --survival; found none of them"),
        ("--groupby a --covariate b", "found --groupby and --covariate"),
        ("--survival months", "expected TIME,EVENT"),
        ("--groupby a --method anova", "--method"),
        ("--groupby a --groups ,", "expected names with commas between"),
        ("--groupby a -o OUT/t.xlsx", "unknown kind of table"),
        ("--groupby a --key-added mine", "give -o OUT.h5ad"),
        ("--groupby a -o OUT/t.tsv --key-added mine", "give -o OUT.h5ad"),
    ],
)
def test_a_wrong_call_is_told_before_anything_is_read(tmp_path, capsys, options, text):
    words = [word.replace("OUT", str(tmp_path)) for word in options.split()]
    assert run(["compare", "nothing.h5ad", *words]) == 2
    found, err = capsys.readouterr()
    assert text in " ".join(err.replace("│", " ").split())
    assert found == ""
    assert list(tmp_path.iterdir()) == []


def test_outputs_are_never_inputs(scored, clinic, capsys):
    for path in (scored, clinic):
        before = path.read_bytes()
        call = ["compare", str(scored), "--metadata", str(clinic), "--groupby", "response"]
        assert run([*call, "-o", str(path)]) == 2
        assert "is the input" in capsys.readouterr().err
        assert path.read_bytes() == before


def test_messages_name_options_as_they_are_typed(scored, capsys):
    assert run(["compare", str(scored), "--groupby", "site", "--min-cells", "3"]) == 2
    assert "--min-cells 3 counts the cells of a sample: give --sample-key." in (
        capsys.readouterr().err
    )
    assert run(["compare", str(scored), "--groupby", "sight"]) == 2
    assert "groupby: obs has no column 'sight'; it has 'site'" in capsys.readouterr().err


# --- end to end ---------------------------------------------------------------------------------


def _expected(clinic: Path) -> pd.DataFrame:
    """p of Welch's t, by scipy, from the files as written."""
    z = _scored().obsm["cytosig_score"]
    arm = pd.read_csv(clinic, dtype={"sample": str}).set_index("sample")["response"][z.index]
    p = stats.ttest_ind(z[arm == "R"], z[arm == "N"], equal_var=False).pvalue
    return pd.Series(p, index=z.columns).sort_values()


@pytest.mark.parametrize("suffix", ["tsv", "csv", "json", "parquet", "tsv.gz", "h5ad"])
def test_a_file_and_a_table_of_patients_give_a_table(scored, clinic, tmp_path, capsys, suffix):
    out = tmp_path / f"out.{suffix}"
    call = ["compare", str(scored), "--metadata", str(clinic), "--groupby", "response"]
    assert run([*call, "--method", "welch", "-o", str(out), "--format", "json"]) == 0
    shown, err = capsys.readouterr()
    expected = _expected(clinic)
    rows = json.loads(shown)
    assert [row["name"] for row in rows] == expected.index.tolist()
    assert [row["p"] for row in rows] == pytest.approx(expected.tolist())
    assert "1 row(s) are not an observation: '099'" in err
    if suffix == "h5ad":
        read = anndata.read_h5ad(out)
        written = read.uns["cytosig"]["compare"].sort_values("p")
        assert read.obs["response"].notna().all()
        assert read.shape == (N, 300)
    elif suffix == "json":
        written = pd.DataFrame(json.loads(out.read_text()))
    elif suffix == "parquet":
        written = pd.read_parquet(out).reset_index()
    else:
        separator = "," if suffix == "csv" else "\t"
        written = pd.read_csv(out, sep=separator, float_precision="round_trip")
    np.testing.assert_array_equal(written["p"], [row["p"] for row in rows])
    assert written["name"].tolist() == expected.index.tolist()
    assert written["contrast"].tolist() == ["R vs N"] * 3


def test_stdout_is_tsv_for_a_program_and_sorted_by_p(scored, clinic, capsys):
    call = ["compare", str(scored), "--metadata", str(clinic), "-q"]
    assert run([*call, "--groupby", "response", "--method", "welch"]) == 0
    out, _ = capsys.readouterr()
    header, *rows = (line.split("\t") for line in out.splitlines())
    p = [float(row[header.index("p")]) for row in rows]
    assert p == pytest.approx(_expected(clinic).tolist(), rel=1e-5)
    assert run([*call, "--survival", "months,died"]) == 0
    assert "hazard_ratio" in capsys.readouterr().out.splitlines()[0]


def test_a_terminal_is_shown_the_main_columns_with_small_p_as_they_are(scored, monkeypatch, capsys):
    import sys

    from cytosig.cli.compare import _print

    table = pd.DataFrame({
        "table": "score", "name": [f"c{i}" for i in range(50)], "se": 0.1, "estimate": 1.0,
        "p": [1.234e-7, *np.linspace(0.1, 0.9, 48), np.nan], "reason": "", "test": "Welch t",
        "contrast": "R vs N",
    })  # fmt: skip
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    _print(table, None)
    out = capsys.readouterr().out
    assert "1.2e-07" in out
    assert "se" not in out.split()[:6]
    assert out.count("R vs N") == 1
    assert "contrast: R vs N; test: Welch t; 10 more rows; -o OUT.tsv keeps all" in out


def test_cells_are_refused_and_averaged_when_told_how(tmp_path, capsys):
    rng = np.random.default_rng(0)
    n, per = 8, 12
    names = [f"c{i}" for i in range(n * per)]
    sample = np.repeat([f"p{i}" for i in range(n)], per)
    cells = anndata.AnnData(
        sparse.random(n * per, 300, 0.1, format="csr", random_state=0, dtype=np.float32),
        obs=pd.DataFrame({"sample": sample}, index=names),
    )
    z = rng.normal(size=(n * per, 1))
    cells.obsm["cytosig_score"] = pd.DataFrame(z, index=names, columns=["IL6"])
    path, table = tmp_path / "cells.h5ad", tmp_path / "arms.tsv"
    cells.write_h5ad(path)
    table.write_text("id\tarm\n" + "".join(f"p{i}\t{'ab'[i % 2]}\n" for i in range(n)))
    call = ["compare", str(path), "--metadata", str(table), "--groupby", "arm"]
    assert run(call) == 1
    assert "no row is an observation" in capsys.readouterr().err
    cells.obs["arm"] = np.repeat(np.resize(["a", "b"], n), per)
    cells.write_h5ad(tmp_path / "labelled.h5ad")
    assert run(["compare", str(tmp_path / "labelled.h5ad"), "--groupby", "arm"]) == 1
    assert "look like single cells" in (err := capsys.readouterr().err)
    assert "in --sample-key" in err
    asked = ["--sample-key", "sample", "--format", "json", "--method", "welch"]
    assert run([*call, *asked]) == 0
    means = z.reshape(n, per).mean(axis=1)
    expected = stats.ttest_ind(means[::2], means[1::2], equal_var=False).pvalue
    assert json.loads(capsys.readouterr().out)[0]["p"] == pytest.approx(expected)


def test_zarr_is_read_too(tmp_path, clinic, capsys):
    pytest.importorskip("zarr")
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _scored().write_zarr(tmp_path / "scored.zarr")
    call = ["compare", str(tmp_path / "scored.zarr"), "--metadata", str(clinic), "--groupby"]
    assert run([*call, "response", "--method", "welch", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["p"] for row in rows] == pytest.approx(_expected(clinic).tolist())


@pytest.mark.parametrize("name", ["scores.h5ad", "scores.zarr"])
def test_scores_suffice_to_compare_and_to_report(tmp_path, clinic, capsys, name):
    from cytosig.io.append import write_scores

    adata = _scored()
    adata.uns["cytosig"] = {"format": 1}
    source, out = tmp_path / name, tmp_path / "out.h5ad"
    write_scores(adata, source, key="cytosig")
    asked = ["--metadata", str(clinic), "--groupby", "response"]
    call = ["compare", str(source), *asked, "--method", "welch"]
    assert run([*call, "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["p"] for row in rows] == pytest.approx(_expected(clinic).tolist())
    assert run([*call, "-o", str(out)]) == 0
    back = anndata.read_h5ad(out)
    assert back.X is None
    found = back.uns["cytosig"]["compare"].sort_values("p")["p"]
    assert found.tolist() == pytest.approx(_expected(clinic).tolist())
    assert run(["report", str(source), *asked, "-o", str(tmp_path / "page.html")]) == 0
    assert "R vs N" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert run(["score", str(source), "-o", str(tmp_path / "again.h5ad")]) == 1
    assert "holds no matrix" in capsys.readouterr().err


def test_a_file_without_scores_says_what_to_run(tmp_path, capsys):
    adata = _scored()
    del adata.obsm["cytosig_score"]
    adata.write_h5ad(tmp_path / "plain.h5ad")
    assert run(["compare", str(tmp_path / "plain.h5ad"), "--groupby", "site"]) == 2
    assert "Run cytosig score first" in capsys.readouterr().err


def test_a_missing_file_is_an_error_of_the_data(tmp_path, capsys):
    assert run(["compare", str(tmp_path / "none.h5ad"), "--groupby", "site"]) == 1
    assert "none.h5ad" in capsys.readouterr().err


# --- metadata -----------------------------------------------------------------------------------


def _with(tmp_path: Path, text: str, n: int = 3, **more: object) -> anndata.AnnData:
    path = tmp_path / "meta.csv"
    path.write_text(text)
    adata = _scored(n)
    add_metadata(adata, path, **more)
    return adata


def test_metadata_are_joined_by_name_not_by_order(tmp_path):
    adata = _with(tmp_path, "id,arm,age,cured\n002,b,61,True\n000,a,50,False\n001,NA,,True\n")
    assert adata.obs["arm"].astype(object).where(adata.obs["arm"].notna(), None).tolist() == [
        "a", None, "b",
    ]  # fmt: skip
    assert adata.obs["age"].tolist()[::2] == [50, 61]
    assert np.isnan(adata.obs["age"].iloc[1])
    assert adata.obs["cured"].tolist() == [False, True, True]
    assert adata.obs["site"].tolist() == ["x", "y", "x"]


def test_metadata_of_samples_reach_their_cells(tmp_path):
    path = tmp_path / "meta.tsv"
    path.write_text("sample;arm;None\ny;b;None\nx;a;1\n")
    adata = _scored(4)
    add_metadata(adata, path, sample_key="site")
    assert adata.obs["arm"].tolist() == ["a", "b", "a", "b"]
    assert adata.obs["None"].tolist() == ["1", "None", "1", "None"]  # a word, not a gap


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("id,arm\n000,a\n001,b\n", DataError, "no row for 1 of 3 samples: '002'"),
        ("id,arm\na,a\nb,b\n", DataError, "no row is an observation. .* holds 'a', 'b'; .*'000'"),
        ("id,arm\n000,a\n001,b\n002,b\n001,a\n", DataError, "two rows of '001'"),
        ("id,site\n000,a\n001,b\n002,b\n", DataError, "obs has a column 'site' already"),
        ("id,arm\n000,a\n,b\n002,b\n", DataError, "row 3: the first column, 'id', names no"),
        ("id,arm\n000,a,1\n001,b\n002,c,d,e,f\n", FileError, "is no table"),
        ("id,arm\n000,a,1\n001,b,2\n002,c,3\n", FileError, "is no table"),
        ("id\n000\n001\n", DataError, "no comma, semicolon, tab or space"),
    ],
)
def test_metadata_that_do_not_fit_are_refused_and_add_nothing(tmp_path, text, error, message):
    path = tmp_path / "meta.csv"
    path.write_text(text)
    adata = _scored(3)
    with pytest.raises(error, match=message):
        add_metadata(adata, path)
    assert list(adata.obs.columns) == ["site"]


# --- table files --------------------------------------------------------------------------------


def test_json_has_null_where_there_is_no_number(tmp_path):
    path = tmp_path / "t.json"
    write_frame(pd.DataFrame({"name": ["a", "b"], "p": [0.1, np.nan], "n": [1, 2]}), path)
    assert json.loads(path.read_text()) == [
        {"name": "a", "p": 0.1, "n": 1}, {"name": "b", "p": None, "n": 2},
    ]  # fmt: skip


def test_tables_that_cannot_be_written_are_refused_beforehand(tmp_path):
    for name, error in (("t.doc", UsageError), ("no/t.tsv", FileError), ("in.tsv", UsageError)):
        with pytest.raises(error):
            check_frame_path(tmp_path / name, inputs=[tmp_path / "in.tsv"])
    check_frame_path(tmp_path / "t.json", inputs=[])
    assert list(tmp_path.iterdir()) == []
