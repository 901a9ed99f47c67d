"""The shipped context rules: what they hold, and what stands behind them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cytosig.genes import tables
from cytosig.signatures import load_context, load_programmes
from cytosig.signatures.context import ContextRule, shipped
from cytosig.signatures.detection import (
    MIN_CELLS,
    MIN_REFERENCE,
    MIN_SHARE,
    ColumnTest,
    DataTest,
)
from cytosig.signatures.load import folder, load_folder

if TYPE_CHECKING:
    from cytosig.signatures import Catalogue

KNOWLEDGE = Path(__file__).parents[3] / "shared" / "knowledge" / "context_rules.tsv"


@pytest.fixture(scope="module")
def rules() -> dict[str, ContextRule]:
    return {rule.id: rule for rule in load_context()}


def _tests(rules: dict[str, ContextRule]) -> list[DataTest | ColumnTest]:
    return [test for rule in rules.values() for way in rule.detections for test in way.tests]


def test_forty_nine_rules(rules: dict[str, ContextRule]) -> None:
    assert list(rules) == [f"CR{i:02d}" for i in range(1, 50)]
    assert load_context() is load_context()


@pytest.mark.skipif(not KNOWLEDGE.is_file(), reason="the knowledge is not beside the project")
def test_the_rules_are_those_of_the_knowledge_table(rules: dict[str, ContextRule]) -> None:
    with KNOWLEDGE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    theirs = [(r["rule_id"], r["cytokine"], r["operation"], float(r["value"])) for r in rows]
    ours = [(r.id, r.cytokine, r.operation, r.value or 0.0) for r in rules.values()]
    assert ours == theirs
    for row in rows:  # the letter before any remark; never better than theirs
        assert rules[row["rule_id"]].grade >= row["evidence_grade"][0], row["rule_id"]


def test_values_are_what_their_operation_allows(rules: dict[str, ContextRule]) -> None:
    for rule in rules.values():
        if rule.operation == "flag":
            assert rule.value is None
        elif rule.operation == "override":
            assert -1 <= rule.value <= 1
        else:
            assert 0 < rule.value <= 3


def test_good_grades_have_references_and_all_are_known(rules: dict[str, ContextRule]) -> None:
    for rule in rules.values():
        assert rule.references or rule.grade == "C", rule.id
        assert set(rule.references) <= set(shipped().references), rule.id
        assert not (rule.references == () and rule.id not in {"CR37", "CR44"}), rule.id


def test_loss_of_jak_cites_papers_that_say_so(rules: dict[str, ContextRule]) -> None:
    assert rules["CR12"].references == ("R_ZARETSKY", "R_SHIN", "R_GAO16")
    assert "R_WILLIAMS" in rules["CR12"].note
    (test,) = rules["CR12"].detections[0].tests
    assert test == ColumnTest(
        "genotype", ("JAK1:loss", "JAK2:loss", "IFNGR1:loss", "IFNGR2:loss", "B2M:loss")
    )


def test_what_one_sample_cannot_tell_is_not_guessed(rules: dict[str, ContextRule]) -> None:
    assert [r.id for r in rules.values() if r.detections[0].kind == "none"] == ["CR06"]
    for rule in rules.values():
        kinds = {way.kind for way in rule.detections}
        if rule.dimension in ("genotype", "treatment", "stage", "tumour type"):
            assert "metadata" in kinds, rule.id
        if rule.dimension == "duration" and kinds == {"data"}:
            assert rule.note, rule.id


@pytest.mark.parametrize(
    ("id", "tests"),
    [
        ("CR04", (DataTest("effector_t", below=0.33),)),
        (
            "CR10",
            (
                DataTest("checkpoint", given="IFNG", above=0.84),
                DataTest("cytolytic", given="IFNG", below=0.5),
            ),
        ),
        (
            "CR11",
            (
                DataTest(
                    "interferon_genes",
                    cells=("malignant",),
                    minus_cells=("myeloid", "T_NK", "B"),
                    above=0.67,
                ),
            ),
        ),
        ("CR28", (DataTest("il18bp", minus="il18_ligand", above=0.5),)),
    ],
)
def test_how_some_rules_are_detected(
    rules: dict[str, ContextRule], id: str, tests: tuple[DataTest, ...]
) -> None:
    (way,) = rules[id].detections
    assert way.kind == "data"
    assert way.tests == tests


def test_every_gene_is_an_approved_symbol(rules: dict[str, ContextRule]) -> None:
    genes = {gene for programme in load_programmes().values() for gene in programme.genes}
    for test in _tests(rules):
        if isinstance(test, ColumnTest) and test.column == "genotype":
            genes |= {word.split(":")[0] for word in (*test.any_of, *test.none_of)}
    assert sorted(genes - set(tables.human())) == []


def test_every_column_and_every_value_of_a_rule_is_declared(rules: dict[str, ContextRule]) -> None:
    columns = shipped().columns
    used = {test.column for test in _tests(rules) if isinstance(test, ColumnTest)}
    assert used == set(columns)
    for column in columns.values():
        if column.type in ("word", "words"):
            assert len(set(column.values)) == len(column.values) > 1


def test_the_readme_states_the_limits_of_the_code() -> None:
    text = " ".join((folder() / "README.md").read_text(encoding="utf-8").split())
    assert f"fewer than {MIN_REFERENCE} samples" in text
    assert f"fewer than {MIN_CELLS} such cells" in text
    assert MIN_SHARE == 0.5
    assert "less than half of a programme's genes" in text


def test_rules_leave_the_catalogue_as_it_is(curated: Catalogue) -> None:
    before = curated.digest
    load_context()
    assert load_folder(folder()).digest == before
    assert "R_ZARETSKY" not in curated.references
    assert "R_ZARETSKY" in shipped().references


def test_records_cannot_be_changed(rules: dict[str, ContextRule]) -> None:
    with pytest.raises(AttributeError):
        rules["CR01"].value = 0.0
    with pytest.raises(TypeError):
        load_programmes()["mine"] = load_programmes()["treg"]
