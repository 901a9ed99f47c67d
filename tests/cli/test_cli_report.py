"""``cytosig report``: from a file with results, or from counts; what is refused, and when."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import anndata
import numpy as np
import pandas as pd
import pytest

import cytosig as cs
from cytosig.cli import run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def bulk() -> anndata.AnnData:
    """Eight samples, weighed by nobody yet."""
    cells = cs.datasets.simulate_cohort(n_samples=8, cells_per_sample=30, n_genes=3000).adata
    sums = cs.pp.pseudobulk(cells, sample_key="sample")
    obs = pd.DataFrame({"arm": list("aaaabbbb")}, index=[f"P{k}" for k in range(8)])
    return anndata.AnnData(np.asarray(sums.X), obs=obs, var=sums.var[[]])


@pytest.fixture(scope="module")
def scored(bulk: anndata.AnnData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found, path = bulk.copy(), tmp_path_factory.mktemp("scored") / "bulk.h5ad"
    three = cs.signatures.load().subset(["IFNG", "IL6", "TGFB1"])
    cs.tl.score(found, signatures=three, n_jobs=1)
    found.write_h5ad(path)
    return path


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures that cost nothing; they have tests of their own."""

    def nothing(*args: object, **options: object) -> None:
        raise cs.CytosigError("not in this test")

    for name in cs.pl.__all__:
        monkeypatch.setattr(cs.pl, name, nothing)


def _text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_a_scored_file_is_reported_as_it_is(scored: Path, tmp_path: Path, quick, capsys) -> None:
    out, before = tmp_path / "page.html", scored.read_bytes()
    assert run(["report", str(scored), "-o", str(out)]) == 0
    page = out.read_text(encoding="utf-8")
    assert "<h1>Cytokine report: bulk</h1>" in page
    assert "scored for 3 cytokines" in _text(page)
    assert "cytosig balance IN.h5ad" in page
    told, err = capsys.readouterr()
    assert told == ""
    assert f"{out}: " in err
    assert scored.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_it_is_what_python_writes(scored: Path, tmp_path: Path, quick) -> None:
    out, own = tmp_path / "page.html", tmp_path / "own.html"
    assert run(["report", str(scored), "-o", str(out), "--title", "T <b>", "--quiet"]) == 0
    cs.report.write(anndata.read_h5ad(scored), own, title="T <b>")
    assert out.read_bytes() == own.read_bytes()


def test_counts_are_scored_and_weighed_first(
    bulk: anndata.AnnData, tmp_path: Path, quick, capsys
) -> None:
    source, out = tmp_path / "bulk.h5ad", tmp_path / "page.html"
    bulk.write_h5ad(source)
    before = source.read_bytes()
    words = ["report", str(source), "-o", str(out), "--signatures", "IFNG,IL6,TGFB1,TNF"]
    assert run([*words, "--groupby", "arm", "--reference", "a"]) == 0
    text = _text(out.read_text(encoding="utf-8"))
    assert "8 samples, scored for 4 cytokines" in text
    assert "b vs a" in text
    assert "Groups of arm (compare_arm)" in text
    assert "cytosig balance IN.h5ad" not in text
    assert "cytosig sources IN.h5ad" in text
    assert "Bulk samples hold no cell types" in capsys.readouterr().err
    assert source.read_bytes() == before


def test_a_table_of_counts_with_metadata(bulk: anndata.AnnData, tmp_path: Path, quick) -> None:
    source, clinic = tmp_path / "bulk.tsv", tmp_path / "clinic.csv"
    bulk.to_df().T.to_csv(source, sep="\t")
    months = pd.DataFrame({"months": np.arange(1, 9), "died": [1, 0] * 4}, index=bulk.obs_names)
    months.to_csv(clinic, index_label="sample")
    out = tmp_path / "page.html"
    words = ["report", str(source), "-o", str(out), "--signatures", "IFNG,IL6"]
    assert run([*words, "--metadata", str(clinic), "--survival", "months,died"]) == 0
    assert "Survival (months and died) was modelled" in _text(out.read_text(encoding="utf-8"))


def test_samples_are_those_the_tools_were_told(tmp_path: Path, quick) -> None:
    """Cells are compared by the samples of the stored balance, and clinical tables joined."""
    cells = cs.datasets.simulate_cohort(n_samples=6, cells_per_sample=40, n_genes=3000).adata
    few = cs.signatures.load().subset(["IFNG", "TGFB1"])
    cs.tl.score(cells, signatures=few, n_jobs=1)
    cs.tl.balance(cells, sample_key="sample", n_draws=100)
    cells.write_h5ad(tmp_path / "cells.h5ad")
    names = cells.obs["sample"].unique()
    clinic = pd.DataFrame({"site": list("aabbab")}, index=names)
    clinic.to_csv(tmp_path / "clinic.csv", index_label="sample")
    words = ["report", str(tmp_path / "cells.h5ad"), "--metadata", str(tmp_path / "clinic.csv")]
    out = tmp_path / "page.html"
    assert run([*words, "--groupby", "site", "-o", str(out)]) == 0
    assert "Groups of site, in 6 samples." in _text(out.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["-o", "page.pdf"], 2, "end its name in .html"),
        (["-o", "nofolder/page.html"], 1, "there is no folder"),
        (["-o", "page.html", "--key", "mine"], 2, "--key mine: uns has no such results"),
        (["-o", "page.html", "--organism", "mouse"], 2, "--organism is about data without"),
        (["-o", "page.html", "--sample-key", "arm"], 2, "--sample-key is about data without"),
        (["-o", "page.html", "--groupby", "stage"], 2, "obs has no column 'stage'"),
        (["-o", "page.html", "--reference", "a"], 2, "--reference is a group of --groupby"),
        (["-o", "page.html", "--survival", "months"], 2, "--survival: expected TIME,EVENT"),
        (["-o", "page.html", "--metadata", "absent.csv"], 1, "absent.csv"),
        ([], 2, "Missing option"),
    ],
)
def test_what_is_refused_leaves_nothing_behind(
    scored: Path, tmp_path: Path, monkeypatch, capsys, words, code, text
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["report", str(scored), *words]) == code
    out, err = capsys.readouterr()
    assert text in " ".join(err.replace("│", " ").split())
    assert "Traceback" not in err
    assert out == ""
    assert list(tmp_path.iterdir()) == []


def test_the_place_is_looked_at_before_the_work(tmp_path: Path, monkeypatch, capsys) -> None:
    """The input is not even opened."""
    monkeypatch.setattr("cytosig.io.read", lambda *a, **k: pytest.fail("was read"))
    assert run(["report", str(tmp_path / "x.tsv"), "-o", str(tmp_path / "no" / "page.html")]) == 1
    assert "there is no folder" in capsys.readouterr().err


def test_the_input_is_not_written_over(tmp_path: Path, capsys) -> None:
    page = tmp_path / "clinic.html"
    page.write_text("sample,arm\n")
    words = ["report", str(tmp_path / "in.h5ad"), "--metadata", str(page), "-o", str(page)]
    assert run(words) == 2
    assert "is the input" in capsys.readouterr().err
    assert page.read_text() == "sample,arm\n"
