"""What a run found, in a table short enough to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cytosig._keys import Keys
from cytosig._log import logger

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]

    from cytosig.cli._output import Cell

_P = 0.05
_TOP = 10


def levels(adata: AnnData, key: str, word: str, /) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """Each z with its p, of the axes where there are any and of what ``word`` calls the columns."""
    keys = Keys(key)
    names = {"axis": (keys.axis, keys.axis_pvalue), word: (keys.score, keys.pvalue)}
    return {
        level: (adata.obsm[z], adata.obsm[p]) for level, (z, p) in names.items() if z in adata.obsm
    }


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


def summary(adata: AnnData, key: str, word: str, /) -> list[dict[str, Cell]]:
    """All axes and the cytokines that differ most often, most often first."""
    rows: list[dict[str, Cell]] = []
    grade = grades(adata, key)
    for level, (z, p) in levels(adata, key, word).items():
        table = shares(z, p)
        table["either"] = table["up"] + table["down"]
        table["size"] = table["mean_z"].abs()
        table = table.sort_values(["either", "size"], ascending=False, kind="stable")
        for name, row in table.head(len(table) if level == "axis" else _TOP).iterrows():
            rows.append(
                {
                    "level": level,
                    "name": str(name),
                    "grade": "" if level == "axis" else grade.get(str(name), ""),
                    "mean_z": float(row["mean_z"]),
                    "up_p05": float(row["up"]),
                    "down_p05": float(row["down"]),
                    "n_scored": int(row["n_scored"]),
                }
            )
    return rows


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
