"""Design matrices by hand, and what they refuse."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cytosig._errors import DataError, UsageError
from cytosig._obs import are_numbers
from cytosig.stats.design import design_matrix, encode

SAMPLES = list("abcdef")
GROUP = pd.Series(["pre", "post", "pre", "post", "late", "late"], index=SAMPLES, name="visit")


def test_groups_against_a_reference() -> None:
    found = design_matrix(GROUP, reference="pre")
    assert list(found.columns) == ["intercept", "visit[late]", "visit[post]"]
    np.testing.assert_array_equal(found["visit[post]"], [0, 1, 0, 1, 0, 0])
    assert list(design_matrix(GROUP).columns) == ["intercept", "visit[post]", "visit[pre]"]
    assert list(found.index) == SAMPLES


def test_order_of_categories_and_levels_without_samples() -> None:
    group = GROUP.astype(pd.CategoricalDtype(["pre", "never", "post", "late"]))
    assert list(design_matrix(group).columns) == ["intercept", "visit[post]", "visit[late]"]


def test_numbers_stay_numbers_and_booleans_are_groups() -> None:
    age = pd.Series([50, 60, 70, 80, 65, 55], index=SAMPLES, name="age")
    covariates = pd.DataFrame({"old": age > 60, "batch": list("xxyyzz")}, index=SAMPLES)
    found = design_matrix(age, covariates=covariates)
    assert list(found.columns) == ["intercept", "age", "old[True]", "batch[y]", "batch[z]"]
    np.testing.assert_array_equal(found["age"], age)
    np.testing.assert_array_equal(found["old[True]"], [0, 0, 1, 1, 1, 0])
    assert (found.dtypes == np.float64).all()
    assert encode(pd.DataFrame(index=SAMPLES)).shape == (6, 0)


def test_pairs_are_a_column_a_patient() -> None:
    patient = pd.DataFrame({"patient": list("ppqqrr")}, index=SAMPLES)
    found = design_matrix(GROUP, covariates=patient)
    assert np.linalg.matrix_rank(found) == 4, "late is one patient, so its visit is lost"


@pytest.mark.parametrize(
    ("main", "covariates", "error", "said"),
    [
        (GROUP.where(GROUP != "late"), None, DataError, "'visit' is missing for 2 of 6"),
        (GROUP.replace({"post": "pre", "late": "pre"}), None, DataError, "one value in all 6"),
        (GROUP, pd.DataFrame({"x": range(6)}), UsageError, "reindex"),
        (GROUP, pd.DataFrame({"visit": GROUP}), UsageError, "two columns"),
        (GROUP, pd.DataFrame({"x": [np.inf, 1, 2, 3, 4, 5]}, index=SAMPLES), DataError, "infinite"),
    ],
)
def test_what_is_refused(
    main: pd.Series, covariates: pd.DataFrame | None, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        design_matrix(main, covariates=covariates)


def test_references_that_are_none() -> None:
    with pytest.raises(UsageError, match=r"'before' is no level of 'visit' \(found: 'late', "):
        design_matrix(GROUP, reference="before")
    with pytest.raises(UsageError, match="numbers, which have no reference"):
        design_matrix(pd.Series([1.0, 2], name="age"), reference=1.0)


def test_numbers_that_are_not_on_a_line_are_labels() -> None:
    """An imaginary part would be dropped, with a warning at best."""
    values = pd.Series([1j, 2 + 1j, 1j, 2 + 1j])
    assert not are_numbers(values)
    assert list(encode(pd.DataFrame({"x": values})).to_numpy().ravel()) == [0, 1, 0, 1]
    assert are_numbers(pd.Series([1, None], dtype="Int64"))
