"""A file of context rules is read as written, and a mistake in it is named with file and rule."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from cytosig._errors import SignatureError
from cytosig.signatures.context import read_context
from cytosig.signatures.detection import CELLS, ColumnTest, DataTest

if TYPE_CHECKING:
    from pathlib import Path

    from cytosig.signatures import Catalogue

GOOD = """\
[[programme]]
id = "killers"
name = "Killers"
genes = ["GZMB", "PRF1"]
references = ["R_MARI"]

[[programme]]
id = "helpers"
name = "Helpers"
genes = ["CD40LG"]

[[column]]
id = "stage"
type = "word"
values = ["I", "II"]
note = "Stage."

[[column]]
id = "drugs"
type = "words"
values = ["one", "two"]
note = "Drugs."

[[column]]
id = "days"
type = "number"
unit = "days"
note = "Days."

[[column]]
id = "genotype"
type = "genotype"
note = "Genotype."

[[rule]]
id = "X1"
cytokine = "TNF"
dimension = "stage"
condition = "Sometimes."
operation = "multiplier"
value = 1.5
grade = "A"
references = ["R_NEW"]
note = "Perhaps."
[[rule.detect]]
kind = "metadata"
all = [
  {column = "stage", any_of = ["I"]},
  {column = "days", at_least = 2, less_than = 9},
  {of = "killers", given = "IFNG", above = 0.25, below = 0.75},
]
[[rule.detect]]
kind = "data"
all = [
  {of = "TNF", cells = ["malignant"], minus_cells = ["B", "T_NK"], below = 0.4},
]

[[rule]]
id = "X2"
cytokine = "CXCL9"
dimension = "dose"
condition = "Never."
operation = "override"
value = -1
grade = "C"
[[rule.detect]]
kind = "none"
why = "Nobody knows."

[[rule]]
id = "X3"
cytokine = "IL6"
dimension = "genotype"
condition = "Often."
operation = "flag"
grade = "C"
[[rule.detect]]
kind = "metadata"
all = [
  {column = "genotype", none_of = ["JAK1:loss"]},
]

