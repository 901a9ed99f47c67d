"""Who makes how much of a cytokine, and whether a change is more cells or more a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from cytosig._errors import UsageError

if TYPE_CHECKING:
    from anndata import AnnData
    from matplotlib.axes import Axes


def share(
    adata: AnnData,
    *,
    cytokine: str,
    kind: Literal["share", "change"] = "share",
    contrast: str | None = None,
    condition: str | None = None,
    key: str = "cytosig",
    ax: Axes | None = None,
) -> Axes:
    """Show each cell type's share of a cytokine, or what a change of its output is made of.

    Shares: a bar a cell type with its interval, the largest on top; filled where the type makes
    more of it than the other types (q of .05 or less), open elsewhere. Changes: for each type a
    bar from 0 for the cells (recruitment), from its end one for the expression in a cell
    (induction), and where that ends the change of the output with its interval: log2, so that
    parts add up. The diamond is filled where q is .05 or less.

    Parameters
    ----------
    adata
        With the tables of :func:`cytosig.tl.sources`.
    cytokine
        Which one.
    kind
        ``"share"``, or ``"change"``, for which the sources need a ``condition_key``.
    contrast
        Of the changes; needed where there are several.
    condition
        Of the shares; needed where there are several.
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
        When there is no such table, cytokine, contrast or condition.
    DataError
        When the table is not as the tool writes it.

    Examples
    --------
    >>> import anndata
    >>> import numpy as np
    >>> import pandas as pd
    >>> import cytosig as cs
    >>> row = {"cytokine": "IL6", "cell_type": "CAF", "condition": "all", "share": 0.7,
    ...        "share_low": 0.5, "share_high": 0.8, "q": 0.01, "n_samples": 8}
    >>> adata = anndata.AnnData(np.ones((1, 1)))
    >>> adata.uns["cytosig"] = {"sources": pd.DataFrame([row])}
    >>> ax = cs.pl.share(adata, cytokine="IL6")
    >>> float(ax.patches[0].get_width())
    0.7
    """
    from cytosig.pl import _share_bars, _share_steps

    if kind == "share":
        _refuse("contrast", contrast, "condition")
        return _share_bars.draw(adata, cytokine, condition, key=key, ax=ax)
    if kind == "change":
        _refuse("condition", condition, "contrast")
        return _share_steps.draw(adata, cytokine, contrast, key=key, ax=ax)
    raise UsageError(f'kind={kind!r}; expected "share" or "change".')


def _refuse(name: str, value: str | None, instead: str) -> None:
    if value is not None:
        kind = "share" if instead == "condition" else "change"
        raise UsageError(f'{name}={value!r} says nothing of kind="{kind}"; pass {instead}=.')
