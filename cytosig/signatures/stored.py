"""A catalogue as bytes that give it back whole: signatures, cytokines, axes, references."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields, is_dataclass
from typing import TYPE_CHECKING, Any

from cytosig._errors import SignatureError
from cytosig.signatures import model
from cytosig.signatures.catalogue import Catalogue
from cytosig.signatures.evidence import Evidence, HeldOut

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    """JSON without what has its default; equal catalogues give equal bytes.

    Examples
    --------
    >>> made = Catalogue.from_dict({"MINE": {"SOCS3": 1.0, "CCND1": -0.5}})
    >>> from_bytes(to_bytes(made)) == made
    True
    """
    parts: dict[str, Any] = {
        name: _plain(tuple(getattr(catalogue, name).values())) for name in _TOP
    }
    parts["variants"] = {
        name: _plain(tuple(kept.values())) for name, kept in catalogue.variants.items()
    }
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def _plain(held: Any) -> Any:
    if isinstance(held, tuple):
        return [_plain(one) for one in held]
    if not is_dataclass(held):
        return held
    given = ((field, getattr(held, field.name)) for field in fields(held))
    return {
        field.name: _plain(value)
        for field, value in given
        if field.default is MISSING or value != field.default
    }


def from_bytes(content: bytes, /) -> Catalogue:
    """The catalogue that :func:`to_bytes` was given.

    Raises
    ------
    SignatureError
        When the bytes are something else.
    """
    try:
        parts = json.loads(content.decode("utf-8", "surrogatepass"))
        made = {name: _by_id(parts[name], cls) for name, cls in _TOP.items()}
        variants = {name: _by_id(kept, model.Signature) for name, kept in parts["variants"].items()}
        return Catalogue(**made, variants=variants)
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as exc:
        raise SignatureError(f"These bytes hold no catalogue ({str(exc)[:200]}).") from exc


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
        _check(f"{cls.__name__}.{name}", kinds[name], inside.get(name), held)
    return cls(**made)


def _value(cls: type | None, held: Any) -> Any:
    if isinstance(held, list):
        return tuple(_value(cls, one) for one in held)
    return _record(cls, held) if cls is not None and isinstance(held, dict) else held


def _check(name: str, kind: str, inside: type | None, held: Any) -> None:
    """Refuse what is no value of a field that is annotated so."""
    if held is None and "None" in kind:
        return
    many = "tuple[" in kind
    if many != isinstance(held, tuple):
        raise TypeError(f"{name} is a {type(held).__name__}")
    plain = kind.removeprefix("tuple[").split(",")[0].split(" |")[0]  # names of choices are text
    known = (inside,) if inside else _PLAIN.get(plain, (str,))
    for one in held if many else (held,):
        if not isinstance(one, known) or isinstance(one, bool):
            raise TypeError(f"{name} is no {kind}")
