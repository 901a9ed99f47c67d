"""Groups of samples, each against the reference: test, standardised difference, area, omnibus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig.compare.columns import effect, reasons, tested, untested
from cytosig.compare.linear import linear, partial_f
from cytosig.stats.auroc import auroc, bootstrap_auroc
from cytosig.stats.groups import OneWay, kruskal, mann_whitney, paired_t, paired_wilcoxon, welch
from cytosig.stats.groups import welch_anova as anova
from cytosig.stats.shift import hedges_g

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from cytosig.compare.question import Groups, Settings
    from cytosig.stats.estimate import Estimate

    Array = NDArray[np.float64]

SEVERAL = "Welch's ANOVA"
SEVERAL_RANKS = "Kruskal-Wallis"
SEVERAL_ADJUSTED = "F with covariates"
_OF_ARRAYS = {"welch": welch, "mann-whitney": mann_whitney, "wilcoxon": paired_wilcoxon}
_NAMES = {
    "welch": "Welch t", "mann-whitney": "Mann-Whitney", "wilcoxon": "Wilcoxon signed rank",
}  # fmt: skip


def compare_groups(
    values: pd.DataFrame, question: Groups, covariates: pd.DataFrame | None, settings: Settings, /
) -> pd.DataFrame:
    """One row a column of ``values`` and level; rows of values are the question's samples."""
    import pandas as pd

    parts = [
        _contrast(values, question, level, covariates, settings) for level in question.levels[1:]
    ]
    if len(question.levels) > 2:
        omnibus = _omnibus(values, question, covariates, settings)
        parts = [_with_omnibus(part, omnibus) for part in parts]
    return pd.concat(parts).rename_axis("name").reset_index()


def _with_omnibus(part: pd.DataFrame, omnibus: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    whole = pd.concat([part, omnibus.drop(columns="reason")], axis=1)
    whole["reason"] = [
        "; ".join(filter(None, [why, f"omnibus: {also}" if also else ""]))
        for why, also in zip(whole["reason"], omnibus["reason"], strict=True)
    ]
    return whole


def _contrast(
    values: pd.DataFrame,
    question: Groups,
    level: str,
    covariates: pd.DataFrame | None,
    settings: Settings,
) -> pd.DataFrame:
    import pandas as pd

    reference = question.levels[0]
    one, other = (_of(values, question, name) for name in (level, reference))
    paired = question.patient is not None
    found = _tested(values, (one, other), question, level, covariates, settings)
    g = [
        hedges_g(a, b, paired=paired, level=settings.level)
        for a, b in zip(one.T, other.T, strict=True)
    ]
    effects: dict[str, list[Estimate]] = {"Hedges' g": g}
    columns: dict[str, Any] = {**effect(g, "hedges_g", with_p=False)}
    if not paired:
        effects["AUROC"] = [_area(a, b, settings) for a, b in zip(one.T, other.T, strict=True)]
        columns |= effect(effects["AUROC"], "auroc", with_p=True)
    there = [~np.isnan(one), ~np.isnan(other)]
    if paired:
        there = [there[0] & there[1]] * 2
    numbers = dict(zip(("n_group", "n_reference"), (x.sum(axis=0) for x in there), strict=True))
    found["reason"] = reasons(found["reason"], effects)
    head = {"contrast": f"{level} vs {reference}", "group": level, "reference": reference}
    parts = [
        pd.DataFrame({**head, **numbers}, index=found.index),
        found.drop(columns="reason"),
        pd.DataFrame(columns, index=found.index),
        pd.DataFrame({"test": test_name(settings, paired=paired), "reason": found["reason"]}),
    ]
    return pd.concat(parts, axis=1)


def _tested(
    values: pd.DataFrame,
    sides: tuple[Array, Array],
    question: Groups,
    level: str,
    covariates: pd.DataFrame | None,
    settings: Settings,
) -> pd.DataFrame:
    reference = question.levels[0]
    present = set(question.labels)
    for name in (level, reference):
        if name not in present:
            return untested(values.columns, f"no sample of {name!r} here")
    if settings.method in _OF_ARRAYS:
        test = _OF_ARRAYS[settings.method]
        pairs = zip(values.columns, sides[0].T, sides[1].T, strict=True)
        return tested({str(n): test(a, b, level=settings.level) for n, a, b in pairs})
    if settings.method == "t" and question.patient is not None and covariates is None:
        pairs = zip(values.columns, sides[0].T, sides[1].T, strict=True)
        return tested({str(n): paired_t(a, b, level=settings.level) for n, a, b in pairs})
    if question.patient is not None:
        patient = question.patient.to_frame()
        covariates = patient if covariates is None else covariates.join(patient)
    return linear(
        values, question.labels, covariates, settings, reference=reference, level=level
    ).set_index(values.columns)


def test_name(settings: Settings, /, *, paired: bool) -> str:
    """What the test is called in the table."""
    if settings.method in _NAMES:
        return _NAMES[settings.method]
    moderated = settings.moderate and settings.method == "moderated"
    return f"{'paired ' if paired else ''}{'moderated t' if moderated else 't'}"


def _of(values: pd.DataFrame, question: Groups, level: str) -> Array:
    """Values of one group, samples × columns; of pairs in the order of the patients."""
    samples = question.labels.index[(question.labels == level).to_numpy()]
    if question.patient is not None:
        samples = question.patient[samples].sort_values(kind="stable").index
    return values.loc[samples].to_numpy(dtype=np.float64)


def _area(one: Array, other: Array, settings: Settings) -> Estimate:
    """Area under the ROC curve, ``one`` being the positive samples; in order of the values.

    So that the draws of a bootstrap do not depend on the order of the samples.
    """
    score = np.concatenate([np.sort(one), np.sort(other)])
    positive = np.repeat([1.0, 0.0], [len(one), len(other)])
    if settings.auroc_ci == "bootstrap":
        return bootstrap_auroc(
            score, positive, level=settings.level, n_draws=settings.n_draws, rng=settings.seed
        )
    return auroc(score, positive, level=settings.level)


def _omnibus(
    values: pd.DataFrame, question: Groups, covariates: pd.DataFrame | None, settings: Settings
) -> pd.DataFrame:
    """Whether any of the groups differ, for each column of ``values``."""
    import pandas as pd

    groups = [_of(values, question, level) for level in question.levels if
              (question.labels == level).any()]  # fmt: skip
    name, found = SEVERAL, list[OneWay | None]()
    for j, column in enumerate(values.columns):
        sides = [group[:, j] for group in groups]
        if len(groups) < 2:
            found.append(None)
        elif settings.method == "mann-whitney":
            name = SEVERAL_RANKS
            found.append(kruskal(sides))
        elif covariates is not None:
            name = SEVERAL_ADJUSTED
            own = values[column].to_numpy(dtype=np.float64)
            found.append(partial_f(own, question.labels, covariates))
        else:
            found.append(anova(sides))
    nan = float("nan")
    columns = {
        "omnibus_statistic": [nan if f is None else f.statistic for f in found],
        "omnibus_df_between": [nan if f is None else f.df_between for f in found],
        "omnibus_df_within": [nan if f is None else f.df_within for f in found],
        "omnibus_p": [nan if f is None else f.p for f in found],
        "omnibus_test": name,
        "reason": ["fewer than two groups here" if f is None else f.reason for f in found],
    }
    return pd.DataFrame(columns, index=values.columns)
