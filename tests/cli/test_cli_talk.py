"""``cytosig sources``, ``targets``, ``links``: options to arguments, tables and graphs to files."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING

import anndata
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import typer

import cytosig as cs
from cytosig import tl
from cytosig.cli import run
from cytosig.cli._app import app
from cytosig.cli._talk import _graph_paths

if TYPE_CHECKING:
    from pathlib import Path

TOOLS = ("sources", "targets", "links")
KEYS = ("--sample-key", "sample", "--cell-type-key", "cell_type")
every_tool = pytest.mark.parametrize("tool", TOOLS)


@pytest.fixture(scope="module")
def cohort() -> anndata.AnnData:
    """Pseudobulk of six planted samples, and a column of conditions."""
    cells = cs.datasets.simulate_cohort(n_samples=6, cells_per_sample=100, n_genes=3000).adata
    found = cs.pp.pseudobulk(cells, sample_key="sample", cell_type_key="cell_type", n_jobs=1)
    found.obs = found.obs[["sample", "cell_type", "n_cells"]]
    return found


@pytest.fixture(scope="module")
def path(cohort: anndata.AnnData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("talk")
    cohort.write_h5ad(folder / "in.h5ad")
    samples = sorted(set(cohort.obs["sample"].astype(str)))
    clinic = pd.DataFrame({"sample": samples, "arm": list("ababab"), "age": range(40, 46)})
    clinic.to_csv(folder / "clinic.csv", index=False)
    return folder / "in.h5ad"


@pytest.fixture(scope="module")
def expected(cohort: anndata.AnnData) -> dict[str, pd.DataFrame]:
    """What the library writes."""
    own = cohort.copy()
    for tool in TOOLS:
        how = {} if tool == "targets" else {"n_boot": 50}
        getattr(tl, tool)(own, sample_key="sample", cell_type_key="cell_type", **how)
    return own.uns["cytosig"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Arguments handed to the library, which is not run."""
    seen: dict[str, object] = {}

    def stub(name: str):
        def made(adata, *, key_added: str = "cytosig", **arguments):
            seen.update(arguments)
            table = pd.DataFrame(
                {
                    "cytokine": ["IL6", "TNF", "IFNG"], "cell_type": "a", "source": "a",
                    "target": "b", "condition": ["x", "x", "y z"], "sign": [-1, -1, 1],
                    "strength": 0.5, "q": [np.nan, 0.5, 0.01], "p": 0.1, "flags": "",
                }
            )  # fmt: skip
            change = pd.DataFrame({"cytokine": ["IL6"], "q": [0.25]})
            shares = pd.DataFrame({"s1": [0.5], "s2": [0.25]}, index=["IL6|a|b"])
            adata.uns[key_added] = {
                name: table, f"{name}_change": change, f"{name}_strength": shares,
                f"{name}_params": {"level": 0.95}, "balance": change,
            }  # fmt: skip

        return made

    for name in TOOLS:
        made = stub(name)
        monkeypatch.setattr(tl, name, made)
    return seen


# --- options --------------------------------------------------------------------------------------


def _options(tool: str) -> dict[str, typer.core.TyperOption]:
    return {p.name: p for p in typer.main.get_command(app).commands[tool].params}


@every_tool
def test_every_argument_of_the_library_has_its_option_and_no_other(tool: str) -> None:
    theirs = set(inspect.signature(getattr(tl, tool)).parameters)
    assert theirs - set(_options(tool)) == {"adata", "copy"}
    more = {"source", "metadata", "transpose", "out", "tables", "tables_as", "format"}
    assert set(_options(tool)) - theirs == more | ({"graphml"} if tool == "links" else set())


@every_tool
def test_shown_defaults_are_those_of_the_library(tool: str) -> None:
    theirs = inspect.signature(getattr(tl, tool)).parameters
    for name, option in _options(tool).items():
        if isinstance(option.show_default, str) and name in theirs:
            assert option.show_default == str(theirs[name].default), name


@every_tool
def test_what_is_not_given_is_not_handed_on(asked: dict, path: Path, tool: str) -> None:
    assert run([tool, str(path), "--sample-key", "sample"]) == 0
    assert asked == {"sample_key": "sample"}


