"""Lists for single compartments, grades and study counts: read, refused, carried along."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from cytosig._errors import SignatureError, UsageError
from cytosig.signatures import COMPARTMENTS, Catalogue, Signature, load_folder
from cytosig.signatures._strict import Document
from cytosig.signatures.parse import parse_cytokine

if TYPE_CHECKING:
    from pathlib import Path

CYTOKINE = """\
id = "IL99"
name = "Interleukin-99"
family = "IL-99"

[[ligand]]
name = "IL-99"
genes = ["IL6"]

[[receptor]]
name = "cis"
genes = ["IL6R"]

[role]
value = 0.1
kind = "dual"
confidence = "low"
reason = "Made for a test."

[response]
scorability = "low"
grade = "B"
grade_reason = "Three studies agree."
up = [
  {gene = "SOCS3", weight = 0.5, support = ["R_ONE"], for = 3, against = 1},
  {gene = "BCL3", weight = 0.7},
]
down = [
  {gene = "ALB", weight = 0.35, for = 2},
]

[[response.variant]]
compartment = "myeloid"
grade = "D"
up = [
  {gene = "CD163", weight = 2.5, for = 4},
]

[[response.variant]]
compartment = "epithelial"
up = [
  {gene = "SOCS3", weight = 1.5},
]
down = [
  {gene = "TTR", weight = 0.5, against = 7},
]
"""

OWN = """\
[[signature]]
id = "FIRST"
grade = "C"
grade_reason = "One study."
up = [{gene = "STAT1"}, {gene = "IRF1", weight = 2}]

[[signature]]
id = "SECOND"
up = [
  {gene = "CXCL9", weight = 0.5},
]

[[signature.variant]]
compartment = "B"
up = [
  {gene = "CD79A", weight = 3},
]

[[signature]]
id = "THIRD"
up = [{gene = "MYC"}]

[[signature.variant]]
compartment = "T_NK"
grade = "A"
down = [
  {gene = "GZMB"},
]

