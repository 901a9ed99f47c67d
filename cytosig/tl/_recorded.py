"""Keeps with what a tool stores the call that made it."""

from __future__ import annotations

from functools import wraps
from inspect import signature
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from cytosig._errors import DataError
from cytosig._keys import check_format
from cytosig.engine.reference import Reference
from cytosig.tl import _calls
from cytosig.tl._inputs import as_catalogue
from cytosig.tl._store import OTHER_TOOLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, MutableMapping
    from inspect import Signature

    from anndata import AnnData

Asked = ParamSpec("Asked")
_READS = {"compare": ("score", "channels", "balance"), "links": ("balance",)}
"""Tools that read what others stored; all else is made of the data."""
Found = TypeVar("Found", bound="AnnData | None")


def recorded(tool: Callable[Asked, Found], /) -> Callable[Asked, Found]:
    """The tool, which now also leaves its call in ``uns``: see :func:`cytosig.tl.rerun`.

    Files among the arguments are read once, here: what the record holds is what was used.
    """
    known, run = signature(tool), _untyped(tool)

    @wraps(tool)
    def _recorded(*args: Asked.args, **kwargs: Asked.kwargs) -> Found:
        bound = known.bind(*args, **kwargs)
        _read_files(tool.__name__, bound.arguments)
        call = _calls.Call.of(tool.__name__, {**_defaults(known), **bound.arguments})
        key = str(call.arguments[names_record(known)])
        adata = bound.arguments[next(iter(known.parameters))]
        earlier = _earlier(adata, key, call)
        check_format(getattr(adata, "uns", {}).get(key), key)
        found: Found = run(*bound.args, **bound.kwargs)
        target = adata if found is None else found
        calls = _calls.written(_needed((*earlier, call)))
        target.uns[key] = _without_calls(target.uns[key]) | calls
        return found

    return _recorded


def names_record(tool: Signature, /) -> str:
    """The argument that says in which record of ``uns`` the results are."""
    return "key" if "key" in tool.parameters else "key_added"


def _untyped(tool: Callable[..., Any]) -> Callable[..., Any]:
    return tool


def _defaults(known: Any) -> dict[str, Any]:
    """Kept, too: another version may have others."""
    return {
        name: one.default for name, one in known.parameters.items() if one.default is not one.empty
    }


def _read_files(tool: str, arguments: MutableMapping[str, Any]) -> None:
    if arguments.get("signatures") is not None:
        arguments["signatures"] = as_catalogue(arguments["signatures"])
    reference = arguments.get("reference")
    if tool != "compare" and reference is not None and not isinstance(reference, Reference):
        arguments["reference"] = Reference.load(reference)


def _earlier(adata: AnnData, key: str, call: _calls.Call) -> tuple[_calls.Call, ...]:
    """Calls before this one that left something, or what left something was made of."""
    record = getattr(adata, "uns", {}).get(key)
    try:
        calls = _calls.read(record, where=f"uns[{key!r}]")
    except DataError:  # of nobody we know: the new record begins with this call
        return ()
    return tuple(one for one in calls if call.tool != "score" or one.tool.startswith(OTHER_TOOLS))


def _needed(calls: Iterable[_calls.Call]) -> tuple[_calls.Call, ...]:
    """Those without which what is stored would not come out again, in their order.

    The last of a kind, and an earlier one whose results a tool read before they were replaced.
    """
    kept: list[_calls.Call] = []
    wanted: set[str] = set()
    for call in reversed(tuple(calls)):
        if call.tool in wanted or all(call.slot != one.slot for one in kept):
            wanted = (wanted - {call.tool}) | set(_READS.get(call.tool, ()))
            kept.append(call)
    return tuple(reversed(kept))


def _without_calls(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: held for name, held in record.items() if name not in (_calls.CALLS, _calls.GIVEN)}
