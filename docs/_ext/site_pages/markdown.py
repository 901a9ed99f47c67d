"""The little Markdown that pages are written with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from cytosig.signatures.model import Reference

FORMAT = "/_generated/repository/signatures/README.md"
"""The page that says what every field of a signature file means."""

_SPECIAL = re.compile(r"([\\`*_\[\]<>|$~])")


def plain(text: str, /) -> str:
    r"""Text in which nothing is markup.

    >>> plain("a_b < c*")
    'a\\_b \\< c\\*'
    """
    return _SPECIAL.sub(r"\\\1", text)


def code(text: str, /) -> str:
    """Text as code; names of genes, options and columns."""
    return f"`{text}`"


def genes(names: Iterable[str], /, *, between: str = ", ") -> str:
    """Gene symbols as code."""
    return between.join(code(name) for name in names)


def link(text: str, target: str, /) -> str:
    """Link to a page of the site, an anchor of it, or the web."""
    return f"[{text}]({target})"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], /) -> str:
    """Table; empty text where there are no rows.

    >>> print(table(["a", "b"], [["1", "2"]]))
    | a | b |
    | --- | --- |
    | 1 | 2 |
    """
    lines = [_row(row) for row in rows]
    return "\n".join([_row(head), _row(["---"] * len(head)), *lines]) if lines else ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def bullets(texts: Iterable[str], /) -> str:
    """List of points."""
    return "\n".join(f"- {text}" for text in texts)


def section(title: str, *parts: str, level: int = 2) -> str:
    """Heading with what stands under it; empty text where nothing does."""
    kept = [part for part in parts if part]
    return "\n\n".join([f"{'#' * level} {title}", *kept]) if kept else ""


def page(title: str, *parts: str) -> str:
    """A whole page."""
    return "\n\n".join([f"# {title}", *(part for part in parts if part)]) + "\n"


def toctree(pages: Iterable[str], /, *, hidden: bool = True) -> str:
    """Directive that puts pages below this one in the site's table of contents."""
    return "\n".join(["```{toctree}", ":hidden:" if hidden else ":maxdepth: 1", "", *pages, "```"])


def anchor(id: str, /) -> str:
    """Label of a record on its page, such as ``r_mari``."""
    return id.lower()


def cite(ids: Iterable[str], /) -> str:
    """Links to entries of the page of references, in brackets."""
    links = [link(plain(id), f"#{anchor(id)}") for id in ids]
    return f"({', '.join(links)})" if links else ""


def publication(reference: Reference, /) -> str:
    """Citation with links to where it can be read."""
    where = []
    if reference.doi:
        where.append(link(f"doi:{plain(reference.doi)}", f"<https://doi.org/{reference.doi}>"))
    if reference.pmid:
        where.append(
            link(f"PMID {reference.pmid}", f"https://pubmed.ncbi.nlm.nih.gov/{reference.pmid}/")
        )
    unsure = " (identifiers partly confirmed)" if reference.status == "partly" else ""
    return " ".join([f"{plain(reference.citation)}{unsure}", *where])


def put(path: Path, text: str, /) -> Path:
    """Write a page, unless it stands there already: what did not change is not read again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
    return path