[[signature.variant]]
compartment = "B"
up = [
  {gene = "IGHM"},
]
"""


@pytest.fixture
def own(tmp_path: Path) -> Catalogue:
    path = tmp_path / "own.toml"
    path.write_text(OWN, encoding="utf-8")
    return Catalogue.from_file(path)


def _parse(text: str) -> object:
    return parse_cytokine(Document.parse(text, "IL99.toml"))


def test_a_cytokine_file_holds_what_it_says() -> None:
    cytokine, (generic, variants) = _parse(CYTOKINE)
    assert (cytokine.response.grade, cytokine.response.grade_reason) == (
        "B", "Three studies agree.")  # fmt: skip
    assert (generic.grade, generic.grade_reason) == ("B", "Three studies agree.")
    counts = {r.gene: (r.studies_for, r.studies_against) for r in generic.genes}
    assert counts == {"SOCS3": (3, 1), "BCL3": (0, 0), "ALB": (2, 0)}
    assert generic.genes[0].support == ("R_ONE",)
    assert list(variants) == ["epithelial", "myeloid"]  # the order of COMPARTMENTS
    assert {s.id for s in variants.values()} == {"IL99"}
    assert variants["myeloid"].weights == {"CD163": 2.5}
    assert variants["myeloid"].genes[0].studies_for == 4
    assert variants["epithelial"].weights == {"SOCS3": 1.5, "TTR": -0.5}
    assert variants["epithelial"].genes[1].studies_against == 7


def test_a_variant_without_a_grade_has_the_generic_one() -> None:
    _, (generic, variants) = _parse(CYTOKINE)
    assert variants["epithelial"].grade == generic.grade == "B"
    assert variants["epithelial"].grade_reason == "Three studies agree."
    assert (variants["myeloid"].grade, variants["myeloid"].grade_reason) == ("D", "")


MYELOID = '[[response.variant]]\ncompartment = "myeloid"'
GENERIC = CYTOKINE[CYTOKINE.index("up = [") : CYTOKINE.index(MYELOID)]
# (what, old text, new text, text that marks the line of the error, message)
MISTAKES = [
    ("count below zero", "for = 3", "for = -3", "for = -3", "for = -3: expected a whole number"),
    ("count not whole", "against = 1", "against = 1.5", "against = 1.5", "expected a whole number"),
    ("count a truth", "against = 1", "against = true", "against = true", "against = True"),
    ("unknown grade", 'grade = "B"', 'grade = "E"', 'grade = "E"', "expected one of A, B, C, D"),
    ("reason alone", 'grade = "B"\n', "", "grade_reason", "grade_reason without a grade"),
    ("empty reason", '"Three studies agree."', '""', "grade_reason", "grade_reason is empty"),
    ("unknown compartment", 'compartment = "myeloid"', 'compartment = "liver"',
     'compartment = "liver"', "expected one of B, T_NK, epithelial, myeloid, stromal"),
    ("no compartment", 'compartment = "myeloid"\n', "", '[[response.variant]]\ngrade = "D"',
     "'compartment' is missing"),
    ("unknown key", 'grade = "D"', 'grad = "D"', 'grad = "D"', "unknown key 'grad'"),
    ("unknown grade of a variant", 'grade = "D"', 'grade = "d"', 'grade = "d"', "grade = 'd'"),
    ("variant without genes", '  {gene = "CD163", weight = 2.5, for = 4},\n', "", MYELOID,
     "the variant of IL99 for myeloid has no genes"),
    ("no generic genes", GENERIC, "", MYELOID, "IL99 has a variant for myeloid but no genes"),
    ("a proxy with a variant", GENERIC, 'proxy = "IL6"\n\n', MYELOID, "but no genes of its own"),
    ("count in a variant", "against = 7", "against = -7", "against = -7", "against = -7"),
    ("weight in a variant", "weight = 1.5", "weight = 0", "weight = 0}", "weight of SOCS3 is 0"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "marks", "message"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES]
)
def test_a_mistake_names_file_and_line(old: str, new: str, marks: str, message: str) -> None:
    assert CYTOKINE.count(old) == 1
    text = CYTOKINE.replace(old, new)
    assert text.count(marks) == 1
    line = text[: text.index(marks)].count("\n") + 1
    with pytest.raises(SignatureError, match=re.escape(message)) as caught:
        _parse(text)
    assert str(caught.value).startswith(f"IL99.toml:{line}: "), str(caught.value)


def test_a_compartment_twice_names_the_second() -> None:
    text = CYTOKINE.replace('"epithelial"', '"myeloid"')
    line = text[: text.rindex('compartment = "myeloid"')].count("\n") + 1
    with pytest.raises(SignatureError, match="two variants for myeloid") as caught:
        _parse(text)
    assert str(caught.value).startswith(f"IL99.toml:{line}: ")


def test_a_gene_twice_in_a_variant_is_found_there() -> None:
    text = CYTOKINE.replace('{gene = "TTR", weight', '{gene = "SOCS3", weight')
    with pytest.raises(SignatureError, match="SOCS3 is listed twice") as caught:
        _parse(text)
    lines = [i for i, line in enumerate(text.splitlines(), 1) if '"SOCS3"' in line]
    assert len(lines) == 3
    assert str(caught.value).startswith(tuple(f"IL99.toml:{line}: " for line in lines[1:]))


def test_a_users_own_file(own: Catalogue) -> None:
    assert own.ids == ["FIRST", "SECOND", "THIRD"]
    assert own.grades == {"FIRST": "C", "SECOND": "", "THIRD": ""}
    assert own.to_dict()["SECOND"] == {"CXCL9": 0.5}
    found = {n: {i: dict(s.weights) for i, s in kept.items()} for n, kept in own.variants.items()}
    assert found == {
        "T_NK": {"THIRD": {"GZMB": -1.0}},
        "B": {"SECOND": {"CD79A": 3.0}, "THIRD": {"IGHM": 1.0}},
    }


def test_a_mistake_in_the_third_signature_of_a_users_own_file(tmp_path: Path) -> None:
    text = OWN.replace('compartment = "T_NK"', 'compartment = "T"')
    line = text[: text.index('compartment = "T"')].count("\n") + 1
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SignatureError, match=rf"own\.toml:{line}: compartment = 'T'"):
        Catalogue.from_file(path)


def test_a_folder_keeps_the_variants(tmp_path: Path) -> None:
    (tmp_path / "IL99.toml").write_text(CYTOKINE, encoding="utf-8")
    (tmp_path / "axes.toml").write_text(
        '[[axis]]\nid = "S3"\nname = "STAT3"\nmembers = ["IL99"]\n', encoding="utf-8"
    )
    (tmp_path / "references.toml").write_text("", encoding="utf-8")
    found = load_folder(tmp_path)
    assert {name: list(kept) for name, kept in found.variants.items()} == {
        "epithelial": ["IL99"], "myeloid": ["IL99"],
    }  # fmt: skip
    assert found.for_compartment("myeloid").grades == {"IL99": "D"}
    assert found.for_compartment("epithelial").grades == found.grades == {"IL99": "B"}


# --- the catalogue of one compartment -----------------------------------------------------------


def test_for_compartment_takes_the_variant_else_the_generic(own: Catalogue) -> None:
    cells = own.for_compartment("B")
    assert cells.to_dict() == {
        "FIRST": {"STAT1": 1.0, "IRF1": 2.0}, "SECOND": {"CD79A": 3.0}, "THIRD": {"IGHM": 1.0},
    }  # fmt: skip
    assert cells.variants == {}
    assert cells.ids == own.ids
    assert own.for_compartment("T_NK").to_dict()["SECOND"] == {"CXCL9": 0.5}
    assert own.for_compartment("stromal").to_dict() == own.to_dict()
    genes = ["CD79A", "CXCL9", "IGHM"]
    assert cells.weights(genes).tolist() == [[0, 3, 0], [0, 0, 0], [0, 0, 1]]
    assert "CXCL9" not in cells.genes
    assert "CD79A" not in own.genes


@pytest.mark.parametrize("name", ["tumour", "", "b", "Myeloid"])
def test_an_unknown_compartment_lists_the_known(own: Catalogue, name: str) -> None:
    known = "epithelial, stromal, myeloid, T_NK, B"
    assert ", ".join(COMPARTMENTS) == known
    with pytest.raises(UsageError, match=f"{name!r}; expected one of {known}"):
        own.for_compartment(name)


def test_formats_hold_the_generic_lists(own: Catalogue) -> None:
    rows = own.to_frame().set_index(["source", "target"])["weight"].to_dict()
    assert rows == {
        ("FIRST", "STAT1"): 1, ("FIRST", "IRF1"): 2, ("SECOND", "CXCL9"): 0.5, ("THIRD", "MYC"): 1,
    }  # fmt: skip
    frame = own.for_compartment("B").to_frame()
    assert frame["target"].tolist() == ["STAT1", "IRF1", "CD79A", "IGHM"]
    assert "SECOND\tcytosig\tCD79A+" in own.for_compartment("B").to_gmt().splitlines()


def test_subset_keeps_the_variants_of_what_stays(own: Catalogue) -> None:
    part = own.subset(["THIRD", "FIRST"])
    assert {name: list(kept) for name, kept in part.variants.items()} == {
        "T_NK": ["THIRD"], "B": ["THIRD"],
    }  # fmt: skip
    assert own.subset(["FIRST"]).variants == {}


def test_merge_joins_variants(own: Catalogue) -> None:
    bare = Catalogue.from_dict({"MINE": ["IRF4"]})
    both = bare.merge(own)
    assert both.variants == own.variants == own.merge(own).variants
    second = Catalogue(
        {"SECOND": own["SECOND"]},
        variants={"B": {"SECOND": Signature.from_genes("SECOND", up=["MS4A1"])}},
    )
    with pytest.raises(SignatureError, match="a variant of 'SECOND' for B and they differ"):
        own.merge(second)
    stroma = Signature.from_genes("SECOND", up=["COL1A1"])
    more = own.merge(Catalogue({"SECOND": own["SECOND"]}, variants={"stromal": {"SECOND": stroma}}))
    assert list(more.variants) == ["stromal", "T_NK", "B"]
    assert more.for_compartment("stromal")["SECOND"] is stroma


def test_the_digest_is_of_variants_grades_and_studies(tmp_path: Path, own: Catalogue) -> None:
    edits = [
        ("{gene = \"CD79A\", weight = 3}", "{gene = \"CD79A\", weight = 4}"),
        ('compartment = "T_NK"', 'compartment = "stromal"'),
        ('grade = "C"', 'grade = "D"'),
        ('{gene = "STAT1"}', '{gene = "STAT1", for = 1}'),
        ('{gene = "STAT1"}', '{gene = "STAT1", against = 1}'),
        ("x", "x"),
    ]  # fmt: skip
    digests = []
    for old, new in edits:
        path = tmp_path / "edited.toml"
        path.write_text(OWN.replace(old, new), encoding="utf-8")
        digests.append(Catalogue.from_file(path).digest)
    assert len(set(digests)) == len(edits)
    assert digests[-1] == own.digest
    assert own.for_compartment("myeloid").digest != own.digest


@pytest.mark.parametrize(
    ("variants", "message"),
    [
        ({"liver": {"A": ("A", "MYC")}}, "Variants for 'liver': expected a compartment among"),
        ({"B": {"C": ("C", "MYC")}}, "variant of 'C' for B stands beside no generic"),
        ({"B": {"A": ("X", "MYC")}}, "variant of 'A' for B is called 'X'"),
    ],
)
def test_variants_that_fit_no_catalogue(
    variants: dict[str, dict[str, tuple[str, str]]], message: str
) -> None:
    made = {
        name: {key: Signature.from_genes(id, up=[gene]) for key, (id, gene) in kept.items()}
        for name, kept in variants.items()
    }
    with pytest.raises(SignatureError, match=message):
        Catalogue({"A": Signature.from_genes("A", up=["STAT1"])}, variants=made)


# --- grades -------------------------------------------------------------------------------------


def test_every_shipped_list_is_graded(curated: Catalogue) -> None:
    for id, signature in curated.signatures.items():
        response = curated.cytokines[id].response
        assert signature.grade in ("A", "B", "C", "D"), id
        assert signature.grade_reason, id
        assert (response.grade, response.grade_reason) == (signature.grade, signature.grade_reason)


def test_studies_are_those_of_the_gene_with_most() -> None:
    _, (generic, variants) = _parse(CYTOKINE)
    assert (generic.studies, variants["epithelial"].studies) == (3 + 1, 7)
    assert Signature.from_genes("MINE", up=["STAT1"]).studies == 0
