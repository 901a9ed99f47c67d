"""What a run found, in a table short enough to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cytosig._keys import Keys
from cytosig._log import logger

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]

    from cytosig.cli._output import Cell
    from cytosig.methods import Method

_P = 0.05
_TOP = 10
_LOW, _HIGH = 0.05, 0.95


def scores(adata: AnnData, key: str, word: str, /) -> dict[str, pd.DataFrame]:
    """Scores, of the axes where there are any and of what ``word`` calls the columns."""
    keys = Keys(key)
    names = {"axis": keys.axis, word: keys.score}
    return {level: adata.obsm[slot] for level, slot in names.items() if slot in adata.obsm}


def levels(adata: AnnData, key: str, word: str, /) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """Each z with its p, of the axes where there are any and of what ``word`` calls the columns."""
    keys = Keys(key)
    p = {"axis": keys.axis_pvalue, word: keys.pvalue}
    return {level: (z, adata.obsm[p[level]]) for level, z in scores(adata, key, word).items()}


def grades(adata: AnnData, key: str, /) -> dict[str, str]:
    """Evidence grade of each signature, empty where it has none; axes have none."""
    coverage = adata.uns[Keys(key).uns]["coverage"]
    return dict(coverage["grade"]) if "grade" in coverage else {}


def shares(z: pd.DataFrame, p: pd.DataFrame, /) -> pd.DataFrame:
    """Mean z and shares of observations with p < 0.05 above and below zero; unscored ones apart."""
    import pandas as pd

    n = z.notna().sum()
    table = pd.DataFrame(
        {
            "mean_z": z.mean(),
            "up": ((p < _P) & (z > 0)).sum() / n,
            "down": ((p < _P) & (z < 0)).sum() / n,
            "n_scored": n,
        }
    )
    return table[table["n_scored"] > 0]


def extent(score: pd.DataFrame, /) -> pd.DataFrame:
    """Mean, 5th and 95th percentile over the observations; unscored ones apart."""
    import pandas as pd

    table = pd.DataFrame(
        {
            "mean": score.mean(),
            "p5": score.quantile(_LOW),
            "p95": score.quantile(_HIGH),
            "n_scored": score.notna().sum(),
        }
    )
    return table[table["n_scored"] > 0]


def summary(
    adata: AnnData,
    key: str,
    word: str,
    /,
    *,
    method: Method,
    let_go: Callable[[], None] = lambda: None,
) -> list[dict[str, Cell]]:
    """All axes and the cytokines that differ most, most first; ``let_go`` after every table."""
    tables: dict[str, pd.DataFrame] = {}
    if method.tested:
        for level, (z, p) in levels(adata, key, word).items():
            tables[level] = _often(z, p)
            let_go()
    else:
        for level, score in scores(adata, key, word).items():
            tables[level] = _wide(score)
            let_go()
    named = {} if method.unit == "z" else {"mean_z": "mean"}
    grade = grades(adata, key)
    rows: list[dict[str, Cell]] = []
    for level, table in tables.items():
        shown = table.head(len(table) if level == "axis" else _TOP).rename(columns=named)
        for name, row in shown.iterrows():
            rows.append(
                {
                    "level": level,
                    "name": str(name),
                    "grade": "" if level == "axis" else grade.get(str(name), ""),
                    **{str(column): float(value) for column, value in row.items()},
                    "n_scored": int(row["n_scored"]),
                }
            )
    return rows


def caption(method: Method, /) -> str:
    """What the numbers of the summary are."""
    if method.tested:
        return f"mean {method.unit} and share of observations with p < {_P:g} above and below zero"
    return (
        f"mean, 5th and 95th percentile of the {method.unit} over the observations, the widest"
        f" apart first; {method.name} has no p-values"
    )


def decimals(rows: list[dict[str, Cell]], method: Method, /) -> int:
    """Two for z and the like; else as many as a scale from 0 to 1, or of thousands, asks for."""
    if method.tested:
        return 2
    largest = max((abs(v) for row in rows for v in row.values() if isinstance(v, float)), default=0)
    return 3 if largest < 10 else 1 if largest < 1000 else 0


def _often(z: pd.DataFrame, p: pd.DataFrame) -> pd.DataFrame:
    """The most often significant first."""
    table = shares(z, p).rename(columns={"up": "up_p05", "down": "down_p05"})
    table["either"] = table["up_p05"] + table["down_p05"]
    table["size"] = table["mean_z"].abs()
    table = table.sort_values(["either", "size"], ascending=False, kind="stable")
    return table.drop(columns=["either", "size"])


def _wide(score: pd.DataFrame) -> pd.DataFrame:
    """The most variable first."""
    table = extent(score)
    order = (table["p5"] - table["p95"]).sort_values(kind="stable").index
    return table.loc[order]


def say_coverage(adata: AnnData, key: str, /) -> None:
    """One notice on the signatures that are scored without all their genes."""
    coverage = adata.uns[Keys(key).uns]["coverage"]
    scored = coverage[coverage["reason"] == ""]
    part = scored[scored["n_found"] < scored["n_genes"]]
    logger.info("%d of %d signatures scored.", len(scored), len(coverage))
    if len(part):
        found = zip(part.index, part["n_found"], part["n_genes"], strict=True)
        logger.info(
            "Partly covered (genes found/all): %s.",
            ", ".join(f"{id} {n}/{every}" for id, n, every in found),
        )


def say_notes(adata: AnnData, key: str, /) -> None:
    """What was recognised and done."""
    logger.info("%s.", "; ".join(adata.uns[Keys(key).uns]["notes"]))


def say_compartments(adata: AnnData, key: str, /) -> None:
    """How the cell type labels were read, where they were asked for."""
    table = adata.uns[Keys(key).uns].get("compartments")
    if table is None:
        return
    counts = table.groupby("compartment")["n"].sum().sort_values(ascending=False, kind="stable")
    logger.info(
        "Compartments (observations): %s.", ", ".join(f"{name} {n}" for name, n in counts.items())
    )
    read = table[table["how"] != "unmapped"]
    for name, rows in read.groupby("compartment"):
        logger.info("%s: %s.", name, ", ".join(map(str, rows.index)))
