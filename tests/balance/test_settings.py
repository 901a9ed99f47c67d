"""What a balance cannot be asked to do."""

from __future__ import annotations

import pytest

from cytosig._errors import UsageError
from cytosig.balance.settings import Settings, checked_programmes
from cytosig.signatures import load, load_context, load_network

USUAL = {
    "catalogue": load(),
    "rules": load_context(),
    "edges": load_network(),
    "adjust": (),
    "assume": (),
    "sweep": (),
    "min_coverage": 0.25,
    "shrink": True,
    "n_draws": 100,
    "level": 0.95,
    "rng": 0,
}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("min_coverage", -0.1, r"min_coverage=-0.1: expected a share from 0 to 1"),
        ("min_coverage", 1.1, r"min_coverage=1.1"),
        ("n_draws", 99, r"n_draws=99: expected 100 or more"),
        ("level", 0.0, r"level=0.0: expected a share between 0 and 1, as 0.95"),
        ("level", 1.0, r"level=1.0"),
        ("level", 95, r"level=95"),
        ("assume", ("CR01", "CR00"), r"assume: there is no rule 'CR00'; .*load_context\(\)"),
    ],
)
def test_settings_that_make_no_sense(name: str, value: object, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Settings(**{**USUAL, name: value})


def test_the_ends_of_what_makes_sense() -> None:
    for name, value in (("min_coverage", 0), ("min_coverage", 1), ("assume", ("CR01",))):
        assert getattr(Settings(**{**USUAL, name: value}), name) == value


def test_programmes_are_there_and_named_once() -> None:
    assert checked_programmes(["b", "a", "b"], ["a", "b", "c"]) == ("b", "a")
    assert checked_programmes([], ["a"]) == ()
    with pytest.raises(UsageError, match="adjust: there is no programme 'd'; there are a, b, c"):
        checked_programmes(["a", "d"], ["a", "b", "c"])
