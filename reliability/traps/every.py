"""All inputs, in the order of the table."""

from __future__ import annotations

from reliability.traps.in_files import FILES
from reliability.traps.in_forms import FORMS
from reliability.traps.in_labels import LABELS
from reliability.traps.in_names import NAMES
from reliability.traps.in_size import SIZES
from reliability.traps.in_values import VALUES
from reliability.traps.rows import ROWS
from reliability.traps.trap import Trap

CLEAN = Trap("the clean data", "planted", chain=True)
"""Both doors give the same on them; else nothing that follows would say anything."""

TRAPS = tuple(
    sorted(
        (CLEAN, *VALUES, *NAMES, *SIZES, *LABELS, *FORMS, *FILES),
        key=lambda trap: list(ROWS).index(trap.row),
    )
)
