"""``cytosig score``: cytokine activities of every observation of a file."""

from __future__ import annotations

from contextlib import nullcontext
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cytosig._errors import UsageError
from cytosig.cli import _options as o
from cytosig.cli import _pairs as pairs
from cytosig.cli._files import Outputs
from cytosig.cli._output import FormatOption, emit
from cytosig.cli._tables import tables_of
from cytosig.cli.methods import names_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]

    from cytosig.engine.reference import Reference
    from cytosig.methods import Method
    from cytosig.signatures import Catalogue

EPILOG = "Example: cytosig score tumour.h5ad -o scored.h5ad --batch donor --tsv tables"

_SIGNATURE_FILES = (".toml", ".gmt", ".csv", ".tsv", ".csv.gz", ".tsv.gz", ".txt")
_CLASHES = (
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


def score(
    source: o.Source,
    *,
    out: o.Out = None,
    in_place: o.InPlace = False,
    scores_only: o.ScoresOnly = False,
    tsv: o.Tables = None,
    key_added: o.KeyAdded = None,
    format: FormatOption = None,
    signatures: o.SignaturesOption = None,
    method: o.Method = None,
    compat: o.Compat = None,
    settings: o.SettingOption = None,
    lam: o.Lam = None,
    background: o.BackgroundOption = None,
    min_coverage: o.MinCoverage = None,
    min_genes: o.MinGenes = None,
    cell_type_key: o.CellTypeKey = None,
    compartments: o.CompartmentOption = None,
    control: o.Control = None,
    batch_key: o.Batch = None,
    reference: o.ReferenceOption = None,
    save_reference: o.SaveReference = None,
    no_center: o.NoCenter = False,
    scale: o.Scale = False,
    layer: o.Layer = None,
    use_raw: o.UseRaw = False,
    gene_symbols: o.GeneSymbols = None,
    organism: o.OrganismOption = None,
    normalize: o.NormalizeOption = None,
    target_sum: o.TargetSum = None,
    nonfinite: o.NonfiniteOption = None,
    transpose: o.Transpose = None,
    n_jobs: o.Threads = None,
    chunk_size: o.ChunkSize = None,
    resume: o.Resume = False,
) -> None:
    """Score the activity of every cytokine in every observation."""
    _run({name: value for name, value in locals().items() if _is_given(name, value)})


def _is_given(name: str, value: object) -> bool:
    """Zero counts as given, a flag that is not set does not (--no-transpose is set)."""
    return value is not None and value != [] and (value is not False or name == "transpose")


def _run(asked: dict[str, Any]) -> None:
    """Check the call, read, score, write, and only then print."""
    _refuse_clashes(asked)
    source, format = asked.pop("source"), asked.pop("format", None)
    transpose, in_place = asked.pop("transpose", None), asked.pop("in_place", False)
    resume = asked.pop("resume", False)
    places = {
        "main": source if in_place else asked.pop("out", None),
        "scores_only": asked.pop("scores_only", False),
        "tables": asked.pop("tsv", None),
        "reference": asked.pop("save_reference", None),
    }
    named = [Path(text) for text in asked.get("signatures", []) if _is_file(text)]
    inputs = [source, *named, *([asked["reference"]] if "reference" in asked else [])]
    arguments, methods = _arguments(asked)
    named_methods = tuple(names_in(asked.get("method", "")))
    outputs = Outputs(**places, methods=tables_of(methods), asked=named_methods, in_place=in_place)
    outputs.check(inputs)

    from cytosig.cli import _summary as told
    from cytosig.cli._input import is_store, opened, scratch
    from cytosig.engine.room import Room

    stored = is_store(source, transpose, outputs.main)
    if in_place and not stored:
        raise UsageError(f"{source} is no .h5ad file of today's layout; give -o OUT instead.")
    with scratch(outputs.place, resume=resume) if stored else nullcontext(Room()) as room:
        if stored:
            arguments["scratch"] = room
        with opened(source, transpose=transpose, stored=stored) as adata:
            fitted = _fit(adata, arguments) if outputs.reference is not None else None
            key = _score(adata, arguments)
        told.say_notes(adata, key)
        told.say_coverage(adata, key)
        told.say_compartments(adata, key)
        rows = told.summary(adata, key, _word(arguments.get("signatures")), method=methods[0])
        outputs.write(adata, key, fitted, source if stored else None, room)
    outputs.say_further(adata, key)
    whose = f"{methods[0].name}: " if len(methods) > 1 else ""
    emit(
        rows,
        format=format,
        percent=("up_p05", "down_p05"),
        caption=whose + told.caption(methods[0]),
        digits=told.decimals(rows, methods[0]),
    )


def _word(catalogue: Catalogue | None) -> str:
    """What the score columns are: cytokines, unless the user brought sets of their own."""
    known = catalogue is None or all(id in catalogue.cytokines for id in catalogue.ids)
    return "cytokine" if known else "signature"


def _refuse_clashes(asked: dict[str, Any]) -> None:
    for one, other in _CLASHES:
        if one in asked and other in asked:
            flags = [f"--{_FLAGS.get(n, n).replace('_', '-')}" for n in (one, other)]
            raise UsageError(f"{flags[0]} and {flags[1]} exclude each other; leave one out.")


def _arguments(asked: dict[str, Any]) -> tuple[dict[str, Any], tuple[Method, ...]]:
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
    if "control" in found:
        found["control"] = pairs.control(found["control"])
    if "compartments" in found:
        has_column = "cell_type_key" in found
        found["compartments"] = pairs.overrides(found["compartments"], has_column=has_column)
    checked = {field.name for field in fields(Options)}
    options = Options(**{name: value for name, value in found.items() if name in checked})
    options.needs_centring(name for name in ("control", "batch_key") if name in found)
    if "signatures" in found:
        found["signatures"] = chosen(found["signatures"])
    if "reference" in found:
        found["reference"] = Reference.load(found["reference"])
    return found, options.methods


def _is_file(text: str) -> bool:
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

    parts = [Catalogue.from_file(text) for text in given if _is_file(text)]
    names = [name.strip() for text in given if not _is_file(text) for name in text.split(",")]
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


def _fit(adata: AnnData, arguments: dict[str, Any]) -> Reference:
    """The zero of this run, to store."""
    from cytosig import tl

    known = signature(tl.fit_reference).parameters
    return tl.fit_reference(adata, **{k: v for k, v in arguments.items() if k in known})


def _score(adata: AnnData, arguments: dict[str, Any]) -> str:
    """Score in place; the key scored under."""
    from cytosig import tl
    from cytosig.cli._progress import Bar

    with Bar(adata.n_obs) as bar:
        tl.score(adata, **arguments, progress=bar.tick)
    key: str = arguments.get("key_added", signature(tl.score).parameters["key_added"].default)
    return key
