"""Activities of observations, samples or groups as a heat map."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Literal

import numpy as np

from cytosig.pl import _axes, _grades, _order, _rows, _scales
from cytosig.pl._scales import colour_limits
from cytosig.pl._values import values_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anndata import AnnData
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage
    from numpy.typing import NDArray

    from cytosig.pl._rows import Rows
    from cytosig.pl._sides import Side
    from cytosig.pl._values import Values

GROUPED = "rows: mean {unit} of n {member}s; descriptive"
CELLS = ", as cells are not replicates"
WHAT = ("score", "axis", "ligand", "receptor", "contributions")
_BAR = 14  # letters of a line beside the colour bar


def heatmap(
    adata: AnnData,
    *,
    groupby: str | None = None,
    what: Literal["score", "axis", "ligand", "receptor", "contributions"] = "score",
    key: str = "cytosig",
    ids: Sequence[str] | None = None,
    annotate: str | Sequence[str] | None = None,
    cluster: bool | Literal["rows", "columns", "both"] = True,
    values: bool | None = None,
    max_rows: int = 200,
    ax: Axes | None = None,
) -> Axes:
    """Show activities of observations or samples, or group means of them, as a heat map.

    Colours of z, and of other scores on both sides of 0, are symmetric around it and end at the
    98th percentile of their size; those of one-sided scores (UCell, AUCell, ssGSEA, consensus)
    and of expression run from the 2nd to the 98th percentile. What is not scored is grey.
    Cytokines whose signature is graded C or D are faded and hatched, with the grade in their
    label. Where rows or columns are too many to be named, every k-th is.

    Parameters
    ----------
    adata
        Scored by ``cs.tl.score``.
    groupby
        Column of ``obs``: one row a group, the mean score of its n observations. Describes them,
        and tests nothing: cells of one sample are not replicates.
    what
        ``"score"`` (cytokines), ``"axis"`` (response axes), ``"ligand"`` or ``"receptor"``
        (expression), or ``"contributions"``: what each cytokine adds to the balance of a sample,
        rows being samples.
    key
        ``key_added`` of the scoring run, with the name of a further method of it if that is to be
        shown (``"cytosig_ucell"``).
    ids
        Columns to show; all when None.
    annotate
        Columns of ``obs``, one value a row: strips beside the rows, numbers from pale to dark,
        anything else in up to 24 colours, each with a mark of its own.
    cluster
        Put columns (True), ``"rows"``, or ``"both"`` that look alike side by side: average
        linkage of Euclidean distances over the rows (or columns) without gaps; what was not
        scored at all comes last. False keeps the order of ``ids`` or of the catalogue.
    values
        Write numbers in the cells. When None, in up to 150 cells with room for them.
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
        When ``groupby`` has empty entries, or a column to annotate differs within a row.

    Examples
    --------
    >>> import cytosig as cs
    >>> adata = cs.datasets.oligodendroglioma()
    >>> cs.tl.score(adata, n_jobs=1)
    >>> ax = cs.pl.heatmap(adata, groupby="cell_type", ids=["IFNG", "TGFB1", "TNF"])
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['malignant (n = 142)', 'microglia-macrophage (n = 19)', 'oligodendrocyte (n = 23)']
    """
    shown = values_of(adata, what, key=key, ids=ids, among=WHAT)
    balance = what == "contributions"
    rows = _rows.rows_of(adata, shown.table, groupby, of_balance=balance, key=key)
    _rows.check_number(rows, max_rows, groupby)
    wanted = [annotate] if isinstance(annotate, str) else annotate or ()
    columns = _rows.beside(adata, rows, wanted)
    order = _order.orders(rows.values, cluster)
    from cytosig.pl._sides import sides_of

    sides = sides_of(columns, order[0])
    return _Picture(shown, rows, order, groupby, leaning=balance).draw(ax, sides, values)


class _Picture:
    """The table in the order drawn, and what its colours mean."""

    def __init__(
        self,
        shown: Values,
        rows: Rows,
        order: tuple[list[int], list[int]],
        groupby: str | None,
        *,
        leaning: bool,
    ) -> None:
        self.values = rows.values[np.ix_(*order)]
        self.names = [rows.names[k] for k in order[0]]
        ids = [str(shown.table.columns[k]) for k in order[1]]
        self.grades = [shown.grades.get(id, "") for id in ids]
        self.labels = [_grades.labelled(*both) for both in zip(ids, self.grades, strict=True)]
        self.rows, self.groupby, self.unit = rows, groupby, shown.unit
        self.limits = colour_limits(rows.values, shown.about_zero)
        self.colours = _scales.both_sides() if shown.about_zero else _scales.one_side()
        if leaning:
            self.colours = _scales.leaning()

    def draw(self, ax: Axes | None, sides: Sequence[Side], numbers: bool | None) -> Axes:
        from cytosig.pl import _numbers, _sides
        from cytosig.pl._ticks import name_places

        n_rows, n_columns = self.values.shape
        ax = self._axes(ax, sides, wide=numbers is True)
        image = ax.imshow(
            self.values, cmap=self.colours, vmin=self.limits[0], vmax=self.limits[1],
            aspect="auto", interpolation="nearest",
        )  # fmt: skip
        weak = [k for k, grade in enumerate(self.grades) if _grades.is_weak(grade)]
        for column in weak:
            _grades.veil(ax, column, n_rows)
        _cover_gaps(ax, self.values)
        _sides.draw(ax, sides, self.names, n_columns)
        name_places(ax.xaxis, self.labels)
        name_places(ax.yaxis, self.names)
        ax.set_ylabel(f"{n_rows} {self.rows.unit}s" if self.groupby is None else self.groupby)
        self._colour_bar(ax, image)
        _axes.note(ax, self._notes())
        said = _numbers.write(ax, image, numbers, faded=weak)
        if said:
            _axes.note(ax, [said])
        return ax

    def _axes(self, ax: Axes | None, sides: Sequence[Side], *, wide: bool) -> Axes:
        from cytosig.pl import _numbers, _sides
        from cytosig.pl._ticks import LONGEST

        n_rows, n_columns = self.values.shape
        longest = (max(map(len, names)) for names in (self.names, self.labels))
        beside, below = (_axes.LETTER * min(n, LONGEST) for n in longest)
        cell = _numbers.CELL if wide else 0.0
        least, most = max(0.17, cell), max(18.0, n_columns * cell)
        across = _axes.extent(n_columns, widest=max(0.3, cell), narrowest=least, most=most)
        across = max(3.2, across) + _sides.width(len(sides))
        down = max(0.8, _axes.extent(n_rows, widest=0.3, narrowest=0.11, most=16))
        return _axes.axes_or_new(
            ax,
            width=1.3 + beside + across,
            height=0.6 + below + down + _sides.height(sides, across),
        )

    def _colour_bar(self, ax: Axes, image: AxesImage) -> None:
        low, high = self.limits
        below, above = bool((self.values < low).any()), bool((self.values > high).any())
        label = self.unit if self.groupby is None else f"mean {self.unit}"
        label = textwrap.fill(label, _BAR)
        _scales.colour_bar(ax, image, label, below=below, above=above)

    def _notes(self) -> list[str]:
        member = self.rows.member
        grouped = GROUPED.format(unit=self.unit, member=member)
        notes = {
            grouped + CELLS * (member == "observation"): self.groupby is not None,
            _grades.NOTE: any(map(_grades.is_weak, self.grades)),
            "grey: not scored": bool(np.isnan(self.values).any()),
        }
        return [text for text, applies in notes.items() if applies]


def _cover_gaps(ax: Axes, values: NDArray[np.float64], /) -> None:
    """Grey over what is not scored, so that fading does not touch it."""
    from matplotlib.colors import ListedColormap

    gaps = np.ma.masked_less(np.isnan(values).astype(np.float64), 1)
    if gaps.count():
        colours = ListedColormap([_scales.NOT_SCORED])
        ax.imshow(gaps, cmap=colours, aspect="auto", interpolation="nearest", zorder=1.5)
