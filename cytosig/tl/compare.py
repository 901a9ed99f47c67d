"""Scores, axes and balance between samples: groups, trends, survival, several cohorts."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from cytosig._anndata import check_anndata
from cytosig._errors import DataError, UsageError
from cytosig._keys import FORMAT, Keys, check_key
from cytosig._log import logger
from cytosig._obs import names_of
from cytosig.compare import Groups, Settings, compare_tables
from cytosig.compare.question import HAZARDS, PAIRED, TRENDS, UNPAIRED, WITHOUT_COVARIATES
from cytosig.tl._compare_question import Asked, pose
from cytosig.tl._compare_samples import samples_of
from cytosig.tl._compare_tables import tables_of
from cytosig.tl._recorded import recorded
from cytosig.tl._store import copied

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from anndata import AnnData

Method = Literal[
    "moderated", "t", "welch", "mann-whitney", "wilcoxon", "hc3", "spearman", "cox"
]  # fmt: skip
Interval = Literal["delong", "bootstrap"]
_PARAMS = "_params"
_ONLY_GROUPS = ("reference", "groups", "paired")


@recorded
def compare(
    adata: AnnData,
    *,
    groupby: str | None = None,
    reference: object = None,
    groups: Sequence[object] | None = None,
    covariate: str | None = None,
    survival: tuple[str, str] | None = None,
    paired: str | None = None,
    covariates: Sequence[str] = (),
    cohort_key: str | None = None,
    sample_key: str | None = None,
    cell_type_key: str | None = None,
    min_cells: int = 10,
    use: Sequence[str] | None = None,
    method: Method | None = None,
    auroc_ci: Interval = "delong",
    n_draws: int = 2000,
    rng: int | np.random.Generator = 0,
    level: float = 0.95,
    key: str = "cytosig",
    key_added: str = "compare",
    copy: bool = False,
) -> AnnData | None:
    """Compare scores, axes and balance between samples.

    The sample is the unit. Cells are averaged to one value a sample (or a cell type of a
    sample) first; what looks like single cells is refused without ``sample_key`` (the
    signs are in docs/compare.md; give it whenever observations are cells).
    Exactly one of ``groupby``, ``covariate`` and ``survival`` says what is compared.

    Parameters
    ----------
    adata
        Scored by :func:`cytosig.tl.score`, and balanced by ``cytosig.tl.balance`` where the
        balance is to be compared; bulk, pseudobulk or single cells.
    groupby
        Column of ``obs`` with groups: each is compared with the reference. More than two also
        get a test that any differ.
    reference
        That group; the first category, else the first in order, when None.
    groups
        Compare only these groups (and the reference); all when None.
    covariate
        Column of ``obs`` with a number a sample: slope and Spearman's correlation.
    survival
        Columns of ``obs`` with the time of follow-up and the event (1, or 0 for the end of
        follow-up): Cox regression, a hazard ratio for one standard deviation of the value.
    paired
        Column of ``obs`` with the patient, where each gave one sample to either of two groups.
        Samples without a partner are left out.
    covariates
        Columns of ``obs`` held constant: numbers as numbers, anything else as categories. Not
        with rank tests and Welch's t. AUROC, Hedges' g, Spearman's correlation and the
        concordance are of the values as they are.
    cohort_key
        Column of ``obs`` with the cohort: each is compared alone, and all are pooled by random
        effects in rows of the cohort ``pooled``.
    sample_key
        Column of ``obs`` with the sample of each cell; None where observations are samples.
    cell_type_key
        Column of ``obs`` with cell types: each is compared for itself. Needs ``sample_key``.
    min_cells
        With ``sample_key``: a mean needs at least this many cells that have a value.
    use
        Which of ``"score"``, ``"axis"`` and ``"balance"``; those that are stored when None.
    method
        Of groups: ``"moderated"`` (the default: t with variances that borrow from the other
        columns of the table; the balance and tables of fewer than 10 columns keep their own, as
        under ``"t"``), ``"t"``, ``"welch"``,
        ``"mann-whitney"``; of pairs ``"moderated"``, ``"t"``, ``"wilcoxon"``. Of a covariate:
        ``"moderated"``, ``"t"``, ``"hc3"`` (errors that hold for unequal variances),
        ``"spearman"``. Of survival: ``"cox"``.
    auroc_ci
        Interval of the area under the ROC curve: ``"delong"``, or ``"bootstrap"`` of ``n_draws``.
    n_draws, rng
        Draws of that bootstrap, and its seed or generator.
    level
        Of all intervals.
    key
        The ``key_added`` of the scores.
    key_added
        Slot of ``uns[key]`` that is written.
    copy
        Return a copy instead of writing to ``adata``.

    Returns
    -------
    None, or the copy. Writes ``uns["cytosig"]["compare"]``, a DataFrame with one row a table,
    name (, cell type), contrast (and cohort): the estimate (difference from the reference, slope,
    or log hazard ratio) with interval, statistic, ``p`` and ``q`` (Benjamini-Hochberg within a
    table, contrast and cohort, over all names and cell types), effect sizes, numbers of samples,
    ``test``, and the ``reason`` where something is missing. docs/compare.md has every column.
    ``uns["cytosig"]["compare_params"]`` says what was asked for.

    Raises
    ------
    UsageError
        When an argument names something that is not there, or arguments contradict each other.
    DataError
        When observations are cells and no sample is named, a column differs within a sample, or
        the samples do not allow the comparison.

    Examples
    --------
    >>> import anndata, numpy as np, pandas as pd
    >>> import cytosig as cs
    >>> obs = pd.DataFrame({"response": list("NNNRRR")}, index=list("abcdef"))
    >>> adata = anndata.AnnData(obs=obs)
    >>> adata.obsm["cytosig_score"] = pd.DataFrame(
    ...     {"IFNG": [1.0, 3, 2, 5, 6, 7], "IL6": [3.0, 1, 2, 4, 3, 0]}, index=adata.obs_names
    ... )
    >>> cs.tl.compare(adata, groupby="response", reference="N")
    >>> found = adata.uns["cytosig"]["compare"]
    >>> found[["name", "contrast", "estimate", "p", "q", "auroc"]].round(3)
       name contrast  estimate      p      q  auroc
    0  IFNG   R vs N     4.000  0.008  0.016  1.000
    1   IL6   R vs N     0.333  0.815  0.815  0.611
    """
    check_anndata(adata)
    held = (covariates,) if isinstance(covariates, str) else tuple(covariates)
    asked = Asked(groupby, reference, groups, covariate, survival, paired, held, cohort_key)
    how = _method(asked, method)
    _check_options(asked, auroc_ci, n_draws, level)
    if sample_key is None and min_cells != 10:
        raise UsageError(f"min_cells={min_cells} counts the cells of a sample: give sample_key=.")
    slots = _slots(adata, key, key_added)
    samples = samples_of(
        adata, sample_key=sample_key, cell_type_key=cell_type_key, min_cells=min_cells
    )
    tables = tables_of(adata, samples, use, key)
    posed = pose(adata, samples, asked)
    if isinstance(posed.question, Groups):
        _say_floor(posed.question, how)
    found = compare_tables(
        tables, posed.question, Settings(how, level, auroc_ci, n_draws, _seed(rng)),
        covariates=posed.covariates, cohort=posed.cohort,
    )  # fmt: skip
    params = {
        **_as_stored(asked), "sample_key": sample_key or "none",
        "cell_type_key": cell_type_key or "none", "min_cells": min_cells,
        "use": list(dict.fromkeys(table.kind for table in tables)), "method": how,
        "auroc_ci": auroc_ci, "n_draws": n_draws,
        "rng": int(rng) if isinstance(rng, int | np.integer) else "generator",
        "level": level, "n_samples": len(posed.question.samples),
        "version": version("cytosig-toolkit"),
    }  # fmt: skip
    target = copied(adata) if copy else adata
    _store(target, key, slots, found, params)
    return target if copy else None


def _method(asked: Asked, method: str | None) -> str:
    """The test, checked against what is compared."""
    given = {name: getattr(asked, name) for name in ("groupby", "covariate", "survival")}
    named = [name for name, value in given.items() if value is not None]
    if len(named) != 1:
        found = " and ".join(f"{name}=" for name in named) or "none of them"
        raise UsageError(f"Give one of groupby=, covariate= and survival=; found {found}.")
    what = named[0]
    if what != "groupby":
        for name in _ONLY_GROUPS:
            if getattr(asked, name) is not None:
                raise UsageError(f"{name}= means nothing with {what}=; it needs groupby=.")
    if what == "survival" and (isinstance(asked.survival, str) or len(asked.survival or ()) != 2):
        raise UsageError(f"survival={asked.survival!r}: expected (time, event), columns of obs.")
    of_groups = UNPAIRED if asked.paired is None else PAIRED
    known = {"groupby": of_groups, "covariate": TRENDS, "survival": HAZARDS}[what]
    found = known[0] if method is None else method
    if found not in known:
        pairs = " of pairs" if asked.paired is not None else ""
        hint = " Pairs are named by paired=." if found == "wilcoxon" and not pairs else ""
        raise UsageError(
            f"method={found!r} does not go with {what}={pairs}: use {names_of(known)}.{hint}"
        )
    if asked.covariates and found in WITHOUT_COVARIATES:
        raise UsageError(f"method={found!r} holds no covariates constant: use {known[0]!r}.")
    if asked.cohort_key is not None and found == "wilcoxon":
        raise UsageError(
            "method='wilcoxon' gives no standard error to pool cohorts with: use 'moderated'."
        )
    return str(found)


def _check_options(asked: Asked, auroc_ci: str, n_draws: int, level: float) -> None:
    if auroc_ci not in get_args(Interval):
        raise UsageError(f"auroc_ci={auroc_ci!r}: expected {names_of(get_args(Interval))}.")
    if auroc_ci != "delong" and (asked.groupby is None or asked.paired is not None):
        raise UsageError(f"auroc_ci={auroc_ci!r}: only unpaired groups have an AUROC.")
    if n_draws < 100:
        raise UsageError(f"n_draws={n_draws}: expected 100 or more, better 2000.")
    if not 0 < level < 1:
        raise UsageError(f"level={level!r}: expected a number between 0 and 1, such as 0.95.")


def _slots(adata: AnnData, key: str, added: str) -> tuple[str, str]:
    """Slots of ``uns[key]`` that are written, none of them somebody else's."""
    check_key(added)
    record = adata.uns.get(Keys(key).uns, {})
    if not hasattr(record, "keys"):
        raise DataError(f"uns[{key!r}] is a {type(record).__name__}; expected a dict.")
    if added in record and f"{added}{_PARAMS}" not in record:
        raise UsageError(
            f"key_added={added!r}: uns[{key!r}] holds something else under that name. Choose"
            " another."
        )
    return added, f"{added}{_PARAMS}"


