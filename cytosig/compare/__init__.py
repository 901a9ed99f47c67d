"""Comparisons over samples, on plain frames: groups, trends, survival, several cohorts."""

from __future__ import annotations

from cytosig.compare.question import Groups, Question, Settings, Survival, Table, Trend
from cytosig.compare.run import compare_tables

__all__ = ["Groups", "Question", "Settings", "Survival", "Table", "Trend", "compare_tables"]
