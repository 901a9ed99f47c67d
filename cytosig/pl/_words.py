"""Words and numbers as texts on marks and small print say them."""

from __future__ import annotations

import math
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike

_DOLLAR = re.compile(r"(?<!\\)\$")


def no_formula(text: str, /) -> str:
    """A text whose dollar signs matplotlib draws as they are; one made so stays as it is."""
    return _DOLLAR.sub(r"\\$", text)


def near(name: object, there: Iterable[str], /) -> str:
    """Names that are spelt alike, for the end of a message; empty where none is."""
    upper = {one.upper(): one for one in there}
    found = [upper[match] for match in get_close_matches(str(name).upper(), upper, n=3)]
    return f" Near: {', '.join(found)}." if found else ""


def number(value: float, /, *, signed: bool = True) -> str:
    """Three digits, with a sign unless it is a size: ``+0.047``, ``−1.2``, ``∞``."""
    if math.isnan(value):
        return "no value"
    text = f"{value:+.3g}" if signed else f"{value:.3g}"
    return text.replace("-", "−").replace("inf", "∞")


def decimal(value: float, decimals: int, /, *, signed: bool = True) -> str:
    """To so many decimals; without a sign where that leaves 0, or none is wanted."""
    if not math.isfinite(value):
        return number(value, signed=signed)
    text = f"{value:+.{decimals}f}"
    plus = not float(text) or (text[0] == "+" and not signed)
    return text[1:] if plus else text.replace("-", "−")


def decimals_for(sizes: ArrayLike, /, *, digits: int) -> int:
    """Decimals that leave so many digits of a middling size."""
    import numpy as np

    found = np.abs(np.asarray(sizes, dtype=np.float64))
    found = found[np.isfinite(found) & (found > 0)]
    if not found.size:
        return 2
    return int(np.clip(digits - 1 - math.floor(math.log10(float(np.median(found)))), 0, 6))


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
