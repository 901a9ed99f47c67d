"""Global behaviour: exit codes, streams, flags, unexpected errors, interruption."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from importlib.metadata import version
from types import SimpleNamespace

import h5py
import pytest

from cytosig._log import logger
from cytosig.cli import _app, run
from cytosig.cli._notices import notices, plain
from cytosig.cli._words import in_option_words


@pytest.fixture
def failing(monkeypatch):
    """A command ``fail`` that raises what it is given."""

    def arm(error):
        def fail() -> None:
            raise error

        monkeypatch.setattr(_app.app, "registered_commands", [*_app.app.registered_commands])
        _app.app.command("fail")(fail)

    return arm


def test_version(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr() == (f"cytosig {version('cytosig-toolkit')}\n", "")


def test_help_lists_every_command(capsys):
    assert run(["--help"]) == 0
    out, err = capsys.readouterr()
    assert all(word in out for word in ("score", "signatures", "methods", "demo"))
    assert err == ""


@pytest.mark.parametrize("argv", [["scor"], ["--colour"], ["score"], ["signatures", "show"]])
def test_a_wrong_call_is_2_and_stdout_stays_empty(argv, capsys):
    assert run(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Usage" in err


def test_unexpected_errors_are_one_line(failing, capsys):
    failing(RuntimeError("some\nthing \x1b[31m broke"))
    assert run(["fail"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "cytosig: unexpected error: RuntimeError: some thing \\x1b[31m broke; rerun with --debug\n"
    )


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no such device")  # noqa: PTH110
def test_a_full_disk_under_stdout_is_told(monkeypatch, capsys):
    with open("/dev/full", "w") as full:  # noqa: PTH123
        monkeypatch.setattr("sys.stdout", full)
        assert run(["methods", "--format", "tsv"]) == 1
        monkeypatch.undo()
        with pytest.raises(OSError, match="No space left"):
            full.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())  # to close it in peace
    assert capsys.readouterr().err == (
        "cytosig: error: stdout could not be written: No space left on device. The files that were"
        " asked for are complete.\n"
    )


def test_files_that_hdf5_cannot_close_are_no_traceback(monkeypatch):
    """It shows what is raised where nothing can be raised; whoever writes tells it."""
    seen = []
    monkeypatch.setattr(sys, "unraisablehook", lambda what: seen.append(what.object))
    monkeypatch.setattr(sys, "excepthook", lambda *what: seen.append(what[1]))
    hooks, own = (sys.unraisablehook, sys.excepthook), RuntimeError("mine")
    with notices(quiet=True, debug=False):
        for name in ("h5py._objects.ObjectID.__dealloc__", "mine"):
            sys.unraisablehook(SimpleNamespace(object=name))
        sys.excepthook(RuntimeError, own, None)
        try:
            h5py.h5d.DatasetID(-1).get_type()
        except ValueError as exc:
            sys.excepthook(ValueError, exc, exc.__traceback__.tb_next)
    assert seen == ["mine", own]
    assert (sys.unraisablehook, sys.excepthook) == hooks


@pytest.mark.parametrize("argv", [["--debug", "fail"], ["fail", "--debug"]])
def test_debug_shows_the_traceback(failing, capsys, argv):
    failing(RuntimeError("broken"))
    assert run(argv) == 1
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "rerun with --debug" not in err


def test_interruption_is_130(failing, capsys):
    failing(KeyboardInterrupt())
    assert run(["fail"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_lack_of_memory_is_told(failing, capsys):
    failing(MemoryError())
    assert run(["fail"]) == 1
    assert "out of memory" in capsys.readouterr().err


@pytest.mark.parametrize("argv", [["-q", "methods"], ["methods", "-q"], ["methods", "--quiet"]])
def test_quiet_may_stand_anywhere(argv, capsys):
    assert run(argv) == 0
    assert capsys.readouterr().err == ""


def test_flags_after_a_double_dash_are_words():
    assert _app._split(["a", "-q", "--", "-q"]) == (["-q"], ["a", "--", "-q"])


@pytest.mark.parametrize(
    ("quiet", "expected"),
    [
        (False, "cytosig: note\ncytosig: warning: beware\n"),
        (True, "cytosig: warning: beware\n"),
    ],
)
def test_log_lines(quiet, expected, capsys):
    with notices(quiet=quiet, debug=False):
        logger.info("note")
        logger.warning("beware")
    assert capsys.readouterr() == ("", expected)


def test_the_logger_is_left_as_it_was():
    before = (logger.level, list(logger.handlers))
    run(["methods"])
    assert (logger.level, list(logger.handlers)) == before
    assert not logging.getLogger("cytosig").isEnabledFor(logging.INFO)


def test_warnings_become_lines_and_deprecations_vanish(capsys):
    with notices(quiet=False, debug=False):
        warnings.warn("names are not\nunique", UserWarning, stacklevel=1)
        warnings.warn("will change", FutureWarning, stacklevel=1)
    assert capsys.readouterr().err == "cytosig: warning: names are not unique\n"


def test_control_characters_are_escaped():
    assert plain("a\x1b]0;title\x07b\r") == "a\\x1b]0;title\\x07b\\r"
    assert plain("IFN-γ\nnext") == "IFN-γ\nnext"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("n_jobs=0: expected 1 or more.", "--threads 0: expected 1 or more."),
        ("lam=0.5 means nothing", "--lam 0.5 means nothing"),
        ("control=('a', 'b'): none", "--control ('a', 'b'): none"),
        ('use method="ulm" or', "use --method ulm or"),
        ("(signatures=catalogue.subset(...))", "(signatures=catalogue.subset(...))"),
        ("obs['layer'] and my_layer=3", "obs['layer'] and my_layer=3"),
        ("compat='scanpy' means nothing", "--compat scanpy means nothing"),
        ("method=['ucell', 'consensus']: joins", "--method ucell,consensus: joins"),
        ("settings: ucell has no 'x'", "--set: ucell has no 'x'"),
        ("settings: ucell.w_neg=-1; expected", "--set ucell.w_neg=-1; expected"),
        ("these settings: none", "these settings: none"),
        ("Pass transpose=True, or transpose=False if", "Pass --transpose, or --no-transpose if"),
        ("control=, or center=None if", "--control, or --no-center if"),
        ("too few samples); max_q=None shows them all.",
         "too few samples); -o OUT.tsv holds them all."),
        ("Run cs.tl.balance with the same sample_key=.",
         "Run cytosig balance with the same --sample-key."),
        ("Run cs.tl.links(adata, sample_key=..., cell_type_key=...) first, or pass the key= it was"
         " given as key_added.",
         "Run cytosig links first, or pass the --key it was given as --key-added."),
        ("Fit it with cytosig.tl.fit_reference on", "Fit it with --save-reference on"),
        ("cs.tl.channels gives ligands", "cs.tl.channels gives ligands"),
        ("pairs=True needs two", "--pairs needs two"),
    ],
)  # fmt: skip
def test_messages_name_options(message, expected):
    assert in_option_words(message) == expected
