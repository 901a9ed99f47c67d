"""What ``sources``, ``targets`` and ``links`` share: reading, conditions, storing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from cytosig._anndata import check_anndata
from cytosig._errors import UsageError
from cytosig._keys import check_key
from cytosig.communication.means import Bootstrap
from cytosig.tl._condition import conditions_of
from cytosig.tl._inputs import as_catalogue
from cytosig.tl._store import replace_entries, versions
from cytosig.tl._tissue import Cells, read_tissue

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from anndata import AnnData
    from numpy.typing import NDArray

    from cytosig.communication.settings import Settings
    from cytosig.signatures import Catalogue
    from cytosig.tl._condition import Condition, Conditions
    from cytosig.tl._inputs import Signatures
    from cytosig.tl._tissue import Read


@dataclass(frozen=True)
class Talk:
    """A tissue read, and what is asked of it; ``asked`` holds the arguments for the record."""

    read: Read
    catalogue: Catalogue
    settings: Settings
    conditions: Conditions
    asked: Mapping[str, Any]

    def bootstrap(self, which: NDArray[np.bool_], /) -> Bootstrap:
        """Draws of the samples of a condition."""
        one = self.settings
        return Bootstrap.make(one.rng, one.n_boot, int(which.sum()), one.level)


def listen(
    adata: AnnData,
    cells: Cells,
    condition: Condition,
    settings: Settings,
    signatures: Signatures,
    key_added: str,
    /,
) -> Talk:
    """Check the arguments and read the tissue."""
    check_key(key_added)
    catalogue = as_catalogue(signatures)
    if not catalogue.cytokines:
        raise UsageError(
            "The signatures name no ligands and receptors: who makes and hears a cytokine is known"
            " for the curated catalogue. Leave signatures= out, or pass a Catalogue with cytokines."
        )
    check_anndata(adata)
    condition.check(adata)
    read = read_tissue(adata, catalogue, cells)
    found = conditions_of(adata, read.tissue.samples, cells.sample_key, condition)
    given = {
        f.name: _plain(getattr(part, f.name))
        for part in (cells, condition, settings)
        for f in fields(part)
        if f.name not in ("n_jobs", "exact")  # results do not depend on threads
    }
    return Talk(read, catalogue, settings, found, given | {"condition_key": given.pop("key")})


def store(
    adata: AnnData,
    key: str,
    prefix: str,
    tables: Mapping[str, pd.DataFrame],
    talk: Talk,
    /,
) -> None:
    """Write tables under ``prefix`` in place of an older run's; what others stored stays.

    ``tables`` are by suffix; empty ones are left out.
    """
    made: dict[str, Any] = {suffix: table for suffix, table in tables.items() if len(table)}
    made["_params"] = {
        **talk.asked,
        "catalogue_digest": talk.catalogue.digest,
        "versions": dict(versions()),
    }
    replace_entries(adata, key, prefix, made)


def _plain(value: Any) -> Any:
    """As h5ad files can hold it."""
    if value is None:
        return "none"
    if isinstance(value, Mapping):
        return [f"{name}={one}" for name, one in value.items()]
    if isinstance(value, list | tuple):
        return [str(one) for one in value]
    value = value.item() if hasattr(value, "item") else value
    known = isinstance(value, bool | int | float | str)
    return value if known else type(value).__name__


def stacked(parts: Mapping[str, pd.DataFrame], at: int, /) -> pd.DataFrame:
    """Tables of conditions on top of each other, with a column that says whose each row is."""
    import pandas as pd

    made = []
    for name, part in parts.items():
        own = part.copy()
        own.insert(at, "condition", name)
        made.append(own)
    found = pd.concat(made, ignore_index=True)
    return found.set_index(found.index.astype(str))
