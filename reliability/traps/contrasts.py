"""What is right where the values are contrasts already: nothing is centred or logged again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

import cytosig as cs
from reliability.traps.data import cells, dense
from reliability.traps.expect import Equal

if TYPE_CHECKING:
    from reliability.traps.calls import Call
    from reliability.traps.expect import Clean, Tables
    from reliability.traps.trap import Maker

_CENTRED = ("linear", "company", "whole")
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Contrasts:
    """Scored as they are; ``ulm`` and ``wmean`` against the closed form.

    Parameters
    ----------
    make
        Makes the contrasts.
    """

    make: Maker
    said: str = "taken as they are: z of ulm by its closed form"

    def amiss(self, call: Call, tables: Tables, clean: Clean, /) -> str:
        """No level of expression, and the numbers of values that nothing is done to."""
        if "ligand" in tables:
            return "ligand: a level of expression, of contrasts"
        if not call.is_score:
            return ""
        if call.name in ("ulm", "wmean"):
            return self._closed(tables)
        plain = {"normalize": "none", **({"center": None} if call.kind in _CENTRED else {})}
        return Equal(self.make, lambda: plain).amiss(call, tables, clean)

    def _closed(self, tables: Tables) -> str:
        """Z = √(G − 1) · Pearson(weights, values)."""
        adata = self.make(cells())
        weights = np.zeros((adata.n_vars, len(tables["score"].columns)))
        place = {gene: k for k, gene in enumerate(adata.var_names)}
        for k, id in enumerate(tables["score"].columns):
            for gene, weight in cs.signatures.load().signatures[id].weights.items():
                weights[place[gene], k] = weight
        both = np.corrcoef(np.vstack([dense(adata), weights.T]))[: adata.n_obs, adata.n_obs :]
        away = np.abs(tables["score"].to_numpy() - np.sqrt(adata.n_vars - 1) * both).max()
        return "" if away < _TOLERANCE else f"score: {away:.3g} from the closed form"
