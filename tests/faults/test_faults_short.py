"""Nothing is lost: the faults in small, and a judge that would see it if something were."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="runs are forked"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]


def _tables() -> None:
    for name in ("one", "two", "three"):
        Path(f"out/{name}.tmp").write_text(name)
        Path(f"out/{name}.tmp").rename(f"out/{name}")


@pytest.fixture
def writes(part: Callable[[str], ModuleType]) -> Any:
    """A call that writes three files, each under another name first."""
    outputs = ("out/one", "out/two", "out/three")
    return part("commands").Command("three", outputs=outputs, call=_tables)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name in ("in", "out"):
        (tmp_path / "place" / name).mkdir(parents=True)
    return tmp_path / "place"


BEFORE = {"in/cells.h5ad": "a", "out/out.h5ad": "older"}
WHOLE = {"in/cells.h5ad": "a", "out/out.h5ad": "new"}
SCRATCH = ("out/.out.h5ad.run/score", "out/.out.h5ad.0123abcd-7-0123abcd.tmp.h5ad")


@pytest.mark.parametrize(
    ("changed", "output", "fault"),
    [
        ({}, "older", None),
        ({"out/out.h5ad": "new"}, "whole", None),
        (dict.fromkeys(SCRATCH, "x"), "older", None),
        ({"out/out.h5ad": "ne"}, "half", "out/out.h5ad is half"),
        ({"out/out.h5ad": None}, "lost", "out/out.h5ad is lost"),
        ({"in/cells.h5ad": "b"}, "older", "the input in/cells.h5ad is changed"),
        ({"in/cells.h5ad": None}, "older", "the input in/cells.h5ad is changed"),
        ({"out/core": "x"}, "older", "out/core is left"),
    ],
)
def test_the_judge_sees_what_is_lost(
    part: Callable[[str], ModuleType], changed: dict[str, str | None], output: str, fault: str
) -> None:
    command = part("commands").COMMANDS[0]
    after = {k: v for k, v in {**BEFORE, **changed}.items() if v is not None}
    found = part("check").judge(command, BEFORE, after, WHOLE)
    assert (found.output, found.faults) == (output, (fault,) if fault else ())


def test_a_run_that_says_it_is_done_leaves_nothing(part: Callable[[str], ModuleType]) -> None:
    judge, command = part("check").judge, part("commands").COMMANDS[0]
    done = judge(command, BEFORE, WHOLE, WHOLE, ended=True)
    assert (done.output, done.faults) == ("whole", ())
    after = {**BEFORE, **dict.fromkeys(SCRATCH, "x")}
    faults = judge(command, BEFORE, after, WHOLE, ended=True).faults
    assert faults == ("out/out.h5ad is older", *(f"{name} is left" for name in SCRATCH))


@pytest.mark.parametrize(
    ("tables", "word"),
    [
        ({"a": "older", "b": "older", "mine": "m"}, "older"),
        ({"a": "new", "b": "older", "mine": "m"}, "mixed"),
        ({"a": "new", "b": "new", "mine": "m"}, "whole"),
        ({"a": "ne", "b": "new", "mine": "m"}, "half"),
        ({"a": "new", "b": "new"}, "lost"),
    ],
)
def test_every_table_of_a_folder_is_judged(
    part: Callable[[str], ModuleType], tables: dict[str, str], word: str
) -> None:
    command = part("commands").Command("tables", tables="out/t")
    before = {"out/t/a": "older", "out/t/b": "older", "out/t/mine": "m"}
    after = {f"out/t/{name}": text for name, text in tables.items()}
    found = part("check").judge(command, before, after, {"out/t/a": "new", "out/t/b": "new"})
    assert found.output == word
    assert bool(found.faults) == (word in ("half", "lost"))


def test_a_state_tells_bytes_and_links(part: Callable[[str], ModuleType], place: Path) -> None:
    state = part("check").state
    (place / "in" / "x").write_text("a")
    (place / "out" / "link").symlink_to("nowhere")
    before = state(place)
    assert set(before) == {"in/x", "out/link"}
    (place / "in" / "x").write_text("b")
    assert {name for name, digest in state(place).items() if digest != before[name]} == {"in/x"}


def test_a_run_ends_before_the_operation_told(
    part: Callable[[str], ModuleType], writes: Any, place: Path
) -> None:
    run, moment = part("watched").Run, part("moment").Moment
    whole = run(writes, place).wait()
    assert (whole.status, whole.operations, whole.turns) == (0, 6, (2, 4, 6))
    for path in (place / "out").iterdir():
        path.unlink()
    cut = run(writes, place, moment=moment(operation=4)).wait()
    assert cut.status == -signal.SIGKILL
    assert sorted(path.name for path in (place / "out").iterdir()) == ["one", "two.tmp"]


def test_a_run_ends_as_a_file_grows(
    part: Callable[[str], ModuleType], writes: Any, place: Path
) -> None:
    cut = part("watched").Run(writes, place, moment=part("moment").Moment(size=4)).wait()
    assert cut.status == -signal.SIGXFSZ
    assert (place / "out" / "three.tmp").read_text() == "thre"


def test_a_run_that_stops_goes_on(
    part: Callable[[str], ModuleType], writes: Any, place: Path
) -> None:
    moment = part("moment").Moment(operation=5)
    run = part("watched").Run(writes, place, moment=moment, act=signal.SIGSTOP)
    assert run.until_it_stops()
    assert sorted(path.name for path in (place / "out").iterdir()) == ["one", "two"]
    run.go_on()
    assert run.wait().status == 0
    assert (place / "out" / "three").exists()


@pytest.mark.slow
def test_nothing_is_lost_in_a_quick_run(checkout: Path, tmp_path: Path) -> None:
    call = [sys.executable, "-m", "reliability.faults", "--quick", "--seed", "3"]
    call += ["--out", str(tmp_path)]
    done = subprocess.run(call, capture_output=True, text=True, check=False, cwd=checkout)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "faults.tsv", sep="\t")
    counts = table["fault"].value_counts()
    assert counts["killed"] + counts.get("no kill", 0) >= 16
    assert set(counts.index) >= {"disk full", "place", "input changed", "two runs"}
    assert not table["outcome"].str.startswith("LOST").any()
