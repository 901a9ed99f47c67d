"""False discoveries: which tests are one family."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cytosig.stats.groups import fdr

if TYPE_CHECKING:
    import pandas as pd

FAMILY = ["table", "contrast", "cohort"]


def with_q(rows: pd.DataFrame, /) -> pd.DataFrame:
    """Add q by Benjamini and Hochberg within each family.

    A family holds all names, in all cell types, of one table, contrast and cohort. The omnibus
    test has a family for each table and cohort.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"p": [0.01, 0.04, 0.04], "table": ["score", "score", "axis"]})
    >>> with_q(rows.assign(contrast="x", cohort=""))["q"].tolist()
    [0.02, 0.04, 0.04]
    """
    rows = rows.copy()
    rows["q"] = rows.groupby(FAMILY, sort=False)["p"].transform(fdr)
    if "omnibus_p" in rows:
        once = rows.drop_duplicates(["table", "cohort", "cell_type", "name"])
        q = once.groupby(["table", "cohort"], sort=False)["omnibus_p"].transform(fdr)
        keys = ["table", "cohort", "cell_type", "name"]
        by_name = once[keys].assign(omnibus_q=q)
        rows["omnibus_q"] = rows[keys].merge(by_name, on=keys, how="left")["omnibus_q"].to_numpy()
    return rows
