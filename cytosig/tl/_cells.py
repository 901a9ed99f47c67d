"""Which compartment each observation belongs to, and a word on the labels that say none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cytosig._errors import UsageError
from cytosig._log import logger
from cytosig._obs import column_of
from cytosig.cells import Cells, map_labels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anndata import AnnData

_SHOWN = 12


def cells_of(
    adata: AnnData, cell_type_key: str | None, compartments: Mapping[str, str] | None, /
) -> Cells | None:
    """Compartments from the arguments of ``score``; None where no column is named.

    Raises
    ------
    UsageError
        When the column, a label or a compartment named is not there.
    """
    if cell_type_key is None:
        if compartments is not None:
            raise UsageError(
                "compartments= says what labels of a column mean; name it in cell_type_key=."
            )
        return None
    argument = f"cell_type_key={cell_type_key!r}"
    labels = column_of(adata, cell_type_key, argument=argument, gaps=True)
    found = map_labels(labels, overrides=compartments)
    _say(found, cell_type_key)
    return found


def _say(found: Cells, key: str) -> None:
    lost = found.table[found.table["how"] == "unmapped"]
    if not len(lost):
        return
    named = [f"{label!r} ({n})" for label, n in lost["n"].head(_SHOWN).items()]
    more = f" and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
    logger.warning(
        "obs[%r]: %d label(s) of %d observation(s) say no compartment and are scored by generic"
        " signatures: %s%s. Name theirs with compartments=.",
        key,
        len(lost),
        int(lost["n"].sum()),
        ", ".join(named),
        more,
    )
