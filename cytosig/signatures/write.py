"""A signature as the TOML that ``parse_user_signatures`` reads back."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from cytosig._errors import SignatureError
from cytosig.signatures.evidence import as_record

if TYPE_CHECKING:
    from cytosig.signatures.evidence import Evidence, HeldOut
    from cytosig.signatures.model import ResponseGene, Signature


def signature_toml(signature: Signature, /) -> str:
    """One ``[[signature]]`` table with its evidence; equal signatures give equal bytes.

    Examples
    --------
    >>> from cytosig.signatures import Signature
    >>> print(signature_toml(Signature.from_weights("MINE", {"SOCS3": 1.0, "CCND1": -0.5})))
    [[signature]]
    id = "MINE"
    up = [
      {gene = "SOCS3", weight = 1},
    ]
    down = [
      {gene = "CCND1", weight = 0.5},
    ]
    """
    lines = ["[[signature]]", f"id = {_value(signature.id)}"]
    for key in ("axis", "grade", "grade_reason"):
        if getattr(signature, key):
            lines.append(f"{key} = {_value(getattr(signature, key))}")
    for key, sign in (("up", 1.0), ("down", -1.0)):
        genes = [record for record in signature.genes if record.weight * sign > 0]
        if genes:
            lines += [f"{key} = [", *(f"  {_gene(record)}," for record in genes), "]"]
    if signature.evidence is not None:
        lines += _table("signature.evidence", signature.evidence)
    return "\n".join(lines) + "\n"


def _gene(record: ResponseGene) -> str:
    parts: dict[str, object] = {"gene": record.gene, "weight": abs(record.weight)}
    if record.tier != "user":
        parts["tier"] = record.tier
    if record.studies_for:
        parts["for"] = record.studies_for
    if record.studies_against:
        parts["against"] = record.studies_against
    if record.support:
        parts["support"] = list(record.support)
    return "{" + ", ".join(f"{key} = {_value(value)}" for key, value in parts.items()) + "}"


def _table(name: str, evidence: Evidence | HeldOut) -> list[str]:
    record = as_record(evidence)
    held_out = record.pop("held_out", None)
    lines = ["", f"[{name}]", *(f"{key} = {_value(value)}" for key, value in record.items())]
    return lines + (_table(f"{name}.held_out", held_out) if held_out is not None else [])


def _value(value: object) -> str:
    """As TOML has it; a number with as few digits as give it back."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(_value(one) for one in value)}]"
    if isinstance(value, int | float):
        if not math.isfinite(value):
            raise SignatureError(f"A signature file holds no {value}; leave the number out.")
        return str(int(value)) if value == int(value) else repr(float(value))
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
