"""Scenarios of blocking against a table written by hand."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import anndata
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection, PolyCollection, QuadMesh
from matplotlib.colors import to_rgba

import cytosig as cs
from cytosig._errors import DataError, UsageError
from cytosig.pl import _colours, _tips

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection

    Labels = Callable[..., list[str]]
    Overlaps = Callable[[Axes], int]

EFFECTS = {"IL6R": 0.04, "TGFB1": 0.03, "TNF": 0.01, "IFNG": -0.02}


def _table(effects: dict[str, float] = EFFECTS, **columns: Any) -> pd.DataFrame:
    table = pd.DataFrame({"name": list(effects), "effect": list(effects.values())})
    usual = {
        "kind": "single", "ci_low": table["effect"] - 0.015, "ci_high": table["effect"] + 0.015,
        "effect_context": table["effect"] * 2, "note": "", "not_modelled": "", "n_samples": 8,
        "rank": table["effect"].rank(ascending=False), "cytokines": "",
    }  # fmt: skip
    return table.assign(**(usual | columns))


def _pairs(effects: dict[str, float] = EFFECTS, **columns: Any) -> pd.DataFrame:
    """All pairs, named in the order of the alphabet, effects 1, 2, 3 ... hundredths."""
    names = [f"{a} + {b}" for a, b in combinations(sorted(effects), 2)]
    found = _table({name: 0.01 * (k + 1) for k, name in enumerate(names)}, kind="pair")
    usual = {"synergy": 0.0, "synergy_low": 0.0, "synergy_high": 0.0}
    return pd.concat([_table(effects), found.assign(**(usual | columns))], ignore_index=True)


def _stored(table: pd.DataFrame) -> anndata.AnnData:
    adata = anndata.AnnData(np.ones((1, 1), np.float32))
    adata.uns["cytosig"] = {"blockade": table, "blockade_params": {"level": 0.9}}
    return adata


def _points(ax: Axes) -> PathCollection:
    """The marks of effects: those with texts."""
    told = [c for c in ax.collections if not isinstance(c, LineCollection) and c.get_gid()]
    (found,) = [c for c in told if c.get_offset_transform() == ax.transData]
    return found


def _small_print(ax: Axes) -> str:
    return " ".join(
        text.replace("\n", " ") for text in (ax.get_xlabel(), *(t.get_text() for t in ax.texts))
    )


def _keys(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


# --- one by one -------------------------------------------------------------------------------


def test_rows_stand_by_rank_with_their_intervals(labels: Labels) -> None:
    shuffled = _table().iloc[[2, 0, 3, 1]]
    ax = cs.pl.blockade(_stored(shuffled))
    assert labels(ax.yaxis) == list(EFFECTS)
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
    at = np.asarray(_points(ax).get_offsets())
    np.testing.assert_array_equal(at, np.stack([list(EFFECTS.values()), range(4)], axis=1))
    (lines,) = [c for c in ax.collections if isinstance(c, LineCollection)]
    ends = [path.vertices for path in lines.get_paths()]
    expected = [[(x - 0.015, y), (x + 0.015, y)] for y, x in enumerate(EFFECTS.values())]
    np.testing.assert_allclose(ends, expected)


def test_colours_say_on_which_side_of_0_the_interval_lies() -> None:
    table = _table(ci_low=[0.001, 0.0, -0.1, -0.03], ci_high=[0.1, 0.1, 0.1, -0.001])
    ax = cs.pl.blockade(_stored(table))
    grey = to_rgba(_colours.UNDECIDED)
    edges = [to_rgba(_colours.ANTI), grey, grey, to_rgba(_colours.PRO)]
    np.testing.assert_allclose(_points(ax).get_edgecolor(), edges)
    fills = [edges[0], (1, 1, 1, 1), (1, 1, 1, 1), edges[3]]
    np.testing.assert_allclose(_points(ax).get_facecolor(), fills, err_msg="open: undecided")
    assert _keys(ax) == ["against the tumour (1)", "for it (1)", "interval holds 0 (2)"]


def test_it_says_what_it_is_and_what_it_rests_on() -> None:
    words = _small_print(cs.pl.blockade(_stored(_table())))
    assert "A ranking of scenarios, no forecast of efficacy; mean over 8 samples; 90 % int" in words
    alone = _table(n_samples=1, ci_low=np.nan, ci_high=np.nan)
    ax = cs.pl.blockade(_stored(alone))
    assert "one sample, without an interval." in _small_print(ax)
    assert _keys(ax) == ["without an interval (4)"]
    assert len(_points(ax).get_offsets()) == 4


def test_the_first_n_and_how_many_there_are(labels: Labels) -> None:
    ax = cs.pl.blockade(_stored(_table()), n=2)
    assert labels(ax.yaxis) == ["IL6R", "TGFB1"]
    assert "The first 2 of 4 ranked; the last has −0.02." in _small_print(ax)


def test_what_has_no_effect_is_named_with_its_reason(labels: Labels) -> None:
    none = dict.fromkeys([f"drug {k}" for k in range(6)], np.nan)
    notes = ["", "", "", "", *["it moves no cytokine that votes; not measured: X"] * 5, ""]
    ax = cs.pl.blockade(_stored(_table(EFFECTS | none, note=notes)))
    assert labels(ax.yaxis) == list(EFFECTS)
    assert (
        "Without an effect, 6: it moves no cytokine that votes (drug 0, drug 1, drug 2, drug 3 and"
        " 1 more); no reason stored (drug 5)."
    ) in _small_print(ax)


def test_asked_for_by_name_all_are_rows(labels: Labels) -> None:
    table = _table(EFFECTS | {"SILENT": np.nan}, note=["", "", "", "", "nothing of it is modelled"])
    ax = cs.pl.blockade(_stored(table), scenarios=["SILENT", "IFNG", "IL6R"], n=1)
    assert labels(ax.yaxis) == ["IL6R", "IFNG", "SILENT"]
    assert "nothing of it is modelled" in _small_print(ax)
    assert "Without an effect" not in _small_print(ax)


def test_context_is_a_second_mark_without_an_interval() -> None:
    ax = cs.pl.blockade(_stored(_table()), context=True)
    diamonds = [c for c in ax.collections if not isinstance(c, LineCollection) and not c.get_gid()]
    (found,) = diamonds
    np.testing.assert_allclose(
        np.asarray(found.get_offsets())[:, 0], 2 * np.array(list(EFFECTS.values()))
    )
    assert _keys(ax)[-1] == "in context"
    assert "Diamonds: under the context rules" in _small_print(ax)


def test_drugs_in_part_have_a_star_and_texts_tell_more(labels: Labels) -> None:
    table = _table(
        {"IL6R": 0.04}, not_modelled="CD274 (in no form)", note="8 samples", cytokines="IL6"
    )
    ax = cs.pl.blockade(_stored(table))
    assert labels(ax.yaxis) == ["IL6R*"]
    assert "* in part: some of its targets" in _small_print(ax)
    assert _tips.read(_points(ax).get_gid()) == [
        "IL6R: +0.04 (+0.025 to +0.055); rank 1 among singles; in context +0.08; reaches IL6;"
        " without CD274 (in no form); 8 samples"
    ]


# --- in pairs ---------------------------------------------------------------------------------


def _values(ax: Axes) -> np.ndarray:
    (mesh,) = [c for c in ax.collections if isinstance(c, QuadMesh)]
    return np.ma.filled(mesh.get_array(), np.nan)


def _marked(ax: Axes, label: str) -> set[tuple[int, int]]:
    """Row and column of the tiles that are outlined or hatched."""
    found = [c for c in ax.collections if isinstance(c, PolyCollection) and c.get_label() == label]
    middles = [path.vertices[:4].mean(axis=0) for c in found for path in c.get_paths()]
    return {(round(y), round(x)) for x, y in middles}


def test_the_matrix_holds_every_pair_twice_and_singles_on_the_diagonal(labels: Labels) -> None:
    ax = cs.pl.blockade(_stored(_pairs()), kind="pair")
    names = list(EFFECTS)
    assert labels(ax.xaxis) == labels(ax.yaxis) == names
    by_name = _pairs().set_index("name")["effect"]
    expected = [
        [by_name[a if a == b else " + ".join(sorted([a, b]))] for b in names] for a in names
    ]
    np.testing.assert_array_equal(_values(ax), expected)
    assert _marked(ax, "alone") == {(k, k) for k in range(4)}
    low, high = next(c for c in ax.collections if isinstance(c, QuadMesh)).get_clim()
    assert low == -high
    mesh = next(c for c in ax.collections if isinstance(c, QuadMesh))
    texts = _tips.read(mesh.get_gid())
    assert len(texts) == 16
    assert texts[1].startswith("IL6R + TGFB1: +0.04 (+0.025 to +0.055); rank 3 among pairs")
    assert texts[1] == texts[4]


def test_tiles_are_hatched_where_the_interval_holds_0() -> None:
    table = _pairs()
    table["ci_low"], table["ci_high"] = 0.001, 0.1
    table.loc[table["name"].isin(["TNF", "IFNG + IL6R"]), "ci_low"] = -0.001
    ax = cs.pl.blockade(_stored(table), kind="pair")
    assert _marked(ax, "undecided") == {(2, 2), (0, 3), (3, 0)}
    hatched = [c for c in ax.collections if c.get_label() == "undecided"]
    assert hatched[0].get_hatch()
    assert _keys(ax) == ["interval holds 0"]


def test_triangles_where_the_interval_of_the_synergy_does_not_hold_0() -> None:
    table = _pairs()
    pair = table["name"] == "IFNG + TNF"
    table.loc[pair, ["synergy", "synergy_low", "synergy_high"]] = [-0.01, -0.02, -0.001]
    pair = table["name"] == "IL6R + TGFB1"
    table.loc[pair, ["synergy", "synergy_low", "synergy_high"]] = [0.01, 0.001, 0.02]
    pair = table["name"] == "IL6R + TNF"
    table.loc[pair, ["synergy", "synergy_low", "synergy_high"]] = [1e-17, 1e-18, 1e-17]
    ax = cs.pl.blockade(_stored(table), kind="pair")
    found = {
        c.get_label(): {
            (round(float(y) - 0.32), round(float(x) - 0.32)) for x, y in c.get_offsets()
        }
        for c in ax.collections
        if str(c.get_label()).startswith("synergy")
    }
    assert found == {"synergy above 0": {(0, 1), (1, 0)}, "synergy below 0": {(2, 3), (3, 2)}}
    assert _keys(ax)[1:] == ["synergy above 0", "synergy below 0"]
    words = _small_print(ax)
    assert "Synergy is overlap in this arithmetic" in words


def test_numbers_are_written_where_they_fit() -> None:
    ax = cs.pl.blockade(_stored(_pairs()), kind="pair")
    written = {(t.get_position()): t.get_text() for t in ax.texts if t.get_text()[0] in "+−0"}
    assert len(written) == 16
    assert written[(0, 0)] == "+0.040"
    assert written[(3, 3)] == "−0.020"


def test_a_matrix_in_context_and_of_some_scenarios(labels: Labels) -> None:
    ax = cs.pl.blockade(_stored(_pairs()), kind="pair", context=True, scenarios=["TNF", "IL6R"])
    assert labels(ax.yaxis) == ["IL6R", "TNF"]
    pair = _pairs().set_index("name")["effect"]["IL6R + TNF"]
    np.testing.assert_allclose(_values(ax), [[0.08, 2 * pair], [2 * pair, 0.02]])
    assert _marked(ax, "undecided") == set(), "effects in context have no interval"
    assert ax.get_legend() is None


def test_a_pair_that_is_not_there_is_grey() -> None:
    table = _pairs()
    table = table[table["name"] != "IFNG + TNF"]
    ax = cs.pl.blockade(_stored(table), kind="pair")
    np.testing.assert_array_equal(np.argwhere(np.isnan(_values(ax))), [(2, 3), (3, 2)])


# --- calls and room ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"kind": "triple"}, 'expected "single" or "pair"'),
        ({"n": 0}, "expected 1 scenario or more"),
        ({"scenarios": ["IL6"]}, "scenarios: the stored tables have no 'IL6'. Near: IL6R"),
        ({"kind": "pair"}, r"no pairs of these scenarios; run .*pairs=True"),
        ({"key": "other"}, "has no 'blockade'; it has none"),
    ],
)
def test_wrong_calls_say_what_to_do(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        cs.pl.blockade(_stored(_table()), **asked)


def test_tables_that_cannot_be_drawn_are_refused() -> None:
    with pytest.raises(DataError, match=r"has no column 'rank'; run cs\.tl\.blockade"):
        cs.pl.blockade(_stored(_table().drop(columns="rank")))
    silent = _table({"A": np.nan, "B": np.nan}, note="nothing of it is modelled")
    with pytest.raises(
        DataError, match=r"None of 2 scenarios .*: nothing of it is modelled \(A, B"
    ):
        cs.pl.blockade(_stored(silent))


@pytest.mark.parametrize("n", [3, pytest.param(25, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", ["single", "pair"])
def test_names_fit_with_few_and_many(n: int, kind: str, overlaps: Overlaps) -> None:
    effects = {f"a drug of the list {k}": 0.03 - 0.002 * k for k in range(n)}
    ax = cs.pl.blockade(_stored(_pairs(effects)), kind=kind)
    assert overlaps(ax) == 0
    assert len([t for t in ax.get_yticklabels() if t.get_text()]) == n
    assert ax.get_tightbbox().x1 <= ax.figure.bbox.x1 + 1


@pytest.mark.slow
def test_drawn_into_cells_of_a_grid(overlaps: Overlaps) -> None:
    _, axes = plt.subplots(2, 2, figsize=(12, 9), layout="constrained")
    effects = {f"drug {k}": 0.03 - 0.002 * k for k in range(10)}
    for at, kind in ((axes[0, 0], "single"), (axes[1, 1], "pair")):
        assert cs.pl.blockade(_stored(_pairs(effects)), kind=kind, ax=at) is at
    assert overlaps(axes[0, 0]) == overlaps(axes[1, 1]) == 0


def test_hostile_names_are_only_names(labels: Labels) -> None:
    odd = dict(zip(["$x^2$", "<img src=x>", "a + b", "z" * 90], [4, 3, 2, 1], strict=True))
    table = _pairs(odd)
    for kind in ("single", "pair"):
        ax = cs.pl.blockade(_stored(table), kind=kind)
        assert labels(ax.yaxis)[:3] == [r"\$x^2\$", "<img src=x>", "a + b"]
    assert not np.isnan(_values(ax)).any(), "pairs of names with a plus are found"
