"""Activity of one cytokine in groups of samples, with the test that is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cytosig._errors import UsageError
from cytosig.pl import (
    _axes,
    _colours,
    _frame,
    _grades,
    _sampled,
    _samples,
    _stored,
    _strip,
    _tested,
    _tips,
    _words,
)
from cytosig.pl._sampled import Where

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from anndata import AnnData
    from matplotlib.axes import Axes

    from cytosig.pl._sampled import Sampled
    from cytosig.pl._values import Values

MIN_CELLS = 10
_TIPS = 2000  # points above which none has a text
_MANY = 8  # groups above which texts stand upright
_LONGEST = 24  # letters of a group
_BAR = 0.2  # half of it, of the distance between groups


def activity(
    adata: AnnData,
    *,
    id: str,
    groupby: str,
    what: Literal["score", "axis", "ligand", "balance"] = "score",
    sample_key: str | None = None,
    cell_type_key: str | None = None,
    cell_type: str | None = None,
    order: Sequence[object] | None = None,
    compare_key: str = "compare",
    key: str = "cytosig",
    ax: Axes | None = None,
) -> Axes:
    """Show one activity in groups of samples, and what ``cs.tl.compare`` found.

    Every point is a sample, the bar the mean of its group, the coloured shape the density of 8
    samples or more. With ``sample_key`` a point is the mean of a sample's cells, and the pale
    shapes behind are the middle 90 % of the cells: a backdrop, since cells are not replicates.
    Above each group stand its difference from the reference, interval, two-sided p and q as
    stored. Nothing is tested here. Lines join the samples of a patient where pairs were compared.

    Parameters
    ----------
    adata
        Scored by ``cs.tl.score``, and compared by ``cs.tl.compare`` for a test to be shown.
    id
        A cytokine, an axis, or a column of the balance.
    groupby
        Column of ``obs`` with up to 24 groups, one value a sample.
    what
        ``"score"`` (cytokines), ``"axis"`` (response axes), ``"ligand"`` (expression) or
        ``"balance"``.
    sample_key
        Column of ``obs`` with the sample of each cell; None where observations are samples.
    cell_type_key, cell_type
        Column of ``obs`` with cell types, and the one to look at; whole samples when None.
    order
        Groups to show, in this order; those of a categorical column in its order, else sorted,
        when None.
    compare_key
        ``key_added`` of the comparison. Means are of as many cells as it asked for (10 without).
    key
        ``key_added`` of the scoring run.
    ax
        Axes to draw on, best of a figure with ``layout="constrained"``; those of a new pyplot
        figure when None.

    Returns
    -------
    The axes; group k stands at k.

    Raises
    ------
    UsageError
        When something named is not there, or there are too many groups.
    DataError
        When a group differs within a sample, or no sample has a value and a group.

    Examples
    --------
    >>> import anndata, pandas as pd
    >>> import cytosig as cs
    >>> obs = pd.DataFrame({"response": list("NNNRRR")}, index=list("abcdef"))
    >>> adata = anndata.AnnData(obs=obs)
    >>> adata.obsm["cytosig_score"] = pd.DataFrame(
    ...     {"IFNG": [1.0, 3, 2, 5, 6, 7], "IL6": [3.0, 1, 2, 4, 3, 0]}, index=adata.obs_names
    ... )
    >>> cs.tl.compare(adata, groupby="response", reference="N")
    >>> ax = cs.pl.activity(adata, id="IFNG", groupby="response")
    >>> print(ax.child_axes[0].get_xticklabels()[1].get_text())
    +4 (+1.73 to +6.27)
    p = 0.008, q = 0.016
    """
    if (cell_type_key is None) != (cell_type is None):
        raise UsageError("cell_type_key= and cell_type= go together: the column, and its label.")
    where = Where(groupby, sample_key, cell_type_key, cell_type)
    shown, found = _sampled.read(
        adata, id, what, where, key=key, min_cells=_least(adata, compare_key, key)
    )
    found = _sampled.in_order(found, order, groupby)
    tested = _tested.tested(
        adata, id, what, where, found.levels, compare_key=compare_key, key=key
    )  # fmt: skip
    groups = _axes.extent(len(found.levels), widest=1.3, narrowest=0.2, most=11)
    upright = 1.2 + _axes.LETTER * min(max(map(len, found.levels)), _LONGEST)
    ax = _axes.axes_or_new(
        ax, width=1.2 + max(2.6, groups), height=4.2 + upright * (len(found.levels) > _MANY)
    )
    _backdrop(ax, found)
    beside = _beside(found)
    if tested.pairs is not None:
        _join(ax, beside, found, _patients(adata, found, tested.pairs, where))
    _draw(ax, beside, found, id)
    _around(ax, found, shown, id)
    whole = _tested.above(ax, found.levels, tested)
    said = _tested.lines(tested, _counts(found), compare_key, intervals=whole)
    _axes.note(ax, [_what(found), *said, *_warnings(found, shown, id)])
    return ax


def _least(adata: AnnData, compare_key: str, key: str) -> int:
    """Cells a mean needs: as many as in the comparison."""
    return int(_stored.parameter(adata, compare_key, "min_cells", key=key) or MIN_CELLS)


def _counts(found: Sampled) -> dict[str, int]:
    return {level: int((found.groups == level).sum()) for level in found.levels}


def _backdrop(ax: Axes, found: Sampled) -> None:
    """Cells behind their samples, in pale, the middle 90 % of each group."""
    if found.cells is None:
        return
    for place, level in enumerate(found.levels):
        own = found.cells[found.cells.index == level].to_numpy()
        if len(own):
            low, high = np.percentile(own, [5, 95])
            own = own[(own >= low) & (own <= high)]
            _strip.outline(ax, place, own, _colours.PALE, zorder=0.5)


def _beside(found: Sampled) -> pd.Series[float]:
    """Place of every sample on the x axis."""
    import pandas as pd

    places = pd.Series(0.0, index=found.values.index)
    for place, level in enumerate(found.levels):
        own = found.values[found.groups == level].sort_index()
        places[own.index] = place + _strip.offsets(own.to_numpy())
    return places


def _patients(adata: AnnData, found: Sampled, paired: str, where: Where) -> pd.Series[Any]:
    return _samples.column_of_samples(
        adata, paired, list(found.values.index), argument="paired",
        sample_key=where.sample_key, gaps=True,
    )  # fmt: skip


def _join(ax: Axes, beside: pd.Series[float], found: Sampled, patients: pd.Series[Any]) -> None:
    """A line between the samples of each patient."""
    from matplotlib.collections import LineCollection

    ends = [
        np.column_stack([beside[own], found.values[own]])
        for own in patients.groupby(patients, observed=True).groups.values()
    ]
    ax.add_collection(LineCollection(ends, colors=_colours.UNDECIDED, linewidths=0.5, zorder=2))


def _draw(ax: Axes, beside: pd.Series[float], found: Sampled, id: str) -> None:
    """Outline, points and mean of every group."""
    size = float(np.clip(260 / np.sqrt(len(found.values)), 6, 36))
    for place, level in enumerate(found.levels):
        own = found.values[found.groups == level].sort_index()
        values = own.to_numpy()
        if not len(values):
            continue
        colour = _colours.of_group(place)
        if found.cells is None:
            _strip.outline(ax, place, values, (colour, 0.3), zorder=0.6)
        marks = ax.scatter(
            beside[own.index], values, s=size, c=colour,
            marker=_colours.marker_of(place), edgecolors=_colours.INK, linewidths=0.4, zorder=3,
        )  # fmt: skip
        if len(found.values) <= _TIPS:
            _tips.attach(marks, [_tip(found, name, id) for name in own.index])
        else:
            marks.set_rasterized(True)
        ax.hlines(
            values.mean(), place - _BAR, place + _BAR, colors="black", linewidth=1.6, zorder=4
        )


def _tip(found: Sampled, name: str, id: str) -> str:
    said = f"{name}: {id} {_words.number(found.values[name])}, {found.groups[name]}"
    return said if found.n_cells is None else f"{said}, {found.n_cells[name]} cells"


def _around(ax: Axes, found: Sampled, shown: Values, id: str) -> None:
    """Title, names of the groups and of the values."""
    from cytosig.pl._ticks import LINE, SMALLEST, pitch, plain

    ax.set_title(shown.title(id), fontsize=10)
    unit = shown.scale if found.n_cells is None else f"mean {shown.scale}"
    ax.set_ylabel(plain(unit, 60), fontsize=_frame.NAME)
    ax.tick_params(labelsize=_frame.TICK)
    ax.spines[["top", "right"]].set_visible(False)
    if shown.about_zero:
        low, high = ax.get_ylim()
        ax.axhline(0, color=_colours.PALE, linewidth=0.8, zorder=0)
        ax.set_ylim(low, high)
    ax.set_xlim(-0.6, len(found.levels) - 0.4)
    _axes.settle(ax)
    room = pitch(ax.xaxis)
    names = [(plain(level, _LONGEST), n) for level, n in _counts(found).items()]
    level = max(len(name) for name, _ in names) * 0.58 * _frame.TICK < room
    texts = [f"{name}\nn = {n}" if level else f"{name} (n = {n})" for name, n in names]
    size = _frame.TICK if level else float(np.clip(room / LINE, SMALLEST, _frame.TICK))
    ax.set_xticks(range(len(names)), texts, rotation=0 if level else 90, fontsize=size)
    ax.tick_params(axis="x", length=0)


def _what(found: Sampled) -> str:
    if found.cells is None:
        return "points: samples; bar: mean"
    return (
        "points: samples (means of their cells); bar: mean; pale: cells (middle 90%), no replicates"
    )


def _warnings(found: Sampled, shown: Values, id: str) -> list[str]:
    grade = shown.grades.get(id, "")
    weak = f"grade {grade}: weak experimental support"
    lost = f"not drawn: {', '.join(found.lost)}"
    return [*([weak] if _grades.is_weak(grade) else []), *([lost] if found.lost else [])]
