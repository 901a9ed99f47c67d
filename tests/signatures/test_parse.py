"""A mistake in a TOML file is an error that names the file and the very line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from cytosig._errors import FileError, SignatureError
from cytosig.signatures import Catalogue, load_folder
from cytosig.signatures._strict import Document, Table
from cytosig.signatures.parse import parse_cytokine

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
id = "IL99"
name = "Interleukin-99"
aliases = ["IL-99", "FACTOR-9"]
family = "IL-99"
tfs = ["STAT3"]

[[ligand]]
name = "IL-99"
genes = ["IL6"]

[[ligand]]
name = "IL-99 long"
genes = ["IL11", "EBI3"]

[[receptor]]
name = "cis"
genes = ["IL6R", "IL6ST"]

[[receptor]]
name = "trans"
genes = ["IL6ST"]
supplied = ["IL6R"]

[modifiers]
decoys = ["IL1R2"]
feedback = ["SOCS3"]

[role]
value = -0.7
kind = "pro"
confidence = "high"
reason = "Made for a test."
references = ["R_ONE"]

[[drug]]
name = "anticytokinumab"
targets = ["IL6"]
action = "blocks"
status = "imagined"

[response]
scorability = "low"
caveat = "none such"
up = [
  {gene = "SOCS3", weight = 0.5, tier = "shared", support = ["expert"]},
  {gene = "BCL3", weight = 0.7, tier = "family", support = ["expert"]},
  {gene = "CRP", weight = 1.0, tier = "specific", support = ["expert"]},
]
down = [
  {gene = "ALB", weight = 0.35, tier = "family", support = ["expert"]},
]
"""


def _line(text: str, part: str) -> int:
    """Line of the only place where ``part`` stands."""
    assert text.count(part) == 1, part
    return text[: text.index(part)].count("\n") + 1


def _parse(text: str) -> object:
    return parse_cytokine(Document.parse(text, "IL99.toml"))


def test_the_good_file_holds_what_it_says() -> None:
    cytokine, (signature, variants) = _parse(GOOD)
    assert variants == {}
    assert cytokine.aliases == ("IL-99", "FACTOR-9")
    assert [f.genes for f in cytokine.ligands] == [("IL6",), ("IL11", "EBI3")]
    assert cytokine.ligand_genes == ("IL6", "IL11", "EBI3")
    assert cytokine.receptors[1].supplied == ("IL6R",)
    assert (cytokine.role.value, cytokine.role.kind) == (-0.7, "pro")
    assert cytokine.modifiers.decoys == ("IL1R2",)
    assert cytokine.drugs[0].targets == ("IL6",)
    assert signature.weights == {"SOCS3": 0.5, "BCL3": 0.7, "CRP": 1.0, "ALB": -0.35}
    assert [g.tier for g in signature.genes] == ["shared", "family", "specific", "family"]


