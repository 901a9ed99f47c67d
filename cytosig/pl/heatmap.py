"""Activities of observations or groups as a heat map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from cytosig._errors import UsageError
from cytosig.pl import _axes, _grades, _scales, _stored
from cytosig.pl._scales import colour_limits
from cytosig.pl._values import values_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from anndata import AnnData
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage
    from numpy.typing import NDArray

GROUPED = "rows: mean {unit} of n observations; descriptive, as cells are not replicates"
_MANY = 300  # columns above which ordering leaves optimally takes too long


def heatmap(
    adata: AnnData,
    *,
    groupby: str | None = None,
    what: Literal["score", "axis"] = "score",
    key: str = "cytosig",
    ids: Sequence[str] | None = None,
    cluster: bool = True,
    max_rows: int = 200,
    ax: Axes | None = None,
) -> Axes:
    """Show activities of observations, or group means of them, as a heat map.

    Colours of z, and of other scores on both sides of 0, are symmetric around it and end at the
    98th percentile of their size; those of one-sided scores (UCell, AUCell, ssGSEA, consensus)
    run from the 2nd to the 98th percentile. What is not scored is grey. Cytokines whose
    signature is graded C or D are faded and hatched, with the grade in their label. Where rows
    or columns are too many to be named, every k-th is.

    Parameters
    ----------
    adata
        Scored by ``cs.tl.score``.
    groupby
        Column of ``obs``: one row a group, the mean score of its n observations. Describes them,
        and tests nothing: cells of one sample are not replicates.
    what
        ``"score"`` (cytokines) or ``"axis"`` (response axes).
    key
        ``key_added`` of the scoring run, with the name of a further method of it if that is to be
        shown (``"cytosig_ucell"``).
    ids
        Columns to show; all when None.
    cluster
        Put columns that look alike side by side (average linkage of Euclidean distances over
        the rows without gaps; columns not scored at all come last). False keeps the order of
        ``ids`` or of the catalogue.
    max_rows
        Refuse to draw more rows than this.
    ax
        Axes to draw on, best of a figure with ``layout="constrained"``; those of a new pyplot
        figure when None.

    Returns
    -------
    The axes; the colour bar is another one of the same figure.

    Raises
    ------
    UsageError
        When nothing was scored under ``key``, a name is not there, or there are too many rows.
    DataError
        When ``groupby`` has empty entries.

    Examples
    --------
    >>> import cytosig as cs
    >>> adata = cs.datasets.oligodendroglioma()
    >>> cs.tl.score(adata, n_jobs=1)
    >>> ax = cs.pl.heatmap(adata, groupby="cell_type", ids=["IFNG", "TGFB1", "TNF"])
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['malignant (n = 142)', 'microglia-macrophage (n = 19)', 'oligodendrocyte (n = 23)']
    """
    shown = values_of(adata, what, key=key, ids=ids, among=("score", "axis"))
    table = shown.table
    if groupby is None:
        rows = [str(name) for name in adata.obs_names]
        values = table.to_numpy(dtype=np.float64)
    else:
        rows, values = group_means(table, _stored.group_of(adata, groupby))
    _check_rows(len(rows), max_rows, groupby)
    order = column_order(values) if cluster else list(range(values.shape[1]))
    columns = [str(table.columns[k]) for k in order]
    scale = _Scale(values, shown.unit, shown.about_zero, groupby)
    return _draw(
        values[:, order], rows, columns, [shown.grades.get(id, "") for id in columns], scale, ax
    )


def group_means(
    table: pd.DataFrame, groups: pd.Categorical, /
) -> tuple[list[str], NDArray[np.float64]]:
    """Mean of every column over the scored observations of each group, and names with their n."""
    scored = table.notna().any(axis=1).to_numpy(dtype=bool)
    codes = groups.codes[scored]
    every = range(len(groups.categories))
    means = table[scored].reset_index(drop=True).groupby(codes).mean().reindex(every)
    counts = np.bincount(codes, minlength=len(every))
    names = [f"{group} (n = {n})" for group, n in zip(groups.categories, counts, strict=True)]
    return names, means.to_numpy(dtype=np.float64)


def column_order(values: NDArray[np.float64], /) -> list[int]:
    """Order of leaves of an average linkage; columns without any value last."""
    from scipy.cluster.hierarchy import leaves_list, linkage

    seen = ~np.isnan(values).all(axis=0)
    live, dead = np.flatnonzero(seen), np.flatnonzero(~seen)
    full = values[:, live][~np.isnan(values[:, live]).any(axis=1)]
    if len(live) > 2 and len(full):
        tree = linkage(full.T, "average", optimal_ordering=len(live) <= _MANY)
        live = live[leaves_list(tree)]
    return [*live.tolist(), *dead.tolist()]


class _Scale:
    """What the colours mean."""

    def __init__(
        self, values: NDArray[np.float64], unit: str, about_zero: bool, groupby: str | None
    ) -> None:
        self.low, self.high = colour_limits(values, about_zero)
        self.colours = _scales.both_sides() if about_zero else _scales.one_side()
        self.groupby = groupby
        self.unit = unit
        self.label = unit if groupby is None else f"mean {unit}"


def _check_rows(n: int, most: int, groupby: str | None) -> None:
    if n > most:
        kind = "observations" if groupby is None else f"groups of obs[{groupby!r}]"
        raise UsageError(
            f"{n} {kind} are more rows than max_rows={most}; pass groupby= another column of obs,"
            " a part of adata, or a larger max_rows."
        )
    if n == 0:
        raise UsageError("adata has no observations to show.")


def _draw(
    values: NDArray[np.float64],
    rows: list[str],
    columns: list[str],
    grades: list[str],
    scale: _Scale,
    ax: Axes | None,
) -> Axes:
    from cytosig.pl._ticks import LONGEST, name_places

    n_rows, n_columns = values.shape
    labels = [_grades.labelled(id, grade) for id, grade in zip(columns, grades, strict=True)]
    beside, below = (_axes.LETTER * min(max(map(len, t)), LONGEST) for t in (rows, labels))
    ax = _axes.axes_or_new(
        ax,
        width=1.3 + beside + max(3.2, _axes.extent(n_columns, widest=0.3, narrowest=0.17, most=18)),
        height=0.6 + below + max(0.8, _axes.extent(n_rows, widest=0.3, narrowest=0.11, most=16)),
    )
    image = ax.imshow(
        values, cmap=scale.colours, vmin=scale.low, vmax=scale.high, aspect="auto",
        interpolation="nearest",
    )  # fmt: skip
    weak = [k for k, grade in enumerate(grades) if _grades.is_weak(grade)]
    for column in weak:
        _grades.veil(ax, column, n_rows)
    _cover_gaps(ax, values)
    name_places(ax.xaxis, labels)
    name_places(ax.yaxis, rows)
    ax.set_ylabel(f"{n_rows} observations" if scale.groupby is None else scale.groupby)
    _colour_bar(ax, image, values, scale)
    notes = {
        GROUPED.format(unit=scale.unit): scale.groupby is not None,
        _grades.NOTE: bool(weak),
        "grey: not scored": bool(np.isnan(values).any()),
    }
    _axes.note(ax, [text for text, applies in notes.items() if applies])
    return ax


def _cover_gaps(ax: Axes, values: NDArray[np.float64], /) -> None:
    """Grey over what is not scored, so that fading does not touch it."""
    from matplotlib.colors import ListedColormap

    gaps = np.ma.masked_less(np.isnan(values).astype(np.float64), 1)
    if gaps.count():
        colours = ListedColormap([_scales.NOT_SCORED])
        ax.imshow(gaps, cmap=colours, aspect="auto", interpolation="nearest", zorder=1.5)


def _colour_bar(ax: Axes, image: AxesImage, values: NDArray[np.float64], scale: _Scale, /) -> None:
    below, above = bool((values < scale.low).any()), bool((values > scale.high).any())
    _scales.colour_bar(ax, image, scale.label, below=below, above=above)
