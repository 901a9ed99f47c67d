"""``cytosig signatures`` and ``cytosig methods``."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest

from cytosig import methods
from cytosig.cli import run
from cytosig.signatures import Catalogue, Signature, load
from cytosig.signatures.load import folder
from cytosig.signatures.model import ResponseGene


@pytest.fixture
def graded(monkeypatch):
    """The shipped cytokines, with IL6 graded, counted, and special in two compartments."""
    shipped = load()
    il6 = shipped.cytokines["IL6"]
    response = replace(il6.response, grade="B", grade_reason="Made up for a test.")
    genes = (
        ResponseGene("SOCS3", 1.25, studies_for=6, studies_against=1),
        ResponseGene("BCL3", 0.5, studies_for=3),
        ResponseGene("ALB", -0.5),
    )
    myeloid = (ResponseGene("CD163", 2.0, studies_for=4), ResponseGene("SOCS3", 1.0))
    catalogue = replace(
        shipped,
        cytokines={**shipped.cytokines, "IL6": replace(il6, response=response)},
        signatures={
            "TGFB1": shipped.signatures["TGFB1"],
            "IL6": Signature("IL6", genes, "B", response.grade_reason),
            "OSM": Signature.from_genes("OSM", up=["SOCS3", "BCL3", "CCL2"]),
        },
        variants={
            "myeloid": {"IL6": Signature("IL6", myeloid, "D")},
            "B": {"IL6": Signature.from_genes("IL6", up=["XBP1"], down=["PAX5"])},
        },
    )
    monkeypatch.setattr("cytosig.signatures.load", lambda: catalogue)
    return catalogue


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


# IL6 is 1.25, 0.5, -0.5 on SOCS3, BCL3, ALB and OSM is 1 on SOCS3, BCL3, CCL2, among 20,000
# genes: their correlation by hand.
IL6_OSM = (1.75 - 1.25 * 3 / 20_000) / (
    ((1.25**2 + 2 * 0.5**2) - 1.25**2 / 20_000) * (3 - 9 / 20_000)
) ** 0.5


def test_list_has_grades_and_what_each_is_ambiguous_with(graded, capsys):
    assert run(["signatures", "list", "--format", "json"]) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert (rows["IL6"]["grade"], rows["IL6"]["ambiguous_with"]) == ("B", "OSM")
    assert (rows["IL6"]["up"], rows["IL6"]["down"]) == (2, 1)
    assert rows["OSM"]["ambiguous_with"].split(", ")[0] == "IL6"
    assert (rows["CCL2"]["grade"], rows["CCL2"]["ambiguous_with"]) == ("", "")
    assert run(["signatures", "list", "--format", "tsv"]) == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    found = {line[0]: line[-2:] for line in lines}
    assert found["id"] == ["grade", "ambiguous_with"]
    assert found["IL6"] == ["B", "OSM"]


def test_show_has_grade_studies_variants_and_ambiguity(graded, capsys):
    assert run(["signatures", "show", "IL6"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "grade B. Made up for a test." in lines
    assert any("2 genes up, 1 down, up to 7 studies a gene" in line for line in lines)
    assert f"ambiguous part of their effect that this score shows: OSM {IL6_OSM:.0%}" in lines
    start = lines.index("SOCS3 +1.25 user 0 source(s); studies 6 for, 1 against")
    assert lines[start + 1 : start + 8] == [
        "BCL3 +0.50 user 0 source(s); studies 3 for, 0 against",
        "ALB -0.50 user 0 source(s)",
        "variant myeloid cells: 2 genes up, 0 down, up to 4 studies a gene; grade D",
        "CD163 +2.00 user 0 source(s); studies 4 for, 0 against",
        "SOCS3 +1.00 user 0 source(s)",
        "variant B cells: 1 genes up, 1 down; grade –",
        "XBP1 +1.00 user 0 source(s)",
    ]


def test_show_as_json_has_them_too(graded, capsys):
    assert run(["signatures", "show", "IL6", "--format", "json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["response"]["grade"] == "B"
    assert record["response"]["grade_reason"] == "Made up for a test."
    assert record["studies"] == 7
    assert record["genes"][0]["studies_for"] == 6
    assert record["ambiguous_with"] == {"OSM": pytest.approx(IL6_OSM)}
    assert list(record["variants"]) == ["myeloid", "B"]
    assert (record["variants"]["myeloid"]["grade"], record["variants"]["B"]["grade"]) == ("D", None)
    found = {gene["gene"]: gene["weight"] for gene in record["variants"]["B"]["genes"]}
    assert found == {"XBP1": 1.0, "PAX5": -1.0}


def test_show_says_when_nothing_is_ambiguous_or_graded(graded, capsys):
    assert run(["signatures", "show", "TGFB1"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "ambiguous no other cytokine shows 40% of its effect in this score" in out
    assert run(["signatures", "show", "CCL2"]) == 0
    labels = {line.split(" ")[0] for line in capsys.readouterr().out.splitlines()}
    assert not labels & {"ambiguous", "grade", "variant"}


def test_export_of_one_compartment(graded, tmp_path, capsys):
    out = tmp_path / "b.json"
    argv = ["signatures", "export", "-o", str(out), "--only", "IL6,OSM"]
    assert run([*argv, "--compartment", "B"]) == 0
    assert json.loads(out.read_text()) == {
        "IL6": {"XBP1": 1.0, "PAX5": -1.0},
        "OSM": graded["OSM"].weights,
    }
    assert "1 with a variant for B cells" in capsys.readouterr().err
    assert run(argv) == 0
    assert json.loads(out.read_text())["IL6"] == graded["IL6"].weights
    assert run([*argv, "--compartment", "liver"]) == 2
    assert "epithelial, stromal, myeloid, T_NK, B" in capsys.readouterr().err


def test_check_counts_variants(tmp_path, capsys):
    path = tmp_path / "own.toml"
    path.write_text(
        '[[signature]]\nid = "A"\nup = [{gene = "MYC", for = 2}]\n'
        '[[signature.variant]]\ncompartment = "B"\nup = [{gene = "XBP1"}]\n'
    )
    assert run(["signatures", "check", str(path)]) == 0
    verdict = "ok, 1 signature, 1 genes up, 0 down, 1 variant for single compartments"
    assert capsys.readouterr().out == f"{path}: {verdict}\n"
    path.write_text(path.read_text().replace('compartment = "B"', 'compartment = "liver"'))
    assert run(["signatures", "check", str(path)]) == 1
    assert f"{path}:5: compartment = 'liver'" in capsys.readouterr().err


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
        ("a.gmt", "ONE\tx\tMYC\nONE\tx\tFOS\n", ":2: "),
        ("a.toml", '[[signature]]\nid = "A"\nup = [{gene = "MYC"}]\n' * 2, ":5: "),
        ("a.tsv", "source\ttarget\tweight\nA\tFOS\t1\nA\tMYC\tx\n", "line 3 (A, MYC)"),
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
