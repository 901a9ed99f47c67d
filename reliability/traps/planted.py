"""What is known of the clean data: who makes each planted cytokine, and who answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reliability.traps.data import tissue
from reliability.traps.expect import Holds

if TYPE_CHECKING:
    import pandas as pd

    from reliability.traps.calls import Call
    from reliability.traps.expect import Tables

SINGLE = ("CSF1", "IL17A", "VEGFA", "EGF", "INHBA", "PDGFB")
PLANTED = ("IL6", *SINGLE)


def speaks(cytokines: tuple[str, ...]) -> Holds:
    """The planted sender and receiver of these, in tables of sources, targets and links."""
    """The planted sender and receiver come first, and never the other way round."""

    def check(call: Call, tables: Tables) -> str:
        truth = tissue().truth.set_index("cytokine")
        table = tables[call.name]
        for id in cytokines:
            own = table[table["cytokine"] == id]
            if not own["p"].notna().any():
                return f"{id}: no link could be tested"
            source, target = truth.loc[id, ["source", "target"]]
            told = _first(call, own.dropna(subset=["p"]), source, target)
            if told:
                return f"{id}: {told}"
        return ""

    return Holds("the planted sender and receiver come first, the reverse is not found", check)


def _first(call: Call, own: pd.DataFrame, source: str, target: str) -> str:
    best = own.sort_values("p", kind="stable").iloc[0]
    if call.name == "links":
        back = own[(own["source"] == target) & (own["target"] == source)]
        if (back["p"] < 0.05).any():
            return "found the other way round"
        found, wanted = (best["source"], best["target"]), (source, target)
    else:
        found, wanted = best["cell_type"], source if call.name == "sources" else target
    return "" if found == wanted else f"{found} first, planted {wanted}"
