"""The page: sections in their order, put into the template."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from cytosig._anndata import check_anndata
from cytosig.report._activities import activities
from cytosig.report._blocked import blocked
from cytosig.report._communication import sources_and_targets, who_to_whom
from cytosig.report._methods import methods
from cytosig.report._missing import missing
from cytosig.report._parts import Figure, Row
from cytosig.report._reading import reading
from cytosig.report._record import Record
from cytosig.report._shelf import Shelf
from cytosig.report._summary import summary
from cytosig.report._versions import versions
from cytosig.report._weighed import weighed
from cytosig.report._words import read

if TYPE_CHECKING:
    from anndata import AnnData
    from jinja2 import Environment

    from cytosig.report._parts import Section

TITLE = "Cytokine report"
MOST, LEAST = 4_400_000, 500_000
"""Letters that figures and tables may take, and tables in any case; a page has some 5 million."""
_POLICY = (
    "default-src 'none'; script-src 'sha256-{hash}'; style-src 'unsafe-inline'; img-src data:;"
    " base-uri 'none'; form-action 'none'"
)


def html(adata: AnnData, *, title: str | None = None, key: str = "cytosig") -> str:
    """Make the report of an analysed data set: one HTML page that needs nothing else.

    Parameters
    ----------
    adata
        With results of ``cs.tl``; nothing in it is changed. Sections of tools that were not run
        say what runs them.
    title
        Of the page; ``"Cytokine report"`` when None.
    key
        ``key_added`` of the runs.

    Returns
    -------
    The page. The same ``adata`` gives the same text with the same versions of the packages.

    Raises
    ------
    UsageError
        When nothing is stored under ``key``.

    Examples
    --------
    >>> import anndata, numpy as np, pandas as pd
    >>> import cytosig as cs
    >>> adata = anndata.AnnData(np.ones((2, 1)))
    >>> adata.uns["cytosig"] = {"mine": pd.DataFrame({"IFNG": [1.5, 2.5]}, index=["a", "b"])}
    >>> page = cs.report.html(adata, title="Two samples")
    >>> page.startswith("<!DOCTYPE html>"), "<h1>Two samples</h1>" in page
    (True, True)
    """
    check_anndata(adata)
    record = Record(adata, key)
    shelf = Shelf(record)
    found = sections(record, shelf)
    script = read("report.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        _environment()
        .get_template("page.html")
        .render(
            title=TITLE if title is None else title,
            sections=found,
            tables=shelf.fitting(_room(found)),
            style=read("report.css"),
            script=script,
            policy=_POLICY.format(hash=digest),
        )
    )


def sections(record: Record, shelf: Shelf, /) -> list[Section]:
    """Every section, in the order of the page."""
    return [
        summary(record),
        reading(record, shelf),
        weighed(record, shelf),
        activities(record, shelf),
        sources_and_targets(record, shelf),
        who_to_whom(record, shelf),
        blocked(record, shelf),
        missing(record, shelf),
        methods(record),
        versions(record, shelf),
    ]


def _room(found: list[Section]) -> int:
    """Letters that figures leave to the tables."""
    parts = [part for section in found for part in section.parts]
    rows = [part.figures if isinstance(part, Row) else (part,) for part in parts]
    drawn = sum(len(one.svg) for row in rows for one in row if isinstance(one, Figure))
    return max(MOST - drawn, LEAST)


def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(
        loader=FunctionLoader(read),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
