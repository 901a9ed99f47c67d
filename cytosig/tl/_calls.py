"""The calls that made what is stored, kept beside it in words, and read back with care."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cytosig._errors import DataError
from cytosig.engine.reference import Reference
from cytosig.signatures import Catalogue, load
from cytosig.signatures.stored import from_bytes, to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

CALLS, GIVEN = "calls", "given"
"""Names in the record: calls as JSON in their order, and what they were given that is no word."""
NOT_KEPT = ("adata", "copy", "progress", "scratch", "n_jobs", "chunk_size")
"""Arguments that results do not depend on."""
_CATALOGUE, _REFERENCE, _GENERATOR, _OTHER = "$catalogue", "$reference", "$generator", "$other"


@dataclass(frozen=True)
class Call:
    """One call of a tool.

    Parameters
    ----------
    tool
        Name of the function in ``cs.tl``.
    arguments
        As JSON holds them; a catalogue or a reference is a name in ``given``.
    given
        Their bytes by that name.
    """

    tool: str
    arguments: Mapping[str, Any]
    given: Mapping[str, bytes]

    @classmethod
    def of(cls, tool: str, arguments: Mapping[str, Any], /) -> Call:
        """Put arguments in words, before the tool draws from a generator among them."""
        given: dict[str, bytes] = {}
        reference = arguments.get("reference")
        if tool == "score" and isinstance(reference, Reference):  # reads no samples of it
            arguments = {**arguments, "reference": replace(reference, cohort=None)}
        words = {
            name: _word(value, given) for name, value in arguments.items() if name not in NOT_KEPT
        }
        return cls(tool, words, given)

    @property
    def slot(self) -> tuple[str, str]:
        """What a later call of the same takes the place of."""
        return self.tool, str(self.arguments.get("key_added")) if self.tool == "compare" else ""

    @property
    def text(self) -> str:
        """As it is kept."""
        return json.dumps({"tool": self.tool, "arguments": self.arguments}, ensure_ascii=True)

    def unpacked(self, *, where: str) -> dict[str, Any]:
        """The arguments as the tool takes them.

        Raises
        ------
        DataError
            When one cannot be had back: a kind of object that is not kept.
        """
        return {
            name: _value(word, self.given, f"{where}, {name}=")
            for name, word in self.arguments.items()
        }


def read(record: object, /, *, where: str) -> tuple[Call, ...]:
    """The calls of a record, in their order; none where it holds none.

    Raises
    ------
    DataError
        When what is there is nothing that this package writes.
    """
    if not isinstance(record, Mapping) or CALLS not in record:
        return ()
    held = record.get(GIVEN, {})
    try:
        given = {str(name): bytes(np.asarray(held[name], np.uint8)) for name in held}
        return tuple(_call(text, given) for text in record[CALLS])
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as exc:
        raise DataError(
            f"{where}[{CALLS!r}] holds no calls of cytosig ({str(exc)[:200]}): what is stored there"
            " cannot be run again. Run the tools anew."
        ) from exc


def written(calls: Iterable[Call], /) -> dict[str, Any]:
    """The entries of a record."""
    calls = tuple(calls)
    given = {name: held for call in calls for name, held in call.given.items()}
    entries: dict[str, Any] = {CALLS: [call.text for call in calls]}
    if given:
        entries[GIVEN] = {name: np.frombuffer(held, np.uint8) for name, held in given.items()}
    return entries


def _call(text: object, given: Mapping[str, bytes]) -> Call:
    read = json.loads(str(text))
    tool, arguments = read["tool"], dict(read["arguments"])
    own = {name: given[name] for name in _names(arguments) if name in given}
    return Call(str(tool), arguments, own)


def _names(arguments: Mapping[str, Any]) -> list[str]:
    words = [word for word in arguments.values() if isinstance(word, dict)]
    return [str(word[mark]) for word in words for mark in (_CATALOGUE, _REFERENCE) if mark in word]


def _word(value: object, given: dict[str, bytes]) -> Any:
    """As JSON has it; what it does not is kept in ``given``, or only named."""
    if isinstance(value, np.ndarray) and not value.ndim:
        value = value[()]
    if isinstance(value, np.number | np.bool_ | np.str_):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Catalogue):
        if value.digest == load().digest:
            return None  # what the tools take where nothing is given
        return {_CATALOGUE: _keep(to_bytes(value), given)}
    if isinstance(value, Reference):
        return {_REFERENCE: _keep(value.to_bytes(), given)}
    if isinstance(value, np.random.Generator):
        return {_GENERATOR: _word(_state(value), given)}
    if isinstance(value, Mapping):
        return {str(name): _word(inner, given) for name, inner in value.items()}
    if isinstance(value, set | frozenset):
        return [_word(inner, given) for inner in sorted(value, key=str)]
    if isinstance(value, Collection) and not isinstance(value, bytes | pd.DataFrame):
        return [_word(inner, given) for inner in value]  # lists, arrays, columns, indexes, keys
    return {_OTHER: type(value).__name__}


def _keep(content: bytes, given: dict[str, bytes]) -> str:
    name = hashlib.sha256(content).hexdigest()[:16]
    given[name] = content
    return name


def _value(word: Any, given: Mapping[str, bytes], where: str) -> Any:
    if isinstance(word, list):
        return tuple(_value(one, given, where) for one in word)
    if not isinstance(word, dict):
        return word
    if _OTHER in word:
        raise DataError(f"{where} was a {word[_OTHER]}, which is not kept; make the call by hand.")
    if _GENERATOR in word:
        return _generator(word[_GENERATOR], where)
    for mark in (_CATALOGUE, _REFERENCE):
        if mark in word:
            content = _content(str(word[mark]), given, where)
            return (
                from_bytes(content)
                if mark == _CATALOGUE
                else Reference.from_bytes(content, name=where)
            )
    return {name: _value(inner, given, where) for name, inner in word.items()}


def _content(name: str, given: Mapping[str, bytes], where: str) -> bytes:
    content = given.get(name)
    if content is None or hashlib.sha256(content).hexdigest()[:16] != name:
        raise DataError(f"{where} is no longer whole in this record; make the call by hand.")
    return content


def _state(rng: np.random.Generator) -> dict[str, Any]:
    """Where it is in its numbers, and in the generators that it spawns."""
    bits = rng.bit_generator
    seeds = bits.seed_seq
    names = ("entropy", "spawn_key", "pool_size", "n_children_spawned")
    return {"bits": bits.state, "seeds": {name: getattr(seeds, name, None) for name in names}}


def _generator(held: Any, where: str) -> np.random.Generator:
    kinds: dict[str, type[np.random.BitGenerator]] = {
        "PCG64": np.random.PCG64, "PCG64DXSM": np.random.PCG64DXSM, "MT19937": np.random.MT19937,
        "Philox": np.random.Philox, "SFC64": np.random.SFC64,
    }  # fmt: skip
    try:
        seeds = {name: _value(word, {}, where) for name, word in held["seeds"].items()}
        bits = kinds[str(held["bits"]["bit_generator"])](np.random.SeedSequence(**seeds))
        bits.state = _value(held["bits"], {}, where)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as exc:
        raise DataError(f"{where} is no state of a generator; make the call by hand.") from exc
    return np.random.Generator(bits)
