"""A cell type label as plain words: case, punctuation, plurals and numbers set aside."""

from __future__ import annotations

import re
import unicodedata

_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta",
    "κ": "kappa", "λ": "lambda", "μ": "mu", "φ": "phi", "ω": "omega",
}  # fmt: skip
_NEGATIVE = re.compile(
    r"(?:[A-Za-z]+\d\w*?|[A-Z]{3,})-(?=[\s_,;/)+]|$)|[A-Za-z0-9]+[- ]?(?:neg|negative)\b"
)
_POSITIVE = re.compile(r"(?<=\w\w)\+|[- ]positive\b|(?<=\d)pos\b")
_APART = re.compile(r"[/|&;,+]|\b(?:and|or|vs)\b", re.IGNORECASE)
_TISSUE = re.compile(r"^[bt](?=[A-Z])(?!Cells?\b)")
_CLUSTER = re.compile(r"c?\d+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_CELL = re.compile(r"(?:cell|lymphocyte)s?$")


def plain(label: str, /) -> str:
    """Greek letters spelled out, one kind of dash, markers without their signs.

    A marker that is negative (``CD16-``, ``CD34-negative``) says nothing and is taken out.

    Examples
    --------
    >>> plain("CD4⁻ CD8+ αβ T")
    ' CD8  alpha  beta  T'
    """
    text = unicodedata.normalize("NFKC", label)
    text = re.sub("[‐‑‒–—−]", "-", text)
    text = "".join(f" {_GREEK[c]} " if c in _GREEK else c for c in text)
    return _POSITIVE.sub(" ", _NEGATIVE.sub("", text))


def alternatives(text: str, /) -> list[str]:
    """What a plain text joins by a slash, a comma, an ampersand, ``and``, ``or`` ...

    Examples
    --------
    >>> alternatives("Mono/Mac & DC")
    ['Mono', 'Mac ', ' DC']
    """
    return [part for part in _APART.split(text) if part.strip()]


def tokens(text: str, /) -> list[tuple[str, str]]:
    """Every word of a plain text twice: as it is compared, and as it was written.

    Compared are lower case words without a plural's s. ``T cell`` and ``B lymphocyte`` make
    one word, ``tcell`` and ``bcell``; other cells, and numbers (``12``, ``c3``), fall away. A
    lower case b or t before a capital (``bMono``, ``tMac``: of blood, of tumour) falls away too.
    """
    found: list[tuple[str, str]] = []
    for raw in re.split(r"[\W_]+", text):
        written = _TISSUE.sub("", raw)
        token = written.casefold()
        stem = _CELL.sub("", token)
        if not token or _CLUSTER.fullmatch(token):
            continue
        if stem in ("t", "b") and stem != token:
            found.append((f"{stem}cell", written))
        elif stem:
            found.append((singular(stem), written))
        elif found and found[-1][0] in ("t", "b"):
            found[-1] = (f"{found[-1][0]}cell", found[-1][1])
        elif token.startswith("lymphocyte"):
            found.append(("lymphocyte", written))
    return found


def words(text: str, /) -> list[str]:
    """The words of a plain text as they are compared.

    Examples
    --------
    >>> words("3_bB cells (naive)")
    ['bcell', 'naive']
    >>> words("Alveolar Type 2 cells")
    ['alveolar', 'type']
    """
    return [word for word, _ in tokens(text)]


def pieces(written: str, /) -> list[list[str]]:
    """Other ways to read one word: without its final number, cut at its capitals.

    Examples
    --------
    >>> pieces("Fibro1"), pieces("MoMacDC")
    ([['fibro']], [['mo', 'mac', 'dc']])
    """
    numbered = re.fullmatch(r"([A-Za-z]{2,})\d+[a-z]?", written)
    cut = _HUMP.sub(" ", written)
    ways = [numbered[1]] if numbered else []
    return [words(way) for way in ([*ways, cut] if cut != written else ways)]


def singular(word: str, /) -> str:
    """Without the plural's s.

    Examples
    --------
    >>> singular("monocytes"), singular("serous")
    ('monocyte', 'serous')
    """
    plural = len(word) > 2 and word.endswith("s") and not word.endswith(("ss", "us", "is", "as"))
    return word[:-1] if plural else word
