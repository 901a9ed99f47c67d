"""From symbols to columns: the order of kinds, old names, Ensembl ids, orthologs."""

from __future__ import annotations

import csv
import gzip
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from cytosig._errors import GeneError, UsageError
from cytosig.genes import gene_labels, resolve
from cytosig.genes.coverage import coverage_table

if TYPE_CHECKING:
    from cytosig.signatures import Catalogue


def _rows(name: str) -> list[dict[str, str]]:
    packed = (files("cytosig") / "genes" / "data" / f"{name}.tsv.gz").read_bytes()
    return list(csv.DictReader(gzip.decompress(packed).decode().splitlines(), delimiter="\t"))


def _one(labels: list[str], gene: str, **options: str) -> tuple[tuple[int, ...], str, str]:
    found = resolve(labels, [gene], **options)
    return found.columns[0], found.how[0], found.found_as[0]


# --- order of kinds -----------------------------------------------------------------------------

KINDS = [  # best first, all names of CXCL8 as HGNC has them
    ("CXCL8", "exact"),
    ("cxcl8", "case"),
    ("IL8", "previous symbol"),
    ("ENSG00000169429", "Ensembl id"),
    ("GCP-1", "alias"),
]


@pytest.mark.parametrize("best", range(len(KINDS)))
def test_the_best_kind_of_name_wins_wherever_it_stands(best: int) -> None:
    labels = [name for name, _ in KINDS[best:]]
    assert _one(labels, "CXCL8") == ((0,), KINDS[best][1], KINDS[best][0])
    assert _one(labels[::-1], "CXCL8") == ((len(labels) - 1,), KINDS[best][1], KINDS[best][0])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("WARS", "WARS1"), ("CTGF", "CCN2"), ("IL8", "CXCL8"), ("CYR61", "CCN1"),
        ("FAM26F", "CALHM6"), ("SEPP1", "SELENOP"), ("GPR56", "ADGRG1"), ("KIAA0101", "PCLAF"),
        ("SEPT7", "SEPTIN7"), ("MARCH1", "MARCHF1"), ("H2AFZ", "H2AZ1"), ("TMEM173", "STING1"),
        ("GARS", "GARS1"), ("NARS", "NARS1"), ("WISP1", "CCN4"), ("DARC", "ACKR1"),
        ("LEPREL1", "P3H2"), ("PVRL2", "NECTIN2"), ("INADL", "PATJ"), ("CCL4L1", "CCL4L2"),
    ],
)  # fmt: skip
def test_old_symbols_both_ways(old: str, new: str) -> None:
    if old != "CCL4L1":  # a name two genes claim stands for neither
        assert _one([old], new)[1] == "previous symbol"
        assert _one([old.lower()], new) == ((0,), "previous symbol", old.lower())
        assert _one([new], old)[0] == (0,)
    else:
        assert _one([old], new)[2] in {"", old}


@pytest.mark.parametrize("label", ["ENSG00000115415", "ENSG00000115415.20", "ensg00000115415.1"])
def test_ensembl_ids_with_and_without_version(label: str) -> None:
    assert _one(["ENSG00000000003", label], "STAT1") == ((1,), "Ensembl id", label)


def test_blanks_dots_and_case() -> None:
    labels = ["  STAT1\t", "HLA.A", "hla-b", "NKX2.1", "C1orf112"]
    found = resolve(labels, ["STAT1", "HLA-A", "HLA-B", "NKX2-1", "C1ORF112"])
    assert found.columns == ((0,), (1,), (2,), (3,), (4,))
    assert found.how == ("exact", "case", "case", "case", "case")
    assert found.found_as[0] == "STAT1"


def test_every_column_of_the_best_kind_is_kept() -> None:
    found = resolve(["STAT1", "IRF1", "STAT1", "stat1", "ENSG00000115415"], ["STAT1", "IRF1"])
    assert found.columns == ((0, 2), (1,))
    assert found.duplicates == {"STAT1": (0, 2)}
    assert found.n_found == 2


def test_names_that_are_close_are_not_the_same() -> None:
    labels = ["STAT1P1", "IL1", "TNFAIP3", "HLA", "IFNGR1", "", "nan"]
    found = resolve(labels, ["STAT1", "IL1B", "TNF", "HLA-A", "IFNG"])
    assert found.n_found == 0
    assert set(found.how) == {"missing"}


