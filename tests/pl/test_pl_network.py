"""Arrows between cell types against a table written by hand."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import anndata
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba
from matplotlib.patches import FancyArrowPatch
from scipy.optimize import minimize

import cytosig as cs
from cytosig._errors import DataError, UsageError
from cytosig.pl import _colours, _ring, _tips

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection

SIDES = ("against the tumour", "for it", "neither")


def _link(id: str, source: str, target: str, **columns: Any) -> dict[str, Any]:
    usual = {"condition": "all", "sign": 1, "strength": 0.2, "q": 0.01}
    return {"cytokine": id, "source": source, "target": target} | usual | columns


def _stored(*links: dict[str, Any], **more: Any) -> anndata.AnnData:
    adata = anndata.AnnData(np.ones((1, 1), np.float32))
    adata.uns["cytosig"] = {"links": pd.DataFrame(list(links)), **more}
    return adata


def _arrows(ax: Axes) -> dict[str, FancyArrowPatch]:
    """By what their text begins with: source, target and side."""
    found = [p for p in ax.patches if isinstance(p, FancyArrowPatch)]
    texts = [_tips.read(arrow.get_gid())[0] for arrow in found]
    return {text.split(":")[0]: arrow for text, arrow in zip(texts, found, strict=True)}


def _way(arrow: FancyArrowPatch) -> np.ndarray:
    return np.asarray(arrow._path_original.vertices)


def _circles(ax: Axes) -> PathCollection:
    (found,) = ax.collections
    return found


def _at(ax: Axes) -> dict[str, np.ndarray]:
    names = [text.split(";")[0] for text in _tips.read(_circles(ax).get_gid())]
    return dict(zip(names, np.asarray(_circles(ax).get_offsets()), strict=True))


def _words(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def _note(ax: Axes) -> str:
    return ax.get_xlabel().replace("\n", " ")


def _keys(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


# --- arrows -----------------------------------------------------------------------------------


def test_types_stand_on_a_circle_clockwise_in_their_order() -> None:
    names = ["CAF", "T cell", "B cell", "macrophage"]
    ax = cs.pl.network(_stored(*(_link("IL6", a, b) for a, b in combinations(names, 2))))
    at = _at(ax)
    assert list(at) == names
    half = np.sqrt(0.5)
    expected = [(half, half), (half, -half), (-half, -half), (-half, half)]
    np.testing.assert_allclose(list(at.values()), expected)
    assert ax.get_aspect() == 1


def test_an_arrow_leads_from_the_edge_of_its_source_to_that_of_its_target() -> None:
    ax = cs.pl.network(_stored(_link("IL6", "CAF", "T cell"), _link("IL6", "B cell", "CAF")))
    at, arrows = _at(ax), _arrows(ax)
    assert set(arrows) == {"CAF to T cell, against the tumour", "B cell to CAF, against the tumour"}
    inch = ax.transData.transform([(0, 0), (1, 0)])[:, 0]
    per_inch = (inch[1] - inch[0]) / ax.figure.dpi
    half = np.sqrt(_circles(ax).get_sizes()[0]) / 2 / 72 / per_inch
    for name, arrow in arrows.items():
        source, target = name.split(",")[0].split(" to ")
        start, _, end = _way(arrow)
        assert half < np.hypot(*(start - at[source])) < half + 0.08
        assert half < np.hypot(*(end - at[target])) < half + 0.08


def test_cytokines_that_lean_one_way_share_an_arrow() -> None:
    ax = cs.pl.network(
        _stored(
            _link("IFNG", "CAF", "T cell", strength=0.1),
            _link("IL12", "CAF", "T cell", strength=0.5),
            _link("IL6", "CAF", "T cell", sign=-1, strength=0.3),
            _link("BAFF", "CAF", "T cell", sign=0, strength=0.06),
        )
    )
    arrows = _arrows(ax)
    assert set(arrows) == {f"CAF to T cell, {side}" for side in SIDES}
    against, pro, neither = (arrows[f"CAF to T cell, {side}"] for side in SIDES)
    colours = [_colours.ANTI, _colours.PRO, _colours.UNDECIDED]
    for arrow, colour in zip((against, pro, neither), colours, strict=True):
        assert arrow.get_facecolor()[:3] == to_rgba(colour)[:3]
    assert len({str(arrow.get_linestyle()) for arrow in arrows.values()}) == 3, "without colours"
    widths = [arrow.get_linewidth() for arrow in (against, pro, neither)]
    np.testing.assert_allclose(widths, [5.0, 0.8 + 4.2 * 0.5, 0.8 + 4.2 * 0.1])
    assert _tips.read(against.get_gid()) == [
        "CAF to T cell, against the tumour: IL12 (0.5, q = 0.01), IFNG (0.1, q = 0.01)"
    ]
    assert {"IL12, IFNG", "IL6", "BAFF"} <= set(_words(ax))
    assert _keys(ax) == [*SIDES, "strength 0.6", "strength 0.18"]
    middles = [tuple(_way(arrow)[1]) for arrow in arrows.values()]
    assert len(set(middles)) == 3, "side by side"


def test_ways_there_and_back_bend_apart() -> None:
    ax = cs.pl.network(_stored(_link("IL6", "CAF", "T cell"), _link("IL6", "T cell", "CAF")))
    at = _at(ax)
    straight = (at["CAF"] + at["T cell"]) / 2
    there, back = (
        _way(_arrows(ax)[f"{a} to {b}, against the tumour"])[1] - straight
        for a, b in (("CAF", "T cell"), ("T cell", "CAF"))
    )
    np.testing.assert_allclose(there, -back)
    assert np.hypot(*there) > 0.1


def test_arrows_do_not_run_through_types_that_they_pass() -> None:
    names = [f"t{k}" for k in range(10)]
    pairs = [(a, b) for a in names for b in names if a != b]
    links = [_link(f"IL{sign}", a, b, sign=sign) for a, b in pairs for sign in (1, -1)]
    ax = cs.pl.network(_stored(*links), n=len(links))
    at, t = _at(ax), np.linspace(0, 1, 41)[:, None]
    radius = np.sqrt(_circles(ax).get_sizes().max()) / 2 * ax.figure.dpi / 72
    pixels = ax.transData.transform([(0, 0), (1, 0)])[:, 0]
    radius /= pixels[1] - pixels[0]
    for name, arrow in _arrows(ax).items():
        ends = name.split(",")[0].split(" to ")
        a, b, c = _way(arrow)
        curve = (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c
        for other in set(names) - set(ends):
            assert np.hypot(*(curve - at[other]).T).min() > radius, (name, other)
    middles = {tuple(np.round(_way(arrow)[1], 6)) for arrow in _arrows(ax).values()}
    assert len(middles) == len(links), "no two on one way"


def test_what_a_type_makes_for_itself_is_a_loop_away_from_the_others() -> None:
    ax = cs.pl.network(
        _stored(_link("IL6", "CAF", "CAF"), _link("IL11", "CAF", "CAF", strength=0.4),
                _link("IL2", "T cell", "CAF"))
    )  # fmt: skip
    loop = _way(_arrows(ax)["CAF to CAF, against the tumour"])
    out = _at(ax)["CAF"]
    start, end = loop[0], loop[-1]
    assert ((loop @ out) > 1).all(), "outside of the circle"
    assert np.hypot(*(start - end)) > 0
    np.testing.assert_allclose(np.hypot(*(start - out)), np.hypot(*(end - out)))
    assert "own: IL11, IL6" in _words(ax)
    assert "IL2" in _words(ax)


def test_many_names_are_cut_and_counted() -> None:
    links = [_link(f"CXCL{k}", "CAF", "T cell", strength=0.5 - k / 20) for k in range(6)]
    loops = [_link(f"CXCL{k}", "CAF", "CAF", strength=0.5 - k / 20) for k in range(6)]
    words = _words(cs.pl.network(_stored(*links, *loops)))
    assert "CXCL0, CXCL1, CXCL2 +3" in words
    assert "own: CXCL0, CXCL1, CXCL2 +3" in words


def test_circles_grow_with_cells_where_these_are_known() -> None:
    links = [_link("IL6", "CAF", "T cell"), _link("IL6", "B cell", "T cell")]
    rows = {"cell_type": ["CAF", "T cell", "B cell"], "condition": "all", "n_cells": [400, 100, 4]}
    targets = pd.DataFrame(rows)
    ax = cs.pl.network(_stored(*links, targets=targets))
    areas = dict(zip(_at(ax), _circles(ax).get_sizes(), strict=True))
    assert areas["T cell"] == pytest.approx(areas["CAF"] / 4)
    assert areas["B cell"] == pytest.approx(areas["CAF"] * 0.35**2), "the least there is"
    assert _keys(ax)[-2:] == ["400 cells", "100 cells"]
    assert _tips.read(_circles(ax).get_gid())[0] == (
        "CAF; 400 cells; of the links drawn 1 from it, 0 to it"
    )
    ax = cs.pl.network(_stored(*links))
    assert len(set(_circles(ax).get_sizes())) == 1
    other = targets.assign(condition="elsewhere")
    assert len(set(_circles(cs.pl.network(_stored(*links, targets=other))).get_sizes())) == 1


# --- which links ------------------------------------------------------------------------------

MANY = [_link(f"A{k}", "CAF", "T cell", strength=k / 10, q=k / 100) for k in range(1, 9)]


def _cytokines(ax: Axes) -> list[str]:
    texts = [_tips.read(arrow.get_gid())[0] for arrow in ax.patches]
    parts = [part for text in texts for part in text.split(": ")[1].split("), ")]
    return sorted(part.split(" (")[0] for part in parts)


def test_links_with_a_small_q_and_strength_enough() -> None:
    adata = _stored(*MANY)
    assert _cytokines(cs.pl.network(adata)) == ["A1", "A2", "A3", "A4", "A5"]
    assert _cytokines(cs.pl.network(adata, max_q=0.02)) == ["A1", "A2"]
    assert _cytokines(cs.pl.network(adata, min_strength=0.4)) == ["A4", "A5"]
    ax = cs.pl.network(adata, max_q=None, cytokines=["A8", "A1"])
    assert _cytokines(ax) == ["A1", "A8"]
    assert "Links: 2 whatever their q: descriptive." in _note(ax)


def test_the_strongest_n_are_drawn_and_the_rest_is_counted() -> None:
    ax = cs.pl.network(_stored(*MANY), n=2)
    assert _cytokines(ax) == ["A4", "A5"]
    assert "Links: the 2 strongest of 5 with q ≤ 0.05." in _note(ax)


def test_links_without_traffic_are_none() -> None:
    adata = _stored(_link("IL6", "CAF", "T cell"), _link("IL2", "CAF", "T cell", strength=0.0))
    assert _cytokines(cs.pl.network(adata)) == ["IL6"]


def test_types_without_a_link_are_drawn() -> None:
    ax = cs.pl.network(_stored(_link("IL6", "CAF", "T cell"), _link("IL6", "NK", "B", q=0.9)))
    assert list(_at(ax)) == ["CAF", "NK", "T cell", "B"]


def test_nothing_that_passes_is_said_with_the_numbers() -> None:
    links = [_link("IL6", "CAF", "T cell", q=q) for q in (0.3,)]
    links += [_link(f"A{k}", "CAF", "T cell", q=np.nan) for k in range(3)]
    with pytest.raises(UsageError) as caught:
        cs.pl.network(_stored(*links))
    assert str(caught.value) == (
        "None of the 4 links has q of 0.05 or less; the smallest q is 0.3. 3 have no q (too few"
        " samples). max_q=None shows the links whatever their q, as description."
    )
    assert _cytokines(cs.pl.network(_stored(*links), max_q=None)) == ["A0", "A1", "A2", "IL6"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"min_strength": 0.9}, "none of the 5 links is as strong; the strongest has 0.5"),
        ({"min_strength": 1.1}, "expected a share from 0 to 1"),
        ({"max_q": 0.0}, "expected a number above 0 and at most 1"),
        ({"n": 0}, "expected 1 link or more"),
        ({"cytokines": ["B1"]}, "cytokines: the stored tables have no 'B1'. There are 'A1'"),
        ({"condition": "x"}, "condition='x': the links are of 'all'"),
        ({"key": "other"}, r"has no 'links'; it has none. Run cs\.tl\.links"),
    ],
)
def test_wrong_calls_say_what_to_do(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        cs.pl.network(_stored(*MANY), **asked)


def test_a_condition_is_asked_for_where_there_are_several() -> None:
    links = [_link("IL6", "CAF", "T cell", condition=name) for name in ("before", "after")]
    links[1]["cytokine"] = "IL2"
    with pytest.raises(UsageError, match="of 'before', 'after': pass one as condition="):
        cs.pl.network(_stored(*links))
    sources = pd.DataFrame({"condition": ["before", "after"], "n_samples": [9, 5]})
    ax = cs.pl.network(_stored(*links, sources=sources), condition="after")
    assert _cytokines(ax) == ["IL2"]
    assert "condition after, 5 samples" in _note(ax)


def test_a_table_that_links_did_not_write_is_refused() -> None:
    adata = _stored(_link("IL6", "CAF", "T cell"))
    adata.uns["cytosig"]["links"].drop(columns="sign", inplace=True)
    with pytest.raises(DataError, match=r"has no column 'sign'; run cs\.tl\.links"):
        cs.pl.network(adata)


# --- room -------------------------------------------------------------------------------------


def _crowd(n: int, seed: int = 0) -> anndata.AnnData:
    rng = np.random.default_rng(seed)
    names = [f"a cell type of name {k}" for k in range(n)]
    links = [
        _link(f"CXCL{k}", *rng.choice(names, 2), sign=int(rng.integers(-1, 2)),
              strength=float(rng.random()))
        for k in range(60)
    ]  # fmt: skip
    return _stored(*links, *(_link("IL6", a, a, q=0.9) for a in names))


def _check_room(ax: Axes) -> None:
    """No texts on each other; names clear of all circles and inside the figure."""
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts]
    touching = [
        (a.get_text(), b.get_text())
        for (a, x), (b, y) in combinations(zip(ax.texts, boxes, strict=True), 2)
        if min(x.x1, y.x1) - max(x.x0, y.x0) > 1 and min(x.y1, y.y1) - max(x.y0, y.y0) > 1
    ]
    assert touching == []
    middles = ax.transData.transform(np.asarray(_circles(ax).get_offsets()))
    radii = np.sqrt(_circles(ax).get_sizes()) / 2 * ax.figure.dpi / 72
    for text, box in zip(ax.texts, boxes, strict=True):
        nearest = np.clip(middles, [box.x0, box.y0], [box.x1, box.y1])
        assert (np.hypot(*(nearest - middles).T) > radii - 1).all(), text.get_text()
        assert ax.figure.bbox.x0 <= box.x0
        assert box.x1 <= ax.figure.bbox.x1


@pytest.mark.parametrize("n", [3, 8, 20])
def test_names_fit_with_few_and_many_types(n: int) -> None:
    ax = cs.pl.network(_crowd(n), n=40)
    _check_room(ax)
    names = [text for text in _words(ax) if text.startswith("a cell")]
    assert len(names) == n
    unnamed = len(_arrows(ax)) - sum(
        not text.startswith(("a cell", "own:")) for text in _words(ax)
    )  # fmt: skip
    loops = sum(len(_way(arrow)) == 4 for arrow in _arrows(ax).values())
    if unnamed > loops:
        assert f"No room for the names on {unnamed - loops} of {len(_arrows(ax))} arrows" in _note(
            ax
        )
    else:
        assert "No room" not in _note(ax)


def test_drawn_into_a_cell_of_a_grid() -> None:
    figure, axes = plt.subplots(2, 2, figsize=(13, 9), layout="constrained")
    ax = cs.pl.network(_crowd(6), ax=axes[0, 0], n=12)
    assert ax is axes[0, 0]
    _check_room(ax)
    assert figure.axes == list(axes.ravel())


def test_long_names_have_two_lines_where_types_are_few() -> None:
    ax = cs.pl.network(_stored(_link("IL6", "tumour-associated macrophage", "T cell")))
    assert {"tumour-", "associated macrophage", "T cell"} <= set(_words(ax))
    _check_room(ax)


def test_hostile_names_are_only_names() -> None:
    odd = ["$x^2$", "<img src=x>", "a|b", "z" * 90]
    links = [_link("$IL$", a, b, condition="$c$") for a, b in combinations(odd, 2)]
    ax = cs.pl.network(_stored(*links))
    words = _words(ax)
    assert {r"\$x^2\$", "<img src=x>", "a|b", r"\$IL\$"} <= set(words)
    assert max(map(len, words)) <= 22
    assert r"condition \$c\$" in _note(ax)


# --- places of names --------------------------------------------------------------------------


def _nearest(wanted: Sequence[float], heights: Sequence[float]) -> np.ndarray:
    """The same by constrained least squares."""
    order = np.argsort(-np.asarray(wanted), kind="stable")
    w, h = np.asarray(wanted)[order], np.asarray(heights)[order]
    apart = [
        {"type": "ineq", "fun": lambda x, k=k: x[k] - x[k + 1] - (h[k] + h[k + 1]) / 2}
        for k in range(len(w) - 1)
    ]
    found = minimize(lambda x: ((x - w) ** 2).sum(), w, constraints=apart, method="SLSQP",
                     options={"ftol": 1e-14, "maxiter": 500}).x  # fmt: skip
    back = np.empty(len(w))
    back[order] = found
    return back


@pytest.mark.parametrize("seed", range(5))
def test_names_move_as_little_as_they_can(seed: int) -> None:
    rng = np.random.default_rng(seed)
    wanted, heights = rng.normal(0, 1, 7), rng.uniform(0.1, 0.6, 7)
    found = _ring.spread(wanted.tolist(), heights.tolist())
    np.testing.assert_allclose(found, _nearest(wanted, heights), atol=1e-5)