def _seed(rng: int | np.random.Generator) -> int:
    """One seed for all columns, so that no column's interval depends on which others there are."""
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**32))
    return int(rng)


def _say_floor(question: Groups, method: str) -> None:
    """Tell of ranks too few for a small p."""
    from math import comb

    first, *others = question.levels
    counts = question.labels.value_counts()
    for level in others:
        m, n = int(counts[level]), int(counts[first])
        if method == "mann-whitney":
            floor = 2 / comb(m + n, m)
        elif method == "wilcoxon":
            floor = 2.0 ** (1 - m)
        else:
            return
        if floor > 0.05:
            logger.warning(
                "%s against %s: with %d and %d samples no p of this test is below %.2g.",
                level, first, m, n, min(floor, 1.0),
            )  # fmt: skip


def _as_stored(asked: Asked) -> dict[str, Any]:
    """The arguments as an h5ad file takes them."""
    found = {name: getattr(asked, name) for name in asked._fields}
    many = {"groups", "survival", "covariates"}
    return {
        name: "none"
        if value is None or (name in many and not value)
        else [str(part) for part in value]
        if name in many
        else str(value)
        for name, value in found.items()
    }


def _store(
    adata: AnnData, key: str, slots: tuple[str, str], found: pd.DataFrame, params: dict[str, Any]
) -> None:
    record = dict(adata.uns.get(Keys(key).uns, {"format": FORMAT}))
    adata.uns[Keys(key).uns] = record | dict(zip(slots, (found, params), strict=True))