def test_every_option_reaches_its_argument(asked: dict, path: Path, tmp_path: Path) -> None:
    every = (
        "--sample-key s --cell-type-key t --min-cells 3 --condition-key c --signatures IL-6"
        " --expressed 2 --level 0.9 --use-raw --gene-symbols g --organism mouse --threads 2"
    )
    change = " --baseline x --pair-key p --covariates age,sex"
    boot, compartment = " --n-boot 9 --rng 7", " --compartment C7=myeloid"
    own = {"sources": change + boot, "targets": change + compartment, "links": boot + compartment}
    common = {
        "sample_key": "s", "cell_type_key": "t", "min_cells": 3, "condition_key": "c",
        "expressed": 2.0, "level": 0.9, "use_raw": True, "gene_symbols": "g", "organism": "mouse",
        "n_jobs": 2,
    }  # fmt: skip
    changed = {"baseline": "x", "pair_key": "p", "covariates": ["age", "sex"]}
    drawn, compartments = {"n_boot": 9, "rng": 7}, {"compartments": {"C7": "myeloid"}}
    more = {"sources": changed | drawn, "targets": changed | compartments,
            "links": drawn | compartments}  # fmt: skip
    for tool in TOOLS:
        asked.clear()
        out = tmp_path / f"{tool}.h5ad"
        words = [*(every + own[tool]).split(), "--key-added", "mine", "-o", str(out)]
        assert run([tool, str(path), *words]) == 0
        assert list(asked.pop("signatures").cytokines) == ["IL6"]
        assert asked == common | more[tool]
        assert tool in anndata.read_h5ad(out).uns["mine"]
    asked.clear()
    assert run(["links", str(path), "--sample-key", "s", "--layer", "L"]) == 0
    assert asked == {"sample_key": "s", "layer": "L"}


