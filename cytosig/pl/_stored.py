"""What scoring left in an AnnData, read back and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cytosig._errors import DataError, UsageError
from cytosig._keys import Keys, check_format
from cytosig._obs import column_of, names_of
from cytosig.pl import _words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from anndata import AnnData


def activities(
    adata: AnnData, /, *, what: str, key: str, ids: Sequence[str] | None
) -> pd.DataFrame:
    """Read a table of ``obsm``, all columns or ``ids`` in that order.

    ``what`` is ``score`` (z of cytokines), ``axis``, ``ligand`` or ``receptor``.
    """
    _check(adata)
    slot = getattr(Keys(key), what)
    run = "cs.tl.channels" if what == "receptor" else "cs.tl.score"
    if slot not in adata.obsm:
        raise UsageError(
            f"obsm has no {slot!r}; it has {names_of(adata.obsm)}. Run {run}(adata) first, or"
            " pass the key= it was given as key_added."
        )
    table = adata.obsm[slot]
    if not hasattr(table, "columns"):
        raise DataError(
            f"obsm[{slot!r}] is a {type(table).__name__}; expected the DataFrame that {run}"
            " writes. Run it again."
        )
    return columns_of(table, ids, f"obsm[{slot!r}]")


def columns_of(table: pd.DataFrame, ids: Sequence[str] | None, where: str, /) -> pd.DataFrame:
    """All columns of a table, or ``ids`` in that order; ``where`` it is stored."""
    if ids is None:
        return table
    found: pd.DataFrame = table[_chosen(ids, list(table.columns), where)]
    return found


def coverage_table(adata: AnnData, /, *, key: str) -> pd.DataFrame:
    """Coverage of every signature, with a grade column of plain strings."""
    record = _record(adata, key)
    if "coverage" not in record:
        raise UsageError(
            f"uns has no coverage table under {key!r}; it has {names_of(adata.uns)}. Run"
            " cs.tl.score(adata) first, or pass the key= it was given as key_added."
        )
    table: pd.DataFrame = record["coverage"].copy()
    for column in ("grade", "reason"):  # files of old have no grade
        stored = table[column].astype(object) if column in table else ""
        table[column] = stored
        table[column] = table[column].fillna("").astype(str)
    return table


def grades(adata: AnnData, /, *, key: str) -> dict[str, str]:
    """Grade of every signature, empty where unknown."""
    if "coverage" not in _record(adata, key):
        return {}
    return {str(id): grade for id, grade in coverage_table(adata, key=key)["grade"].items()}


def unit(adata: AnnData, /, *, key: str) -> str:
    """What the scores are called beside a scale; z in files of old."""
    return str(_record(adata, key).get("unit", "z"))


def about_zero(adata: AnnData, /, *, key: str) -> bool:
    """Whether scores lie on both sides of 0, as z do."""
    return bool(_record(adata, key).get("about_zero", True))


def min_coverage(adata: AnnData, /, *, key: str) -> float | None:
    """Share of weight below which nothing was scored; None where that was not recorded."""
    found = _record(adata, key).get("params", {}).get("min_coverage")
    return None if found is None else float(found)


def tool_table(
    adata: AnnData, name: str, /, *, key: str, run: str, needs: Sequence[str] = ()
) -> pd.DataFrame:
    """A table that a tool left in ``uns[key][name]``; ``run`` is the call that makes it.

    Raises
    ------
    UsageError
        When it is not there.
    DataError
        When it is no table, one without rows, or one without a column of ``needs``.
    """
    record = _record(adata, key)
    if name not in record:
        raise UsageError(
            f"uns[{key!r}] has no {name!r}; it has {names_of(record)}. Run {run} first, or pass the"
            " key= it was given as key_added."
        )
    found = record[name]
    if not hasattr(found, "columns"):
        raise DataError(
            f"uns[{key!r}][{name!r}] is a {type(found).__name__}; expected the DataFrame that"
            f" {run} writes. Run it again."
        )
    if found.empty:
        raise DataError(f"uns[{key!r}][{name!r}] has no rows; there is nothing to show.")
    lacking = [column for column in needs if column not in found]
    if lacking:
        raise DataError(
            f"uns[{key!r}][{name!r}] has no column {lacking[0]!r}; run {run} again. It has"
            f" {names_of(found)}."
        )
    table: pd.DataFrame = found
    return table


def has_table(adata: AnnData, name: str, /, *, key: str) -> bool:
    """Whether a tool left a table with rows under that name."""
    return bool(len(getattr(_record(adata, key).get(name), "columns", ())))


def parameter(adata: AnnData, tool: str, name: str, /, *, key: str) -> Any:
    """An argument that a tool recorded in ``uns[key][tool + "_params"]``; None if it did not."""
    found = _record(adata, key).get(f"{tool}_params", {})
    value = found.get(name) if hasattr(found, "get") else None
    return None if isinstance(value, str) and value == "none" else value


def group_of(adata: AnnData, groupby: str, /) -> pd.Categorical:
    """Group of every observation: in the order of a categorical column, else sorted."""
    import pandas as pd

    values = column_of(adata, groupby, argument="groupby")
    return pd.Categorical(values).remove_unused_categories()


def _record(adata: AnnData, key: str, /) -> Mapping[str, Any]:
    _check(adata)
    found = adata.uns.get(Keys(key).uns, {})
    check_format(found, key)
    return found if hasattr(found, "keys") else {}


def _check(adata: object, /) -> None:
    from anndata import AnnData

    if not isinstance(adata, AnnData):
        raise UsageError(
            f"adata is a {type(adata).__name__}; expected an AnnData that cs.tl.score has scored."
        )


def _chosen(ids: Sequence[str], there: list[str], where: str, /) -> list[str]:
    wanted = [] if isinstance(ids, str) else list(dict.fromkeys(ids))
    if not wanted:
        raise UsageError(f"ids={ids!r}; expected a list of columns of {where}.")
    for id in wanted:
        if id not in there:
            hint = _words.near(id, there) or f" It has {names_of(there)}."
            raise UsageError(f"ids: {where} has no column {id!r}.{hint}")
    return wanted
