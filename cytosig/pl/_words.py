"""Numbers as texts on marks and small print say them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def number(value: float, /, *, signed: bool = True) -> str:
    """Three digits, with a sign unless it is a size: ``+0.047``, ``−1.2``, ``∞``."""
    if math.isnan(value):
        return "no value"
    text = f"{value:+.3g}" if signed else f"{value:.3g}"
    return text.replace("-", "−").replace("inf", "∞")


def decimal(value: float, decimals: int, /) -> str:
    """Signed, to so many decimals; without a sign where that leaves 0."""
    text = f"{value:+.{decimals}f}"
    return text.replace("-", "−") if float(text) else text[1:]


def interval(value: float, low: float, high: float, /, *, signed: bool = True) -> str:
    """A value with its interval: ``+0.05 (−0.02 to +0.12)``."""
    low_text, high_text = number(low, signed=signed), number(high, signed=signed)
    return f"{number(value, signed=signed)} ({low_text} to {high_text})"


def p_value(name: str, value: float, /) -> str:
    """``p = 0.031``, or that there is none."""
    if math.isnan(value):
        return f"no {name}"
    return f"{name} = {value:.2g}" if value >= 1e-99 else f"{name} < 1e-99"


def sentences(parts: Iterable[str], /) -> str:
    """Those that say something, as one text."""
    return "; ".join(part for part in parts if part)
