"""Links between cell types as a matrix, sources × targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cytosig._errors import UsageError
from cytosig.pl import _grades, _stored, _talk

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData
    from matplotlib.axes import Axes

    from cytosig.pl._link_tiles import Value

KINDS = ("strength", "contribution", "coupling", "n")


def links_tile(
    adata: AnnData,
    *,
    cytokine: str | None = None,
    condition: str | None = None,
    max_q: float | None = 0.05,
    value: Value | None = None,
    key: str = "cytosig",
    ax: Axes | None = None,
) -> Axes:
    """Show who speaks to whom as tiles, a row a source and a column a target.

    Of one cytokine: its strength (or contribution, or coupling) between every two cell types, links
    with q of ``max_q`` or less framed. Of all cytokines: how many such links there are; each tile
    is cut in two, the upper left for cytokines against the tumour, the lower right for those
    for it. Numbers are written where there is room.

    Parameters
    ----------
    adata
        With the tables of :func:`cytosig.tl.links`.
    cytokine
        Which one; all of them when None.
    condition
        Level of the ``condition_key`` of the links; needed where there are several.
    max_q
        Links with a larger q or none do not count, or get no frame; None counts all with traffic.
    value
        What to show. When None, ``"strength"`` of a cytokine and ``"n"``, the number of links, of
        all. Over all cytokines, strengths and contributions are summed over the links that count;
        couplings cannot be.
    key
        ``key_added`` of the run.
    ax
        Axes to draw on, best of a figure with ``layout="constrained"``; those of a new pyplot
        figure when None.

    Returns
    -------
    The axes; a colour bar is another one of the same figure.

    Raises
    ------
    UsageError
        When there are no links, no such cytokine or condition, nothing counts, or the value cannot
        be shown.
    DataError
        When the table is not as the tool writes it.

    Examples
    --------
    >>> import anndata
    >>> import numpy as np
    >>> import pandas as pd
    >>> import cytosig as cs
    >>> link = {"cytokine": "IL6", "source": "CAF", "target": "T cell", "condition": "all",
    ...         "sign": -1, "strength": 0.4, "q": 0.01}
    >>> adata = anndata.AnnData(np.ones((1, 1)))
    >>> adata.uns["cytosig"] = {"links": pd.DataFrame([link])}
    >>> ax = cs.pl.links_tile(adata, cytokine="IL6")
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['CAF', 'T cell']
    """
    from cytosig.pl import _link_tiles

    value = value or ("n" if cytokine is None else "strength")
    _check(value, cytokine, max_q)
    needed = ["sign", "strength", "q", *([value] if value in ("contribution", "coupling") else [])]
    links = _talk.table(adata, "links", key=key, columns=needed)
    links = _talk.of_level(links, condition, by="condition", what="links")
    types = _talk.cell_types(links["source"], links["target"])
    lines = [_talk.basis(adata, links, key=key)]
    if value in ("contribution", "coupling") and links[value].isna().all():
        raise UsageError(f"value={value!r}: no link has one; {_LACKING[value]}.")
    if cytokine is None:
        kept = _talk.found_links(links, max_q)
        lines.append(_kept(kept, links, max_q))
        if value == "n":
            return _link_tiles.counts(kept, types, lines, ax)
        return _link_tiles.of_all(kept, types, value, lines, ax)
    (name,) = _talk.chosen(cytokine, list(dict.fromkeys(links["cytokine"])), argument="cytokine")
    grade = _stored.grades(adata, key=key).get(name, "")
    own = links[links["cytokine"] == name]
    return _link_tiles.of_one(own, types, value, max_q, _grades.labelled(name, grade), lines, ax)


_LACKING = {
    "contribution": "run cs.tl.balance with the same samples before cs.tl.links",
    "coupling": "it needs 5 samples or more, and a response list",
}


def _check(value: str, cytokine: str | None, max_q: float | None) -> None:
    _talk.check_max_q(max_q)
    if value not in KINDS:
        raise UsageError(f"value={value!r}; expected one of {', '.join(map(repr, KINDS))}.")
    if cytokine is not None and value == "n":
        raise UsageError('value="n" counts cytokines; leave cytokine= out, or pass another value.')
    if cytokine is None and value == "coupling":
        raise UsageError('value="coupling" is of one cytokine; pass it as cytokine=.')


def _kept(kept: pd.DataFrame, links: pd.DataFrame, max_q: float | None) -> str:
    """What counts, for the small print."""
    n = kept["cytokine"].nunique()
    limit = "with traffic, whatever their q" if max_q is None else f"with q ≤ {max_q:g}"
    return f"{len(kept)} of {len(links)} links {limit}, of {n} cytokine{'s' * (n != 1)}." + (
        " Descriptive." if max_q is None else ""
    )
