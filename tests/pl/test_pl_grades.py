"""The one rule of fading, which every plot uses."""

from __future__ import annotations

import pytest
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle

from cytosig.pl import _grades


@pytest.mark.parametrize(
    ("grade", "name"),
    [("A", "IL33"), ("B", "IL33"), ("C", "IL33 (C)"), ("D", "IL33 (D)"), ("", "IL33")],
)
def test_a_grade_below_b_is_in_the_name(grade: str, name: str) -> None:
    assert _grades.labelled("IL33", grade) == name
    assert _grades.is_weak(grade) == (name != "IL33")


@pytest.mark.parametrize("grade", ["A", "B", ""])
def test_other_patches_stay_as_they_are(grade: str) -> None:
    patch = Rectangle((0, 0), 1, 1, facecolor="#204060")
    _grades.mark(patch, grade)
    assert patch.get_facecolor() == to_rgba("#204060")
    assert patch.get_hatch() is None


def test_weak_patches_are_mixed_with_white_and_hatched() -> None:
    patch = Rectangle((0, 0), 1, 1, facecolor=(0.2, 0.4, 1.0))
    _grades.mark(patch, "D")
    assert patch.get_facecolor() == pytest.approx((0.2 + 0.36, 0.4 + 0.27, 1.0, 1.0))
    assert patch.get_hatch() == _grades.HATCH
    assert _grades.handle("#000000").get_facecolor()[:3] == pytest.approx((0.45, 0.45, 0.45))
