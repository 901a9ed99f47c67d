"""Drawings made fit for a page, against small ones written by hand and by matplotlib."""

from __future__ import annotations

import io
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure

from cytosig.pl import _tips
from cytosig.report import _parts
from cytosig.report._figures import figure
from cytosig.report._svg import inline

HOSTILE = "</title><script>alert(\"1\")</script> & '2' ]]> -->"


def _axes():
    return Figure(figsize=(3, 2)).subplots()


def _svg(ax) -> str:
    text = io.StringIO()
    ax.figure.savefig(text, format="svg")
    return text.getvalue()


def _drawn(ax, prefix: str = "f-") -> ElementTree.Element:
    return ElementTree.fromstring(inline(_svg(ax), prefix=prefix, label="what it shows"))


def _titles(root: ElementTree.Element) -> list[tuple[str, str]]:
    """Tag of each mark and its text, in the order drawn."""
    return [(node.tag, node[0].text) for node in root.iter() if node.get("class") == "mark"]


def test_each_point_of_a_scatter_has_its_text() -> None:
    ax = _axes()
    _tips.attach(ax.scatter([0, 1, 2], [5, 6, 4]), ["first", HOSTILE, "third"])
    root = _drawn(ax)
    assert _titles(root) == [("use", "first"), ("use", HOSTILE), ("use", "third")]
    places = [float(node.get("x")) for node in root.iter("use") if node.get("class") == "mark"]
    assert places == sorted(places)


def test_points_of_different_sizes_too() -> None:
    ax = _axes()
    _tips.attach(ax.scatter([0, 1], [5, 6], s=[9, 99]), ["a", "b"])
    assert _titles(_drawn(ax)) == [("path", "a"), ("path", "b")]


def test_one_text_is_that_of_the_whole_artist() -> None:
    ax = _axes()
    _tips.attach(ax.bar([0], [1])[0], ["bar"])
    _tips.attach(ax.plot([0, 1], [2, 3], marker="o")[0], ["line"])
    _tips.attach(ax.text(0, 1, "letters"), ["letters"])
    assert [title for _, title in _titles(_drawn(ax))] == ["bar", "line", "letters"]


def test_texts_that_do_not_fit_the_marks_are_left_out() -> None:
    ax = _axes()
    _tips.attach(ax.scatter([0, 1], [5, 6]), ["a", "b", "c"])
    root = _drawn(ax)
    assert _titles(root) == []
    assert _tips.PREFIX not in ElementTree.tostring(root, encoding="unicode")


def test_ids_are_its_own_and_point_to_something() -> None:
    ax = _axes()
    ax.bar([0], [1], hatch="//")
    ax.scatter([0, 1], [0, 1])
    one, other = _drawn(ax, "a-"), _drawn(ax, "b-")
    ids = [{node.get("id") for node in root.iter()} - {None} for root in (one, other)]
    assert ids[0]
    assert {id[2:] for id in ids[0]} == {id[2:] for id in ids[1]}
    assert all(id.startswith("a-") for id in ids[0])
    text = ElementTree.tostring(one, encoding="unicode")
    for id in ids[0]:
        assert f'"#{id}"' in text or f"url(#{id})" in text


def test_what_is_drawn_stays_where_it_is() -> None:
    """Rounding moves nothing by more than a hundredth of a point."""
    ax = _axes()
    ax.scatter(np.linspace(0, 1, 7), np.linspace(0, 1, 7) ** 2)
    space = "{http://www.w3.org/2000/svg}"
    before = ElementTree.fromstring(_svg(ax)).iter(f"{space}use")
    exact = [(float(node.get("x")), float(node.get("y"))) for node in before if node.get("y")]
    after = [(float(n.get("x")), float(n.get("y"))) for n in _drawn(ax).iter("use") if n.get("y")]
    np.testing.assert_allclose(after, exact, atol=0.0051)
    assert len(after) >= 7


def _letters(root: ElementTree.Element) -> list[float]:
    """How far each letter stands from the beginning of its line, in the order drawn."""
    found = []
    for node in root.iter():
        move, x = node.get("transform", ""), node.get("x")
        if node.tag.endswith("use") and node.get("y") is None:
            found.append(float(x or move.removeprefix("translate(").split(" ")[0] or 0))
    return found


def test_letters_stay_in_their_line() -> None:
    ax = _axes()
    ax.set_title("Letters and 0123")
    before, after = _letters(ElementTree.fromstring(_svg(ax))), _letters(_drawn(ax))
    assert len(before) > 20
    np.testing.assert_allclose(after, before, atol=0.0051)


def test_nothing_speaks_to_the_page_around_it() -> None:
    ax = _axes()
    ax.imshow(np.eye(2))
    root = _drawn(ax)
    tags = {node.tag for node in root.iter()}
    assert not tags & {"style", "metadata", "script", "a", "foreignObject"}
    assert [node.get("href")[:22] for node in root.iter("image")] == ["data:image/png;base64,"]
    assert root.attrib["aria-label"] == "what it shows"
    assert (root.get("width"), root.get("height")) == ("288", "192")


@pytest.mark.filterwarnings("ignore:Glyph 27")
def test_characters_that_xml_forbids() -> None:
    ax = _axes()
    ax.set_title("a\x1bb -- c")
    _tips.attach(ax.bar([0], [1])[0], ["d\x00\x1be\tf"])
    assert _titles(_drawn(ax)) == [("g", "de\tf")]


def test_a_figure_off_screen_is_of_the_size_the_plot_chose() -> None:
    import anndata
    import matplotlib.pyplot as plt
    import pandas as pd

    import cytosig as cs

    adata = anndata.AnnData(np.ones((3, 1)))
    adata.obsm["cytosig_score"] = pd.DataFrame(
        np.eye(3), index=adata.obs_names, columns=list("abc")
    )
    found = figure("x", lambda: cs.pl.heatmap(adata), caption="A map.", alt="A map of three.")
    assert isinstance(found, _parts.Figure)
    assert plt.get_fignums() == []
    width, height = cs.pl.heatmap(adata).figure.get_size_inches() * 96
    plt.close("all")
    root = ElementTree.fromstring(found.svg)
    assert (root.get("width"), root.get("height")) == (f"{width:.0f}", f"{height:.0f}")


def test_off_screen_ends_with_its_block() -> None:
    import matplotlib.pyplot as plt

    from cytosig.pl._axes import axes_or_new, off_screen

    with pytest.raises(KeyError), off_screen():
        axes_or_new(None, width=1, height=1)
        raise KeyError
    assert plt.get_fignums() == []
    axes_or_new(None, width=1, height=1)
    assert len(plt.get_fignums()) == 1
    plt.close("all")
