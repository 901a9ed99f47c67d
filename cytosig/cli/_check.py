"""What a signature file holds, or what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cytosig.signatures import Catalogue, Signature


def verdict(path: Path, /) -> str:
    """One line on a file or folder that is as it should be.

    Raises
    ------
    CytosigError
        With file and line, where it is not.
    """
    if path.is_dir():
        return _folder(path)
    if path.suffix.lower() == ".toml":
        return _toml(path)
    from cytosig.signatures import Catalogue

    return _sets(Catalogue.from_file(path))


def _folder(path: Path) -> str:
    from cytosig.signatures import load_folder

    found = load_folder(path)
    return (
        f"ok, {len(found.cytokines)} cytokines, {len(found)} with response signatures,"
        f" {len(found.axes)} axes, {len(found.references)} references"
    )


def _toml(path: Path) -> str:
    from cytosig.signatures import parse
    from cytosig.signatures._strict import Document
    from cytosig.signatures.catalogue import Catalogue

    doc = Document.read(path)
    if "id" in doc.data:
        cytokine, lists = parse.parse_cytokine(doc)
        generic, variants = ([lists.generic], lists.variants) if lists else ([], {})
        return f"ok, cytokine {cytokine.id}, {_genes(generic)}{_variants(len(variants))}"
    if "axis" in doc.data:
        return f"ok, {len(parse.parse_axes(doc))} axes"
    if "reference" in doc.data:
        return f"ok, {len(parse.parse_references(doc))} references"
    return _sets(Catalogue.from_lists(parse.parse_user_signatures(doc)))


def _sets(found: Catalogue) -> str:
    many = "signature" if len(found) == 1 else "signatures"
    variants = sum(map(len, found.variants.values()))
    stated = sum(signature.evidence is not None for signature in found)
    evidence = f", {stated} with evidence" if stated else ""
    return f"ok, {len(found)} {many}, {_genes(found)}{_variants(variants)}{evidence}"


def _variants(n: int) -> str:
    if not n:
        return ""
    return f", {n} {'variant' if n == 1 else 'variants'} for single compartments"


def _genes(signatures: Iterable[Signature]) -> str:
    weights = [weight for signature in signatures for weight in signature.weights.values()]
    up = sum(weight > 0 for weight in weights)
    return f"{up} genes up, {len(weights) - up} down"
