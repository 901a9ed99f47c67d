"""What plots of cells and samples show: a table, its unit, where its middle is, its grades."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cytosig._errors import UsageError
from cytosig.pl import _grades, _stored

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from anndata import AnnData

_OF_BALANCE = {"balance": "balance", "contributions": "balance_contributions"}
_UNITS = {
    "ligand": "ligand expression", "receptor": "receptor expression", "balance": "balance",
    "contributions": "contribution to the balance",
}  # fmt: skip


@dataclass(frozen=True)
class Values:
    """Rows × columns of numbers, and how to read them.

    Rows are observations, or samples where they are of a balance. ``about_zero``: they lie on
    both sides of 0.
    """

    table: pd.DataFrame
    unit: str
    about_zero: bool
    grades: Mapping[str, str]
    channel: str = ""
    """Ligand or receptor, where numbers are expression."""

    @property
    def scale(self) -> str:
        """What numbers are called where the title says the rest."""
        return "expression" if self.channel else self.unit

    def title(self, id: str, /) -> str:
        """A column with its grade or channel, to be drawn."""
        from cytosig.pl._ticks import plain

        name = plain(_grades.labelled(id, self.grades.get(id, "")))
        return f"{name} {self.channel}" if self.channel else name


def values_of(
    adata: AnnData, what: str, /, *, key: str, ids: Sequence[str] | None, among: Sequence[str]
) -> Values:
    """Read one of the tables that a plot can show, all columns or ``ids`` in that order.

    Raises
    ------
    UsageError
        When ``what`` is none of ``among``, is not stored, or has no such column.
    """
    if what not in among:
        *first, last = (f'"{name}"' for name in among)
        raise UsageError(f"what={what!r}; expected {', '.join(first)} or {last}.")
    if what in _OF_BALANCE:
        name = _OF_BALANCE[what]
        stored = _stored.tool_table(adata, name, key=key, run="cs.tl.balance(adata)")
        stored = stored.select_dtypes("number")
        table = _stored.columns_of(stored, ids, f"uns[{key!r}][{name!r}]")
        return Values(table, _UNITS[what], True, _graded(adata, key, what == "contributions"))
    table = _stored.activities(adata, what=what, key=key, ids=ids)
    if what in _UNITS:
        return Values(table, _UNITS[what], False, {}, what)
    unit, about_zero = _stored.unit(adata, key=key), _stored.about_zero(adata, key=key)
    return Values(table, unit, about_zero, _graded(adata, key, what == "score"))


def _graded(adata: AnnData, key: str, graded: bool) -> dict[str, str]:
    return _stored.grades(adata, key=key) if graded else {}
