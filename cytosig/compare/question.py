"""What is asked of the samples, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

# Tests of a difference between groups, of a trend, of survival; the first is the default.
UNPAIRED = ("moderated", "t", "welch", "mann-whitney")
PAIRED = ("moderated", "t", "wilcoxon")
TRENDS = ("moderated", "t", "hc3", "spearman")
HAZARDS = ("cox",)
# Tests that hold no covariate constant.
WITHOUT_COVARIATES = ("welch", "mann-whitney", "wilcoxon", "spearman")


@dataclass(frozen=True)
class Table:
    """Values of samples: samples × names, NaN where a sample has none.

    ``kind`` is ``score``, ``axis`` or ``balance``; ``cell_type`` is empty for whole samples.
    """

    kind: str
    values: pd.DataFrame
    cell_type: str = ""


@dataclass(frozen=True)
class Groups:
    """Groups of samples, each compared with the first of ``levels``.

    ``labels`` has one text a sample, ``patient`` (where samples are paired) too; its name is
    that of the column.
    """

    labels: pd.Series[Any]
    levels: tuple[str, ...]
    patient: pd.Series[Any] | None = None

    @property
    def samples(self) -> pd.Index[Any]:
        """Who is compared."""
        return self.labels.index

    def among(self, samples: pd.Index[Any], /) -> Groups:
        """The same question to some of the samples; of pairs only whole ones stay."""
        labels = self.labels[self.labels.index.isin(samples)]
        if self.patient is None:
            return Groups(labels, self.levels)
        patient = self.patient[labels.index]
        whole = patient.map(patient.value_counts()) == 2
        return Groups(labels[whole], self.levels, patient[whole])


@dataclass(frozen=True)
class Trend:
    """A number a sample; its name is that of the column."""

    values: pd.Series[Any]

    @property
    def samples(self) -> pd.Index[Any]:
        """Who is looked at."""
        return self.values.index

    def among(self, samples: pd.Index[Any], /) -> Trend:
        """The same question to some of the samples."""
        return Trend(self.values[self.values.index.isin(samples)])


@dataclass(frozen=True)
class Survival:
    """Follow-up of each sample, and whether it ended with an event."""

    time: pd.Series[Any]
    event: pd.Series[Any]

    @property
    def samples(self) -> pd.Index[Any]:
        """Who is looked at."""
        return self.time.index

    def among(self, samples: pd.Index[Any], /) -> Survival:
        """The same question to some of the samples."""
        kept = self.time.index.isin(samples)
        return Survival(self.time[kept], self.event[kept])


Question = Groups | Trend | Survival


@dataclass(frozen=True, slots=True)
class Settings:
    """How a question is answered.

    ``moderate`` lets the variances of a table's columns borrow from each other where the method
    can, and the columns are many and alike; ``strict`` raises where the samples do not allow the
    model at all, instead of leaving a reason; ``seed`` is that of bootstrap draws.
    """

    method: str
    level: float = 0.95
    auroc_ci: str = "delong"
    n_draws: int = 2000
    seed: int = 0
    moderate: bool = True
    strict: bool = True
