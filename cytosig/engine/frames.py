"""From arrays, group by group, to one table a method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from cytosig.engine.scores import Scores
from cytosig.signatures.model import GENERIC

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from cytosig.engine.jobs import GroupJobs
    from cytosig.engine.lists import Lists
    from cytosig.engine.outputs import Outputs
    from cytosig.methods import Method
    from cytosig.signatures import Catalogue

    Parts = list[tuple[GroupJobs, Outputs]]
    What = Literal["score", "pvalue", "estimate"]


@dataclass(frozen=True)
class Frames:
    """What all methods of a run share.

    Parameters
    ----------
    obs_names
        Names of the observations.
    catalogue, lists
        What was asked for, and what can be scored of it.
    ligand
        Observations × cytokines.
    centred
        On what, for the methods that centre.
    notes
        What was recognised and done.
    """

    obs_names: pd.Index[str]
    catalogue: Catalogue
    lists: Lists
    ligand: pd.DataFrame
    centred: str
    notes: tuple[str, ...]

    def scores(self, method: Method, parts: Parts, /) -> Scores:
        """The tables of one method, from the part of every group."""
        tested = parts[0][1].pvalue is not None
        estimated = parts[0][1].estimate is not None
        return Scores(
            score=self._signatures("score", method, parts),
            pvalue=self._signatures("pvalue", method, parts) if tested else None,
            estimate=self._signatures("estimate", method, parts) if estimated else None,
            axis=self._axes("score", method, parts),
            axis_pvalue=self._axes("pvalue", method, parts) if tested else None,
            ligand=self.ligand,
            coverage=self._coverage(method, parts),
            coverage_compartments=self._coverage_of_variants(method, parts),
            state=self._state(parts),
            notes=(*self.notes, self.centred) if method.centred else self.notes,
            unit=method.unit,
            about_zero=method.about_zero,
        )

    def _signatures(self, what: What, method: Method, parts: Parts) -> pd.DataFrame:
        return self._table(what, self.catalogue.ids, method, parts)

    def _axes(self, what: What, method: Method, parts: Parts) -> pd.DataFrame:
        return self._table(what, list(self.catalogue.axes), method, parts, axes=True)

    def _table(
        self, what: What, every: list[str], method: Method, parts: Parts, *, axes: bool = False
    ) -> pd.DataFrame:
        import pandas as pd

        values = None
        for group, found in parts:
            own = slice(found.n_signatures, None) if axes else slice(found.n_signatures)
            array = getattr(found, what)[:, own]
            names = found.columns[own]
            read = [k for k, reason in enumerate(group.unread(method)[own]) if not reason]
            if len(parts) == 1 and names == tuple(every) and len(read) == len(names):
                return pd.DataFrame(array, index=self.obs_names, columns=every, copy=False)
            if values is None:
                values = np.full((len(self.obs_names), len(every)), np.nan)
            place = np.array([every.index(names[k]) for k in read], dtype=np.int64)
            values[np.ix_(group.rows, place)] = array[:, read]
        return pd.DataFrame(values, index=self.obs_names, columns=every)

    def _coverage(self, method: Method, parts: Parts) -> pd.DataFrame:
        """With a reason for the generic signatures that say nothing to the method."""
        table = self.lists.coverage.copy()
        for group, _ in parts:
            if group.group.name == GENERIC:
                for id, reason in _muted(method, group).items():
                    table.loc[id, "reason"] = reason
        return table

    def _coverage_of_variants(self, method: Method, parts: Parts) -> pd.DataFrame | None:
        if self.lists.variants is None:
            return None
        table = self.lists.variants.copy()
        for group, _ in parts:
            mine = (table["compartment"] == group.group.name) & (table["reason"] == "")
            for id, reason in _muted(method, group).items():
                said = f"not scored by {method.name}: {reason}"
                table.loc[mine & (table["signature"] == id), "reason"] = said
        return table

    def _state(self, parts: Parts) -> NDArray[np.int8]:
        state = np.zeros(len(self.obs_names), dtype=np.int8)
        for group, found in parts:
            state[group.rows] = found.state
        return state


def _muted(method: Method, group: GroupJobs) -> dict[str, str]:
    """Signatures of the group that the method cannot read, and why."""
    reasons = zip(
        group.named.columns, group.unread(method)[: group.named.n_signatures], strict=False
    )
    return {id: reason for id, reason in reasons if reason}
