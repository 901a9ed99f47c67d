"""Links of the site lead somewhere; what holds in the repository holds on the site."""

from __future__ import annotations

import doctest
import json
import re
from importlib import import_module
from pathlib import Path, PurePosixPath

import pytest

LINK = re.compile(r"(?<!\\)\]\(<?([^()\s<>]+)>?\)")
ROLE = re.compile(r":doc:`(?:[^`<]*<)?([^`<>]+)>?`")
LABEL = re.compile(r"^\(([\w-]+)\)=$", re.M)
FENCE = re.compile(r"^```.*?^```[ ]*$", re.M | re.S)


def _slugs(text: str) -> set[str]:
    """Anchors of headings, as GitHub and MyST make them."""
    heads = re.findall(r"^#{1,3} (.+)$", FENCE.sub("", text), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.fixture(scope="module")
def pages(site: Path, docs: Path) -> dict[PurePosixPath, str]:
    """Text of every page of the site by its place there."""
    from site_pages.links import relinked

    found = {
        PurePosixPath("_generated", path.relative_to(site).as_posix()): path.read_text()
        for path in site.rglob("*") if path.suffix in {".md", ".rst"}
    }  # fmt: skip
    for path in docs.glob("*.md"):
        at = PurePosixPath(path.name)
        found[at] = relinked(path.read_text(), PurePosixPath("docs", path.name), at)
    return found


def test_every_link_leads_to_a_page_or_a_label(
    pages: dict[PurePosixPath, str], site: Path, docs: Path
) -> None:
    labels = [label for text in pages.values() for label in LABEL.findall(text)]
    assert len(labels) == len(set(labels)), "a label stands once"
    files = {PurePosixPath("_generated", p.relative_to(site).as_posix()) for p in site.rglob("*")}
    files |= {PurePosixPath(p.relative_to(docs).as_posix()) for p in docs.glob("_static/*")}
    lost, n = [], 0
    for page, text in pages.items():
        for target in LINK.findall(FENCE.sub("", text)) if page.suffix == ".md" else ():
            place, _, anchor = target.partition("#")
            n += 1
            if re.match(r"https?:", target) or (not place and anchor in labels):
                continue
            base = PurePosixPath() if place.startswith("/") else page.parent
            to = PurePosixPath(_normal(base / place.lstrip("/"))) if place else page
            known = to in pages or to in files
            if not known or (anchor and anchor not in _slugs(pages[to])):
                lost.append(f"{page}: {target}")
    assert lost == []
    assert n > 1000


def test_every_role_of_a_generated_page_leads_to_a_page(pages: dict[PurePosixPath, str]) -> None:
    places = {page.with_suffix("") for page in pages}
    lost = []
    for page, text in pages.items():
        for target in ROLE.findall(text) if page.suffix == ".rst" else ():
            base = PurePosixPath() if target.startswith("/") else page.parent
            if PurePosixPath(_normal(base / target.lstrip("/"))) not in places:
                lost.append(f"{page}: {target}")
    assert lost == []


def test_every_page_is_in_a_table_of_contents(pages: dict[PurePosixPath, str]) -> None:
    listed: set[str] = set()
    for page, text in pages.items():
        for tree in re.findall(r"```\{toctree\}\n(.*?)```", text, re.S):
            listed |= {_normal(page.parent / name) for name in _entries(tree)}
        for tree in re.findall(r"^\.\. toctree::\n((?:   .*\n|\n)+)", text, re.M):
            listed |= {_normal(page.parent / name) for name in _entries(tree)}
    orphans = [
        str(page) for page in pages
        if page != PurePosixPath("index.md")
        and not any(page.with_suffix("").match(name) for name in listed)
    ]  # fmt: skip
    assert orphans == []


def _entries(tree: str) -> list[str]:
    lines = [line.strip() for line in tree.splitlines()]
    return [re.sub(r".*<(.+)>", r"\1", line) for line in lines if line and line[0] != ":"]


def _normal(path: PurePosixPath | str) -> str:
    from posixpath import normpath

    return normpath(str(path))


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("[a](other_methods.md#ties)", "[a](other_methods.md#ties)"),
        ("[b](../signatures/README.md)", "[b](_generated/repository/signatures/README.md)"),
        ("[c](../benchmarks/tails.py)", "c"),
        ("[d](https://example.org/x.md)", "[d](https://example.org/x.md)"),
        ("[e](nowhere.md)", "[e](nowhere.md)"),
        ("`docs/balance.md`", "[`docs/balance.md`](balance.md)"),
        ("`docs/nowhere.md`", "`docs/nowhere.md`"),
        ("```\n[b](../signatures/README.md)\n```\n", "```\n[b](../signatures/README.md)\n```\n"),
    ],
)
def test_links_of_a_page_are_mended(text: str, mended: str) -> None:
    from site_pages.links import relinked

    at = PurePosixPath("methods.md")
    assert relinked(text, "docs" / at, at) == mended


def test_links_of_a_copied_page_are_mended(site: Path) -> None:
    readme = (site / "repository" / "README.md").read_text()
    assert "](../../methods.md)" in readme
    assert "](benchmarks/results/panel.md)" in readme


def _notebook(folder: Path, name: str, output: str) -> None:
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["See [b](../docs/balance.md).\n"]},
        {"cell_type": "code", "metadata": {}, "source": ["x[0](../docs)"], "outputs": [output]},
    ]
    (folder / name).write_text(json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5}))


def test_executed_tutorials_are_taken_where_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from site_pages.copies import write_tutorials

    executed, out = tmp_path / "executed", tmp_path / "site"
    executed.mkdir()
    _notebook(executed, "02_more.ipynb", "two")
    _notebook(executed, "01_start.ipynb", "one")
    monkeypatch.setenv("CYTOSIG_TUTORIALS", str(executed))
    first, *_, index = write_tutorials(out)
    markdown, code = json.loads(first.read_text())["cells"]
    assert markdown["source"] == ["See [b](../../balance.md).\n"]
    assert code["source"] == ["x[0](../docs)"]
    assert code["outputs"] == ["one"]
    assert "\n01_start\n02_more\n" in index.read_text()


def test_without_tutorials_the_index_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from site_pages.copies import write_tutorials

    monkeypatch.setenv("CYTOSIG_TUTORIALS", str(tmp_path / "none"))
    (index,) = write_tutorials(tmp_path / "site")
    assert index.read_text() == "# Tutorials\n\nNone in this checkout.\n"


@pytest.mark.parametrize("name", ["markdown", "gene_tables", "docstrings"])
def test_examples_of_the_writers(name: str) -> None:
    found = doctest.testmod(import_module(f"site_pages.{name}"))
    assert found.attempted > 0
    assert found.failed == 0


def test_pages_of_things_that_are_gone_are_removed(site: Path) -> None:
    assert (site / "catalogue" / "IL6.md").is_file()
    assert not (site / "catalogue" / "IL99.md").exists()
