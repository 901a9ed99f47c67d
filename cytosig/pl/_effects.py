"""Rows of a stored comparison to set side by side, and the effect that is drawn of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from cytosig._errors import DataError, UsageError
from cytosig._obs import names_of
from cytosig.pl import _compared, _words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anndata import AnnData

MIDDLES = {
    "estimate": 0.0, "hedges_g": 0.0, "spearman": 0.0, "auroc": 0.5, "concordance": 0.5,
    "hazard_ratio": 1.0,
}  # fmt: skip
"""Effects, and their value where there is none."""
_ON = {"of AUROC": "auroc", "of Spearman": "spearman"}


class Rows(NamedTuple):
    """What is drawn: one row a label of the column ``along``."""

    found: pd.DataFrame
    along: str
    effect: str
    main: str
    """The effect that p and the spread between cohorts are of."""

    @property
    def pooled(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Which rows pool cohorts."""
        if "cohort" not in self.found:
            return np.zeros(len(self.found), dtype=bool)
        return np.asarray(self.found["cohort"] == _compared.POOLED)

    def values(self) -> tuple[np.ndarray[Any, np.dtype[np.float64]], ...]:
        """The effect and its ends."""
        stem = "ci" if self.effect == "estimate" else self.effect
        columns = (self.effect, f"{stem}_low", f"{stem}_high")
        return tuple(self.found[column].to_numpy(np.float64) for column in columns)


def rows_of(
    adata: AnnData,
    names: Sequence[str],
    /,
    *,
    key: str,
    compare_key: str,
    table: str | None,
    contrast: str | None,
    cell_type: str | None,
    effect: str | None,
) -> Rows:
    """Rows of these names; along cohorts, cell types or contrasts where there is one name."""
    stored = _compared.table_of(adata, compare_key, key=key)
    found = _of_names(stored, names, table)
    given = {"contrast": contrast, "cell_type": cell_type}
    found = _compared.narrowed(found, {k: v for k, v in given.items() if v is not None})
    along = _along(found, len(names))
    if along == "name" and "cohort" in found:
        found = found[(found["cohort"] == _compared.POOLED).to_numpy()]
    others = [column for column in given if column != along]
    found = _compared.narrowed(found, dict.fromkeys(others))
    if along == "cohort":
        last = (found["cohort"] == _compared.POOLED).to_numpy()
        found = pd.concat([found[~last], found[last]])
    main = _main(found)
    chosen = main if effect is None else effect
    there = [name for name in MIDDLES if name in found and f"{_stem(name)}_low" in found]
    if chosen not in there:
        raise UsageError(f"effect={chosen!r}; the stored comparison has {names_of(there)}.")
    if found[chosen].isna().all():
        why = next((reason for reason in found.get("reason", ()) if reason), "no reason is stored")
        raise DataError(f"{chosen} is empty in all {len(found)} rows: {why}.")
    return Rows(found.reset_index(drop=True), along, chosen, main)


def _of_names(stored: pd.DataFrame, names: Sequence[str], table: str | None) -> pd.DataFrame:
    """Rows of these names in their order, each name of one table."""
    found = stored[stored["name"].isin(list(names)).to_numpy()]
    if table is not None:
        found = found[(found["table"] == table).to_numpy()]
    n_tables = found.groupby("name")["table"].nunique()
    for name in names:
        if n_tables.get(name, 0) != 1:  # refused, by name or by table
            _compared.narrowed(_compared.narrowed(stored, {"name": name}), {"table": table})
    place = {name: k for k, name in enumerate(names)}
    return found.iloc[np.argsort(found["name"].map(place).to_numpy(), kind="stable")]


def _along(found: pd.DataFrame, n_names: int) -> str:
    """What differs from row to row."""
    if n_names > 1:
        return "name"
    if "cohort" in found:
        return "cohort"
    if "cell_type" in found and found["cell_type"].nunique() > 1:
        return "cell_type"
    return "contrast"


def _stem(effect: str) -> str:
    return "ci" if effect == "estimate" else effect


def _main(found: pd.DataFrame) -> str:
    """The effect that the stored p is of."""
    if "hazard_ratio" in found:
        return "hazard_ratio"
    last = str(found["test"].iloc[-1]) if "test" in found else ""
    return next((effect for words, effect in _ON.items() if last.endswith(words)), "estimate")


def label_of(rows: Rows, /) -> str:
    """Name of the effect for the axis."""
    first = rows.found.iloc[0]
    contrast = str(first["contrast"]) if rows.found["contrast"].nunique() == 1 else "contrasts"
    of_groups = "group" in rows.found and rows.along != "contrast"
    less = f"{first['group']} less {first['reference']}" if of_groups else contrast
    against = f"{first['group']} against {first['reference']}" if of_groups else contrast
    plain = f"difference: {less}"
    if "hazard_ratio" in rows.found:
        plain = f"log hazard ratio for one SD more ({contrast})"
    elif "spearman" in rows.found:
        plain = f"slope along {contrast}"
    return {
        "estimate": plain,
        "hedges_g": f"Hedges' g: {less}",
        "auroc": f"AUROC: {against}",
        "spearman": f"Spearman's correlation with {contrast}",
        "hazard_ratio": f"hazard ratio for one SD more ({contrast})",
        "concordance": f"concordance ({contrast})",
    }[rows.effect]


def sizes_of(rows: Rows, /) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Samples of each row."""
    found = rows.found
    columns = ["n"] if "n" in found else ["n_group", "n_reference"]
    there = [column for column in columns if column in found]
    return np.asarray(found[there].sum(axis=1), dtype=np.float64)


def texts_of(rows: Rows, names: Sequence[str], /) -> list[str]:
    """What the mark of each row says."""
    sizes = sizes_of(rows)
    signed = MIDDLES[rows.effect] == 0
    said = []
    for place, (value, low, high) in enumerate(zip(*rows.values(), strict=True)):
        row = rows.found.iloc[place]
        numbers = _words.interval(value, low, high, signed=signed)
        test = str(row.get("test", ""))
        said.append(
            _words.sentences(
                [
                    f"{names[place]}: " + ("no value" if np.isnan(value) else numbers),
                    f"n = {sizes[place]:.0f}" + _parts(row),
                    _words.p_value("p", float(row["p"])) + (f" ({test})" if test else ""),
                    _words.p_value("q", float(row["q"])),
                    str(row.get("reason", "")),
                ]
            )
        )
    return said


def _parts(row: pd.Series[Any]) -> str:
    if "n_group" in row and "group" in row:
        return f" ({row['n_group']} {row['group']}, {row['n_reference']} {row['reference']})"
    return f", {row['n_events']} events" if "n_events" in row else ""
