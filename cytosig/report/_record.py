"""What cytosig has stored in an AnnData, for the sections to read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from cytosig._errors import DataError, UsageError
from cytosig._keys import Keys, check_format
from cytosig._obs import names_of
from cytosig.pl import _stored

if TYPE_CHECKING:
    from anndata import AnnData

_PARAMS = "_params"
_OF_COMPARISONS = ("groupby", "covariate", "survival", "auroc_ci")
_FEW = 1000
"""Observations up to which their scores are tables of the page."""


class Record:
    """Tables, parameters and scores of one run; nothing is changed.

    Parameters
    ----------
    adata
        With results of cytosig.
    key
        ``key_added`` of the runs.

    Raises
    ------
    UsageError
        When nothing is stored under that key.
    """

    def __init__(self, adata: AnnData, key: str, /) -> None:
        found = adata.uns.get(key)
        if not isinstance(found, Mapping) or not found:
            raise UsageError(
                f"uns has no results under {key!r}; it has {names_of(adata.uns)}. Run"
                " cs.tl.score(adata) first, or pass the key= it was given as key_added."
            )
        check_format(found, key)
        self.adata = adata
        self.key = key
        self.uns: Mapping[str, Any] = found
        self.slots = Keys(key)

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Every stored table that has columns, by name."""
        found = {
            str(name): table
            for name, table in self.uns.items()
            if isinstance(table, pd.DataFrame) and table.shape[1]
        }
        for name, table in found.items():
            for column, kind in table.dtypes.items():
                if kind.kind == "V":  # several values in one: damaged, or of something else
                    raise DataError(
                        f"uns[{self.key!r}][{name!r}], column {column!r}: expected numbers or"
                        f" words, found values of type {kind}. Run the tool again."
                    )
        return found

    def table(self, name: str, /) -> pd.DataFrame | None:
        """A stored table with rows, or None."""
        found = self.tables.get(name)
        return found if found is not None and len(found) else None

    def params(self, tool: str = "", /) -> dict[str, Any]:
        """Arguments that a tool recorded (scoring, when ``""``); what was not given is left out."""
        found = self.uns.get(f"{tool}{_PARAMS}" if tool else "params")
        if not isinstance(found, Mapping):
            return {}
        return {str(name): value for name, value in found.items() if not _is_none(value)}

    def words(self, name: str, /) -> tuple[str, ...]:
        """A list of stored texts."""
        return texts(self.uns.get(name))

    @cached_property
    def comparisons(self) -> tuple[str, ...]:
        """Names of the tables of comparisons."""
        return tuple(name for name in self.tables if self._is_comparison(name))

    def _is_comparison(self, name: str) -> bool:
        params = self.uns.get(f"{name}{_PARAMS}")
        return isinstance(params, Mapping) and all(word in params for word in _OF_COMPARISONS)

    @property
    def scores(self) -> pd.DataFrame | None:
        """Scores of every observation, or None."""
        return self.slot(self.slots.score)

    def slot(self, name: str, /) -> pd.DataFrame | None:
        """A table of obsm, or None."""
        found = self.adata.obsm.get(name)
        return found if isinstance(found, pd.DataFrame) else None

    @cached_property
    def sample_key(self) -> str | None:
        """Column of obs with the sample of each observation, as the tools were told."""
        return self._column("sample_key")

    @cached_property
    def cell_type_key(self) -> str | None:
        """Column of obs with cell types, as the tools were told."""
        return self._column("cell_type_key")

    def _column(self, argument: str) -> str | None:
        tools = ("balance", "sources", "targets", "links", *self.comparisons, "")
        named = [self.params(tool).get(argument) for tool in tools]
        return next((str(n) for n in named if n is not None and n in self.adata.obs), None)

    @property
    def groupings(self) -> list[str]:
        """Columns of obs that put cells together."""
        keys = (self.sample_key, self.cell_type_key)
        return list(dict.fromkeys(key for key in keys if key is not None))

    @property
    def unit(self) -> str:
        """What the scores are."""
        return _stored.unit(self.adata, key=self.key)

    @property
    def are_cells(self) -> bool:
        """Whether observations are parts of samples, or too many to show each."""
        return self.sample_key is not None or self.adata.n_obs > _FEW

    @cached_property
    def grades(self) -> dict[str, str]:
        """Evidence grade of each signature that has one."""
        known = _stored.grades(self.adata, key=self.key)
        return {id: grade for id, grade in known.items() if grade}


def texts(value: Any, /) -> tuple[str, ...]:
    """A stored value as texts: a list of them, or one."""
    if value is None or _is_none(value):
        return ()
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        return (str(value),)
    return tuple(map(str, value))


def _is_none(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value in ("none", ""))
