"""From balances to the slots of ``uns``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cytosig.tl._store import replace_entries, versions

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from anndata import AnnData

    from cytosig._keys import Keys
    from cytosig.balance.run import Balance


def store_balance(
    adata: AnnData,
    keys: Keys,
    found: Balance,
    cells: Mapping[str, Balance],
    /,
    *,
    params: dict[str, Any],
    digest: str,
) -> None:
    """Write the tables of a run in place of an older run's; scores beside them stay."""
    tables: dict[str, Any] = {
        "": found.table,
        "_contributions": found.contributions,
        "_axes": found.axes,
        "_activity": found.activity,
        "_cytokines": found.cytokines,
        "_rules": found.rules,
        "_edges": found.edges,
        "_sweep": found.sweep,
        "_tipping": found.tipping,
        "_params": {**params, "catalogue_digest": digest, "versions": dict(versions())},
    }
    if cells:
        tables["_cell_types"] = _stacked({k: one.table for k, one in cells.items()})
        tables["_cell_types_contributions"] = _stacked(
            {k: one.contributions for k, one in cells.items()}
        )
    there = {name: table for name, table in tables.items() if table is not None}
    replace_entries(adata, keys.uns, "balance", there)


def _stacked(parts: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Tables of cell types on top of each other, with columns that say whose each row is."""
    import pandas as pd

    made = []
    for label, part in parts.items():
        own = part.copy()
        own.insert(0, "sample", part.index.astype(str))
        own.insert(1, "cell_type", label)
        own.index = pd.Index([f"{sample}_{label}" for sample in part.index], dtype=str)
        made.append(own)
    return pd.concat(made)
