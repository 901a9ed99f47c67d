"""Who makes each cytokine, beside who answers it, as dots."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from cytosig._errors import UsageError
from cytosig.pl import _axes, _grades, _stored, _talk, _words
from cytosig.pl._colours import PALE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from anndata import AnnData
    from matplotlib.axes import Axes

    from cytosig.pl._mirror import Half

_COLUMNS = ("fraction", "p", "q", "n_samples")


def mirror_dotplot(
    adata: AnnData,
    *,
    cytokines: Sequence[str] | None = None,
    n: int = 20,
    condition: str | None = None,
    max_q: float | None = 0.05,
    key: str = "cytosig",
    ax: Axes | None = None,
) -> Axes:
    """Show who makes each cytokine (left) and who hears and answers it (right), as dots.

    One row a cytokine, one column a cell type on each side. Colours are the specificity of a
    source (log2 over the other types) and the response of a target (over the other types); sizes
    the share of cells with the ligand, or with the rarest subunit of the receptor. A ring marks
    q of ``max_q`` or less. Without a p a dot is open; a target of a cytokine without a response
    list is grey, since only its receptor is known. Nothing is computed.

    Parameters
    ----------
    adata
        With the tables of :func:`cytosig.tl.sources` and :func:`cytosig.tl.targets`.
    cytokines
        Rows, from top to bottom; when None the ``n`` with the smallest q of any source or target.
    n
        Most rows to choose.
    condition
        Level of the ``condition_key`` of the tables; needed where there are several.
    max_q
        Largest q that gets a ring; None for no rings.
    key
        ``key_added`` of the tools.
    ax
        Axes to draw on, best of a figure with ``layout="constrained"``; those of a new pyplot
        figure when None.

    Returns
    -------
    The axes. Colour bars are axes inside of them.

    Raises
    ------
    UsageError
        When a table, a cytokine or a condition is not there.
    DataError
        When a table is not as the tools write it.

    Examples
    --------
    >>> import anndata
    >>> import numpy as np
    >>> import pandas as pd
    >>> import cytosig as cs
    >>> row = {"cytokine": "IL6", "cell_type": "CAF", "condition": "all", "fraction": 0.4,
    ...        "specificity": 2.1, "response": -0.1, "p": 0.01, "q": 0.02, "n_samples": 8,
    ...        "grade": "C"}
    >>> adata = anndata.AnnData(np.ones((1, 1)))
    >>> adata.uns["cytosig"] = {"sources": pd.DataFrame([row]), "targets": pd.DataFrame([row])}
    >>> ax = cs.pl.mirror_dotplot(adata)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['IL6 (C)']
    """
    from cytosig.pl._mirror import Half

    _talk.check_max_q(max_q)
    made = _read(adata, "sources", "specificity", condition, key)
    heard = _read(adata, "targets", "response", condition, key)
    rows, how = _rows(made, heard, cytokines, n)
    types = _talk.cell_types(made["cell_type"], heard["cell_type"])
    halves = (
        Half.of(
            made, rows, [t for t in types if t in set(made["cell_type"])], colour="specificity",
            heading=("sources", "specificity, log2"), tell=_source,
        ),
        Half.of(
            heard, rows, [t for t in types if t in set(heard["cell_type"])], colour="response",
            heading=("targets", "response"), tell=_target,
        ),
    )  # fmt: skip
    grades = _grades_of(adata, heard, key)
    weak = any(_grades.is_weak(grades.get(id, "")[-1:]) for id in rows)
    differ = any("–" in grades.get(id, "") for id in rows)
    notes = [
        _talk.basis(adata, made, key=key),
        how,
        "specificity: log2 over the other types; response: over theirs, in spreads of a gene",
        "size: cells with the ligand, or with the rarest subunit of the receptor",
        "C, D: weak experimental support of the response list" if weak else "",
        "B–D and the like: cell types are read by lists of their own" if weak and differ else "",
    ]
    labels = [_label(id, grades.get(id, "")) for id in rows]
    return _draw(halves, labels, max_q, [line for line in notes if line], ax)


def _read(adata: AnnData, tool: str, colour: str, condition: str | None, key: str) -> pd.DataFrame:
    found = _talk.table(adata, tool, key=key, columns=[*_COLUMNS, colour])
    return _talk.of_level(found, condition, by="condition", what=tool)


def _rows(
    made: pd.DataFrame, heard: pd.DataFrame, cytokines: Sequence[str] | None, n: int
) -> tuple[list[str], str]:
    """Cytokines from top to bottom, and how they were chosen."""
    import pandas as pd

    both = pd.concat([made, heard])
    there = list(dict.fromkeys(both["cytokine"]))
    if cytokines is not None:
        return _talk.chosen(cytokines, there, argument="cytokines"), ""
    if n < 1:
        raise UsageError(f"n={n}: expected 1 row or more.")
    least = both.groupby("cytokine", sort=False)[["q", "p"]].min()
    if least["q"].notna().any():
        order, by = least.sort_values(["q", "p"], kind="stable"), "smallest q of a source or target"
    else:
        size = made["specificity"].abs().groupby(made["cytokine"]).max()
        order = size.reindex(there).sort_values(ascending=False, kind="stable").to_frame()
        by = "largest specificity of a source (there is no q: too few samples)"
    rows = [str(id) for id in order.index[:n]]
    few = f"{len(rows)} of {len(there)} cytokines" if n < len(there) else f"{len(rows)} cytokines"
    return rows, f"rows: {few}, by the {by}"


def _grades_of(adata: AnnData, heard: pd.DataFrame, key: str) -> dict[str, str]:
    """Grades of the lists that targets were read by; those of scoring where none were stored."""
    if "grade" not in heard:
        return _stored.grades(adata, key=key)
    known = heard["grade"].fillna("").astype(str)
    told = known[known != ""].groupby(heard["cytokine"]).agg(["min", "max"])
    return {
        str(id): best if best == worst else f"{best}–{worst}"
        for id, best, worst in zip(told.index, told["min"], told["max"], strict=True)
    }


def _label(id: str, grade: str) -> str:
    """Name of a row, with its grade where that is below B in any cell type."""
    return f"{id} ({grade})" if _grades.is_weak(grade[-1:]) else id


def _source(row: pd.Series[Any]) -> str:
    return _words.sentences(
        [
            f"{row['cell_type']} makes {row['cytokine']}: specificity "
            + _talk.with_interval(row, "specificity", "ci_low", "ci_high"),
            *_shared(row),
            f"share {row['share']:.0%} of the tissue's output" if row.get("share", -1) >= 0 else "",
            str(row.get("flags", "")),
        ]
    )


def _target(row: pd.Series[Any]) -> str:
    return _words.sentences(
        [
            f"{row['cell_type']} answers {row['cytokine']}: response "
            + _talk.with_interval(row, "response", "ci_low", "ci_high"),
            *_shared(row),
            str(row.get("class", "")),
            f"grade {row['grade']}" if row.get("grade") else "",
            str(row.get("flags", "")),
        ]
    )


def _shared(row: pd.Series[Any]) -> list[str]:
    cells = "" if math.isnan(row["fraction"]) else f"{row['fraction']:.0%} of its cells"
    return [_words.p_value("q", row["q"]), cells]


def _draw(
    halves: tuple[Half, Half],
    labels: list[str],
    max_q: float | None,
    notes: list[str],
    ax: Axes | None,
) -> Axes:
    from cytosig.pl import _mirror
    from cytosig.pl._ticks import LONGEST, name_places

    n_left, n_right = (len(half.types) for half in halves)
    each = _axes.extent(n_left + n_right, widest=0.34, narrowest=0.2, most=16) / (n_left + n_right)
    names = _axes.LETTER * min(max(map(len, labels)), LONGEST)
    gap = math.ceil(names / each + 0.2)
    n_columns = n_left + gap + n_right
    below = _axes.LETTER * min(max(len(t) for half in halves for t in half.types), LONGEST)
    ax = _axes.axes_or_new(
        ax,
        width=max(4.6, 1.9 + n_columns * each),
        height=2.2 + below + _axes.extent(len(labels), widest=0.3, narrowest=0.16, most=14),
    )
    ax.set_xlim(-0.5, n_columns - 0.5)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.spines[:].set_visible(False)
    ax.spines["left"].set_position(("data", n_left + gap - 0.7))
    firsts = (0, n_left + gap)
    columns = [*halves[0].types, *[""] * gap, *halves[1].types]
    name_places(ax.xaxis, columns)
    top = _mirror.most_cells(halves)
    for half, first in zip(halves, firsts, strict=True):
        _mirror.heading(ax, half, first, each * (len(half.types) + gap * 0.8))
    _mirror.legend(ax, halves, max_q, top)
    _axes.note(ax, notes)
    _axes.settle(ax)
    name_places(ax.xaxis, columns)
    name_places(ax.yaxis, labels)
    for half, first in zip(halves, firsts, strict=True):
        last = first + len(half.types) - 1
        ax.hlines(range(len(labels)), first - 0.5, last + 0.5, colors=PALE, linewidth=0.6, zorder=1)
        _mirror.dots(ax, half, first, max_q, top)
    _mirror.legend(ax, halves, max_q, top)
    return ax
