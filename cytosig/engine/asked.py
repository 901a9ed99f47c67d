"""Which methods, whose conventions and what settings were asked for, checked by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING

from cytosig import methods
from cytosig._errors import UsageError

if TYPE_CHECKING:
    from cytosig.methods import Method, Setting


def chosen_methods(asked: str | Sequence[str], /) -> tuple[Method, ...]:
    """The methods of these names; ``consensus`` alone brings those it joins.

    Raises
    ------
    UsageError
        When one is not known or named twice, none is named, or consensus has nothing to join.
    """
    names = _names(asked, "method")
    if not names:
        raise UsageError(
            f"method={asked!r}: name at least one of {', '.join(methods.available())}."
        )
    chosen = [methods.get(name) for name in names]
    joint = [m for m in chosen if isinstance(m, methods.ConsensusMethod)]
    if joint and len(chosen) == 1:
        chosen += [methods.get(name) for name in joint[0].members]
    if joint and len(chosen) < 3:
        raise UsageError(
            f"method={asked!r}: consensus joins two or more methods; name them beside it, or name"
            f" it alone for {', '.join(joint[0].members)}."
        )
    return tuple(chosen)


def chosen_compat(asked: str | Sequence[str] | None, chosen: Sequence[Method], /) -> dict[str, str]:
    """The peer each method follows, for those that follow one.

    Raises
    ------
    UsageError
        When a peer means nothing to any of the methods, or two of them mean the same one.
    """
    found: dict[str, str] = {}
    for peer in _names(asked or (), "compat"):
        takers = [m.name for m in chosen if peer in m.compat]
        if not takers:
            known = sorted({p for m in chosen for p in m.compat})
            raise UsageError(
                f"compat={peer!r} means nothing to {', '.join(m.name for m in chosen)}"
                + (f"; they know {', '.join(known)}." if known else ".")
            )
        for name in takers:
            if name in found:
                raise UsageError(f"compat names {found[name]!r} and {peer!r} for {name}; keep one.")
            found[name] = peer
    return found


def chosen_settings(
    asked: Mapping[str, Mapping[str, float]] | None, chosen: Sequence[Method], /
) -> dict[str, dict[str, float]]:
    """Every setting of every method, as asked or its default.

    Raises
    ------
    UsageError
        When a method or a setting is not there, or a value is out of range.
    """
    by_name = {method.name: method for method in chosen}
    if not isinstance(asked, Mapping | None):
        raise UsageError(f"settings={asked!r}: expected {{method: {{name: value}}}}.")
    for name, values in (asked or {}).items():
        if name not in by_name:
            raise UsageError(f"settings: {name!r} is not among the methods {', '.join(by_name)}.")
        if not isinstance(values, Mapping):
            raise UsageError(f"settings: {name} has {values!r}; expected {{name: value}}.")
        known = {setting.name: setting for setting in by_name[name].settings}
        for key, value in values.items():
            if key not in known:
                names = ", ".join(known) or "none"
                raise UsageError(f"settings: {name} has no {key!r}; it has {names}.")
            _check_value(name, known[key], value)
    return {name: method.tuned((asked or {}).get(name, {})) for name, method in by_name.items()}


def _check_value(method: str, setting: Setting, value: float) -> None:
    number = isinstance(value, Real) and not isinstance(value, bool)
    whole = not setting.whole or (number and float(value).is_integer())
    if not (number and whole and setting.low <= value <= setting.high):
        kind = "a whole number" if setting.whole else "a number"
        raise UsageError(
            f"settings: {method}.{setting.name}={value!r}; expected {kind} from {setting.low:g} to"
            f" {setting.high:g} ({setting.about})."
        )


def _names(asked: str | Sequence[str], argument: str) -> list[str]:
    names = [asked] if isinstance(asked, str) else list(asked)
    for name in names:
        if not isinstance(name, str):
            raise UsageError(f"{argument}: {name!r} is not a name.")
        if names.count(name) > 1:
            raise UsageError(f"{argument} names {name!r} twice; keep one.")
    return names
