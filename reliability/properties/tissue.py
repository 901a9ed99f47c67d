"""Cells of patients, and bulk samples, for the tools that ask for samples and cell types."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

import cytosig as cs
from reliability.properties import cells, names

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

    from cytosig.signatures import Catalogue

TYPES = ("T cell", "Macrophage", "Fibroblast", "what is this?")


@cache
def few_cytokines() -> Catalogue:
    """Four of the curated cytokines with all that is known of them."""
    return cs.signatures.load().subset(["IFNG", "TGFB1", "IL6", "TNF"])


@cache
def their_genes() -> tuple[str, ...]:
    """Twelve genes of each list, ligands and receptors."""
    found = [gene for signature in few_cytokines() for gene in list(signature.weights)[:12]]
    for cytokine in few_cytokines().cytokines.values():
        found += [g for form in (*cytokine.ligands, *cytokine.receptors) for g in form.genes]
    return tuple(dict.fromkeys(found))


@st.composite
def tissues(draw: DrawFn, *, odd: bool = True) -> cells.Given:
    """Up to forty cells of up to six samples and three types, or as many bulk samples.

    With ``odd`` values may be spoilt and a column may be anything.
    """
    n = draw(st.sampled_from((24, 12, 30, 40, 18, 6, 3, 1, 0) if odd else (24, 30, 36, 40)))
    kind = draw(
        st.sampled_from(("counts", "counts", "logged", "linear", "contrasts")[: 5 if odd else 3])
    )
    wanted = [*their_genes(), *(f"FILL{i:02d}" for i in range(draw(st.integers(0, 30))))]
    x = draw(cells.values(n, len(wanted), kind, plain=not odd))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    sample = np.sort(rng.integers(0, draw(st.integers(3, 6)), n))
    planned: dict[str, Any] = {
        "sample": [f"s{k}" for k in sample],
        "cell_type": np.array(TYPES)[rng.integers(0, draw(st.integers(2, 4)), n)],
        "arm": np.where(sample % 2, "treated", "control"),
        "age": sample * 7.0 + 40,
        "months": sample + 1.5,
        "died": (sample % 3 > 0).astype(float),
    }
    obs = pd.DataFrame(planned, index=[f"cell{i}" for i in range(n)])
    if odd and draw(st.booleans()):
        which = draw(st.sampled_from(sorted(planned)))
        obs[which] = draw(names.columns(n)).array
    if odd and draw(st.integers(0, 4)) == 0:
        obs.index = draw(names.indexes(n))
    layout = draw(st.sampled_from(("C", "csr", "csc")))
    var = pd.DataFrame(index=pd.Index(wanted, dtype=object))
    return cells.Given(cells.assembled(x, obs, var, layout), kind, layout)
