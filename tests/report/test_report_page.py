"""The page as a whole: its sections, its rules, its bytes."""

from __future__ import annotations

import base64
import hashlib
import logging
import re

import anndata
import numpy as np
import pandas as pd
import pytest

import cytosig as cs
from cytosig._errors import DataError

from .conftest import Made, Node, contents, parsed

SECTIONS = [
    "summary", "reading", "balance", "activities", "sources-targets", "links", "blockade",
    "missing", "methods", "versions",
]  # fmt: skip


def _bare() -> anndata.AnnData:
    """Nothing was run but one table of somebody else's."""
    adata = anndata.AnnData(np.ones((2, 1)))
    adata.uns["cytosig"] = {"mine": pd.DataFrame({"x": [1.0, 2.0]})}
    return adata


def test_every_section_in_its_order(tree: Node) -> None:
    assert [node.attributes["id"] for node in tree.all("section")] == SECTIONS
    assert [a.attributes["href"] for a in tree.one("nav").all("a")] == [f"#{s}" for s in SECTIONS]


def test_headings_step_down_by_one(tree: Node) -> None:
    levels = [int(n.tag[1]) for n in tree.walk() if re.fullmatch(r"h[1-6]", n.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert max(np.diff(levels)) == 1


def test_ids_are_unique_and_every_pointer_has_its_goal(tree: Node) -> None:
    ids = [n.attributes["id"] for n in tree.walk() if "id" in n.attributes]
    assert len(ids) == len(set(ids))
    links = [n.attributes["href"] for n in tree.walk() if n.attributes.get("href", "")[:1] == "#"]
    styles = " ".join(v or "" for n in tree.walk() for k, v in n.attributes.items() if k != "id")
    pointed = {link[1:] for link in links} | set(re.findall(r"url\(#([^)]+)\)", styles))
    assert pointed <= set(ids)
    assert any(n.tag == "use" for n in tree.walk())


def test_language_title_and_landmarks(tree: Node) -> None:
    assert tree.one("html").attributes["lang"] == "en"
    assert tree.one("head").one("title").text == tree.one("h1").text
    skip = tree.one("a", class_="skip")
    assert skip.attributes["href"] == f"#{tree.one('main').attributes['id']}"


def test_only_its_own_script_may_run(tree: Node) -> None:
    policy = tree.one("meta", **{"http-equiv": "Content-Security-Policy"}).attributes["content"]
    scripts = [n for n in tree.all("script") if n.attributes.get("type") != "application/json"]
    (script,) = scripts
    digest = base64.b64encode(hashlib.sha256("".join(script.pieces).encode()).digest()).decode()
    rules = dict(rule.split(maxsplit=1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == f"'sha256-{digest}'"
    assert rules["img-src"] == "data:"
    assert not [k for n in tree.walk() for k in n.attributes if k.startswith("on")]


def test_nothing_is_fetched(tree: Node) -> None:
    """Pointers lead inside the page, hold the data themselves, or are for the reader to follow."""
    for node in tree.walk():
        for name in ("src", "href", "data", "action", "srcset", "poster"):
            value = node.attributes.get(name)
            if value is not None and node.tag != "a":
                assert value.startswith(("#", "data:"))
    style = "".join(tree.one("style").pieces)
    assert "@import" not in style
    assert "url(" not in style


def test_every_figure_says_what_it_shows(tree: Node) -> None:
    figures = tree.all("figure")
    assert len(figures) > 8
    for figure in figures:
        svg = figure.one("svg")
        assert svg.attributes["role"] == "img"
        assert len(svg.attributes["aria-label"]) > 20
        assert figure.one("figcaption").text


def test_the_data_are_not_changed(hostile: anndata.AnnData, made: Made) -> None:
    assert contents(hostile) == made.before


def test_no_text_of_a_mark_is_lost(tree: Node, made: Made) -> None:
    assert len(made.texts) == sum(len(svg.all("title")) for svg in tree.all("svg")) > 50


def test_the_same_data_give_the_same_bytes(hostile: anndata.AnnData) -> None:
    """Whatever style the user has set for figures."""
    adata = hostile[:2].copy()
    kept = ("balance", "balance_contributions", "balance_cytokines", "coverage")
    adata.uns["cytosig"] = {name: hostile.uns["cytosig"][name] for name in kept}
    adata.obsm.clear()
    _same_twice(adata)


@pytest.mark.slow
def test_all_of_it_has_the_same_bytes(hostile: anndata.AnnData) -> None:
    _same_twice(hostile)


def _same_twice(adata: anndata.AnnData) -> None:
    import matplotlib

    page = cs.report.html(adata)
    with matplotlib.rc_context({"font.size": 30, "svg.fonttype": "none", "axes.facecolor": "red"}):
        assert cs.report.html(adata) == page
        assert matplotlib.rcParams["font.size"] == 30
    assert page.count("<svg") > 3


def test_pyplot_knows_no_figure_of_it(page: str) -> None:
    import matplotlib.pyplot as plt

    assert page
    assert plt.get_fignums() == []


COMMANDS = {
    "balance": "cytosig balance", "activities": "cytosig score", "reading": "cytosig score",
    "sources-targets": "cytosig sources", "links": "cytosig links",
    "blockade": "cytosig blockade", "missing": "cytosig compare",
}  # fmt: skip


def test_what_was_not_run_says_what_runs_it() -> None:
    tree = parsed(cs.report.html(_bare()))
    assert [node.attributes["id"] for node in tree.all("section")] == SECTIONS
    for id, command in COMMANDS.items():
        assert command in tree.one("section", id=id).text
    assert not tree.all("figure")
    assert "mine" in tree.one("section", id="versions").text


def test_commands_that_are_named_are_there() -> None:
    from cytosig.cli._app import app

    known = {command.name for command in app.registered_commands}
    tree = parsed(cs.report.html(_bare()))
    named = {code.text.split()[1] for code in tree.all("code") if code.text.startswith("cytosig ")}
    assert named <= known
    assert {"score", "balance", "compare", "sources", "targets", "links", "blockade"} <= named


def test_a_figure_that_fails_becomes_a_sentence(
    hostile: anndata.AnnData, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise cs.CytosigError(f"no {'<i>'} today")

    def break_(*args: object, **options: object) -> None:
        raise ZeroDivisionError("of the plot")

    for name in cs.pl.__all__:
        monkeypatch.setattr(cs.pl, name, refuse)
    monkeypatch.setattr(cs.pl, "coverage", break_)
    with caplog.at_level(logging.WARNING, "cytosig"):
        tree = parsed(cs.report.html(hostile))
    assert not tree.all("figure")
    said = [node.text for node in tree.all("div", class_="empty")]
    assert sum("could not be drawn: no <i> today" in text for text in said) > 8
    assert sum("ZeroDivisionError: of the plot" in text for text in said) == 1
    assert "ZeroDivisionError" in caplog.text


def test_nothing_stored_under_that_name() -> None:
    with pytest.raises(cs.CytosigError, match=r"uns has no results under 'mine'; it has 'cytosig'"):
        cs.report.html(_bare(), key="mine")


def test_a_column_of_several_values_in_one_is_named() -> None:
    adata = anndata.AnnData(np.zeros((2, 1)))
    twice = pd.DataFrame({"n": np.zeros(2, [("a", "f4"), ("b", "i4")]).view("V8")})
    adata.uns["cytosig"] = {"balance": twice.set_axis(["a", "b"])}
    with pytest.raises(DataError, match=r"\['balance'\], column 'n': expected numbers or words"):
        cs.report.html(adata)


def test_no_anndata_at_all() -> None:
    with pytest.raises(cs.CytosigError, match="adata is a str"):
        cs.report.html("scored.h5ad")


def test_a_file_is_whole_or_not_there(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "page.html"
    cs.report.write(_bare(), out)
    before = out.read_bytes()
    assert before.startswith(b"<!DOCTYPE html>")
    monkeypatch.setattr("cytosig.report._write.html", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cs.report.write(_bare(), out)
    assert out.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_a_page_has_the_name_of_one(tmp_path) -> None:
    with pytest.raises(cs.CytosigError, match=r"end its name in \.html"):
        cs.report.write(_bare(), tmp_path / "report.pdf")
    assert not list(tmp_path.iterdir())
