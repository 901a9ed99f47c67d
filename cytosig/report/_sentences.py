"""Small pieces of prose: counts, lists, numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

_MOST = 8


def count(n: int, one: str, many: str = "", /) -> str:
    """A number and what it counts.

    Examples
    --------
    >>> count(1, "sample"), count(1200, "sample"), count(2, "analysis", "analyses")
    ('1 sample', '1,200 samples', '2 analyses')
    """
    return f"{n:,} {one if n == 1 else many or f'{one}s'}"


def listed(names: Iterable[str], /, *, most: int = _MOST) -> str:
    """Names with commas between, the number of what is left out at the end.

    Examples
    --------
    >>> listed(["a"]), listed(["a", "b", "c"]), listed("abcdef", most=2)
    ('a', 'a, b and c', 'a, b and 4 more')
    """
    every = list(names)
    if len(every) > most + 1:
        return f"{', '.join(every[:most])} and {len(every) - most} more"
    return f"{', '.join(every[:-1])} and {every[-1]}" if len(every) > 1 else "".join(every)


def signed(value: float, digits: int = 2, /) -> str:
    """A number with a minus that is one.

    Examples
    --------
    >>> signed(-0.128), signed(3)
    ('−0.13', '3.00')
    """
    return f"{value:.{digits}f}".replace("-", "−")


def question(params: Mapping[str, Any], /) -> str:
    """What a comparison asked, in a few words.

    Examples
    --------
    >>> question({"groupby": "response"}), question({"survival": ["months", "died"]})
    ('Groups of response', 'Survival')
    """
    if params.get("groupby") is not None:
        pooled = params.get("cohort_key")
        return f"Groups of {params['groupby']}{f', {pooled} by {pooled}' if pooled else ''}"
    if params.get("survival") is not None:
        return "Survival"
    return f"Trend with {params.get('covariate')}"