# (what, old text, new text, text that marks the line of the error, message)
MISTAKES = [
    ("unknown key on top", 'family = "IL-99"', 'famliy = "IL-99"', None, "'family' is missing"),
    ("extra key on top", 'family = "IL-99"', 'family = "IL-99"\ncolour = "red"', 'colour = "red"',
     "unknown key 'colour'"),
    ("extra key in a table", 'kind = "pro"', 'kind = "pro"\nkindness = 1', "kindness = 1",
     "unknown key 'kindness'; known here: confidence, kind"),
    ("extra key in the second form", 'supplied = ["IL6R"]', 'suplied = ["IL6R"]', "suplied",
     "unknown key 'suplied'"),
    ("extra key in a gene", '{gene = "BCL3", weight', '{gene = "BCL3", wieght', '"BCL3"',
     "unknown key 'wieght'"),
    ("wrong type: text", 'name = "Interleukin-99"', "name = 99", "name = 99",
     "name = 99: expected a text in quotes"),
    ("wrong type: list", '["IL-99", "FACTOR-9"]', '"IL-99 "', "aliases = ",
     "expected a list of texts"),
    ("wrong type: number", "value = -0.7", 'value = "-0.7"', 'value = "-0.7"',
     "expected a number from -1 to 1"),
    ("wrong type: truth", "value = -0.7", "value = true", "value = true", "expected a number"),
    ("wrong type in a list", 'tfs = ["STAT3"]', 'tfs = ["STAT3", 3]', "tfs = ", "tfs holds 3"),
    ("wrong type of weight", "weight = 0.7", 'weight = "0.7"', '"BCL3"', "weight = '0.7'"),
    ("missing key in role", 'confidence = "high"\n', "", "[role]", "'confidence' is missing"),
    ("missing genes of a form", 'genes = ["IL11", "EBI3"]\n', "", '[[ligand]]\nname = "IL-99 long"',
     "'genes' is missing"),
    ("missing scorability", 'scorability = "low"\n', "", "[response]", "'scorability' is missing"),
    ("role out of range", "value = -0.7", "value = -1.7", "value = -1.7", "value = -1.7"),
    ("role not a number", "value = -0.7", "value = nan", "value = nan", "expected a number"),
    ("weight of zero", "weight = 0.7", "weight = 0", '"BCL3"', "weight of BCL3 is 0"),
    ("weight below zero", "weight = 0.7", "weight = -0.7", '"BCL3"', "weight = -0.7"),
    ("weight not a number", "weight = 0.7", "weight = nan", '"BCL3"', "weight"),
    ("word not allowed", 'kind = "pro"', 'kind = "bad"', 'kind = "bad"',
     "expected one of anti, dual, pro"),
    ("tier not allowed", 'tier = "family", support = ["expert"]},\n  {gene = "CRP"',
     'tier = "fmaily", support = ["expert"]},\n  {gene = "CRP"', '"BCL3"', "tier = 'fmaily'"),
    ("empty text", 'status = "imagined"', 'status = " "', 'status = " "', "status is empty"),
    ("empty list", 'targets = ["IL6"]', "targets = []", "targets = []", "at least one"),
    ("a name twice", '"FACTOR-9"]', '"IL-99"]', "aliases = ", "names 'IL-99' twice"),
    ("blanks in a name", '"FACTOR-9"', '"FACTOR-9 "', "aliases = ", "blanks"),
    ("no gene symbol", 'decoys = ["IL1R2"]', 'decoys = ["IL1 R2"]', "decoys", "no gene symbol"),
    ("id with a slash", 'id = "IL99"', 'id = "IL/99"', 'id = "IL/99"', "id = 'IL/99'"),
    ("bad TOML", 'family = "IL-99"', "family = IL-99", "family = IL-99", "not valid TOML"),
    ("bad TOML further down", 'kind = "pro"', 'kind "pro"', 'kind "pro"', "not valid TOML"),
    ("a key twice", 'kind = "pro"', 'kind = "pro"\nkind = "anti"', 'kind = "anti"',
     "not valid TOML"),
    ("a table is a value", "[modifiers]\n", "[modifiers_]\n", "[modifiers_]",
     "unknown key 'modifiers_'"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "marks", "message"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES]
)
def test_a_mistake_names_file_and_line(old: str, new: str, marks: str | None, message: str) -> None:
    assert GOOD.count(old) == 1
    text = GOOD.replace(old, new)
    line = 1 if marks is None else _line(text, marks)
    with pytest.raises(SignatureError, match=re.escape(message)) as caught:
        _parse(text)
    assert str(caught.value).startswith(f"IL99.toml:{line}: "), str(caught.value)


