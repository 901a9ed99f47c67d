"""Tables and the progress bar."""

from __future__ import annotations

import json
import logging

import pytest

from cytosig._log import logger
from cytosig.cli import _progress
from cytosig.cli._output import Format, emit
from cytosig.cli._progress import Bar

ROWS = [
    {"name": "a [red]b[/red] :smile:", "share": 0.25, "n": 3},
    {"name": "tab\there\x1b[2J", "share": float("nan"), "n": None},
]


def test_tsv_keeps_one_row_a_line(capsys):
    emit(ROWS, format=Format.tsv)
    assert capsys.readouterr().out.splitlines() == [
        "name\tshare\tn",
        "a [red]b[/red] :smile:\t0.25\t3",
        "tab here\\x1b[2J\t\t",
    ]


def test_json_has_null_for_nan(capsys):
    emit(ROWS, format=Format.json)
    rows = json.loads(capsys.readouterr().out)
    assert rows[0] == ROWS[0]
    assert rows[1]["share"] is None


def test_labels_are_no_markup_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    emit(ROWS, format=None, percent=("share",), caption="below")
    out = capsys.readouterr().out
    assert "a [red]b[/red] :smile:" in out
    assert "25%" in out
    assert "\x1b[2J" not in out
    assert out.rstrip().endswith("below")


def test_no_rows(capsys):
    emit([], format=None)
    emit([], format=Format.json)
    assert json.loads(capsys.readouterr().out) == []


@pytest.fixture
def watch(monkeypatch):
    """Make the current stderr a terminal, with notices on."""

    def start():
        monkeypatch.setattr("sys.stderr.isatty", lambda: True)
        monkeypatch.setattr(logger, "isEnabledFor", lambda level: level >= logging.INFO)

    return start


def test_a_short_run_shows_no_bar(watch, capsys):
    watch()
    with Bar() as bar:
        bar.watch.begin("scoring", 10)(10)
    assert capsys.readouterr().err == ""


def test_a_long_run_shows_every_pass_on_stderr(watch, capsys, monkeypatch):
    watch()
    monkeypatch.setattr(_progress, "_PATIENCE", -1.0)
    with Bar("cytosig: A") as bar:
        bar.watch.begin("measuring genes", 10, 0)(4)
    out, err = capsys.readouterr()
    assert out == ""
    assert "cytosig: A: measuring genes" in err
    assert "4/10" in err
    assert "obs/s" in err
    assert "left" in err


def test_what_an_earlier_run_did_is_no_pace_of_this_one(watch, monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr(_progress.time, "monotonic", lambda: next(clock))
    bar = Bar()
    bar.begin("scoring", 1000, 500)
    began = bar._since
    assert bar._pace() == ""
    bar._advance(100)
    taken = next(clock) + 1 - began
    rate = 100 / taken
    assert bar._pace() == f"{rate:,.0f} obs/s, 0:00:{round(400 / rate):02d} left"


def test_nobody_looking_means_nobody_is_told(capsys):
    assert Bar().watch is None
