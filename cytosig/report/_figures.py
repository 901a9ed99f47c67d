"""Plots for the page: drawn off screen, in one style, and never at the cost of the report."""

from __future__ import annotations

import io
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cytosig._errors import CytosigError
from cytosig._log import logger
from cytosig.pl._axes import off_screen
from cytosig.report._parts import Figure, NoFigure
from cytosig.report._svg import inline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from matplotlib.axes import Axes

_SALT = "cytosig"  # ids inside an SVG file depend on it and on what is drawn, on nothing else
_UNKNOWN_LETTERS = "missing from font"
_LETTERS_NOTE = "Some letters of names are not in the font of the figure; tables have them."


def figure(id: str, draw: Callable[[], Axes], /, *, caption: str, alt: str) -> Figure | NoFigure:
    """Draw one figure.

    Parameters
    ----------
    id
        Of the figure, one of its own on the page.
    draw
        Makes it, with a plot of ``cytosig.pl``.
    caption
        Below it.
    alt
        What it shows, for those who cannot see it.

    Returns
    -------
    The figure, or why it could not be drawn: an error of one plot loses no report.
    """
    try:
        with _one_style(), off_screen(), warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            svg = _drawn(draw)
    except CytosigError as exc:
        return NoFigure(caption, str(exc))
    except Exception as exc:
        why = " ".join(f"{type(exc).__name__}: {exc}".split())
        logger.warning("The report does without a figure (%s). %s", caption, why)
        return NoFigure(caption, f"Unexpected error: {why}")
    lost = [warning for warning in said if _UNKNOWN_LETTERS in str(warning.message)]
    for other in said:
        if other not in lost:
            logger.debug("%s: %s", id, other.message)
    return Figure(id, inline(svg, prefix=f"{id}-", label=alt), caption, _LETTERS_NOTE * bool(lost))


def _drawn(draw: Callable[[], Axes]) -> str:
    drawing = draw().get_figure(root=True)
    if drawing is None:
        return "<svg/>"
    text = io.StringIO()
    drawing.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    drawing.clear()
    return text.getvalue()


@contextmanager
def _one_style() -> Iterator[None]:
    """Matplotlib's own defaults, whatever the user has set; letters as shapes."""
    import matplotlib.style

    with (
        matplotlib.style.context("default", after_reset=True),
        matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": _SALT}),
    ):
        yield
