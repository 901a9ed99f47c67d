"""A catalogue as bytes that give it back whole: signatures, cytokines, axes, references."""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from cytosig._errors import SignatureError
from cytosig.signatures import model
from cytosig.signatures.catalogue import Catalogue
from cytosig.signatures.evidence import Evidence, HeldOut

if TYPE_CHECKING:
    from collections.abc import Mapping

_LARGEST = 64 * 2**20  # bytes of text; the curated catalogue has 0.4 million
_TOP: dict[str, type] = {
    "signatures": model.Signature, "cytokines": model.Cytokine, "axes": model.Axis,
    "references": model.Reference,
}  # fmt: skip
_INSIDE: dict[type, dict[str, type]] = {
    model.Signature: {"genes": model.ResponseGene, "evidence": Evidence},
    Evidence: {"held_out": HeldOut},
    model.Cytokine: {
        "ligands": model.Form, "receptors": model.Form, "role": model.Role,
        "modifiers": model.Modifiers, "drugs": model.Drug, "response": model.Response,
    },
}  # fmt: skip
_PLAIN: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (int, float)}


def to_bytes(catalogue: Catalogue, /) -> bytes:
    """Packed JSON; equal catalogues give equal bytes.

    Examples
    --------
    >>> made = Catalogue.from_dict({"MINE": {"SOCS3": 1.0, "CCND1": -0.5}})
    >>> from_bytes(to_bytes(made)) == made
    True
    """
    parts: dict[str, Any] = {
        name: [asdict(record) for record in getattr(catalogue, name).values()] for name in _TOP
    }
    parts["variants"] = {
        name: [asdict(signature) for signature in kept.values()]
        for name, kept in catalogue.variants.items()
    }
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(text.encode("utf-8", "surrogatepass"), 9)


def from_bytes(packed: bytes, /) -> Catalogue:
    """The catalogue that :func:`to_bytes` was given.

    Raises
    ------
    SignatureError
        When the bytes are something else.
    """
    try:
        parts = json.loads(_unpacked(packed).decode("utf-8", "surrogatepass"))
        made = {name: _by_id(parts[name], cls) for name, cls in _TOP.items()}
        variants = {name: _by_id(kept, model.Signature) for name, kept in parts["variants"].items()}
        return Catalogue(**made, variants=variants)
    except (
        ArithmeticError, AttributeError, KeyError, RecursionError, TypeError, ValueError, zlib.error
    ) as exc:  # fmt: skip
        raise SignatureError(f"These bytes hold no catalogue ({str(exc)[:200]}).") from exc


def _unpacked(packed: bytes) -> bytes:
    stream = zlib.decompressobj()
    text = stream.decompress(packed, _LARGEST)
    if not stream.eof:
        raise ValueError("cut short, or larger than any catalogue")
    return text


def _by_id(records: list[Mapping[str, Any]], cls: type) -> dict[str, Any]:
    made = {record["id"]: _record(cls, record) for record in records}
    if len(made) < len(records):
        raise ValueError("an id is there twice")
    return made


def _record(cls: type, data: Mapping[str, Any]) -> Any:
    """A record of that class, with those inside it; numbers and text are what they should be."""
    inside, kinds = _INSIDE.get(cls, {}), {field.name: str(field.type) for field in fields(cls)}
    made = {name: _value(inside.get(name), held) for name, held in data.items()}
    for name, held in made.items():
        _check(f"{cls.__name__}.{name}", kinds[name], held)
    return cls(**made)


def _value(cls: type | None, held: Any) -> Any:
    if isinstance(held, list):
        return tuple(_value(cls, one) for one in held)
    return _record(cls, held) if cls is not None and isinstance(held, dict) else held


def _check(name: str, kind: str, held: Any) -> None:
    many = kind.removeprefix("tuple[").removesuffix(", ...]") if "tuple" in kind else ""
    expected = _PLAIN.get(many or kind)
    values = held if many else (held,)
    if isinstance(held, dict) or (many and not isinstance(held, tuple)):
        raise TypeError(f"{name} is a {type(held).__name__}")
    if expected is not None and not all(
        isinstance(one, expected) and not isinstance(one, bool) for one in values
    ):
        raise TypeError(f"{name} is no {many or kind}")
