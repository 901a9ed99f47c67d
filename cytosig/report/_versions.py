"""Section: versions, the digest of the catalogue, every recorded parameter, every other table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cytosig.report._parts import Facts, Heading, Section, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cytosig.report._parts import Part
    from cytosig.report._record import Record
    from cytosig.report._shelf import Shelf

_LEAD = "Enough to run all of it again: 'not given' leaves an argument at its default."
_LONGEST = 2000  # letters of one value
_PARAMS = "_params"


def versions(record: Record, shelf: Shelf, /) -> Section:
    """Parameters of every tool, and the tables no other section has asked for."""
    parts: list[Part] = [Text(_LEAD, "lead"), Facts(tuple(_versions(record)))]
    for name, value in sorted(record.uns.items()):
        if isinstance(value, Mapping) and (name == "params" or name.endswith(_PARAMS)):
            tool = "scoring" if name == "params" else name.removesuffix(_PARAMS)
            parts += [Heading(f"Parameters: {tool}"), Facts(tuple(_facts(value)))]
    further = [name for name in record.adata.uns if name.startswith(f"{record.key}_")]
    if further:
        runs = ", ".join(further)
        parts.append(Text(f"There is more in this file, with reports of its own by --key: {runs}."))
    rest = shelf.rest()
    if rest:
        parts += [Heading("Other tables"), *rest]
    return Section("versions", "Versions and parameters", tuple(parts))


def _versions(record: Record) -> Iterator[tuple[str, str]]:
    from importlib.metadata import version

    yield "Report written by", f"cytosig-toolkit {version('cytosig-toolkit')}"
    yield "Slot", f"uns[{record.key!r}]"
    digest = record.uns.get("catalogue_digest")
    if digest is not None:
        yield "Digest of the catalogue", str(digest)
    packages = record.uns.get("versions")
    if isinstance(packages, Mapping):
        yield "Scored with", ", ".join(f"{name} {packages[name]}" for name in sorted(packages))


def _facts(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in sorted(params):
        yield str(name), _text(params[name])


def _text(value: Any) -> str:
    if isinstance(value, str) and value == "none":
        return "not given"
    if isinstance(value, Mapping):
        said = ", ".join(f"{name} {value[name]}" for name in sorted(value))
    elif isinstance(value, str) or not hasattr(value, "__iter__"):
        said = str(value)
    else:
        said = ", ".join(map(str, value)) or "none"
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]} … ({len(said):,} letters)"
