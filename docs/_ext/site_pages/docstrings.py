"""Docstrings on their way to the page: paths of pages become links, and |x| stays as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_BARS = re.compile(r"(?<![\w`])\|(\w+)\|")
_PAGE = re.compile(r"(?<![\w/])docs/(\w+)\.md")


def linked(line: str, /) -> str:
    r"""A line with the pages of docs/ that it names as links, and sizes such as |r| as text.

    >>> linked("See docs/balance.md.")
    'See :doc:`docs/balance.md </balance>`.'
    >>> linked("v·|r|")
    'v·\\|r\\|'
    """
    line = _BARS.sub(r"\|\1\|", line)
    return _PAGE.sub(r":doc:`docs/\1.md </\1>`", line)


def mend(_app: Sphinx, _what: str, _name: str, _obj: Any, _options: Any, lines: list[str]) -> None:
    """Mend the lines of one docstring in place; Sphinx calls it."""
    lines[:] = map(linked, lines)
