"""How plots show evidence grades: what is graded below B is faded, hatched and lettered."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import Patch

WEAK = frozenset({"C", "D"})
FADE = 0.45  # share of white
HATCH = "//"
INK = "#9a9a9a"
NOTE = "faded, hatched: weak experimental support (grade C or D)"


def is_weak(grade: str, /) -> bool:
    """Whether a grade is below B; an unknown one (empty) is not."""
    return grade in WEAK


def labelled(id: str, grade: str, /) -> str:
    """Name on a tick: ``IL33 (D)`` below B, else the id alone."""
    return f"{id} ({grade})" if is_weak(grade) else id


def mark(patch: Patch, grade: str, /) -> None:
    """Fade and hatch a bar, dot or wedge in place when its grade is below B."""
    if is_weak(grade):
        from matplotlib.colors import to_rgb

        red, green, blue = (c + FADE * (1 - c) for c in to_rgb(patch.get_facecolor()))
        patch.set_facecolor((red, green, blue))
        patch.set_edgecolor(INK)
        patch.set_linewidth(0)
        patch.set_hatch(HATCH)


def veil(ax: Axes, column: int, n_rows: int, /) -> None:
    """Fade and hatch one column of an image of unit cells."""
    from matplotlib.patches import Rectangle

    ax.add_patch(
        Rectangle(
            (column - 0.5, -0.5),
            1,
            n_rows,
            facecolor=(1, 1, 1, FADE),
            edgecolor=INK,
            linewidth=0,
            hatch=HATCH,
        )
    )


def handle(colour: str = "#ffffff", note: str = NOTE, /) -> Patch:
    """Legend entry that explains the fading."""
    from matplotlib.patches import Patch

    patch = Patch(facecolor=colour, label=note)
    mark(patch, "D")
    return patch
