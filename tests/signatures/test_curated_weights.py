"""What the curated weights promise, read from the files as they are."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "signatures"
COMPARTMENTS = ("epithelial", "stromal", "myeloid", "T_NK", "B")
INTERFERON_TARGETS = frozenset(
    {"GBP1", "GBP3", "GBP5", "STAT1", "CXCL9", "CXCL10", "CXCL11", "ISG15", "IFIT1", "IFIT2"}
    | {"IFIT3", "MX1", "OAS1", "IRF7", "PSMB8", "PSMB9", "USP18", "RSAD2", "IFI44", "WARS1"}
)
MACHINERY = re.compile(
    r"(RP[LS]\d|MRP[LS]\d|EIF\d|NDUF|PSMD\d|MCM\d|SNRP|CCT\d|NOP\d|NPM\d|H2A|H4C)"
)


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def responses() -> dict[str, dict[str, Any]]:
    held = {p.stem: _read(p).get("response", {}) for p in sorted(FOLDER.glob("*.toml"))}
    return {id: response for id, response in held.items() if "up" in response}


@pytest.fixture(scope="module")
def family() -> dict[str, str]:
    """Axis of each cytokine; the two interferon axes are one family."""
    axes = _read(FOLDER / "axes.toml")["axis"]
    return {
        member: "interferon" if axis["id"].startswith("IFN-") else axis["id"]
        for axis in axes
        for member in axis["members"]
    }


def _lists(response: dict[str, Any]) -> list[tuple[str, list[dict], list[dict]]]:
    variants = [(v["compartment"], v["up"], v.get("down", [])) for v in response.get("variant", [])]
    return [("generic", response["up"], response.get("down", [])), *variants]


def test_weights_run_from_a_twentieth_to_one(responses):
    for id, response in responses.items():
        for name, up, down in _lists(response):
            weights = [entry["weight"] for entry in (*up, *down)]
            assert max(weights) == 1, f"{id} {name}"
            assert min(weights) >= 0.05, f"{id} {name}"
            assert len(up) <= 80, f"{id} {name}"
            assert len(down) <= 20, f"{id} {name}"


def test_lists_are_sorted_by_weight_then_name(responses):
    for id, response in responses.items():
        for name, up, down in _lists(response):
            for part in (up, down):
                keys = [(-entry["weight"], entry["gene"]) for entry in part]
                assert keys == sorted(keys), f"{id} {name}"


def test_a_gene_outside_the_prior_has_two_studies_for_it(responses):
    lone = [
        f"{id} {entry['gene']}"
        for id, response in responses.items()
        for _, up, down in _lists(response)
        for entry in (*up, *down)
        if "support" in entry and "expert" not in entry["support"]
        and entry.get("for", 0) - entry.get("against", 0) < 2
    ]  # fmt: skip
    assert lone == []


def test_tiers_follow_from_the_lists(responses, family):
    holders: dict[tuple[str, str], set[str]] = defaultdict(set)
    for id, response in responses.items():
        for key in ("up", "down"):
            for entry in response.get(key, []):
                holders[entry["gene"], key].add(id)
    for id, response in responses.items():
        for key in ("up", "down"):
            for entry in response.get(key, []):
                ids = holders[entry["gene"], key]
                families = {family[holder] for holder in ids}
                wanted = "specific" if ids == {id} else "family" if len(families) == 1 else "shared"
                assert entry["tier"] == wanted, f"{id} {key} {entry['gene']}"


def test_variants_name_genes_of_the_generic_list_shortly(responses):
    for id, response in responses.items():
        known = {(e["gene"], key) for key in ("up", "down") for e in response.get(key, [])}
        for variant in response.get("variant", []):
            assert variant["compartment"] in COMPARTMENTS
            for key in ("up", "down"):
                for entry in variant.get(key, []):
                    assert ("tier" in entry) != ((entry["gene"], key) in known), f"{id} {entry}"


def test_the_interferon_wave_is_in_no_other_list_unless_the_prior_says_so(responses, family):
    found = [
        f"{id} {name} {entry['gene']}"
        for id, response in responses.items()
        if family[id] != "interferon"
        for name, up, _ in _lists(response)
        for entry in up
        if entry["gene"] in INTERFERON_TARGETS
        and "support" in entry and "expert" not in entry["support"] and entry["weight"] > 0.2
    ]  # fmt: skip
    assert found == []
    for id in ("IL2", "IL12", "IL15", "IL18"):
        names = {entry["gene"] for _, up, _ in _lists(responses[id]) for entry in up}
        assert names.isdisjoint(INTERFERON_TARGETS), id


def test_growth_machinery_is_in_no_list_unless_the_prior_says_so(responses):
    found = [
        f"{id} {name} {entry['gene']} {entry['weight']}"
        for id, response in responses.items()
        for name, up, _ in _lists(response)
        for entry in up
        if MACHINERY.match(entry["gene"])
        and "support" in entry and "expert" not in entry["support"] and entry["weight"] > 0.2
    ]  # fmt: skip
    assert found == []
