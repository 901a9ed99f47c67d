"""What pytest is to keep of a run: examples tried, failures and time of every property."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Asked, Found = ParamSpec("Asked"), TypeVar("Found")


@dataclass
class Property:
    """One test of a property.

    Parameters
    ----------
    must_hold
        In so many words, from the test's docstring.
    failed
        What hypothesis says of the smallest example on which it does not, by test.
    """

    where: str
    must_hold: str
    examples: int = 0
    seconds: float = 0.0
    failed: list[str] = field(default_factory=list)


class Tally:
    """A plugin of pytest. An example counts once the property was asked of it, held or not.

    Hypothesis is imported where it is needed: pytest wants to be the first to do so.
    """

    def __init__(self, examples: int) -> None:
        self.found: dict[str, Property] = {}
        self._examples = examples

    def pytest_configure(self) -> None:
        """After the profile of the tests, before the tests are read."""
        from reliability.properties.profiles import load_campaign

        load_campaign(self._examples)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """Count the calls of what hypothesis calls with every example."""
        handle = getattr(getattr(item, "obj", None), "hypothesis", None)
        if handle is None:
            return (yield)
        name = item.nodeid.split("[")[0]
        said = " ".join((item.obj.__doc__ or "").split())
        mine = self.found.setdefault(name, Property(name, said))
        asked = handle.inner_test
        handle.inner_test = _counted(asked, mine)
        try:
            return (yield)
        finally:
            handle.inner_test = asked

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the time, and what is wrong."""
        mine = self.found.get(report.nodeid.split("[")[0])
        if mine is None or report.when != "call":
            return
        mine.seconds += report.duration
        if report.failed:
            mine.failed.append(str(report.longrepr))


def _counted(asked: Callable[Asked, Found], mine: Property) -> Callable[Asked, Found]:
    from hypothesis.errors import UnsatisfiedAssumption

    @wraps(asked)
    def asked_once(*args: Asked.args, **kwargs: Asked.kwargs) -> Found:
        try:
            found = asked(*args, **kwargs)
        except UnsatisfiedAssumption:
            raise
        except Exception:
            mine.examples += 1
            raise
        mine.examples += 1
        return found

    return asked_once