@every_tool
@pytest.mark.parametrize(
    ("options", "text"),
    [
        ("", "Missing option '--sample-key'"),
        ("--sample-key s --layer x --use-raw", "--layer and --use-raw exclude each other"),
        ("--sample-key s --compartment C7=myeloid", "--compartment"),
        ("--sample-key s --key-added mine", "give -o OUT.h5ad"),
        ("--sample-key s -o OUT/t.tsv --key-added mine", "give -o OUT.h5ad"),
        ("--sample-key s --tables-as json", "give --tables DIR"),
        ("--sample-key s -o OUT/t.xlsx", "unknown kind of table"),
        ("--sample-key s --signatures IL66", "Near: IL6"),
        ("--sample-key s --min-cells 0", "--min-cells"),
    ],
)
def test_a_wrong_call_is_told_before_anything_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], tool: str, options: str, text: str
) -> None:
    words = [word.replace("OUT", str(tmp_path)) for word in options.split()]
    assert run([tool, "nothing.h5ad", *words]) == 2
    found, err = capsys.readouterr()
    assert text in " ".join(err.replace("│", " ").split())
    assert found == ""
    assert list(tmp_path.iterdir()) == []


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["tsv", "json", "parquet"])
def test_every_table_of_the_tool_and_no_other_goes_to_the_folder(
    asked: dict, path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    folder, out = tmp_path / "all", tmp_path / f"main.{kind}"
    call = ["links", str(path), "--sample-key", "sample", "--tables", str(folder), "-o", str(out)]
    assert run([*call, "--tables-as", kind, "--format", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [row["cytokine"] for row in shown] == ["IFNG", "TNF", "IL6"]  # by q, none last
    names = {"links", "links_change", "links_strength"}
    assert {p.stem for p in folder.iterdir()} == names
    read = {
        "tsv": lambda p: pd.read_csv(p, sep="\t", keep_default_na=False, na_values=[""]),
        "json": lambda p: pd.DataFrame(json.loads(p.read_text())),
        "parquet": lambda p: pd.read_parquet(p).reset_index(),
    }[kind]
    main = read(out)
    assert main["cytokine"].tolist() == ["IFNG", "TNF", "IL6"]
    assert main["q"].isna().tolist() == [False, False, True]
    shares = read(folder / f"links_strength.{kind}")
    assert shares[["link", "s1", "s2"]].to_numpy().tolist() == [["IL6|a|b", 0.5, 0.25]]


def test_a_graph_for_every_condition(
    asked: dict, path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net = tmp_path / "net.graphml"
    assert run(["links", str(path), "--sample-key", "sample", "--graphml", str(net)]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["net-x.graphml", "net-y_z.graphml"]
    graph = nx.read_graphml(tmp_path / "net-y_z.graphml", force_multigraph=True)
    assert [*graph.edges(data="cytokine")] == [("a", "b", "IFNG")]
    assert nx.read_graphml(tmp_path / "net-x.graphml").number_of_edges() == 0  # q of 0.5, and none
    assert graph.graph["condition"] == "y z"
    assert "net-y_z.graphml: 1 links of 'y z'." in capsys.readouterr().err


def test_every_condition_has_a_file_of_its_own(tmp_path: Path) -> None:
    names = ["a/b", "<5", "a_b-2", "a:b", "x", ">5", "a_b", "X", "a b"]
    found = _graph_paths(tmp_path / "g.graphml", names)
    assert list(found) == names
    assert found["a_b"].name == "g-a_b.graphml"
    assert found["a_b-2"].name == "g-a_b-2.graphml"
    assert (found["<5"].name, found[">5"].name) == ("g-_5.graphml", "g-_5-2.graphml")
    assert len({path.name.casefold() for path in found.values()}) == len(names)
    assert _graph_paths(tmp_path / "g.graphml", names[::-1]) == found
    assert _graph_paths(tmp_path / "g.graphml", ["a b"])["a b"].name == "g.graphml"


def test_outputs_are_never_inputs_nor_each_other(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = path.read_bytes()
    for words in (["-o", str(path)], ["--graphml", str(path)]):
        assert run(["links", str(path), *KEYS, *words]) == 2
        assert "is the input" in capsys.readouterr().err
    assert path.read_bytes() == before
    both = ["-o", str(tmp_path / "x.h5ad"), "--graphml", str(tmp_path / "x.h5ad")]
    assert run(["links", str(path), *KEYS, *both]) == 2
    assert "Two outputs are the same file" in capsys.readouterr().err


# --- with the library -----------------------------------------------------------------------------


def _same(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    wanted = wanted.sort_values("q", kind="stable", na_position="last").reset_index(drop=True)
    assert list(found.columns) == list(wanted.columns)
    for name in wanted:
        if pd.api.types.is_numeric_dtype(wanted[name]):
            np.testing.assert_allclose(found[name], wanted[name], rtol=1e-12, err_msg=name)
        else:
            assert found[name].tolist() == wanted[name].tolist(), name


@every_tool
def test_the_table_is_that_of_the_library(
    path: Path, tmp_path: Path, expected: dict, capsys: pytest.CaptureFixture[str], tool: str
) -> None:
    out, net = tmp_path / "out.tsv", tmp_path / "net.graphml"
    how = [] if tool == "targets" else ["--n-boot", "50"]
    how += ["--graphml", str(net)] if tool == "links" else []
    assert run([tool, str(path), *KEYS, "-o", str(out), *how]) == 0
    shown, err = capsys.readouterr()
    found = pd.read_csv(out, sep="\t", keep_default_na=False, na_values=[""],
                        float_precision="round_trip")  # fmt: skip
    words = expected[tool].columns[[not pd.api.types.is_numeric_dtype(d)
                                    for d in expected[tool].dtypes]]  # fmt: skip
    found[words] = found[words].fillna("")
    _same(found, expected[tool])
    header, *rows = shown.splitlines()
    assert header.split("\t") == list(found.columns)
    assert len(rows) == len(found)
    assert (found["q"] < 0.05).any()
    assert "cytosig: " in err
    if tool == "links":
        graph = nx.read_graphml(net, force_multigraph=True)
        kept = found[(found["q"] <= 0.05) & (found["strength"] > 0)]
        names = zip(kept["source"], kept["target"], kept["cytokine"], strict=True)
        assert set(graph.edges(data="cytokine")) == set(names)


def test_metadata_make_conditions(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clinic, out = path.parent / "clinic.csv", tmp_path / "out.h5ad"
    call = ["sources", str(path), *KEYS, "--metadata", str(clinic), "--condition-key", "arm"]
    assert run([*call, "--covariates", "age", "--n-boot", "9", "-o", str(out), "-q"]) == 0
    record = anndata.read_h5ad(out).uns["cytosig"]
    assert set(record["sources"]["condition"]) == {"a", "b"}
    assert record["sources_change"]["contrast"].str.contains("b").all()
    assert capsys.readouterr().err == ""


@every_tool
def test_bulk_is_refused_in_plain_words(
    path: Path, capsys: pytest.CaptureFixture[str], tool: str
) -> None:
    assert run([tool, str(path), "--sample-key", "sample"]) == 1
    found, err = capsys.readouterr()
    assert found == ""
    assert "name the column of obs that holds them in --cell-type-key" in err
    assert "cs.tl.channels" in err


def test_a_terminal_shows_the_first_rows_and_main_columns(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert run(["targets", str(path), *KEYS, "-q"]) == 0
    shown = capsys.readouterr().out
    assert "more rows; -o OUT.tsv keeps all" in shown
    assert "competence" in shown
    assert len(shown.splitlines()) < 60
