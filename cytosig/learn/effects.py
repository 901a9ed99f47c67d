"""What the treatment does to every gene, which genes pass, and what each weighs.

Weights follow the rule of the shipped signatures (docs/signatures.md), as far as one study
without a prior allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from cytosig._errors import DataError
from cytosig.stats.design import design_matrix
from cytosig.stats.groups import fdr
from cytosig.stats.moderated import moderated_t

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from cytosig.learn.experiment import Experiment
    from cytosig.signatures import Catalogue

FEWEST_GENES = 5
"""A score asks for that many."""
LEVEL = 0.95
"""Of the interval whose near end ranks the genes."""
_STRONG = 300.0  # the gene of this rank counts half of the first
_RIVALS = 0.5  # how hard the answers of other axes press on a weight
_LEAST = 0.05  # share of the largest weight below which a gene is left out
_LOWERED = 5  # one gene in so many may be a lowered one
_SIDE, _TREATED = "side of the experiment", "treated"


@dataclass(frozen=True, slots=True)
class Bars:
    """What a gene must pass to be listed; see :func:`cytosig.learn.learn`."""

    max_genes: int
    max_q: float
    min_lfc: float
    drop_programmes: bool


def changes_of(experiment: Experiment, /) -> pd.DataFrame:
    """Moderated t of every gene, with what is held constant in the design.

    Returns
    -------
    One row a gene that could be tested: ``lfc`` (log2), ``lfc_low``, ``lfc_high``, ``t``, ``df``,
    ``p``, ``q`` (Benjamini and Hochberg) and ``confident``: the end of the 95 % interval nearer to
    0, and 0 where the interval holds it.

    Raises
    ------
    DataError
        When the design leaves nothing to judge by.
    """
    import pandas as pd

    held = experiment.held
    held = held.loc[:, held.nunique() > 1]  # in some of the samples it may not vary
    side = pd.Series(np.where(experiment.treated, _TREATED, "control"), held.index, name=_SIDE)
    covariates = held if held.shape[1] else None
    design = design_matrix(side, reference="control", covariates=covariates)
    if np.linalg.matrix_rank(design.to_numpy()) >= len(design):
        raise DataError(
            f"{len(design)} samples and as many unknowns ({experiment.design}): nothing is left to"
            " judge a difference by. Add samples, or hold less constant."
        )
    coefficient = f"{_SIDE}[{_TREATED}]"
    found = moderated_t(experiment.values, design, coefficient=coefficient, level=LEVEL).table
    found = found[found["p"].notna()]
    nearer = np.where(found["estimate"] > 0, found["ci_low"], -found["ci_high"])
    names = {"estimate": "lfc", "ci_low": "lfc_low", "ci_high": "lfc_high", "statistic": "t"}
    table = found.rename(columns=names)[["lfc", "lfc_low", "lfc_high", "t", "df", "p"]]
    return table.assign(
        q=fdr(table["p"].to_numpy()),
        confident=np.sign(table["lfc"]) * np.maximum(nearer, 0.0),
    )


@cache
def _programmes() -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """Programme by gene, and by how names begin."""
    text = (files("cytosig.learn") / "data" / "programs.tsv").read_text(encoding="utf-8")
    exact: dict[str, str] = {}
    begins: list[tuple[str, str]] = []
    for line in text.splitlines()[1:]:
        name, symbols, _ = line.split("\t")
        for symbol in symbols.split():
            if symbol.endswith("*"):
                begins.append((symbol[:-1], name))
            else:
                exact[symbol] = name
    return exact, tuple(begins)


def programme_of(gene: str, /) -> str:
    """The programme of growth, stress, handling or content that a gene marks; empty for none.

    Examples
    --------
    >>> programme_of("RPL3"), programme_of("MKI67"), programme_of("SOCS3")
    ('ribosome', 'proliferation', '')
    """
    exact, begins = _programmes()
    return exact.get(gene) or next((name for stem, name in begins if gene.startswith(stem)), "")


def rivals_of(catalogue: Catalogue, axis: str, /) -> dict[str, float]:
    """Sum over the other axes of the largest weight, either way, that each gives a gene."""
    home = {member: a.id for a in catalogue.axes.values() for member in a.members}
    largest: dict[str, dict[str, float]] = {}
    for signature in catalogue:
        of = home.get(signature.id, signature.id)
        if axis and of == axis:
            continue
        here = largest.setdefault(of, {})
        for gene, weight in signature.weights.items():
            here[gene] = max(here.get(gene, 0.0), abs(weight))
    total: dict[str, float] = {}
    for here in largest.values():
        for gene, weight in here.items():
            total[gene] = total.get(gene, 0.0) + weight
    return total


def passing(table: pd.DataFrame, bars: Bars, /) -> pd.DataFrame:
    """Genes that pass the bars, programmes left out where they are to be."""
    found = table[
        (table["q"] <= bars.max_q)
        & (table["lfc"].abs() >= bars.min_lfc)
        & (table["confident"] != 0)
    ]
    if bars.drop_programmes:
        found = found[np.array([not programme_of(gene) for gene in found.index], dtype=bool)]
    return found


def weighed(table: pd.DataFrame, bars: Bars, rivals: Mapping[str, float], /) -> dict[str, float]:
    r"""Signed weights of the genes listed, the largest first: 1, in two decimals.

    The genes of the largest confident changes are listed, at most one in five of them lowered.
    With r the rank of a gene among all that pass:

    .. math:: y = 1 / (1 + (r / 300)^2), \quad
              W = y^2 / (y + \tfrac12 \sum_{\text{other axes}} \max |w|)

    The shipped lists are cut after W, not before: theirs rest on several studies. In one study
    the genes that no other signature names are those of the culture, too.
    """
    found = passing(table, bars)
    order = np.lexsort((found.index, -found["confident"].abs()))
    names, sign = found.index[order], np.sign(found["confident"].to_numpy()[order])
    lowered = sign < 0
    few = ~lowered | (np.cumsum(lowered) <= bars.max_genes // _LOWERED)
    kept = np.flatnonzero(few)[: bars.max_genes]
    y = 1 / (1 + ((kept + 1) / _STRONG) ** 2)
    w = y**2 / (y + _RIVALS * np.array([rivals.get(str(gene), 0.0) for gene in names[kept]]))
    w = np.round(w / w.max(initial=0.0), 2)
    return {
        str(names[kept[i]]): float(sign[kept[i]] * w[i])
        for i in np.argsort(-w, kind="stable")
        if w[i] >= _LEAST
    }
