"""Response axes of a catalogue: those a user's file names, those of some ids, those of two."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cytosig._errors import SignatureError
from cytosig.signatures.model import Axis

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from cytosig.signatures.model import Signature


def named(signatures: Iterable[Signature], /) -> dict[str, Axis]:
    """The axes that signatures name themselves, with nothing but their members."""
    members: dict[str, list[str]] = {}
    for signature in signatures:
        if signature.axis:
            members.setdefault(signature.axis, []).append(signature.id)
    return {id: Axis(id, id, tuple(ids)) for id, ids in members.items()}


def keep(axes: Mapping[str, Axis], ids: Collection[str], /) -> dict[str, Axis]:
    """Axes that have a member among these ids, with only those."""
    return {
        id: replace(axis, members=members)
        for id, axis in axes.items()
        if (members := tuple(m for m in axis.members if m in ids))
    }


def join(mine: Mapping[str, Axis], theirs: Mapping[str, Axis], /) -> dict[str, Axis]:
    """Both together; an axis of both has the members of both.

    Raises
    ------
    SignatureError
        When both sides say something of an axis and it differs, or a signature would be in two.
    """
    found = dict(mine)
    for id, axis in theirs.items():
        found[id] = _one(found[id], axis) if id in found else axis
    home: dict[str, str] = {}
    for axis in found.values():
        for member in axis.members:
            if home.setdefault(member, axis.id) != axis.id:
                raise SignatureError(
                    f"{member!r} is in the axis {home[member]!r} of one catalogue and in"
                    f" {axis.id!r} of the other; name the same axis in both, or rename it."
                )
    return found


def _one(mine: Axis, other: Axis) -> Axis:
    members = tuple(dict.fromkeys((*mine.members, *other.members)))
    said, also = replace(mine, members=members), replace(other, members=members)
    bare = Axis(mine.id, mine.id, members)
    if said != also and bare not in (said, also):
        raise SignatureError(
            f"Both catalogues have under axes {mine.id!r} and they differ; rename one."
        )
    return also if said == bare else said
