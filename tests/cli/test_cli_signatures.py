"""``cytosig signatures`` and ``cytosig methods``."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from cytosig import methods
from cytosig.cli import run
from cytosig.signatures import Catalogue, load
from cytosig.signatures.load import folder


def test_methods(capsys):
    assert run(["methods", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["name"] for row in rows} == set(methods.available())
    assert all(row["title"] and row["reference"] for row in rows)


def test_list_as_tsv_is_the_catalogue(capsys, tmp_path):
    assert run(["signatures", "list"]) == 0  # not a terminal, hence tsv
    path = tmp_path / "list.tsv"
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    table = pd.read_csv(path, sep="\t", index_col="id", keep_default_na=False)
    catalogue = load()
    assert list(table.index) == list(catalogue.cytokines)
    up = [sum(w > 0 for w in catalogue["IFNG"].weights.values())]
    assert table.loc["IFNG", ["axis", "up", "kind"]].tolist() == [
        "IFN-II",
        *up,
        catalogue.cytokines["IFNG"].role.kind,
    ]
    assert table.loc["CCL2", ["up", "down"]].tolist() == [0, 0]


def test_list_on_a_terminal_is_a_table_without_markup(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "200")
    assert run(["signatures", "list"]) == 0
    out = capsys.readouterr().out
    assert "\t" not in out
    assert "Interleukin-6" in out
    assert "role: -1 helps the tumour" in out


@pytest.mark.parametrize("name", ["TNF", "TNF-alpha", "tnf α", "cachectin"])
def test_show_accepts_aliases(name, capsys):
    assert run(["signatures", "show", name]) == 0
    assert capsys.readouterr().out.startswith("TNF: ")


def test_show_says_what_the_file_says(capsys):
    assert run(["signatures", "show", "IL-6"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "classic (cis): IL6R AND IL6ST OR trans: IL6ST (with IL6R from elsewhere)" in out
    assert "tocilizumab blocks IL6R" in out
    assert "feedback: SOCS3" in out
    assert "PMID" in out or "doi:" in out
    weight = load()["IL6"].weights["SOCS3"]
    assert f"SOCS3 {weight:+.2f}" in out


def test_show_as_json(capsys):
    assert run(["signatures", "show", "IL6", "--format", "json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert {gene["gene"]: gene["weight"] for gene in record["genes"]} == load()["IL6"].weights
    assert record["receptors"][1]["supplied"] == ["IL6R"]
    assert record["axis"] == "STAT3"


@pytest.mark.parametrize("id", load().cytokines)
def test_every_cytokine_can_be_shown(id, capsys):
    assert run(["signatures", "show", id]) == 0
    out = capsys.readouterr().out
    cytokine = load().cytokines[id]
    assert cytokine.name in out
    assert all(gene in out for form in cytokine.receptors for gene in form.genes)


def test_show_offers_near_names(capsys):
    assert run(["signatures", "show", "IL66"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "IL6" in err


def test_check_accepts_every_kind(tmp_path, capsys):
    gmt, toml, tsv = (tmp_path / name for name in ("a.gmt", "b.toml", "c.tsv"))
    gmt.write_text("ONE\tx\tSTAT1\tIRF1-\nTWO\tx\tMYC\n")
    toml.write_text('[[signature]]\nid = "TWO"\nup = [{gene = "MYC", weight = 2.0}]\n')
    tsv.write_text("source\ttarget\tweight\nONE\tMYC\t-2\n")
    curated = folder()
    files = [gmt, toml, tsv, curated / "IL6.toml", curated / "axes.toml", curated]
    assert run(["signatures", "check", *map(str, files)]) == 0
    out, err = capsys.readouterr()
    verdicts = [line.rsplit(": ", 1)[1] for line in out.splitlines()]
    assert verdicts[0] == "ok, 2 signatures, 2 genes up, 1 down"
    assert verdicts[1] == "ok, 1 signature, 1 genes up, 0 down"
    assert verdicts[2] == "ok, 1 signature, 0 genes up, 1 down"
    assert verdicts[3].startswith("ok, cytokine IL6, ")
    assert verdicts[5].startswith(f"ok, {len(load().cytokines)} cytokines")
    assert err == ""


@pytest.mark.parametrize(
    ("name", "text", "where"),
    [
        ("a.toml", '[[signature]]\nid = "A"\nup = [\n  {gene = "MYC", weight = -1},\n]\n', ":4: "),
        ("a.toml", '[[signature]]\nid = "A"\ngenes = ["MYC"]\n', ":3: "),
        ("a.toml", 'id = "A"\nname = "a"\nfamily = \n', ":3"),
        ("a.gmt", "ONE\tx\tMYC\nTWO\n", ":2: "),
        ("a.tsv", "source\ttarget\tweight\nA\tMYC\tx\n", "a.tsv"),
    ],
)
def test_check_names_file_and_line(tmp_path, capsys, name, text, where):
    good, bad = tmp_path / "good.gmt", tmp_path / name
    good.write_text("ONE\tx\tMYC\n")
    bad.write_text(text)
    assert run(["signatures", "check", str(bad), str(good)]) == 1
    out, err = capsys.readouterr()
    assert f"{bad}" in err
    assert where in err
    assert out == f"{good}: ok, 1 signature, 1 genes up, 0 down\n"


@pytest.mark.parametrize("suffix", ["tsv", "csv"])
def test_exported_weights_come_back(tmp_path, suffix):
    out = tmp_path / f"all.{suffix}"
    assert run(["-q", "signatures", "export", "-o", str(out)]) == 0
    assert Catalogue.from_file(out).to_dict() == load().to_dict()


def test_export_by_name(tmp_path, capsys):
    out = tmp_path / "some.json"
    assert run(["signatures", "export", "-o", str(out), "--only", "IL-6,CCL2"]) == 0
    assert json.loads(out.read_text()) == {"IL6": load()["IL6"].weights}
    assert "CCL2 has no response signature" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "code"),
    [(["-o", "x.xlsx"], 2), (["-o", "no/x.gmt"], 1), (["-o", "x.gmt", "--only", "CCL2"], 2)],
)
def test_export_refuses(argv, code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["signatures", "export", *argv]) == code
    assert list(tmp_path.iterdir()) == []