[[reference]]
id = "R_NEW"
citation = "Someone. Something. 2020"
status = "partly"
"""


def test_a_good_file_is_read_as_written(tmp_path: Path, curated: Catalogue) -> None:
    path = tmp_path / "context.toml"
    path.write_text(GOOD, encoding="utf-8")
    context = read_context(path, curated)
    one, two, three = context.rules
    assert (one.id, one.cytokine, one.operation, one.value) == ("X1", "TNF", "multiplier", 1.5)
    assert (one.grade, one.references, one.note) == ("A", ("R_NEW",), "Perhaps.")
    assert [way.kind for way in one.detections] == ["metadata", "data"]
    assert one.detections[0].tests == (
        ColumnTest("stage", any_of=("I",)),
        ColumnTest("days", at_least=2.0, less_than=9.0),
        DataTest("killers", above=0.25, below=0.75, given="IFNG"),
    )
    assert one.detections[1].tests == (
        DataTest("TNF", below=0.4, cells=("malignant",), minus_cells=("B", "T_NK")),
    )
    assert (two.value, two.detections[0].why) == (-1.0, "Nobody knows.")
    assert (three.operation, three.value) == ("flag", None)
    assert context.programmes["killers"].genes == ("GZMB", "PRF1")
    assert context.columns["days"].unit == "days"
    assert set(CELLS) == {"epithelial", "stromal", "myeloid", "T_NK", "B", "malignant"}


RULE = "In rule X1."
MISTAKES = [
    ("value = 1.5", "value = 0", "a multiplier of 0", RULE),
    ("value = 1.5", "value = -0.5", "expected a number from 0 to 3", RULE),
    ("value = 1.5", "value = 3.5", "expected a number from 0 to 3", RULE),
    ("value = 1.5", 'value = "much"', "expected a number", RULE),
    ("value = 1.5\n", "", "value = None: expected a number", RULE),
    ("value = -1", "value = -1.01", "expected a number from -1 to 1", "In rule X2."),
    ('operation = "flag"', 'operation = "flag"\nvalue = 0', "a flag has no value", "In rule X3."),
    ('operation = "multiplier"', 'operation = "add"', "expected one of flag, multip", RULE),
    ('cytokine = "TNF"', 'cytokine = "TNFX"', "no cytokine has this id", RULE),
    ('cytokine = "TNF"', 'cytokine = "TNF-alpha"', "no cytokine has this id", RULE),
    ('dimension = "stage"', 'dimension = "mood"', "dimension = 'mood'", RULE),
    ('grade = "A"', 'grade = "D"', "expected one of A, B, C", RULE),
    ('grade = "A"\nreferences = ["R_NEW"]', 'grade = "B"', "grade B without references", RULE),
    ('references = ["R_NEW"]', 'references = ["R_OLD"]', "reference 'R_OLD' is neither", RULE),
    ('note = "Perhaps."', 'nota = "Perhaps."', "unknown key 'nota'", RULE),
    ('condition = "Sometimes."\n', "", "key 'condition' is missing", RULE),
    ('id = "X2"', 'id = "X1"', "rule 'X1' is there twice", RULE),
    ('column = "stage"', 'column = "phase"', "expected one of days, drugs, genotype, stage", RULE),
    ('any_of = ["I"]', 'any_of = ["IX"]', "stage holds no 'IX'; expected I, II", RULE),
    ('any_of = ["I"]', "at_least = 1", "expected any_of or none_of", RULE),
    ('any_of = ["I"]', 'any_of = ["I"], none_of = ["II"]', "expected any_of or none_of", RULE),
    ('any_of = ["I"]', 'any_off = ["I"]', "unknown key 'any_off'", RULE),
    ("at_least = 2, less_than = 9", 'any_of = ["2"]', "expected at_least or less_than", RULE),
    ("at_least = 2", "at_least = 9", "leave nothing", RULE),
    ('of = "killers"', 'of = "killer"', "neither a cytokine id nor a [[programme]]", RULE),
    ('of = "killers"', 'of = "CXCL9"', "no response genes of its own", RULE),
    ('given = "IFNG"', 'given = "IFN-g"', "given = 'IFN-g': neither", RULE),
    ('given = "IFNG"', 'given = "killers"', "compared with itself", RULE),
    ('given = "IFNG"', 'given = "IFNG", minus = "helpers"', "more than one of minus", RULE),
    ("above = 0.25, below = 0.75", "above = 0.75, below = 0.25", "leave nothing", RULE),
    (", above = 0.25, below = 0.75", "", "without above or below", RULE),
    ("above = 0.25, ", "above = 0, ", "quantile of 0 or 1 decides nothing", RULE),
    ("above = 0.25, ", "above = 25, ", "expected a number from 0 to 1", RULE),
    ('cells = ["malignant"], ', "", "minus_cells without cells", RULE),
    ('["B", "T_NK"]', '["malignant"]', "the same cells", RULE),
    ('["B", "T_NK"]', '["glia"]', "names 'glia'; expected some of epithelial", RULE),
    ('kind = "data"', 'kind = "metadata"', "but the tests are of kind data", RULE),
    ('kind = "metadata"\nall = [\n  {column = "stage"',
     'kind = "data"\nall = [\n  {column = "stage"', "but the tests are of kind metadata", RULE),
    ('kind = "data"\nall = [\n  {of = "TNF"', 'kind = "none"\nall = [\n  {of = "TNF"',
     "key 'why' is missing", RULE),
    ('why = "Nobody knows."', "", "key 'why' is missing", "In rule X2."),
    ('why = "Nobody knows."',
     'why = "So."\n[[rule.detect]]\nkind = "data"\nall = [{of = "TNF", above = 0.5}]',
     "it must stand alone", "In rule X2."),
    ('[[rule.detect]]\nkind = "none"\nwhy = "Nobody knows."\n', "", "no [[rule.detect]] table",
     "In rule X2."),
    ('none_of = ["JAK1:loss"]', 'none_of = ["JAK1"]', "expected SYMBOL:loss", "In rule X3."),
    ('id = "helpers"', 'id = "killers"', "programme 'killers' is there twice", "programme killers"),
    ('id = "helpers"', 'id = "il_6"', "also the name of a cytokine", "In programme il_6."),
    ('id = "helpers"', 'id = "Helpers"', "expected small letters", "In programme Helpers."),
    ('genes = ["CD40LG"]', "genes = []", "genes is empty", "In programme helpers."),
    ('genes = ["CD40LG"]', 'genes = ["CD40LG", "a b"]', "no human gene symbol", "helpers"),
    ('unit = "days"\n', "", "key 'unit' is missing", "In column days."),
    ('values = ["I", "II"]', 'values = ["I;II"]', "which separates values", "In column stage."),
    ('values = ["I", "II"]\n', "", "values", "In column stage."),
    ('type = "genotype"', 'type = "genotype"\nunit = "g"', "unit of a column", "column genotype"),
    ('type = "genotype"', 'type = "genotype"\nvalues = ["g"]', "values of a column", "genotype"),
    ('id = "drugs"', 'id = "stage"', "column 'stage' is there twice", "In column stage."),
    ('id = "R_NEW"', 'id = "R_MARI"', "reference R_MARI is known already", "context.toml"),
    ("[[reference]]", "[[referense]]", "reference 'R_NEW' is neither", RULE),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message", "where"), MISTAKES)
def test_a_mistake_is_an_error_with_file_and_rule(
    tmp_path: Path, curated: Catalogue, old: str, new: str, message: str, where: str
) -> None:
    assert GOOD.count(old) >= 1, old
    path = tmp_path / "context.toml"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SignatureError, match=re.escape(message)) as caught:
        read_context(path, curated)
    assert re.match(rf"{re.escape(str(path))}:\d+: ", str(caught.value))
    assert where in str(caught.value)


def test_the_line_is_that_of_the_mistake(tmp_path: Path, curated: Catalogue) -> None:
    path = tmp_path / "context.toml"
    for good, bad in (("less_than = 9", "less_then = 9"), ("value = -1", "value = -2")):
        path.write_text(GOOD.replace(good, bad), encoding="utf-8")
        line = GOOD[: GOOD.index(good)].count("\n") + 1
        with pytest.raises(SignatureError, match=rf"context\.toml:{line}: "):
            read_context(path, curated)


@pytest.mark.parametrize(("text", "message"), [("", "no [[rule]] table"), ("x = 1", "no [[rule]]")])
def test_a_file_without_rules(tmp_path: Path, curated: Catalogue, text: str, message: str) -> None:
    path = tmp_path / "context.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SignatureError, match=re.escape(message)):
        read_context(path, curated)


def test_an_unknown_table_is_refused(tmp_path: Path, curated: Catalogue) -> None:
    path = tmp_path / "context.toml"
    path.write_text(GOOD + '\n[[rules]]\nid = "X9"\n', encoding="utf-8")
    with pytest.raises(SignatureError, match="unknown key 'rules'"):
        read_context(path, curated)
