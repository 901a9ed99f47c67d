"""From what was typed to arguments of ``tl.score``, checked as far as that goes without data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cytosig._errors import UsageError
from cytosig.cli import _pairs as pairs
from cytosig.cli.methods import names_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cytosig.methods import Method
    from cytosig.signatures import Catalogue

_SIGNATURE_FILES = (".toml", ".gmt", ".csv", ".tsv", ".csv.gz", ".tsv.gz", ".txt")
_CLASHES = (
    ("join", "in_place"),
    ("in_place", "out"),
    ("in_place", "scores_only"),
    ("layer", "use_raw"),
    ("reference", "control"),
    ("reference", "batch_key"),
    ("reference", "no_center"),
    ("control", "no_center"),
    ("batch_key", "no_center"),
    ("save_reference", "reference"),
    ("save_reference", "batch_key"),
    ("save_reference", "no_center"),
)
_FLAGS = {"batch_key": "batch"}
_ONE_TABLE = (".tsv", ".csv", ".tsv.gz", ".csv.gz", ".parquet")


def refuse_clashes(asked: dict[str, Any], /) -> None:
    """Refuse options that contradict each other, or need another one."""
    for one, other in _CLASHES:
        if one in asked and other in asked:
            flags = [f"--{_FLAGS.get(n, n).replace('_', '-')}" for n in (one, other)]
            raise UsageError(f"{flags[0]} and {flags[1]} exclude each other; leave one out.")
    if "sample_key" in asked and "everything" not in asked:
        raise UsageError("--sample-key says what --all adds up: give --all, or leave it out.")
    if "everything" in asked and not ("in_place" in asked or _is_store(asked.get("out"))):
        raise UsageError("--all writes many tables: give -o OUT.h5ad (or .zarr), or --in-place.")


def _is_store(out: Path | None) -> bool:
    """Whether it is an AnnData store, or a folder for some."""
    return out is not None and not out.name.lower().endswith(_ONE_TABLE)


def arguments_of(asked: dict[str, Any], /) -> tuple[dict[str, Any], tuple[Method, ...]]:
    """Arguments of ``tl.score``, checked as far as that goes without the data, and its methods."""
    from dataclasses import fields

    from cytosig.engine.options import Options
    from cytosig.engine.reference import Reference

    found = {name: getattr(value, "value", value) for name, value in asked.items()}
    for name in {"method", "compat"} & found.keys():
        names = names_in(found[name])
        found[name] = names[0] if len(names) == 1 else names
    if "settings" in found:
        found["settings"] = pairs.settings(found["settings"])
    if found.pop("no_center", False):
        found["center"] = None
    read_pairs(found)
    checked = {field.name for field in fields(Options)}
    options = Options(**{name: value for name, value in found.items() if name in checked})
    options.needs_centring(name for name in ("control", "batch_key") if name in found)
    if "signatures" in found:
        found["signatures"] = chosen(found["signatures"])
    if "reference" in found:
        found["reference"] = Reference.load(found["reference"])
    return found, options.methods


def read_pairs(found: dict[str, Any], /) -> None:
    """Read what is typed as pairs, in place: the controls, and compartments of labels."""
    if "control" in found:
        found["control"] = pairs.control(found["control"])
    if "compartments" in found:
        has_column = "cell_type_key" in found
        found["compartments"] = pairs.overrides(found["compartments"], has_column=has_column)


def is_file(text: str, /) -> bool:
    """Whether this names a file; a cytokine's name has no suffix."""
    path = Path(text)
    return text.lower().endswith(_SIGNATURE_FILES) or (bool(path.suffix) and path.is_file())


def chosen(given: Sequence[str], /) -> Catalogue:
    """The signatures of every file and every list of curated ids, together.

    Raises
    ------
    UsageError
        When a name is not known, or no named cytokine has a response signature.
    SignatureError
        When a file is not as it should be, or two signatures of one id differ.
    """
    from cytosig._log import logger
    from cytosig.signatures import Catalogue, load

    parts = [Catalogue.from_file(text) for text in given if is_file(text)]
    names = [name.strip() for text in given if not is_file(text) for name in text.split(",")]
    if names:
        part = load().subset([name for name in names if name])
        for id in part.cytokines.keys() - part.signatures.keys():
            logger.warning("%s has no response signature; only its ligand is read.", id)
        parts.append(part)
    found = parts[0]
    for part in parts[1:]:
        found = found.merge(part)
    if not len(found):
        raise UsageError(f"--signatures {','.join(names)}: none has a response signature.")
    return found
