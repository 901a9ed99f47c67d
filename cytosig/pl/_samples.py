"""Samples of a stored balance, and what obs says of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cytosig._errors import DataError, UsageError
from cytosig._obs import column_of
from cytosig.pl import _stored, _words

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from anndata import AnnData

RUN = "cs.tl.balance(adata)"


class Relative(NamedTuple):
    """What a balance is relative to, the level of its intervals, and what was held constant."""

    to: str
    level: float
    held: tuple[str, ...]


def relative(adata: AnnData, /, *, key: str) -> Relative:
    """Read what the run recorded; files that say nothing get the defaults of the tool."""

    def recorded(name: str) -> Any:
        return _stored.parameter(adata, "balance", name, key=key)

    n, control = recorded("n_reference"), recorded("control")
    count = f"{n} samples" if n is not None else "samples"
    if recorded("reference") == "given":
        to = f"a stored reference of {count}"
    elif control is not None:
        to = f"the {count} with {control}"
    else:
        to = f"the mean of the {count} themselves"
    level, held = recorded("level"), recorded("adjusted_for")
    names = [] if held is None else [held] if isinstance(held, str) else list(held)
    return Relative(to, 0.95 if level is None else float(level), tuple(map(str, names)))


def table_of(
    adata: AnnData, name: str, /, *, key: str, needs: Sequence[str], run: str = RUN
) -> pd.DataFrame:
    """A table of the balance that has one row a sample, with the columns that are drawn."""
    table = _stored.tool_table(adata, name, key=key, run=run, needs=needs)
    table = table.set_axis(table.index.astype(str), axis=0)
    if not table.index.is_unique:
        twice = table.index[table.index.duplicated()][0]
        raise DataError(
            f"uns[{key!r}][{name!r}] has two rows of sample {twice!r}. Run {run} again."
        )
    return table


def chosen(there: Sequence[str], samples: Sequence[str] | None, /) -> list[str]:
    """The samples asked for, each once; all when None."""
    if samples is None:
        return list(there)
    wanted = [] if isinstance(samples, str) else list(dict.fromkeys(map(str, samples)))
    if not wanted:
        raise UsageError(f"samples={samples!r}; expected a list of samples of the balance.")
    for name in wanted:
        check_sample(name, there, argument="samples")
    return wanted


def check_sample(name: str, there: Sequence[str], /, *, argument: str) -> None:
    """Refuse a sample that has no row, and name those that are spelt alike."""
    if name in there:
        return
    few = ", ".join(map(repr, list(there)[:5]))
    hint = _words.near(name, there) or f" It has {len(there)}: {few} ..."
    raise UsageError(f"{argument}: the balance has no sample {name!r}.{hint}")


def sample_key(adata: AnnData, /, *, key: str) -> str | None:
    """Column of obs with the sample of each cell; None where observations are samples."""
    found = _stored.parameter(adata, "balance", "sample_key", key=key)
    return None if found is None else str(found)


def column_of_samples(
    adata: AnnData,
    column: str,
    samples: Sequence[str],
    /,
    *,
    argument: str,
    sample_key: str | None,
    gaps: bool = False,
) -> pd.Series[Any]:
    """A column of obs, one value for each of these samples in their order.

    Raises
    ------
    UsageError
        When there is no such column.
    DataError
        When it differs within a sample, a sample is not in obs, or entries are empty and ``gaps``
        are not fine.
    """
    import pandas as pd

    values = column_of(adata, column, argument=argument, gaps=gaps)
    of = _sample_of_each(adata, sample_key)
    wanted = of.isin(list(samples))
    values, of = values[wanted], of[wanted]
    first = ~of.duplicated()
    codes = pd.Series(pd.factorize(values)[0], index=of)
    differs = np.flatnonzero(codes.to_numpy() != codes[first].loc[of].to_numpy())
    if len(differs):
        raise DataError(
            f"{argument}: obs[{column!r}] is not the same in all cells of sample"
            f" {of[differs[0]]!r}. The sample is the unit, so give a column with one value a"
            " sample."
        )
    found: pd.Series[Any] = values[first].set_axis(of[first])
    lost = [name for name in samples if name not in found.index]
    if lost:
        where = "obs_names" if sample_key is None else f"obs[{sample_key!r}]"
        raise DataError(
            f"{argument}: sample {lost[0]!r} of the balance is not in {where}"
            f" ({len(lost)} of {len(samples)} are not). Run {RUN} on these data, or pass samples="
            " those that are there."
        )
    return found.loc[list(samples)]


def groups_of(
    adata: AnnData, groupby: str, samples: Sequence[str], /, *, key: str
) -> pd.Series[Any]:
    """Group of each of these samples, categories in the order of the column, else sorted."""
    found = column_of_samples(
        adata, groupby, samples, argument="groupby", sample_key=sample_key(adata, key=key)
    )
    groups: pd.Series[Any] = found.astype("category").cat.remove_unused_categories()
    return groups


def _sample_of_each(adata: AnnData, sample_key: str | None) -> pd.Index[str]:
    import pandas as pd

    if sample_key is None:
        return pd.Index([str(name) for name in adata.obs_names])
    labels = column_of(adata, sample_key, argument="sample_key")
    return pd.Index([str(label) for label in labels])
