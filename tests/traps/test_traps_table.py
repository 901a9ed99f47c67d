"""The table of traps: every row is tried, nothing goes wrong, and what goes wrong is seen."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import cytosig as cs
from cytosig._errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    Run = Callable[..., pd.DataFrame]

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="commands are forked"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]


@pytest.fixture
def run(part: Callable[[str], ModuleType], tmp_path: Path) -> Run:
    """Outcomes of one input under some calls, by some doors."""
    trap, calls, runs = part("trap"), part("calls"), part("run")

    def go(*names: str, doors: tuple[str, ...] = ("Python",), **given: Any) -> pd.DataFrame:
        known = {call.name: call for call in calls.every()}
        made = trap.Trap("made for tests", "order", **given)
        place = tmp_path / f"place{len(list(tmp_path.iterdir()))}"
        place.mkdir()
        clean = runs.Clean(place)
        wanted = [known[name] for name in names]
        found = runs.outcomes(made, wanted, doors, place / "input", clean)
        return pd.DataFrame([one.row() for one in found])

    return go


def test_every_row_of_the_table_has_inputs(part: Callable[[str], ModuleType]) -> None:
    rows, traps = part("rows").ROWS, part("every").TRAPS
    apart = {part("outlets").ROW, part("script").ROW}
    assert {trap.row for trap in traps} | apart == set(rows)
    assert len(rows) == 23
    names = [trap.name for trap in traps]
    assert len(names) == len(set(names)) >= 70


def test_every_scoring_method_is_a_call(part: Callable[[str], ModuleType]) -> None:
    from cytosig import methods

    names = [call.name for call in part("calls").every()]
    tools = ["report", "compare", "channels", "sources", "targets", "links", "balance", "blockade"]
    assert names == [*methods.available(), *tools, "chain"]


@pytest.mark.slow
def test_both_doors_are_right_on_an_innocent_input(
    run: Run, part: Callable[[str], ModuleType]
) -> None:
    doors = ("Python", "command")
    found = run("hlm", "sources", doors=doors, make=part("in_names").reordered)
    assert list(found["outcome"]) == ["right"] * 4


def test_a_refusal_has_to_name_what_is_wrong(run: Run, part: Callable[[str], ModuleType]) -> None:
    refused, make = part("expect").refused, part("in_values")._with(np.nan)
    doors = ("Python", "command")
    good = run("hlm", doors=doors, make=make, expect={"*": refused("S01_C00001", "STAT1")})
    assert list(good["outcome"]) == ["refused"] * 2
    bad = run("hlm", doors=doors, make=make, expect={"*": refused("IL6", "row 7")})
    assert list(bad["outcome"]) == ["unclear"] * 2
    assert set(run("hlm", make=make)["outcome"]) == {"wrong"}  # refused, and a result expected


def test_a_result_where_none_can_be_is_silent(run: Run, part: Callable[[str], ModuleType]) -> None:
    found = run("hlm", expect={"*": part("expect").refused("mouse")})
    assert list(found["outcome"]) == ["silent"]


# --- defects planted in the package -------------------------------------------------------------


def _spoilt(monkeypatch: pytest.MonkeyPatch, change: Callable[[Any], None]) -> None:
    """Scores are changed after they are made, in children only: what is right stays right."""
    original, here = cs.tl.score, os.getpid()

    def score(adata: Any, **options: Any) -> Any:
        found = original(adata, **options)
        if os.getpid() != here:
            change(adata)
        return found

    monkeypatch.setattr(cs.tl, "score", score)


def _number(adata: Any) -> None:
    adata.obsm["cytosig_score"].iloc[3, 2] += 1e-3


def _sure(adata: Any) -> None:
    adata.obsm["cytosig_pvalue"].iloc[3, 2] = 0.0


def _raises(adata: Any) -> None:
    raise ValueError("zero-size array")


def _vague(adata: Any) -> None:
    raise DataError("The data cannot be scored.")


def _given(adata: Any) -> None:
    adata.obs["donor"] = "nobody"


def _seeded(adata: Any) -> None:
    np.random.seed(0)


@pytest.mark.parametrize(
    ("change", "outcome", "told"),
    [(_number, "wrong", "expected"), (_sure, "wrong", "pvalue: 0"), (_vague, "wrong", "refused"),
     (_raises, "traceback", "zero-size"), (_given, "wrong", "data given"),
     (_seeded, "wrong", "random state")],
)  # fmt: skip
def test_a_planted_defect_is_seen(
    run: Run, monkeypatch: pytest.MonkeyPatch, change: Callable[[Any], None], outcome: str,
    told: str,
) -> None:  # fmt: skip
    _spoilt(monkeypatch, change)
    found = run("hlm")
    assert list(found["outcome"]) == [outcome]
    assert told in found.loc[0, "message"]


def _leaves(target: Path) -> None:
    (target.parent / "scratch").write_text("")


def _lies(target: Path) -> None:
    target.unlink()


def _breaks(target: Path) -> None:
    raise KeyError("zero")


@pytest.mark.parametrize(
    ("change", "outcome"), [(_leaves, "left behind"), (_lies, "silent"), (_breaks, "traceback")]
)
def test_a_planted_defect_of_the_command_is_seen(
    run: Run, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None], outcome: str
) -> None:
    from cytosig.cli import _table_file

    original = _table_file.write_frame

    def write(frame: pd.DataFrame, path: Path) -> None:
        original(frame, path)
        change(path)

    monkeypatch.setattr(_table_file, "write_frame", write)
    found = run("sources", doors=("command",))
    assert list(found["outcome"]) == [outcome]


def test_markup_that_a_browser_would_run_is_seen(part: Callable[[str], ModuleType]) -> None:
    pages = part("pages")
    page = '<p onclick="x()">a</p><img src=x><script>own()</script><script>other()</script>'
    found = list(pages.tables_of(page)["(run by a browser)"]["found"])
    assert found == ["<p onclick=>", "<img>", "<script>"]
    assert pages.tables_of("<p>&lt;script&gt;</p><script>own()</script>")[
        "(run by a browser)"
    ].empty