def test_a_gene_unknown_to_hgnc_is_found_as_spelt() -> None:
    assert _one(["ERCC-00002", "MYGENE1"], "MYGENE1") == ((1,), "exact", "MYGENE1")
    assert _one(["mygene1"], "MYGENE1") == ((0,), "case", "mygene1")


# --- mouse --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mouse", "human"),
    [("Tnf", "TNF"), ("Trp53", "TP53"), ("Ptprc", "PTPRC"), ("Cxcl10", "CXCL10"), ("Il6", "IL6")],
)
def test_one_to_one_orthologs(mouse: str, human: str) -> None:
    assert _one(["Actb", mouse], human, organism="mouse") == ((1,), "ortholog", mouse)


@pytest.mark.parametrize("gene", ["CXCL8", "MYC", "IFIT1", "GZMB", "CCL3"])
def test_genes_without_one_ortholog_are_missing_even_if_spelt_alike(gene: str) -> None:
    assert _one([gene, gene.title(), gene.lower()], gene, organism="mouse")[1] == "missing"


def test_a_mouse_name_is_not_reached_by_upper_casing() -> None:
    """Mouse Cd59a, Ly6e and the like are no matter of case; TP53 is Trp53."""
    assert _one(["Tp53"], "TP53", organism="mouse")[0] == ()


def test_mouse_ensembl_ids() -> None:
    ids = {row["human"]: row["ensembl"] for row in _rows("mouse")}
    assert _one([ids["TNF"] + ".3"], "TNF", organism="mouse")[0] == (0,)
    assert _one([ids["TNF"]], "TNF")[0] == ()


def test_the_tables_hold_each_name_once() -> None:
    human, mouse = _rows("human"), _rows("mouse")
    readme = (files("cytosig") / "genes" / "data" / "README.md").read_text(encoding="utf-8")
    assert f"({len(human):,})" in readme
    assert f"({len(mouse):,})" in readme
    approved = {row["symbol"].casefold() for row in human}
    assert len(approved) == len(human)
    others = [n.casefold() for row in human for k in ("previous", "aliases")
              for n in row[k].split("|") if n]  # fmt: skip
    assert len(set(others)) == len(others)
    assert not approved & set(others)
    assert len({row["human"] for row in mouse}) == len(mouse)
    assert {row["human"] for row in mouse} <= {row["symbol"] for row in human}


def test_every_gene_of_the_catalogue_is_an_approved_symbol(curated: Catalogue) -> None:
    approved = {row["symbol"] for row in _rows("human")}
    genes = {(id, g) for id, s in curated.signatures.items() for g in s.weights}
    for id, c in curated.cytokines.items():
        forms = [*c.ligands, *c.receptors]
        genes |= {(id, g) for f in forms for g in (*f.genes, *f.supplied)}
        genes |= {(id, g) for g in c.tfs}
        genes |= {(id, g) for d in c.drugs for g in d.targets}
        for key in ("decoys", "antagonists", "presenters", "activators", "coreceptors", "feedback"):
            genes |= {(id, g) for g in getattr(c.modifiers, key)}
    genes |= {(a.id, g) for a in curated.axes.values() for g in a.tfs}
    assert len(genes) > 1500
    assert sorted((id, g) for id, g in genes if g not in approved) == []


# --- which labels, and whose --------------------------------------------------------------------

WANTED = ["STAT1", "IRF1", "CXCL10", "SOCS3", "HLA-DRA"]


def test_index_is_used_where_it_serves() -> None:
    var = pd.DataFrame({"gene_name": ["x"] * 5}, index=WANTED)
    labels, source, found = gene_labels(var, WANTED)
    assert (labels, source, found.n_found) == (WANTED, "var_names", 5)


def test_the_column_with_more_genes_is_used() -> None:
    var = pd.DataFrame(
        {"gene_id": [f"ENSG{i}" for i in range(5)], "feature_name": WANTED},
        index=[str(i) for i in range(5)],
    )
    labels, source, found = gene_labels(var, WANTED)
    assert (labels, source, found.n_found) == (WANTED, "var['feature_name']", 5)


