"""Names as people hand them in: of genes, of observations, of columns, of groups."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

ODD = (
    "", " ", "\t", "a\nb", "a\r\nb", "=1+1", "@SUM(A1)", "+1", "-1", "<script>alert(1)</script>",
    "&amp;", "שלום", "\u202eabc", "\ufeffx", "👩‍🔬", "e\u0301", "é", "0", "1", "1.0", "1e5", "inf",
    "nan", "NaN", "NA", "None", "True", "a/b", "..", ".", "\x00", "\x07", "\x7f", "'", '"', "%s",
    "{0}", "\\", "$x$", "a,b", "a;b", "a|b", "x" * 400, "índex", "_index", "index", "sample",
)  # fmt: skip
COLUMNS = (
    *("category",) * 3, "text", "string", "mixed", "whole", "real", "flag", "Int64", "boolean",
    "date", "span", "complex",
)  # fmt: skip
KINDS = (*("text", "object", "category", "string") * 5, "whole", "real", "date")


def odd() -> SearchStrategy[str]:
    """Any text, and texts that have broken programs before."""
    return st.one_of(st.sampled_from(ODD), st.text(max_size=12))


@cache
def known_genes() -> tuple[str, ...]:
    """Eighty genes of the curated catalogue: of signatures, of ligands and of receptors."""
    import cytosig as cs

    catalogue = cs.signatures.load()
    forms = [
        gene
        for cytokine in list(catalogue.cytokines.values())[:20]
        for form in (*cytokine.ligands, *cytokine.receptors)
        for gene in form.genes
    ]
    return tuple(dict.fromkeys([*catalogue.genes[:50], *forms]))[:80]


@st.composite
def genes(draw: DrawFn, n: int, *, plain: bool = False) -> list[str]:
    """Names of n genes in any order: known ones, and odd ones among the others."""
    wanted = known_genes()
    n_known = n if plain else draw(st.integers(min(n, 30), max(n, 30)))
    found = list(wanted[:n_known])[:n]
    others = [f"FILL{i:03d}" for i in range(n - len(found))]
    if not plain and others:
        for i, name in enumerate(draw(st.lists(odd(), max_size=min(4, len(others))))):
            others[i] = name
    found += others
    if not plain and n > 1 and draw(st.integers(0, 9)) == 0:
        found[-1] = found[0]
    order = np.random.default_rng(draw(st.integers(0, 99))).permutation(n)
    return [found[i] for i in order]


@st.composite
def indexes(draw: DrawFn, n: int) -> pd.Index[Any]:
    """Names of n observations: texts, numbers, categories or dates; given twice, or missing."""
    kind = draw(st.sampled_from(KINDS))
    if kind == "whole":
        return pd.Index(
            draw(st.lists(st.integers(-3, 10**6), min_size=n, max_size=n)), dtype="int64"
        )
    if kind == "real":
        values = draw(st.lists(st.floats(-9, 9) | st.just(np.nan), min_size=n, max_size=n))
        return pd.Index(values, dtype="float64")
    if kind == "date":
        days = draw(st.lists(st.integers(0, 20000), min_size=n, max_size=n))
        return pd.DatetimeIndex(pd.to_datetime(days, unit="D"))
    plain = [f"cell{i}" for i in range(n)]
    for i, name in enumerate(draw(st.lists(odd(), max_size=min(n, 4)))):
        plain[i] = name
    if kind == "category":
        return pd.CategoricalIndex(plain)
    return pd.Index(plain, dtype={"text": str, "object": object, "string": "string"}[kind])


@st.composite
def columns(draw: DrawFn, n: int) -> pd.Series[Any]:
    """A column of obs of any type, with gaps, with levels that nobody has."""
    kind = draw(st.sampled_from(COLUMNS))
    seed = draw(st.integers(0, 999))
    codes = np.random.default_rng(seed).integers(-draw(st.booleans()), draw(st.integers(1, 4)), n)
    if kind == "category":
        levels = draw(st.lists(odd(), min_size=5, max_size=6, unique=True))
        return pd.Series(pd.Categorical.from_codes(codes, levels, ordered=draw(st.booleans())))
    if kind in ("text", "string", "mixed"):
        made: list[Any] = [("b", "a", "", "c", None)[code] for code in codes]
        made = [i if kind == "mixed" and i % 2 else one for i, one in enumerate(made)]
        return pd.Series(made, dtype="string" if kind == "string" else object)
    if kind in ("Int64", "boolean"):
        gaps = pd.array([None if code < 0 else code for code in codes], dtype="Int64")
        return pd.Series(gaps if kind == "Int64" else gaps > 0)
    if kind == "date":
        return pd.Series(pd.to_datetime(codes, unit="D"))
    if kind == "span":
        return pd.Series(pd.to_timedelta(codes, unit="D"))
    numbers = np.where(codes < 0, np.nan, codes)
    return pd.Series({"real": numbers, "flag": codes > 0, "complex": codes + 1j}.get(kind, codes))
