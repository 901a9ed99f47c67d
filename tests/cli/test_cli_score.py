"""``cytosig score`` inside this process: what reaches ``tl.score``, what is refused and when."""

from __future__ import annotations

import functools
import inspect
import json

import numpy as np
import pandas as pd
import pytest
import typer

from cytosig import tl
from cytosig._errors import SignatureError, UsageError
from cytosig.cli import run
from cytosig.cli._app import app
from cytosig.cli._arguments import chosen
from cytosig.cli._files import Outputs
from cytosig.cli._summary import shares
from cytosig.signatures import load


@pytest.fixture
def asked(monkeypatch):
    """Arguments handed to ``tl.score``, which is not run."""
    seen = {}

    def score(adata, *, key_added="cytosig", progress=None, **arguments):
        seen.update(arguments)
        index = adata.obs_names
        z = pd.DataFrame({"IFNG": [2.0, -3.0, np.nan]}, index=index)
        p = pd.DataFrame({"IFNG": [0.04, 0.001, np.nan]}, index=index)
        adata.obsm[f"{key_added}_score"], adata.obsm[f"{key_added}_pvalue"] = z, p
        coverage = pd.DataFrame({"n_genes": 9, "n_found": 8, "reason": ""}, index=["IFNG"])
        adata.uns[key_added] = {"notes": ["made up"], "coverage": coverage}

    monkeypatch.setattr(tl, "score", score)
    return seen


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("gene,a,b,c\nSTAT1,1,2,3\nIRF1,4,5,6\nCD74,7,8,9\nACTB,1,1,1\n")
    return path


def test_a_log_may_grow_in_the_10x_folder_that_is_scored(asked, tmp_path, monkeypatch):
    folder, score = tmp_path / "tenx", tl.score
    folder.mkdir()
    (folder / "barcodes.tsv").write_text("c1\nc2\nc3\n")
    (folder / "features.tsv").write_text("E1\tSTAT1\nE2\tIRF1\n")
    matrix = "%%MatrixMarket matrix coordinate integer general\n2 3 2\n1 1 3\n2 2 5\n"
    (folder / "matrix.mtx").write_text(matrix)

    @functools.wraps(score)
    def slowly(adata, *, progress=None):
        (folder / "run.log").write_text("running")
        score(adata, progress=progress)

    monkeypatch.setattr(tl, "score", slowly)
    assert run(["score", str(folder), "-o", str(tmp_path / "z.tsv")]) == 0
    assert (tmp_path / "z.tsv").is_file()


def test_what_is_not_given_is_not_handed_on(asked, table, tmp_path):
    assert run(["score", str(table), "-o", str(tmp_path / "z.tsv")]) == 0
    assert asked == {}


def test_every_option_reaches_its_argument(asked, table, tmp_path):
    call = (
        "--method ridge,score_genes --compat scanpy --set score_genes.seed=3"
        " --set score_genes.n_bins=8 --lam 0 --layer L --control group=a=b --batch donor --scale"
        " --organism mouse --gene-symbols s --normalize none --nonfinite drop_genes"
        " --background signatures --min-coverage 0 --min-genes 3 --threads 2 --chunk-size 7"
        " --key-added k --signatures IFN-γ --no-transpose"
    )
    table.write_text("sample,STAT1,IRF1\na,1,2\nb,3,4\nc,5,6\n")
    assert run(["score", str(table), "-o", str(tmp_path / "z.h5ad"), *call.split()]) == 0
    assert asked.pop("signatures").ids == ["IFNG"]
    assert asked == {
        "method": ["ridge", "score_genes"], "compat": "scanpy",
        "settings": {"score_genes": {"seed": 3, "n_bins": 8}}, "lam": 0.0, "layer": "L",
        "control": ("group", "a=b"), "batch_key": "donor", "scale": True, "organism": "mouse",
        "gene_symbols": "s", "normalize": "none", "nonfinite": "drop_genes",
        "background": "signatures", "min_coverage": 0.0, "min_genes": 3, "n_jobs": 2,
        "chunk_size": 7,
    }  # fmt: skip
    assert {type(value) for value in asked.values()} <= {str, float, int, bool, tuple, list, dict}


def test_no_center_means_none(asked, table, tmp_path):
    assert run(["score", str(table), "-o", str(tmp_path / "z.tsv"), "--no-center"]) == 0
    assert asked == {"center": None}


def test_every_argument_of_the_library_has_its_option():
    mine = {p.name for p in typer.main.get_command(app).commands["score"].params}
    theirs = set(inspect.signature(tl.score).parameters) - {"adata", "copy", "progress", "scratch"}
    assert theirs - mine == {"center"}  # --no-center


def test_shown_defaults_are_those_of_the_library():
    theirs = inspect.signature(tl.score).parameters
    for option in typer.main.get_command(app).commands["score"].params:
        if isinstance(option.show_default, str) and option.name in theirs:
            assert option.show_default == str(theirs[option.name].default), option.name


