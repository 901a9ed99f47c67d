"""How many examples are tried: few and always the same in the tests, many in the campaign."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings

_SHORT_EXAMPLES = 6
_LATE = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def load_short() -> None:
    """The profile of the tests."""
    _load("cytosig short", _SHORT_EXAMPLES, derandomize=True)


def load_campaign(examples: int, /) -> None:
    """The profile of the campaign, which is told its seed on the command line."""
    _load("cytosig campaign", examples, derandomize=False)


def _load(name: str, examples: int, *, derandomize: bool) -> None:
    """No example is remembered, and none fails for the time it takes: the machine may be busy."""
    phases = [phase for phase in Phase if phase is not Phase.explain]
    settings.register_profile(
        name, max_examples=examples, derandomize=derandomize, database=None, deadline=None,
        suppress_health_check=_LATE, print_blob=True, phases=phases,
    )  # fmt: skip
    settings.load_profile(name)


def share(part: float, /) -> settings:
    """For a property that takes long, this share of the examples; above 1, for a quick one."""
    return settings(max_examples=max(2, round(settings.default.max_examples * part)))
