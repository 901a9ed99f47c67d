"""Links between cell types as arrows on a circle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cytosig._errors import UsageError
from cytosig.pl import _stored, _talk

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from anndata import AnnData
    from matplotlib.axes import Axes


def network(
    adata: AnnData,
    *,
    condition: str | None = None,
    max_q: float | None = 0.05,
    min_strength: float = 0.0,
    n: int = 60,
    cytokines: Sequence[str] | None = None,
    key: str = "cytosig",
    ax: Axes | None = None,
) -> Axes:
    """Show who speaks to whom: cell types on a circle, an arrow from each source to its targets.

    All cytokines of one source and target that lean the same way make one arrow: solid blue against
    the tumour, dashed vermilion for it, dotted grey neither. Its width is the sum of their
    strengths, and the strongest are named on it where there is room. What a type makes for itself
    (autocrine) is a loop, with its cytokines under the name of the type. Circles grow with the
    number of cells where that is known. For the links as a graph see :func:`cytosig.tl.network`.

    Parameters
    ----------
    adata
        With the tables of :func:`cytosig.tl.links`.
    condition
        Level of the ``condition_key`` of the links; needed where there are several.
    max_q
        Leave out links with a larger q, or none; None shows links whatever their q.
    min_strength
        Leave out weaker links.
    n
        Most links to draw, the strongest; the small print says how many there are.
    cytokines
        Links of these only; of all when None.
    key
        ``key_added`` of the run.
    ax
        Axes to draw on, best of a figure with ``layout="constrained"``; those of a new pyplot
        figure when None.

    Returns
    -------
    The axes.

    Raises
    ------
    UsageError
        When there are no links, none that passes, or no such cytokine or condition.
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
    >>> ax = cs.pl.network(adata)
    >>> sorted(text.get_text() for text in ax.texts)
    ['CAF', 'IL6', 'T cell']
    """
    from cytosig.pl import _circle

    if n < 1:
        raise UsageError(f"n={n}: expected 1 link or more.")
    if not 0 <= min_strength <= 1:
        raise UsageError(f"min_strength={min_strength}: expected a share from 0 to 1.")
    links = _talk.table(adata, "links", key=key, columns=["sign", "strength", "q"])
    links = _talk.of_level(links, condition, by="condition", what="links")
    types = _talk.cell_types(links["source"], links["target"])
    lines = [_talk.basis(adata, links, key=key)]
    if cytokines is not None:
        wanted = _talk.chosen(cytokines, list(dict.fromkeys(links["cytokine"])),
                              argument="cytokines")  # fmt: skip
        links = links[links["cytokine"].isin(wanted)]
    kept = _strong(_talk.found_links(links, max_q), min_strength)
    shown = kept.sort_values("strength", ascending=False, kind="stable").head(n)
    lines += [_drawn(shown, kept, max_q), _WIDTH]
    return _circle.draw(shown, types, _n_cells(adata, links, key), lines, ax)


_WIDTH = "Width: share of a cytokine's traffic, summed over the cytokines of an arrow."


def _strong(links: pd.DataFrame, least: float) -> pd.DataFrame:
    kept = links[links["strength"] >= least]
    if kept.empty:
        raise UsageError(
            f"min_strength={least}: none of the {len(links)} links is as strong; the strongest has"
            f" {links['strength'].max():.2g}."
        )
    return kept


def _drawn(shown: pd.DataFrame, kept: pd.DataFrame, max_q: float | None) -> str:
    """Which links these are, for the small print."""
    which = "whatever their q: descriptive" if max_q is None else f"with q ≤ {max_q:g}"
    some = (
        f"the {len(shown)} strongest of {len(kept)}" if len(shown) < len(kept) else f"{len(kept)}"
    )
    return f"Links: {some} {which}."


def _n_cells(adata: AnnData, links: pd.DataFrame, key: str) -> dict[str, float]:
    """Cells of every type over the samples of the condition; none where no table tells."""
    found: dict[str, float] = {}
    for name in ("targets", "sources"):
        if not _stored.has_table(adata, name, key=key):
            continue
        table = _stored.tool_table(adata, name, key=key, run="")
        if {"cell_type", "condition", "n_cells"} <= set(table):
            here = table[table["condition"].astype(str) == str(links["condition"].iloc[0])]
            counts = here.groupby(here["cell_type"].astype(str))["n_cells"].max().dropna()
            found.update({str(label): float(n) for label, n in counts.items()})
    return found
