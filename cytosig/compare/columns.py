"""From estimates to columns of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from cytosig.stats.estimate import Estimate

TESTED = ("estimate", "se", "ci_low", "ci_high", "statistic", "df", "p")
HIDDEN = "_"  # before names of columns that only pooling needs


def tested(found: Mapping[str, Estimate], /) -> pd.DataFrame:
    """One row a name: the estimate, its interval, the test, and why there is none."""
    import pandas as pd

    rows = {name: [*(getattr(e, c) for c in TESTED), e.reason] for name, e in found.items()}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=[*TESTED, "reason"])
    return table.astype(dict.fromkeys(TESTED, np.float64))


def untested(names: Iterable[str], reason: str, /) -> pd.DataFrame:
    """One row a name without any number, and why."""
    import pandas as pd

    index = pd.Index(list(names), dtype=object)
    table = pd.DataFrame(np.nan, index=index, columns=list(TESTED))
    table["reason"] = reason
    return table


def effect(found: Sequence[Estimate], name: str, /, *, with_p: bool) -> dict[str, list[float]]:
    """Columns of a further effect size: value, interval, its error (hidden), perhaps its p."""
    columns = {
        name: [e.estimate for e in found],
        f"{name}_low": [e.ci_low for e in found],
        f"{name}_high": [e.ci_high for e in found],
        f"{HIDDEN}{name}_se": [e.se for e in found],
    }
    return columns | ({f"{name}_p": [e.p for e in found]} if with_p else {})


def reasons(main: Iterable[str], others: Mapping[str, Sequence[Estimate]], /) -> list[str]:
    """Why the test has no number, or, where it has, why an effect size lacks its interval."""
    found = list(main)
    for place, said in enumerate(found):
        if not said:
            own = [f"{name}: {e[place].reason}" for name, e in others.items() if e[place].reason]
            found[place] = "; ".join(own)
    return found
