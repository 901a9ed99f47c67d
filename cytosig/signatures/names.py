"""Names people write for cytokines, brought to one form."""

from __future__ import annotations

import re

_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon",
    "κ": "kappa", "λ": "lambda", "ω": "omega",
}  # fmt: skip
_NOISE = re.compile(r"[\s\-_/.(),]+")


def normalise(name: str, /) -> str:
    """Bring a cytokine name to the form aliases are compared in.

    Case, blanks, hyphens and the spelling of Greek letters do not count.

    Examples
    --------
    >>> normalise("TNF-α") == normalise("tnf alpha")
    True
    """
    text = name.casefold()
    for letter, word in _GREEK.items():
        text = text.replace(letter, word)
    return _NOISE.sub("", text)
