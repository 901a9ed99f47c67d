"""What goes to stderr: the package's log, Python's warnings, errors. Plain lines."""

from __future__ import annotations

import logging
import sys
import warnings
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, TextIO

import typer

from cytosig._errors import CytosigError
from cytosig._log import logger
from cytosig.cli._words import in_option_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType


def plain(text: str, /) -> str:
    r"""Escape control characters: file contents must not drive the terminal.

    Examples
    --------
    >>> plain("gene\x1b[2J")
    'gene\\x1b[2J'
    """
    return "".join(
        c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text
    )


def error(text: str, *, label: str = "error: ") -> None:
    """One error on stderr."""
    typer.echo(f"cytosig: {label}{plain(text)}", err=True)


def reason(exc: Exception, /) -> str | None:
    """What went wrong, in the words of the command line; None where nobody foresaw it."""
    if isinstance(exc, CytosigError):
        return in_option_words(str(exc))
    if isinstance(exc, MemoryError):
        return "out of memory; use a machine with more, or fewer observations at a time."
    if isinstance(exc, OSError) and _stdout_fails():
        return (
            f"stdout could not be written: {exc.strerror or exc}. The files that were asked for are"
            " complete."
        )  # they come first
    return None


def _stdout_fails() -> bool:
    """Whether what has been printed cannot go where it is to go."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        return True
    return False


def unexpected(exc: Exception, /) -> str:
    """An error that nobody foresaw, in one line."""
    return "unexpected error: " + plain(" ".join(f"{type(exc).__name__}: {exc}".split()))


class _Handler(logging.Handler):
    """Log records as lines on stderr, whatever stderr is at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            label = "warning: " if record.levelno >= logging.WARNING else ""
            error(in_option_words(record.getMessage()), label=label)
        except Exception:
            self.handleError(record)


@contextmanager
def notices(*, quiet: bool, debug: bool) -> Iterator[None]:
    """Show the package's log on stderr for a while, and warnings as one line each.

    Parameters
    ----------
    quiet
        Warnings only.
    debug
        Python's own display of warnings, deprecations included.
    """
    handler = _Handler()
    before, hooks = logger.level, (sys.unraisablehook, sys.excepthook)
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING if quiet else logging.INFO)
    if not debug:
        sys.unraisablehook = partial(_unraisable, hooks[0])
        sys.excepthook = partial(_uncaught, hooks[1])
    try:
        with warnings.catch_warnings():
            if not debug:
                warnings.simplefilter("default")
                for kind in (FutureWarning, DeprecationWarning, PendingDeprecationWarning):
                    warnings.simplefilter("ignore", kind)  # for developers, not for users
                warnings.showwarning = _show
            yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
        sys.unraisablehook, sys.excepthook = hooks


def _unraisable(
    before: Callable[[sys.UnraisableHookArgs], object], what: sys.UnraisableHookArgs, /
) -> None:
    """A file that HDF5 cannot close, on a full disk, is told of by whoever writes it."""
    if "h5py" not in str(what.object):
        before(what)


def _uncaught(
    before: Callable[..., object], kind: type[BaseException], exc: BaseException,
    where: TracebackType | None, /,
) -> None:  # fmt: skip
    """The same once more, which h5py shows first."""
    if where is None or "h5py" not in where.tb_frame.f_code.co_filename:
        before(kind, exc, where)


def _show(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    del category, filename, lineno, file, line
    logger.warning("%s", " ".join(str(message).split()))
