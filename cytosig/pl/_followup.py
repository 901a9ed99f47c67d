"""What a plot of survival reads: values, follow-up, and the test that is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig._errors import DataError, UsageError
from cytosig._keys import Keys
from cytosig._obs import column_of, names_of
from cytosig.pl import _compared, _samples, _stored, _words

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

SPLITS = {"sign": "above 0 or not", "median": "at the median", "verdict": "by verdict"}


def columns_of(
    adata: AnnData, survival: tuple[str, str] | None, compare_key: str, key: str
) -> tuple[str, str]:
    """Time and event, as asked for or as compared."""
    found: Any = survival
    if found is None:
        found = _stored.parameter(adata, compare_key, "survival", key=key)
        if found is None:
            raise UsageError(
                "survival=None, and no comparison of survival is stored as compare_key="
                f"{compare_key!r}: pass survival=(time, event), columns of obs."
            )
    if isinstance(found, str) or len(found) != 2:
        raise UsageError(f"survival={found!r}: expected (time, event), columns of obs.")
    return str(found[0]), str(found[1])


def sample_key_of(adata: AnnData, compare_key: str, key: str) -> str | None:
    found = _stored.parameter(adata, compare_key, "sample_key", key=key)
    return _samples.sample_key(adata, key=key) if found is None else str(found)


def values_of(
    adata: AnnData, by: str, cells: str | None, split: str, key: str
) -> tuple[pd.Series[Any], pd.Series[Any] | None, str]:
    """Value of every sample, verdicts where they are what splits, and the table it is of."""
    if split not in SPLITS:
        raise UsageError(f'split={split!r}; expected "sign", "median" or "verdict".')
    if _stored.has_table(adata, "balance", key=key):
        table = _samples.table_of(adata, "balance", key=key, needs=("balance", "verdict"))
        if by in table.columns and table[by].dtype.kind in "fiu":
            verdict = "verdict_context" if by == "balance_context" else "verdict"
            if split == "verdict" and by not in ("balance", "balance_context"):
                raise UsageError(f'split="verdict": {by!r} has none; use "sign" or "median".')
            return table[by].astype(np.float64), table[verdict].astype(str), "balance"
    if split == "verdict":
        raise UsageError('split="verdict" goes with by="balance" or "balance_context".')
    found = _score(adata, by, key)
    if found is None:
        raise UsageError(
            f"by={by!r} is no number of the balance table, no score and no axis under {key!r}; obsm"
            f" has {names_of(adata.obsm)}, uns[{key!r}] {names_of(adata.uns.get(key, {}))}."
        )
    values, what = found
    if cells is not None:
        of = column_of(adata, cells, argument="sample_key").astype(str)
        values = values.groupby(of.to_numpy()).mean()
    return values.set_axis(values.index.astype(str)), None, what


def _score(adata: AnnData, by: str, key: str) -> tuple[pd.Series[Any], str] | None:
    for what, slot in (("score", Keys(key).score), ("axis", Keys(key).axis)):
        if slot in adata.obsm:
            table = _stored.activities(adata, what=what, key=key, ids=None)
            if by in table.columns:
                return table[by].astype(np.float64), what
    return None


def follow_up(
    adata: AnnData, columns: tuple[str, str], samples: list[str], cells: str | None
) -> pd.DataFrame:
    import pandas as pd

    parts = {}
    for name, column in zip(("time", "event"), columns, strict=True):
        found = _samples.column_of_samples(
            adata, column, samples, argument="survival", sample_key=cells, gaps=True
        )
        try:
            parts[name] = found.astype(np.float64)
        except (TypeError, ValueError):
            some = names_of(map(str, found.dropna().unique()[:4]))
            raise UsageError(
                f"survival: obs[{column!r}] holds no numbers but {some}. Make it numeric"
                + (" (1 for an event)." if name == "event" else ".")
            ) from None
    return pd.DataFrame(parts)


def check(follow: pd.DataFrame, columns: tuple[str, str]) -> None:
    wrong = {
        "time": (~(follow["time"] > 0) | np.isinf(follow["time"]), "a time above 0"),
        "event": (~follow["event"].isin([0, 1]), "1 for an event and 0 for the end of follow-up"),
    }
    for (name, (odd, expected)), column in zip(wrong.items(), columns, strict=True):
        if odd.any():
            sample = follow.index[odd.to_numpy()][0]
            raise DataError(
                f"survival: obs[{column!r}] is {follow.loc[sample, name]:g} in sample {sample!r};"
                f" expected {expected}."
            )


def test_of(
    adata: AnnData, by: str, table: str, columns: tuple[str, str], compare_key: str, key: str
) -> str:
    """The Cox regression that is stored for this value and follow-up."""
    none = (
        f"No test stored: run cs.tl.compare(adata, survival={columns!r}) and pass its key_added as"
        " compare_key=."
    )
    if not _stored.has_table(adata, compare_key, key=key):
        return none
    found = _compared.table_of(adata, compare_key, key=key)
    if "hazard_ratio" not in found or "cell_type" in found:
        return none
    own = found["table"].eq(table) & found["name"].eq(by)
    found = found[own & found["contrast"].eq(", ".join(columns))]
    if "cohort" in found:
        found = found[found["cohort"] == _compared.POOLED]
    if found.empty:
        return none
    row = found.iloc[0]
    if np.isnan(row["hazard_ratio"]):
        return f"Cox regression on {by}: none ({row['reason']})."
    ends = (float(row[f"hazard_ratio{end}"]) for end in ("", "_low", "_high"))
    ratio = _words.interval(*ends, signed=False)
    held = _stored.parameter(adata, compare_key, "covariates", key=key)
    adjusted = "" if held is None else f", holding {', '.join(map(str, held))} constant"
    test = f"{row['test']}; " if "cohort" in row else ""
    return (
        f"Test, of {by} as it is: hazard ratio for one SD more {ratio}{adjusted};"
        f" {_words.p_value('p', float(row['p']))}, {_words.p_value('q', float(row['q']))};"
        f" {test}n = {row['n']}, {row['n_events']} events."
    )
