"""Find the curated folder and load it as one catalogue."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cytosig._errors import SignatureError
from cytosig.signatures._strict import Document
from cytosig.signatures.catalogue import Catalogue
from cytosig.signatures.model import Axis, Reference
from cytosig.signatures.names import normalise
from cytosig.signatures.parse import parse_axes, parse_cytokine, parse_references
from cytosig.signatures.variants import by_compartment

if TYPE_CHECKING:
    from cytosig.signatures.model import Cytokine, Lists

Record = TypeVar("Record", Axis, Reference)
_SPECIAL = {"axes.toml", "references.toml", "context.toml", "network.toml"}


def folder() -> Path:
    """The curated ``signatures/`` folder: inside an installed wheel, else of the checkout."""
    package = Path(__file__).resolve().parents[1]
    for place in (package / "_signatures", package.parent / "signatures"):
        if (place / "axes.toml").is_file():
            return place
    raise SignatureError(
        f"No signatures folder beside {package}; the installation is incomplete, reinstall it."
    )


@cache
def load() -> Catalogue:
    """The curated catalogue that ships with the package.

    Returns
    -------
    Catalogue
        70 cytokines, their response signatures where they have one, and the
        response axes. Loaded once a process; records are frozen.
    """
    return load_folder(folder())


def load_folder(place: Path, /) -> Catalogue:
    """Load and cross-check every TOML file of a signatures folder.

    Raises
    ------
    SignatureError
        With file and line, for anything that is not as signatures/README.md says.
    """
    cytokines: dict[str, Cytokine] = {}
    responses: list[Lists] = []
    for path in sorted(place.glob("*.toml")):
        if path.name in _SPECIAL:
            continue
        doc = Document.read(path)
        cytokine, lists = parse_cytokine(doc)
        if cytokine.id != path.stem:
            raise SignatureError(f"{path}:1: id {cytokine.id!r} does not match the file's name.")
        cytokines[cytokine.id] = cytokine
        if lists is not None:
            responses.append(lists)
    axes = _by_id(parse_axes(Document.read(place / "axes.toml")), place / "axes.toml")
    listed = parse_references(Document.read(place / "references.toml"))
    references = _by_id(listed, place / "references.toml")
    signatures = {lists.generic.id: lists.generic for lists in responses}
    variants = by_compartment(responses)
    catalogue = Catalogue(signatures, cytokines, axes, references, variants)
    _cross_check(catalogue, place)
    return catalogue


def _by_id(records: list[Record], path: Path) -> dict[str, Record]:
    found: dict[str, Record] = {}
    for record in records:
        if record.id in found:
            raise SignatureError(f"{path}: {record.id} is there twice; keep one.")
        found[record.id] = record
    return found


def _cross_check(catalogue: Catalogue, place: Path) -> None:
    """Names unique, references, proxies and axis members known."""
    owner: dict[str, str] = {}
    for cytokine in catalogue.cytokines.values():
        path = place / f"{cytokine.id}.toml"
        for name in {normalise(n) for n in (cytokine.id, cytokine.name, *cytokine.aliases)}:
            other = owner.setdefault(name, cytokine.id)
            if other != cytokine.id:
                raise SignatureError(f"{path}: the name {name!r} already belongs to {other}.")
        cited = [*cytokine.role.references, *(r for d in cytokine.drugs for r in d.references)]
        for reference in cited:
            if reference not in catalogue.references:
                raise SignatureError(f"{path}: reference {reference!r} is not in references.toml.")
        proxy = cytokine.response.proxy if cytokine.response else ""
        if proxy and proxy not in catalogue.signatures:
            raise SignatureError(f"{path}: proxy {proxy!r} has no response signature.")
    _check_axes(catalogue, place / "axes.toml")


def _check_axes(catalogue: Catalogue, path: Path) -> None:
    home: dict[str, str] = {}
    for axis in catalogue.axes.values():
        for member in axis.members:
            if member not in catalogue.cytokines:
                raise SignatureError(f"{path}: axis {axis.id}: no cytokine is called {member!r}.")
            if home.setdefault(member, axis.id) != axis.id:
                raise SignatureError(f"{path}: {member} is in {home[member]} and in {axis.id}.")
    for id in catalogue.signatures:
        if id not in home:
            raise SignatureError(f"{path}: {id} has a response signature but no axis.")
