"""The evidence of a signature file: read strictly, written so that it reads back."""

from __future__ import annotations

import tomllib

import pytest

import cytosig as cs
from cytosig._errors import SignatureError
from cytosig.signatures import Axis, Catalogue, Signature
from cytosig.signatures._strict import Document
from cytosig.signatures.axes import join
from cytosig.signatures.evidence import Evidence, HeldOut
from cytosig.signatures.load import folder
from cytosig.signatures.model import ResponseGene
from cytosig.signatures.parse import parse_user_signatures
from cytosig.signatures.write import signature_toml

TEXT = """\
[[signature]]
id = "MINE"
axis = "STAT3"
grade = "D"
up = [
  {gene = "SOCS3", weight = 1, for = 1},
]

[signature.evidence]
treatment = "cytokine=IL21"
control = "cytokine=none"
n_treated = 4
n_control = 3
experiment = "GSE1"
organism = "mouse"
compartment = "T_NK"
max_q = 0.05
n_tested = 100
n_passed = 12
validated = true

[signature.evidence.held_out]
folds = 3
found = 2
auroc = 0.9167
median_z = -1.25
median_rank = 1.5
"""


def _parse(text: str) -> Signature:
    return parse_user_signatures(Document.parse(text, "mine.toml"))[0].generic


def test_the_file_holds_what_it_says():
    signature = _parse(TEXT)
    assert signature.axis == "STAT3"
    assert signature.evidence == Evidence(
        "cytokine=IL21", "cytokine=none", 4, 3, "GSE1", "mouse", "T_NK", max_q=0.05,
        n_tested=100, n_passed=12, validated=True,
        held_out=HeldOut(3, 2, 0.9167, -1.25, 1.5),
    )  # fmt: skip


MISTAKES = [
    ("treatment", 'treatment = "cytokine=IL21"\n', "", "[signature.evidence]", "'treatment' is mi"),
    ("unknown key", "n_tested", "n_testd", "n_testd", "unknown key 'n_testd'"),
    ("no samples", "n_treated = 4", "n_treated = 0", "n_treated", "expected 1 or more samples"),
    ("a word", "n_control = 3", 'n_control = "3"', "n_control", "expected a whole number"),
    ("organism", '"mouse"', '"rat"', "organism", "expected one of human, mouse"),
    ("compartment", '"T_NK"', '"T"', "compartment", "expected one of B, T_NK"),
    ("q", "max_q = 0.05", "max_q = 5", "max_q", "a number from 0 to 1"),
    ("passed", "n_passed = 12", "n_passed = 120", "n_passed", "above n_tested, 100"),
    ("a number", "validated = true", "validated = 1", "validated", "expected true or false"),
    ("found", "found = 2", "found = 4", "found = 4", "found is above folds, 3"),
    ("area", "0.9167", "1.9167", "auroc", "a number from 0 to 1"),
    ("rank", "median_rank = 1.5", "median_rank = 0", "median_rank", "a number from 1"),
    ("held out key", "folds = 3", "folds = 3\nz = 1", "z = 1", "unknown key 'z'"),
]


@pytest.mark.parametrize(
    ("old", "new", "where", "message"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES]
)
def test_a_mistake_is_named_with_its_line(old, new, where, message):
    assert TEXT.count(old) == 1, old
    text = TEXT.replace(old, new)
    line = text[: text.index(where)].count("\n") + 1
    with pytest.raises(SignatureError) as caught:
        _parse(text)
    assert str(caught.value).startswith(f"mine.toml:{line}: ")
    assert message in str(caught.value)


def test_the_example_of_the_readme_is_one():
    text = (folder() / "README.md").read_text(encoding="utf-8")
    start = text.index("[signature.evidence]\ntreatment")
    example = text[start : text.index("```", start)]
    found = _parse(TEXT[: TEXT.index("[signature.evidence]")] + example).evidence
    assert found.held_out == HeldOut(4, 4, 1.0, 22.5, 1.0)
    assert found.validated


def test_nothing_is_validated_without_a_check():
    with pytest.raises(SignatureError, match=r"mine\.toml:20: validated without"):
        _parse(TEXT[: TEXT.index("[signature.evidence.held_out]")])


def test_a_signature_without_evidence_has_none():
    assert _parse(TEXT[: TEXT.index("[signature.evidence]")]).evidence is None


@pytest.mark.parametrize(
    "evidence",
    [
        None,
        Evidence("a=b", "a=c", 1, 2),
        Evidence('quote "', "back \\ slash", 9, 9, "Ärzte\t\x7f, IFN-γ", max_q=1e-7, min_lfc=0.0),
        Evidence("a=b", "a=c", 1, 2, held_out=HeldOut(3, 0, 0.0)),
        Evidence("a=b", "a=c", 1, 2, validated=True, held_out=HeldOut(3, 3, 1.0, 12.25, 1.0)),
    ],
)
def test_what_is_written_reads_back(evidence):
    genes = (
        ResponseGene("HLA-DRA", 0.35, "family", ("expert", "GEO:GSE1"), 3, 1),
        ResponseGene("SOCS3", 1.0),
        ResponseGene("CCND1", -0.05, studies_for=1),
    )
    signature = Signature("X.1", genes, "D", "one study", "STAT3", evidence)
    text = signature_toml(signature)
    assert _parse(text) == signature
    assert tomllib.loads(text)["signature"][0]["down"] == [
        {"gene": "CCND1", "weight": 0.05, "for": 1}
    ]
    assert signature_toml(_parse(text)) == text


def test_no_number_that_toml_lacks_is_written():
    with pytest.raises(SignatureError, match="holds no nan"):
        signature_toml(Signature("X", (), evidence=Evidence("a", "b", 1, 1, max_q=float("nan"))))


def test_evidence_is_no_part_of_the_digest_but_the_axis_is():
    bare = Signature.from_genes("X", up=["SOCS3"])
    with_evidence = Signature("X", bare.genes, evidence=Evidence("a", "b", 1, 1))
    in_axis = Signature("X", bare.genes, axis="STAT3")
    digests = [Catalogue.from_signatures([s]).digest for s in (bare, with_evidence, in_axis)]
    assert digests[0] == digests[1] != digests[2]


def test_signatures_of_one_axis_are_siblings_in_the_default_method():
    sets = {"A": ["SOCS3", "BCL3"], "B": ["SOCS3", "PIM1"], "C": ["MX1", "OAS1"]}
    axis = {"A": "STAT3", "B": "STAT3", "C": ""}
    signatures = [
        Signature(id, Signature.from_genes(id, up=genes).genes, axis=axis[id])
        for id, genes in sets.items()
    ]
    found = Catalogue.from_signatures(signatures)
    assert found.axes == {"STAT3": Axis("STAT3", "STAT3", ("A", "B"))}
    assert found.subset(["B", "C"]).axes == {"STAT3": Axis("STAT3", "STAT3", ("B",))}


def test_axes_of_two_catalogues():
    shipped = cs.signatures.load().axes
    mine = {"STAT6": Axis("STAT6", "STAT6", ("NEW",)), "OWN": Axis("OWN", "OWN", ("X",))}
    both = join(shipped, mine)
    assert both["STAT6"].members == ("IL4", "IL13", "NEW")
    assert both["STAT6"].note == shipped["STAT6"].note
    assert list(both) == [*shipped, "OWN"]
    assert join(shipped, shipped) == shipped
    said = {"STAT6": Axis("STAT6", "something else", ("NEW",), ("STAT6",))}
    with pytest.raises(SignatureError, match="under axes 'STAT6' and they differ"):
        join(shipped, said)