@pytest.mark.parametrize("key", ["up", "down"])
def test_a_gene_twice_names_one_of_its_lines(key: str) -> None:
    again = '  {gene = "BCL3", weight = 0.25, tier = "shared"},\n]'
    place = GOOD.index("\n]", GOOD.index(f"{key} = [")) + 1
    text = GOOD[:place] + again + GOOD[place + 1 :]
    with pytest.raises(SignatureError, match="gene BCL3 is listed twice") as caught:
        _parse(text)
    lines = [i for i, line in enumerate(text.splitlines(), 1) if '"BCL3"' in line]
    assert len(lines) == 2
    assert str(caught.value).startswith(tuple(f"IL99.toml:{line}: " for line in lines))


def test_proxy_and_own_genes_exclude_each_other() -> None:
    text = GOOD.replace('caveat = "none such"', 'proxy = "IL6"')
    with pytest.raises(SignatureError, match="exclude each other") as caught:
        _parse(text)
    assert str(caught.value).startswith(f"IL99.toml:{_line(text, 'proxy = ')}: ")


# --- a user's own file ---------------------------------------------------------------------------

OWN = """\
[[signature]]
id = "FIRST"
up = [{gene = "STAT1"}, {gene = "IRF1", weight = 2}]

[[signature]]
id = "SECOND"
up = [
  {gene = "CXCL9", weight = 0.5},
]
down = [
  {gene = "ALB"},
]
"""


def test_a_users_own_file(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN, encoding="utf-8")
    assert Catalogue.from_file(path).to_dict() == {
        "FIRST": {"STAT1": 1.0, "IRF1": 2.0},
        "SECOND": {"CXCL9": 0.5, "ALB": -1.0},
    }


@pytest.mark.parametrize(
    ("old", "new", "marks", "message"),
    [
        ('id = "SECOND"', 'name = "SECOND"', 'name = "SECOND"', "'id' is missing"),
        ('id = "SECOND"', 'id = "SECOND"\nwhat = 1', "what = 1", "unknown key 'what'"),
        ("weight = 0.5", "weight = -0.5", '"CXCL9"', "weight = -0.5"),
        ('{gene = "ALB"}', '{gene = "CXCL9"}', '"CXCL9"', "CXCL9 is listed twice"),
        ("up = [{gene = \"STAT1\"}, {gene = \"IRF1\", weight = 2}]", "", 'id = "FIRST"',
         "'FIRST' has no genes"),
    ],
)  # fmt: skip
def test_mistakes_in_a_users_own_file(
    tmp_path: Path, old: str, new: str, marks: str, message: str
) -> None:
    text = OWN.replace(old, new)
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SignatureError, match=re.escape(message)) as caught:
        Catalogue.from_file(path)
    place = text.index(marks)
    line = text[:place].count("\n") + 1
    near = {line, line - 1} if "missing" in message else {line}
    found = int(re.match(rf"{re.escape(str(path))}:(\d+): ", str(caught.value)).group(1))
    assert found in near


def test_the_same_id_twice_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN.replace("SECOND", "FIRST"), encoding="utf-8")
    line = 1 + path.read_text(encoding="utf-8").split("\n").index('id = "FIRST"', 2)
    with pytest.raises(SignatureError, match=rf"own\.toml:{line}: .*'FIRST' is given twice"):
        Catalogue.from_file(path)


@pytest.mark.parametrize("content", ["", "x = 1\n", "[[signatures]]\nid = 'A'\n"])
def test_a_file_without_signatures(tmp_path: Path, content: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SignatureError, match=r"own\.toml:1: no \[\[signature\]\] table"):
        Catalogue.from_file(path)


def test_files_that_are_not_there_or_no_text(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b'id = "\xe9"\n')
    for name in ("gone.toml", "gone.gmt", "latin.toml"):
        with pytest.raises(FileError, match=re.escape(name)):
            Catalogue.from_file(tmp_path / name)
    with pytest.raises(SignatureError, match=r"gone\.csv"):
        Catalogue.from_file(tmp_path / "gone.csv")
    with pytest.raises(SignatureError, match=r"use \.toml, \.gmt, \.csv or \.tsv"):
        Catalogue.from_file(tmp_path / "sets.xlsx")


