"""Colours that colour-blind eyes tell apart (Okabe and Ito), with one meaning in every plot."""

from __future__ import annotations

ANTI = "#0072B2"  # against the tumour
PRO = "#D55E00"  # for it
UNDECIDED = "#8c8c8c"
INK = "#333333"  # lines and letters that carry no meaning of their own
PALE = "#d9d9d9"
GROUPS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
"""Groups differ in shape, too, for print in grey."""

VERDICTS = {
    "anti-tumour": ANTI,
    "pro-tumour": PRO,
    "indeterminate": UNDECIDED,
    "insufficient coverage": PALE,
}


def of_group(place: int, /) -> str:
    """Colour of the n-th group; beyond the last they begin again, told apart by marker."""
    return GROUPS[place % len(GROUPS)]


def marker_of(place: int, /) -> str:
    """Marker of the n-th group, another one once colours begin again."""
    return MARKERS[(place + place // len(GROUPS)) % len(MARKERS)]


def of_sign(value: float, /) -> str:
    """Colour of what leans against the tumour (above 0), for it (below), or neither."""
    return ANTI if value > 0 else PRO if value < 0 else UNDECIDED
