"""What changes with a condition: output, by more cells or by more a cell, and response."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cytosig.communication.response import scores, set_size
from cytosig.stats.design import INTERCEPT
from cytosig.stats.estimate import two_sided
from cytosig.stats.families import two_levels
from cytosig.stats.moderated import moderated_t

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from cytosig.communication.response import Genes
    from cytosig.communication.sources import Sources
    from cytosig.communication.targets import Targets
    from cytosig.communication.tissue import Tissue

    Array = NDArray[np.float64]

PARTS = ("output", "recruitment", "induction")


def changed_sources(
    tissue: Tissue, found: Sources, design: pd.DataFrame, asked: dict[str, str], /, *, level: float
) -> pd.DataFrame:
    """Change of every type's output of every cytokine, split into its two parts.

    Output is log2 of a type's share of the sample's cells plus log2(CPM + 10) of the ligand. The
    same linear model is fitted to the sum and to both parts, so that the coefficients add up:
    Δoutput = Δshare of cells (recruitment) + Δexpression in a cell (induction).

    Parameters
    ----------
    design
        Samples × columns, as :func:`cytosig.stats.design.design_matrix` makes it.
    asked
        By column of the design that is tested, what the contrast is called.
    """
    tables = []
    n = tissue.n_cells.sum(axis=1)
    with np.errstate(divide="ignore"):
        share = np.log2(tissue.n_cells / n[:, None])
    for column, label in asked.items():
        for t, used in _fitted(tissue, design, column):
            made = pd.DataFrame(found.log[used, t], columns=list(found.ids))
            abundance = np.where(made.notna(), share[used, t][:, None], np.nan)
            part = {
                "output": made + abundance,
                "recruitment": pd.DataFrame(abundance, columns=list(found.ids)),
                "induction": made,
            }
            tables.append(_source_rows(part, design[used], column, label, tissue.types[t], level))
    return _with_q(tables, "output_p")


def _source_rows(
    part: dict[str, pd.DataFrame],
    design: pd.DataFrame,
    column: str,
    label: str,
    type_: str,
    level: float,
) -> pd.DataFrame:
    columns = []
    for name in PARTS:
        # all cytokines of a type share one recruitment, which lends nothing
        fit = moderated_t(
            part[name].set_axis(design.index), design, coefficient=column, level=level,
            moderate=name != "recruitment",
        ).table  # fmt: skip
        own = fit[["estimate", "ci_low", "ci_high", "p"]].reset_index(drop=True)
        columns.append(own.set_axis([name, f"{name}_low", f"{name}_high", f"{name}_p"], axis=1))
    return pd.concat([_head(fit, type_, label), *columns], axis=1)


def changed_targets(
    tissue: Tissue,
    found: Targets,
    genes: Genes,
    design: pd.DataFrame,
    asked: dict[str, str],
    /,
    *,
    level: float,
) -> pd.DataFrame:
    """Change of every type's response to every cytokine, beyond what other genes change by."""
    tables = []
    for column, label in asked.items():
        for t, used in _fitted(tissue, design, column):
            lists = [found.lists[id][t] for id in found.ids]
            here = genes.values[used][:, [t]]
            values = pd.DataFrame(scores(here, lists)[:, 0], columns=list(found.ids))
            part = design[used]
            fit = moderated_t(
                values.set_axis(part.index), part, coefficient=column, level=level
            ).table
            tau2 = _between(here[:, 0, genes.background], part, column)
            further = tau2 * np.array([set_size(one) for one in lists])
            tables.append(
                pd.concat(
                    [_head(fit, tissue.types[t], label), _widened(fit, further, level)], axis=1
                )
            )
    return _with_q(tables, "p")


def _between(values: Array, design: pd.DataFrame, column: str) -> float:
    """Variance over genes of true coefficients."""
    table = moderated_t(
        pd.DataFrame(values, index=design.index), design, coefficient=column, moderate=False
    ).table
    known = table["se"].notna()
    estimate, se = table.loc[known, "estimate"], table.loc[known, "se"]
    return max(0.0, float((estimate**2).mean() - (se**2).mean())) if known.any() else 0.0


def _widened(fit: pd.DataFrame, further: Array, level: float) -> pd.DataFrame:
    """Estimate with the variance of other genes added to its own; two-sided p."""
    from scipy.special import stdtrit

    square = fit["se"].to_numpy() ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        df = fit["df"].to_numpy() * ((square + further) / square) ** 2
        se = np.sqrt(square + further)
        estimate = fit["estimate"].to_numpy()
        reach = stdtrit(df, (1 + level) / 2) * se
        p = two_sided(estimate / se, df)
    return pd.DataFrame(
        {"response": estimate, "ci_low": estimate - reach, "ci_high": estimate + reach, "p": p}
    )


def _fitted(
    tissue: Tissue, design: pd.DataFrame, column: str
) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """Types with samples enough for this coefficient, and which."""
    for t in range(len(tissue.types)):
        used = tissue.used[:, t]
        part = design[used]
        rest = part.drop(columns=column).to_numpy()
        rank = np.linalg.matrix_rank(part.to_numpy()) if len(part) else 0
        lost = not len(part) or rank == np.linalg.matrix_rank(rest)
        if not lost and len(part) > rank and part[column].nunique() > 1:
            yield t, used


def _head(fit: pd.DataFrame, type_: str, label: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "cytokine": fit.index.astype(str),
            "cell_type": type_,
            "contrast": label,
            "n_samples": fit["n"].to_numpy(),
        }
    )


def _with_q(tables: list[pd.DataFrame], p: str) -> pd.DataFrame:
    """All of them, with q in two levels inside each contrast."""
    if not tables:
        return pd.DataFrame()
    found = pd.concat(tables, ignore_index=True)
    q = np.full(len(found), np.nan)
    for label in found["contrast"].unique():
        here = (found["contrast"] == label).to_numpy()
        q[here] = two_levels(found.loc[here, p], found.loc[here, "cytokine"].to_numpy(dtype=str))
    return found.assign(q=q)


def contrasts(design: pd.DataFrame, key: str, baseline: str, /) -> dict[str, str]:
    """Columns of the design that belong to the condition, and what each contrast is called."""
    names = [c for c in design.columns if c != INTERCEPT and (c == key or c.startswith(f"{key}["))]
    return {
        c: f"per unit of {key}" if c == key else f"{c[len(key) + 1 : -1]} - {baseline}"
        for c in names
    }