def test_a_given_column_is_used_whatever_it_holds() -> None:
    var = pd.DataFrame({"mine": [*WANTED[:2], None, np.nan, "X"]}, index=WANTED)
    labels, source, found = gene_labels(var, WANTED, gene_symbols="mine")
    assert labels == ["STAT1", "IRF1", "", "", "X"]
    assert (source, found.n_found) == ("var['mine']", 2)
    with pytest.raises(UsageError, match=r"gene_symbols='other'.*it has mine"):
        gene_labels(var, WANTED, gene_symbols="other")


@pytest.mark.parametrize(
    "names",
    [
        ["Stat1", "Irf1", "Cxcl10", "Socs3", "Cd4"],
        [f"ENSMUSG{i:011d}" for i in range(5)],
        ["stat1", "irf1", "cxcl10", "gm1234", "h2-aa", "1700001c02rik"],
    ],
)
def test_mouse_names_are_told(names: list[str]) -> None:
    with pytest.raises(GeneError, match='organism="mouse"'):
        gene_labels(pd.DataFrame(index=names), WANTED)


@pytest.mark.parametrize("names", [WANTED, [f"ENSG{i:011d}" for i in range(5)]])
def test_human_names_are_told(names: list[str]) -> None:
    with pytest.raises(GeneError, match='organism="human"'):
        gene_labels(pd.DataFrame(index=names), WANTED, organism="mouse")


def test_human_names_with_orf_and_ids_are_human() -> None:
    names = [*WANTED, "C1orf112", "C19orf12", "ENSG00000238009", "MT-CO1", "RP11-34P13.7", "7SK"]
    assert gene_labels(pd.DataFrame(index=names), WANTED)[2].n_found == 5


def test_lower_case_is_read_as_human_with_a_word(caplog: pytest.LogCaptureFixture) -> None:
    names = [gene.lower() for gene in WANTED]
    with caplog.at_level("WARNING", logger="cytosig"):
        assert gene_labels(pd.DataFrame(index=names), WANTED)[2].n_found == 5
    assert 'organism="mouse"' in caplog.text


# --- coverage -----------------------------------------------------------------------------------


def test_coverage_is_the_same_on_every_python() -> None:
    """From 3.12 on, ``sum`` adds floats otherwise: ten tenths are 1 there, and less before."""
    genes = [f"GENE{k}" for k in range(10)]
    found = resolve(genes[:5], genes)
    sets = {"S": dict.fromkeys(genes, 0.1)}
    table = coverage_table(found, sets, min_coverage=0.0, min_genes=1)
    assert table.loc["S", "coverage"] == 0.5


def test_coverage_by_hand() -> None:
    sets = {
        "A": {"STAT1": 1.0, "CXCL8": 0.5, "CCN2": -0.25, "IL6": 0.25},
        "B": {"IL6": 1.0, "IL4": 0.5, "STAT1": 0.5},
        "C": {"IL4": 1.0, "IL6": -1.0},
    }
    found = resolve(["STAT1", "IL8", "ctgf"], ["STAT1", "CXCL8", "CCN2", "IL6", "IL4"])
    table = coverage_table(found, sets, min_coverage=0.3, min_genes=1)
    assert list(table.index) == ["A", "B", "C"]
    assert list(table["n_genes"]) == [4, 3, 2]
    assert list(table["n_found"]) == [3, 1, 0]
    assert list(table["coverage"]) == pytest.approx([1.75 / 2, 0.5 / 2, 0])
    assert table.loc["A", "renamed"] == "CXCL8=IL8 (previous symbol); CCN2=ctgf (previous symbol)"
    assert list(table["missing"]) == ["IL6", "IL6, IL4", "IL4, IL6"]
    assert list(table["reason"]) == [
        "",
        "25% of its weight in the data, less than 30%",
        "none of its genes is in the data",
    ]
    assert list(table["grade"]) == ["", "", ""]
    graded = {"C": "D", "A": "B", "ELSE": "A"}
    again = coverage_table(found, sets, min_coverage=0.3, min_genes=1, grades=graded)
    assert list(again["grade"]) == ["B", "", "D"]
    assert again.drop(columns="grade").equals(table.drop(columns="grade"))
    strict = coverage_table(found, sets, min_coverage=0.0, min_genes=3)
    assert strict.loc["A", "reason"] == ""
    assert strict.loc["B", "reason"] == "only 1 of its genes in the data, fewer than 3"
