"""Response lists of single compartments, beside the generic ones: gather, keep, join, check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cytosig._errors import SignatureError, UsageError
from cytosig.signatures.model import COMPARTMENTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from cytosig.signatures.model import Lists, Signature

    Variants = Mapping[str, Mapping[str, Signature]]


def by_compartment(responses: Iterable[Lists], /) -> dict[str, dict[str, Signature]]:
    """Variants by compartment, then by id; a compartment without any is left out."""
    found: dict[str, dict[str, Signature]] = {name: {} for name in COMPARTMENTS}
    for lists in responses:
        for name, signature in lists.variants.items():
            found[name][signature.id] = signature
    return {name: kept for name, kept in found.items() if kept}


def check(variants: Variants, ids: Collection[str], /) -> None:
    """Every compartment is one of ours, and every variant stands beside a generic list.

    Raises
    ------
    SignatureError
        Naming the compartment and id that do not.
    """
    for name, signatures in variants.items():
        if name not in COMPARTMENTS:
            raise SignatureError(
                f"Variants for {name!r}: expected a compartment among {', '.join(COMPARTMENTS)}."
            )
        for id, signature in signatures.items():
            if id not in ids:
                raise SignatureError(
                    f"The variant of {id!r} for {name} stands beside no generic signature of that"
                    " id; add one or leave the variant out."
                )
            if signature.id != id:
                raise SignatureError(
                    f"The variant of {id!r} for {name} is called {signature.id!r}; give it the"
                    " id of the generic signature."
                )


def keep(variants: Variants, ids: Iterable[str], /) -> dict[str, dict[str, Signature]]:
    """Only the variants of these ids, in this order."""
    ids = list(ids)
    kept = {
        name: {id: signatures[id] for id in ids if id in signatures}
        for name, signatures in variants.items()
    }
    return {name: signatures for name, signatures in kept.items() if signatures}


def join(mine: Variants, theirs: Variants, /) -> dict[str, dict[str, Signature]]:
    """Both together; one that only one side has is kept.

    Raises
    ------
    SignatureError
        When both sides have a variant and they differ.
    """
    found: dict[str, dict[str, Signature]] = {}
    for name in COMPARTMENTS:
        one, other = mine.get(name, {}), theirs.get(name, {})
        for id in sorted(one.keys() & other.keys()):
            if one[id] != other[id]:
                raise SignatureError(
                    f"Both catalogues have a variant of {id!r} for {name} and they differ;"
                    " rename one signature."
                )
        if one or other:
            found[name] = {**one, **other}
    return found


def known(compartment: str, /) -> str:
    """Return ``compartment`` as it is.

    Raises
    ------
    UsageError
        When there is no such compartment; the message lists them.
    """
    if compartment not in COMPARTMENTS:
        raise UsageError(
            f"No compartment is called {compartment!r}; expected one of {', '.join(COMPARTMENTS)}."
        )
    return compartment
