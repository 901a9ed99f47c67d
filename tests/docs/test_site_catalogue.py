"""Every cytokine has a page with all that its file says; read from the TOML, not by the loader."""

from __future__ import annotations

import re
import tomllib
from html import unescape
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "signatures"
SHARED = {"axes", "context", "network", "references"}
IDS = sorted(path.stem for path in FOLDER.glob("*.toml") if path.stem not in SHARED)


def _toml(name: str) -> dict:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def _page(site: Path, name: str) -> str:
    """Words of a page: without the backslashes that keep them from being markup."""
    text = (site / "catalogue" / f"{name}.md").read_text(encoding="utf-8")
    return re.sub(r"\\([\\`*_\[\]<>|$~])", r"\1", text)


def _rows(table: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.S)
    return [
        [unescape(re.sub(r"<[^>]+>", "", c)) for c in re.findall(r"<td>(.*?)</td>", row)]
        for row in rows
    ]


def _signed(response: dict) -> dict[str, float]:
    return {
        gene["gene"]: sign * gene["weight"]
        for sign, key in ((1, "up"), (-1, "down"))
        for gene in response.get(key, [])
    }


def _number(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


@pytest.mark.parametrize("id", IDS)
def test_names_role_forms_and_drugs(site: Path, id: str) -> None:
    known, page = _toml(id), _page(site, id)
    assert known["name"] in page.splitlines()[0]
    assert ", ".join(known.get("aliases", ())) in page
    role = known["role"]
    assert role["reason"] in page
    assert f"confidence {role['confidence']}" in page
    assert f"**Role**: {_number(role['value']) if role['value'] else '0'} (" in page
    for form in known.get("ligand", []) + known.get("receptor", []):
        genes = " and ".join(f"`{gene}`" for gene in form["genes"])
        assert f"- {form['name']}: {genes}" in page
        for gene in form.get("supplied", ()):
            assert f"(with `{gene}`" in page or f"and `{gene}` from elsewhere" in page
    for kind, genes in known.get("modifiers", {}).items():
        assert f"- {kind} (" in page
        assert ", ".join(f"`{gene}`" for gene in genes) in page
    for drug in known.get("drug", []):
        targets = ", ".join(f"`{gene}`" for gene in drug["targets"])
        assert f"| {drug['name']} | {drug['action']} | {targets} | {drug['status']}" in page


@pytest.mark.parametrize("id", IDS)
def test_response_genes_with_weights_and_support(site: Path, id: str) -> None:
    response, page = _toml(id).get("response", {}), _page(site, id)
    for key in ("caveat", "grade_reason"):
        assert response.get(key, "")[1:] in page
    if response.get("grade"):
        assert f"Grade {response['grade']}: " in page
    if "up" not in response:
        assert "<table" not in page
        return
    generic, *others = re.findall(r"<table.*?</table>", page, re.S)
    shown = {row[0]: row[1:] for row in _rows(generic) if row}
    entries = {g["gene"]: g for g in response["up"] + response.get("down", [])}
    assert shown.keys() == entries.keys()
    for gene, weight in _signed(response).items():
        one = entries[gene]
        studies = [str(one.get(key) or "") for key in ("for", "against")]
        support = ", ".join(one.get("support", ()))
        assert shown[gene] == [_number(weight), one["tier"], *studies, support]
    variants = {v["compartment"]: _signed(v) for v in response.get("variant", [])}
    assert len(others) == bool(variants)
    if variants:
        head = re.findall(r"<th>(.*?)</th>", others[0])
        assert set(head) == {"gene", "generic", *variants}
        found = {
            row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in _rows(others[0]) if row
        }
        for name, weights in {"generic": _signed(response), **variants}.items():
            there = {gene: row[name] for gene, row in found.items() if row[name]}
            assert there == {gene: _number(weight) for gene, weight in weights.items()}


def test_publications_are_linked(site: Path) -> None:
    listed = {
        r["id"]: r
        for name in ("references", "context", "network")
        for r in _toml(name)["reference"]
    }
    page = _page(site, "references")
    for id, reference in listed.items():
        assert page.count(f"({id.lower()})=\n") == 1
        assert reference["citation"] in page
        if reference.get("doi"):
            assert f"(<https://doi.org/{reference['doi']}>)" in page
        if reference.get("pmid"):
            assert f"(https://pubmed.ncbi.nlm.nih.gov/{reference['pmid']}/)" in page
    for id in IDS:
        for cited in _toml(id)["role"].get("references", ()):
            assert listed[cited]["citation"] in _page(site, id)


def test_rules_edges_and_axes_stand_on_their_pages_and_on_those_of_their_cytokines(
    site: Path,
) -> None:
    rules, network, axes = _page(site, "context_rules"), _page(site, "network"), _page(site, "axes")
    for rule in _toml("context")["rule"]:
        assert f"({rule['id'].lower()})=\n## {rule['id']}: {rule['cytokine']}" in rules
        assert rule["condition"] in rules
        assert f"[{rule['id']}](#{rule['id'].lower()}): {rule['condition']}" in _page(
            site, rule["cytokine"]
        )
    for programme in _toml("context")["programme"]:
        assert ", ".join(f"`{gene}`" for gene in programme["genes"]) in rules
    for edge in _toml("network")["edge"]:
        assert edge["reason"] in network
        for end in {edge["source"], edge["target"]} & set(IDS):
            assert edge["reason"] in _page(site, end)
    for axis in _toml("axes")["axis"]:
        assert axis["note"] in axes
        for member in axis["members"]:
            assert f"[{member}]({member}.md)" in axes
            assert f"[{axis['id']}](#axis-{axis['id'].lower()})" in _page(site, member)


def test_every_cytokine_stands_in_every_index(site: Path) -> None:
    for name in ("index", "by_family", "by_role"):
        page = _page(site, name)
        assert sorted(re.findall(r"^\| \[(\w+)\]", page, re.M)) == IDS
    for id in IDS:
        assert f"\n{id} <{id}>\n" in _page(site, "index")
    for part in _page(site, "by_role").split("\n## ")[1:]:
        kind = re.search(r"\((\w+)\)", part.splitlines()[0])[1]
        here = re.findall(r"^\| \[(\w+)\]", part, re.M)
        roles = {id: _toml(id)["role"] for id in IDS}
        assert set(here) == {id for id, role in roles.items() if role["kind"] == kind}
        values = [roles[id]["value"] for id in here]
        assert values == sorted(values, reverse=True)
