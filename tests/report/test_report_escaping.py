"""Labels that come from files: text on the page, never part of it."""

from __future__ import annotations

import re

import anndata as ad
import numpy as np
import pytest

import cytosig as cs

from .conftest import IMAGE, QUOTES, SCRIPT, TYPE, Node, parsed, stored_tables

EVENTS = re.compile(r"on\w+")


def test_the_only_elements_are_those_of_the_template(tree: Node) -> None:
    tags = {node.tag for node in tree.walk()}
    assert not tags & {"img", "iframe", "object", "embed", "form", "base", "b onclick", "i"}
    (bold,) = tree.all("b")  # the name of the package, in the banner
    assert bold.text == "cytosig"
    assert not [k for node in tree.walk() for k in node.attributes if EVENTS.fullmatch(k)]


def test_scripts_are_the_data_and_one_of_ours(tree: Node) -> None:
    scripts = tree.all("script")
    assert [s.attributes.get("type") for s in scripts].count(None) == 1
    assert all("alert" not in "".join(s.pieces) for s in scripts if not s.attributes.get("type"))
    for script in scripts[:-1]:
        assert "<" not in "".join(script.pieces)


@pytest.mark.parametrize("label", [IMAGE, SCRIPT, QUOTES, TYPE, f"Report of {IMAGE}"])
def test_labels_stand_there_as_they_are(tree: Node, label: str) -> None:
    assert " ".join(label.split()) in tree.one("main").text + tree.one("h1").text


def test_labels_in_texts_of_marks(tree: Node) -> None:
    titles = [title.text for svg in tree.all("svg") for title in svg.all("title")]
    assert any(IMAGE in title for title in titles)
    assert any(SCRIPT in title for title in titles)


def test_names_of_tables_and_columns(tree: Node) -> None:
    mine = stored_tables(tree)["mine"]
    assert mine.rows[0] == ["row", IMAGE, "x"]
    assert mine.rows[1][1] == SCRIPT


ODD = "a\x1b[2J\x00\x07 名前 $x$ \u202e"


def test_characters_that_xml_does_not_know(hostile: ad.AnnData) -> None:
    """Control characters, letters the font lacks, formulas, right-to-left."""
    adata = hostile[:2].copy()
    record = adata.uns["cytosig"]
    for name in ("balance", "balance_contributions"):
        names = [ODD, *record[name].index[1:]]
        record[name] = record[name].set_axis(names)
    kept = {
        name: record[name] for name in ("balance", "balance_contributions", "balance_cytokines")
    }
    adata.uns["cytosig"] = kept
    adata.obsm.clear()
    tree = parsed(cs.report.html(adata))
    assert tree.one("figure", id="figure-balance")
    assert "not in the font" in tree.one("figure", id="figure-balance").text
    assert "名前" in tree.one("section", id="balance").text


def test_half_a_letter(tmp_path) -> None:
    """What no file can hold comes from Python only, and costs no report."""
    adata = ad.AnnData(np.ones((1, 1)))
    adata.uns["cytosig"] = {"notes": ["\ud800"]}
    cs.report.write(adata, tmp_path / "page.html")
    assert "\\ud800" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_columns_of_obs_that_are_not_read_do_no_harm(hostile: ad.AnnData) -> None:
    adata = hostile[:2].copy()
    adata.obs[SCRIPT] = np.arange(2)
    adata.var[IMAGE] = SCRIPT
    adata.uns[SCRIPT] = IMAGE
    adata.uns["cytosig"] = {
        "params": {"method": SCRIPT, IMAGE: QUOTES, "organism": IMAGE},
        "notes": np.array([SCRIPT, IMAGE], dtype=object),
        f"cytosig_{IMAGE}": 1,
        "versions": {IMAGE: SCRIPT},
        "catalogue_digest": SCRIPT,
    }
    adata.obsm.clear()
    tree = parsed(cs.report.html(adata))
    assert len(tree.all("script")) == 1
    assert IMAGE in tree.one("section", id="versions").text
    assert SCRIPT in tree.one("section", id="reading").text