def test_summary_counts_scored_observations_only(asked, table, tmp_path, capsys):
    assert run(["score", str(table), "-o", str(tmp_path / "z.tsv"), "--format", "json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == [
        {
            "level": "cytokine",
            "name": "IFNG",
            "grade": "",
            "mean_z": -0.5,
            "up_p05": 0.5,
            "down_p05": 0.5,
            "n_scored": 2,
        }
    ]
    assert "cytosig: Partly covered (genes found/all): IFNG 8/9." in err


def test_quiet_leaves_stderr_empty(asked, table, tmp_path, capsys):
    assert run(["score", str(table), "-o", str(tmp_path / "z.tsv"), "-q"]) == 0
    assert capsys.readouterr().err == ""


def test_key_added_names_the_slots_read_back(asked, table, tmp_path):
    out = tmp_path / "tables"
    assert run(["score", str(table), "--tsv", str(out), "--key-added", "k", "-q"]) == 0
    found = pd.read_csv(out / "score.tsv", sep="\t", index_col=0)
    assert found["IFNG"].tolist()[:2] == [2.0, -3.0]
    assert (out / "axis.tsv").read_text().splitlines() == ["observation", "a", "b", "c"]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--layer", "x", "--use-raw"], "--layer and --use-raw exclude each other"),
        (["--reference", "r", "--batch", "b"], "--reference and --batch exclude"),
        (["--reference", "r", "--control", "a=b"], "--reference and --control exclude"),
        (["--save-reference", "r", "--batch", "b"], "--save-reference and --batch exclude"),
        (["--save-reference", "OUT"], "Two outputs are the same file"),
        (["--control", "=x"], "expected COLUMN=VALUE"),
        (["--method", "mlm", "--lam", "3"], "--lam 3.0 means nothing to method 'mlm'"),
        (["--method", "lasso"], "'lasso' is not one of aucell, consensus, gsea, gsva, hlm, mlm"),
        (["--min-coverage", "2"], "--min-coverage"),
        (["--threads", "0"], "--threads"),
        (["--normalize", "cpm"], "--normalize"),
        (["--signatures", "IL66"], "Near: IL6"),
    ],
)
def test_a_wrong_call_is_told_before_anything_is_read(tmp_path, capsys, options, text):
    out = str(tmp_path / "z.tsv")
    options = [out if word == "OUT" else word for word in options]
    assert run(["score", "nothing.h5ad", "-o", out, *options]) == 2
    found, err = capsys.readouterr()
    assert text in " ".join(err.replace("│", " ").split())
    assert found == ""
    assert list(tmp_path.iterdir()) == []


def test_signatures_of_files_and_names_are_merged(tmp_path):
    first, second = tmp_path / "a.gmt", tmp_path / "b.toml"
    first.write_text("ONE\tx\tSTAT1\tIRF1-\n")
    second.write_text('[[signature]]\nid = "TWO"\nup = [{gene = "MYC", weight = 2.0}]\n')
    found = chosen([str(first), "IL-6, TNF-alpha", str(second)])
    assert set(found.ids) == {"ONE", "TWO", "IL6", "TNF"}
    assert found["ONE"].weights == {"STAT1": 1.0, "IRF1": -1.0}
    assert found["TWO"].weights == {"MYC": 2.0}
    assert found["TNF"] == load()["TNF"]


def test_two_signatures_of_one_name_are_refused(tmp_path):
    path = tmp_path / "a.gmt"
    path.write_text("IL6\tx\tSTAT1\n")
    with pytest.raises(SignatureError, match="differ"):
        chosen([str(path), "IL6"])


def test_a_cytokine_named_like_a_file_is_still_a_cytokine(tmp_path, monkeypatch):
    (tmp_path / "IL6").write_text("")
    monkeypatch.chdir(tmp_path)
    assert chosen(["IL6"]).ids == ["IL6"]


def test_a_folder_that_is_a_file_is_refused(table, tmp_path, capsys):
    assert run(["score", str(table), "--tsv", str(table)]) == 1
    assert "is a file; give the name of a folder" in capsys.readouterr().err


def test_output_inside_the_tables_may_not_collide(tmp_path):
    with pytest.raises(UsageError, match="same file"):
        Outputs(tmp_path / "t" / "score.tsv", tables=tmp_path / "t").check([])


def test_shares_leave_out_what_is_not_scored():
    z = pd.DataFrame({"A": [1.0, -2.0, 3.0, np.nan], "B": np.nan})
    p = pd.DataFrame({"A": [0.2, 0.01, 0.001, np.nan], "B": np.nan})
    table = shares(z, p)
    assert list(table.index) == ["A"]
    assert table.loc["A"].to_dict() == pytest.approx(
        {"mean_z": 2 / 3, "up": 1 / 3, "down": 1 / 3, "n_scored": 3}
    )