# --- a whole folder ------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "IL99.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "axes.toml").write_text(
        '[[axis]]\nid = "S3"\nname = "STAT3"\nmembers = ["IL99"]\n', encoding="utf-8"
    )
    (tmp_path / "references.toml").write_text(
        '[[reference]]\nid = "R_ONE"\ncitation = "One et al."\nstatus = "partly"\n',
        encoding="utf-8",
    )
    return tmp_path


def test_a_folder_of_one(place: Path) -> None:
    catalogue = load_folder(place)
    assert catalogue.ids == ["IL99"]
    assert catalogue.resolve("factor 9") == "IL99"


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("axes.toml", "IL99", "IL98", "no cytokine is called 'IL98'"),
        (
            "axes.toml",
            'members = ["IL99"]',
            'members = ["IL99"]\nmember = 1',
            "axes.toml:5: unknown",
        ),
        ("references.toml", "R_ONE", "R_TWO", "reference 'R_ONE' is not in references.toml"),
        ("references.toml", "partly", "seen", "references.toml:4: status = 'seen'"),
        ("IL99.toml", 'id = "IL99"', 'id = "IL98"', "IL99.toml:1: id 'IL98' does not match"),
    ],
)
def test_files_that_contradict_each_other(
    place: Path, name: str, old: str, new: str, message: str
) -> None:
    path = place / name
    path.write_text(path.read_text().replace(old, new), encoding="utf-8")
    with pytest.raises(SignatureError, match=re.escape(message)):
        load_folder(place)


def test_an_alias_of_two_cytokines(place: Path) -> None:
    other = GOOD.replace("IL99", "IL98").replace('"IL-99", "FACTOR-9"', '"factor 9"')
    other = other.replace("Interleukin-99", "Interleukin-98")
    (place / "IL98.toml").write_text(other, encoding="utf-8")
    with pytest.raises(SignatureError, match="'factor9' already belongs to IL98"):
        load_folder(place)


def test_two_axes_or_none(place: Path) -> None:
    axes = place / "axes.toml"
    axes.write_text(axes.read_text() + '[[axis]]\nid = "B"\nname = "b"\nmembers = ["IL99"]\n')
    with pytest.raises(SignatureError, match="IL99 is in S3 and in B"):
        load_folder(place)
    axes.write_text("")
    with pytest.raises(SignatureError, match="IL99 has a response signature but no axis"):
        load_folder(place)


def test_an_axis_named_twice(place: Path) -> None:
    axes = place / "axes.toml"
    axes.write_text(axes.read_text() * 2)
    with pytest.raises(SignatureError, match="S3"):
        load_folder(place)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a = " + "9" * 5000, "limit"),
        ("a = 0x" + "f" * 6000, "more than 64 bits"),
        ("a = " + "[" * 3000, "brackets in brackets without end"),
        ("[" + "a." * 60 + "a]", "more than 32 deep"),
        ("b = 1\n" + "a." * 20_000 + "a = 1", "f.toml:2: .*dots in one line"),
    ],
)
def test_a_bomb_is_a_mistake_as_any_other(text: str, why: str) -> None:
    with pytest.raises(SignatureError, match=why) as told:
        Document.parse(text, "f.toml")
    assert len(str(told.value)) < 200


def test_long_lists_take_no_time() -> None:
    """100,000 names: compared pair by pair they took minutes."""
    names = ", ".join(f'"G{k}"' for k in range(100_000))
    table = Table(doc := Document.parse(f"names = [{names}]", "f.toml"), doc.data)
    assert len(table.words("names")) == 100_000


def test_a_key_without_end_is_told_at_once() -> None:
    """Half a million letters: looked for at every place of their line they took minutes."""
    table = Table(doc := Document.parse(f"x = 1\n{'A' * 500_000} = 1", "f.toml"), doc.data)
    table.taken.add("x")
    with pytest.raises(SignatureError, match="unknown key 'AAA") as told:
        table.close()
    assert len(str(told.value)) < 1100
