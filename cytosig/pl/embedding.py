"""Cells on an embedding, coloured by what a cytokine does there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from cytosig._errors import DataError, UsageError
from cytosig._obs import names_of
from cytosig.pl import _axes, _grades, _scales, _tips, _words
from cytosig.pl._values import Values, values_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anndata import AnnData
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

AREA = 120_000 / 16  # square points of all cells together by inch², scanpy's on 4 × 4 inches
_LARGEST = 120.0  # square points of one
_FEW = 500  # points up to which each is a vector with a text


def embedding(
    adata: AnnData,
    *,
    ids: str | Sequence[str],
    basis: str = "umap",
    what: Literal["score", "axis", "ligand", "receptor"] = "score",
    size: float | None = None,
    sort: bool = True,
    key: str = "cytosig",
    ax: Axes | None = None,
) -> Axes | dict[str, Axes]:
    """Colour cells on an embedding by activity, ligand or receptor.

    Colours of z are symmetric around 0 and end at the 98th percentile of their size; those of
    one-sided scores and of expression run from the 2nd to the 98th percentile. Cells that were
    not scored are small, grey and below. It shows where something is seen; whether samples differ
    is for ``cs.tl.compare`` to say.

    Parameters
    ----------
    adata
        Scored by ``cs.tl.score``, with an embedding; ``cs.tl.channels`` for receptors.
    ids
        A cytokine or axis, or several: one panel each on a grid of a new figure.
    basis
        Embedding: ``"umap"`` for ``obsm["X_umap"]``, or the name of the slot itself; its first
        two columns.
    what
        ``"score"`` (cytokines), ``"axis"`` (response axes), ``"ligand"`` or ``"receptor"``
        (expression).
    size
        Area of a point in square points. When None, as scanpy has it, 120,000 over the number of
        cells on axes of 4 × 4 inches, less on smaller ones; 120 at most.
    sort
        Draw the largest values on top, of z the largest on either side of 0; False keeps the
        order of ``obs``.
    key
        ``key_added`` of the scoring run.
    ax
        Axes to draw on, for one id; those of a new pyplot figure when None.

    Returns
    -------
    The axes of one id, or those of several by id. More than 500 points are drawn as an image,
    in vector formats, too.

    Raises
    ------
    UsageError
        When an id, the embedding or the table is not there, or several ids are to go on one axes.
    DataError
        When the embedding has fewer than two columns.

    Examples
    --------
    >>> import cytosig as cs
    >>> adata = cs.datasets.oligodendroglioma()
    >>> cs.tl.score(adata, n_jobs=1)
    >>> adata.obsm["X_pca"] = adata.obsm["cytosig_axis"].to_numpy()[:, :2]  # any two numbers a cell
    >>> panels = cs.pl.embedding(adata, ids=["IFNG", "IL33"], basis="pca")
    >>> [ax.get_title() for ax in panels.values()]
    ['IFNG', 'IL33 (D)']
    """
    wanted = [ids] if isinstance(ids, str) else list(dict.fromkeys(ids))
    if ax is not None and not isinstance(ids, str):
        raise UsageError(
            f"ax= is one axes, and ids={ids!r} a list: call once for each id, or leave ax= out."
        )
    among = ("score", "axis", "ligand", "receptor")
    shown = values_of(adata, what, key=key, ids=wanted, among=among)
    places, named = _places(adata, basis)
    if size is not None and not size > 0:
        raise UsageError(f"size={size!r}: expected an area in square points, above 0.")
    names = [str(name) for name in adata.obs_names]

    def draw(id: str, ax: Axes) -> Axes:
        return _Panel(id, shown, places, named, names).draw(ax, size, sort)

    if isinstance(ids, str):
        return draw(ids, _axes.axes_or_new(ax, width=4.2, height=3.4))
    panels = _axes.panels(wanted, width=3.3, height=2.8)
    return {id: draw(id, panel) for id, panel in panels.items()}


def _places(adata: AnnData, basis: str) -> tuple[Array, str]:
    """Cells × 2, and what the axes are called."""
    slot = next((name for name in (f"X_{basis}", basis) if name in adata.obsm), None)
    if slot is None:
        raise UsageError(
            f"basis={basis!r}: obsm has neither {'X_' + basis!r} nor {basis!r}; it has"
            f" {names_of(adata.obsm)}. Run sc.tl.umap(adata) or another embedding first."
        )
    stored = adata.obsm[slot]
    found = np.asarray(stored.toarray() if hasattr(stored, "toarray") else stored)
    if found.ndim != 2 or found.shape[1] < 2:
        raise DataError(f"obsm[{slot!r}] has the shape {found.shape}; expected two columns.")
    return found[:, :2].astype(np.float64), slot.removeprefix("X_").upper()


class _Panel:
    """One id on the embedding."""

    def __init__(
        self,
        id: str,
        shown: Values,
        places: Array,
        basis: str,
        names: Sequence[str],
    ) -> None:
        self.id, self.shown = id, shown
        self.places, self.basis, self.names = places, basis, names
        self.values = shown.table[id].to_numpy(dtype=np.float64)
        self.there = np.isfinite(places).all(axis=1)
        self.scored = self.there & np.isfinite(self.values)
        self.grade = shown.grades.get(id, "")

    def draw(self, ax: Axes, given: float | None, sort: bool) -> Axes:
        from cytosig.pl._ticks import plain

        size = self._size(ax) if given is None else given
        blank = np.flatnonzero(self.there & ~self.scored)
        self._scatter(ax, blank, size / 3, colours=None)
        self._scatter(ax, self._order(sort), size, colours=self.values)
        ax.set_title(self.shown.title(self.id), fontsize=10)
        ax.set_xticks([])
        ax.set_yticks([])
        ax.set_xlabel(f"{plain(self.basis)}1", fontsize=8)
        ax.set_ylabel(f"{plain(self.basis)}2", fontsize=8)
        ax.spines[["top", "right"]].set_visible(False)
        _axes.note(ax, self._notes(len(blank)))
        return ax

    def _size(self, ax: Axes) -> float:
        box = ax.get_window_extent()
        inches = box.width * box.height / ax.figure.dpi**2
        return min(AREA * inches / max(len(self.places), 1), _LARGEST)

    def _order(self, sort: bool) -> NDArray[np.intp]:
        cells = np.flatnonzero(self.scored)
        if not sort:
            return cells
        values = self.values[cells]
        return cells[np.argsort(np.abs(values) if self.shown.about_zero else values, kind="stable")]

    def _scatter(
        self, ax: Axes, cells: NDArray[np.intp], size: float, /, *, colours: Array | None
    ) -> None:
        if not len(cells):
            return
        few = len(self.places) <= _FEW
        marks = ax.scatter(
            self.places[cells, 0], self.places[cells, 1], s=size, linewidths=0, rasterized=not few,
            c=_scales.NOT_SCORED if colours is None else colours[cells],
        )  # fmt: skip
        if few:
            _tips.attach(marks, [self._tip(cell) for cell in cells])
        if colours is not None:
            self._colour(ax, marks, colours[cells])

    def _colour(self, ax: Axes, marks: PathCollection, values: Array) -> None:
        both = self.shown.about_zero
        low, high = _scales.colour_limits(values, both)
        marks.set_cmap(_scales.on_white(_scales.both_sides() if both else _scales.one_side()))
        marks.set_clim(low, high)
        below, above = bool((values < low).any()), bool((values > high).any())
        bar = _scales.colour_bar(ax, marks, self.shown.scale, below=below, above=above, longest=1.5)
        bar.yaxis.label.set_fontsize(8)

    def _tip(self, cell: int) -> str:
        value = self.values[cell]
        said = "not scored" if np.isnan(value) else _words.number(value, signed=False)
        return f"{self.names[cell]}: {self.id} {said}"

    def _notes(self, blank: int) -> list[str]:
        lost = int((~self.there).sum())
        notes = {
            f"grade {self.grade}: weak experimental support": _grades.is_weak(self.grade),
            f"small, grey: {blank} not scored": blank > 0,
            f"{lost} without a place in the embedding not drawn": lost > 0,
        }
        return [text for text, applies in notes.items() if applies]
