"""The signed network: the shipped file holds what it should, and a mistake in one is named."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from cytosig._errors import SignatureError
from cytosig.balance.adjust import CONTENT
from cytosig.signatures import Edge, load_context, load_network, load_programmes
from cytosig.signatures import context as context_file
from cytosig.signatures.load import folder, load_folder
from cytosig.signatures.network import Network, read_network, shipped

if TYPE_CHECKING:
    from pathlib import Path

    from cytosig.signatures import Catalogue

GOOD = """\
gain = 0.1

[[edge]]
source = "IL12"
target = "IFNG"
sign = 1
grade = "A"
reason = "It does."
references = ["R_NEW", "R_ZARETSKY", "R_MARI"]

[[edge]]
source = "il18bp"
target = "treg"
sign = -1
gain = 0.4
gain_reason = "It does so strongly."
grade = "C"
reason = "Perhaps."
rule = "CR28"

[[reference]]
id = "R_NEW"
citation = "Someone. Something. 2020"
status = "partly"
"""


@pytest.fixture(scope="module")
def edges() -> dict[str, Edge]:
    return {edge.id: edge for edge in load_network()}


# --- the shipped file ----------------------------------------------------------------------------


def test_the_edges_the_method_asks_for(edges: dict[str, Edge]) -> None:
    asked = {
        "IL12->IFNG", "IFNG->CXCL9", "IFNG->CXCL10", "IFNG->checkpoint", "IFNG->il18bp",
        "il18bp-|IL18", "TGFB1-|IFNG", "TGFB1-|cytolytic", "TGFB1-|mhc_i", "TGFB1-|mhc_ii",
        "IL10-|IL12", "IL10-|TNF", "IL10-|mhc_ii", "IL1B->IL6", "IL1B->CXCL8", "TNF->IL6",
        "TNF->CXCL8", "IL6-|th1", "TGFB1->IL11", "IFN1->checkpoint",
    }  # fmt: skip
    assert asked <= set(edges)
    also = {"IL18->IFNG", "IL15->IFNG", "IL2->treg", "IL23->IL17A", "IL17A->CSF3", "TNF->CXCL1"}
    assert also <= set(edges)
    assert load_network() is load_network()


def test_pairs_are_unique_and_nodes_known(edges: dict[str, Edge], curated: Catalogue) -> None:
    pairs = [(edge.source, edge.target) for edge in load_network()]
    assert len(set(pairs)) == len(pairs) == len(edges)
    nodes = {node for pair in pairs for node in pair}
    assert nodes <= set(curated.cytokines) | set(load_programmes())
    assert {"CD274", "IDO1"} <= set(load_programmes()["checkpoint"].genes)
    assert load_programmes()["il18bp"].genes == ("IL18BP",)


def test_gains_are_declared_once_but_for_two(edges: dict[str, Edge]) -> None:
    text = (folder() / "network.toml").read_text(encoding="utf-8")
    usual = tomllib.loads(text)["gain"]
    assert usual == 0.2
    own = {id: edge.gain for id, edge in edges.items() if edge.gain != usual}
    assert own == {"IFNG->CXCL9": 0.3, "il18bp-|IL18": 0.3}
    for id, edge in edges.items():
        assert bool(edge.gain_reason) == (id in own)
        assert edge.sign in (-1, 1)


def test_one_step_cannot_turn_a_target_around_by_one_edge(edges: dict[str, Edge]) -> None:
    assert all(0 < edge.gain <= 0.5 for edge in edges.values())


def test_good_grades_have_references_and_all_are_known(
    edges: dict[str, Edge], curated: Catalogue
) -> None:
    known = set(shipped().references)
    assert set(curated.references) <= known
    assert set(context_file.shipped().references) <= known
    for id, edge in edges.items():
        assert edge.references or edge.grade == "C", id
        assert set(edge.references) <= known, id
        assert edge.reason.endswith("."), id
    assert [id for id, edge in edges.items() if not edge.references] == ["TGFB1-|mhc_i"]


def test_an_edge_names_the_rule_that_tells_the_same(edges: dict[str, Edge]) -> None:
    named = {id: edge.rule for id, edge in edges.items() if edge.rule}
    assert named == {"il18bp-|IL18": "CR28"}
    assert "CR28" in {rule.id for rule in load_context()}


def test_everything_declared_is_used(edges: dict[str, Edge], curated: Catalogue) -> None:
    rules = load_context()
    tests = [test for rule in rules for way in rule.detections for test in way.tests]
    named = {getattr(test, key, "") for test in tests for key in ("of", "minus", "given")}
    named |= set(CONTENT)
    named |= {node for edge in edges.values() for node in (edge.source, edge.target)}
    assert sorted(set(load_programmes()) - named) == []
    cited = {id for edge in edges.values() for id in edge.references}
    cited |= {id for rule in rules for id in rule.references}
    cited |= {id for programme in load_programmes().values() for id in programme.references}
    assert sorted(set(shipped().references) - set(curated.references) - cited) == []


def test_identifiers_of_publications_have_their_form() -> None:
    for reference in shipped().references.values():
        assert re.fullmatch(r"(10\.\d{4,}/\S+)?", reference.doi), reference.id
        assert re.fullmatch(r"\d{0,8}", reference.pmid), reference.id
    dois = [reference.doi for reference in shipped().references.values() if reference.doi]
    assert sorted(doi for doi in set(dois) if dois.count(doi) > 1) == []


def test_the_network_leaves_the_catalogue_as_it_is(curated: Catalogue) -> None:
    load_network()
    assert load_folder(folder()).digest == curated.digest


def test_records_cannot_be_changed(edges: dict[str, Edge]) -> None:
    with pytest.raises(AttributeError):
        edges["IL12->IFNG"].gain = 1.0


# --- a file of one's own -------------------------------------------------------------------------


def _read(text: str, folder: Path, curated: Catalogue) -> Network:
    path = folder / "network.toml"
    path.write_text(text, encoding="utf-8")
    return read_network(path, curated, context_file.shipped())


def test_a_good_file_is_read_as_written(tmp_path: Path, curated: Catalogue) -> None:
    found = _read(GOOD, tmp_path, curated)
    first = Edge("IL12", "IFNG", 1, 0.1, "A", "It does.", ("R_NEW", "R_ZARETSKY", "R_MARI"))
    second = Edge(
        "il18bp", "treg", -1, 0.4, "C", "Perhaps.", (), "It does so strongly.", rule="CR28"
    )
    assert found.edges == (first, second)
    assert [edge.id for edge in found.edges] == ["IL12->IFNG", "il18bp-|treg"]
    assert found.references["R_NEW"].citation == "Someone. Something. 2020"


ONE, TWO = "In edge IL12 to IFNG.", "In edge il18bp to treg."
MISTAKES = [
    ('source = "IL12"', 'source = "IL12p70"', "source = 'IL12p70': neither", "edge IL12p70 to"),
    ('target = "IFNG"', 'target = "IFN-g"', "target = 'IFN-g': neither", "to IFN-g."),
    ('target = "IFNG"', 'target = "IL12"', "IL12 acts on itself", "In edge IL12 to IL12."),
    ('target = "IFNG"\n', "", "key 'target' is missing", "In edge IL12 to ?."),
    ("sign = 1", "sign = 0", "sign = 0: expected 1 or -1", ONE),
    ("sign = 1", "sign = 0.5", "sign = 0.5: expected 1 or -1", ONE),
    ("sign = 1", "sign = 2", "expected a number from -1 to 1", ONE),
    ("sign = 1\n", "", "sign = None", ONE),
    ("gain = 0.4", "gain = 0", "gain = 0: expected above 0", TWO),
    ("gain = 0.4", "gain = 0.6", "expected a number from 0 to 0.5", TWO),
    ("gain = 0.4\n", "", "gain_reason without a gain", TWO),
    ('gain_reason = "It does so strongly."\n', "", "key 'gain_reason' is missing", TWO),
    ("gain = 0.1\n", "", "gain = None", "network.toml"),
    ("gain = 0.1\n", "gain = 0\n", "gain = 0: expected above 0", "network.toml"),
    ('grade = "A"', 'grade = "AA"', "expected one of A, B, C", ONE),
    ('grade = "C"', 'grade = "B"', "grade B without references", TWO),
    ('"R_MARI"', '"R_MARY"', "reference 'R_MARY' is neither", ONE),
    ('rule = "CR28"', 'rule = "CR99"', "rule = 'CR99': expected one of", TWO),
    ('reason = "It does."', 'because = "It does."', "key 'reason' is missing", ONE),
    ('reason = "It does."', 'reason = "It does."\nweight = 2', "unknown key 'weight'", ONE),
    ('source = "il18bp"\ntarget = "treg"', 'source = "IL12"\ntarget = "IFNG"', "there twice", ONE),
    ('id = "R_NEW"', 'id = "R_ZARETSKY"', "R_ZARETSKY is known already", "network.toml"),
    ("[[reference]]", "[[other]]", "reference 'R_NEW' is neither", ONE),
]


@pytest.mark.parametrize(("old", "new", "message", "where"), MISTAKES)
def test_a_mistake_is_an_error_with_file_and_edge(
    tmp_path: Path, curated: Catalogue, old: str, new: str, message: str, where: str
) -> None:
    assert GOOD.count(old) >= 1, old
    with pytest.raises(SignatureError, match=re.escape(message)) as caught:
        _read(GOOD.replace(old, new, 1), tmp_path, curated)
    assert re.match(rf"{re.escape(str(tmp_path))}/network\.toml:\d+: ", str(caught.value))
    assert where in str(caught.value)


def test_a_file_without_edges(tmp_path: Path, curated: Catalogue) -> None:
    with pytest.raises(SignatureError, match=re.escape("no [[edge]] table")):
        _read("gain = 0.1\n", tmp_path, curated)


def test_an_unknown_table_is_refused(tmp_path: Path, curated: Catalogue) -> None:
    with pytest.raises(SignatureError, match="unknown key 'edges'"):
        _read(GOOD + '\n[[edges]]\nsource = "IL6"\n', tmp_path, curated)
