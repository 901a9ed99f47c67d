"""``cytosig report``: everything that was found, as one page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cytosig._errors import UsageError
from cytosig.cli import _compare_options as c  # noqa: TC001 - typer reads the annotations
from cytosig.cli import _options as o  # noqa: TC001
from cytosig.cli import _report_options as mine  # noqa: TC001

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]

EPILOG = "Example: cytosig report scored.h5ad --metadata clinic.csv --groupby response -o page.html"
_KEY = "cytosig"
_PLACES = ("source", "out", "title", "metadata", "groupby", "reference", "survival", "key")


def report(
    source: mine.Source,
    *,
    out: mine.Out,
    title: mine.Title = None,
    key: c.Key = None,
    metadata: c.Metadata = None,
    groupby: c.Groupby = None,
    reference: c.Reference = None,
    survival: c.SurvivalOption = None,
    sample_key: mine.SampleKey = None,
    cell_type_key: mine.CellTypeKey = None,
    condition_key: mine.ConditionKey = None,
    organism: o.OrganismOption = None,
    signatures: o.SignaturesOption = None,
) -> None:
    """Write everything that was found as one HTML page, which opens without a network."""
    asked = {name: value for name, value in locals().items() if value is not None and value != []}
    _run({name: asked.pop(name, None) for name in _PLACES}, asked)


def _run(places: dict[str, Any], asked: dict[str, Any]) -> None:
    """Check the call, compute what is asked for, write."""
    from cytosig.cli._arguments import chosen, is_file

    named = [Path(text) for text in asked.get("signatures", []) if is_file(text)]
    _check(places, named)
    arguments = {name: getattr(value, "value", value) for name, value in asked.items()}
    if "signatures" in arguments:
        arguments["signatures"] = chosen(arguments["signatures"])

    from cytosig.cli._input import one_source, scored_source

    source: Path = places["source"]
    with scored_source(source, whole=False) as adata:
        done, on_disk = _has_results(adata, places["key"]), adata.isbacked
        if done:
            _refuse_new(places, arguments)
        if done or not on_disk:
            _report(adata, places, arguments, scored=done)
            return
    with one_source(source, None, whole=False) as adata:
        _report(adata, places, arguments, scored=False)


def _check(places: Mapping[str, Any], named: list[Path]) -> None:
    """Refuse what can be refused before anything is read."""
    from cytosig.cli._files import check_writable
    from cytosig.io import check_output
    from cytosig.report._write import check_name

    survival = places["survival"]
    if survival is not None and len(survival) != 2:
        raise UsageError("--survival: expected TIME,EVENT, two columns.")
    if places["reference"] is not None and places["groupby"] is None:
        raise UsageError("--reference is a group of --groupby: give that, too, or leave it out.")
    check_name(places["out"])
    given = (places["source"], places["metadata"], *named)
    check_output(places["out"], inputs=[path for path in given if path is not None])
    check_writable(places["out"])


def _has_results(adata: AnnData, key: str | None) -> bool:
    """Whether there is something to report; what is asked for by name has to be there."""
    from cytosig._obs import names_of

    if key is not None and key not in adata.uns:
        raise UsageError(f"--key {key}: uns has no such results; it has {names_of(adata.uns)}.")
    return bool(adata.uns.get(key or _KEY))


def _refuse_new(places: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
    """Refuse options that would change nothing; a comparison may need to know samples."""
    asked = [places[name] for name in ("groupby", "survival", "metadata")]
    useful = {"sample_key"} if any(asked) else set()
    for name in arguments.keys() - useful:
        raise UsageError(
            f"{places['source']} has results, and --{name.replace('_', '-')} is about data without"
            " any: leave it out, or run the command that takes it."
        )


def _report(
    adata: AnnData, places: Mapping[str, Any], arguments: dict[str, Any], *, scored: bool
) -> None:
    from cytosig._log import logger
    from cytosig.cli._everything import add_everything
    from cytosig.cli._metadata import add_metadata
    from cytosig.cli._plan import stem
    from cytosig.report import write
    from cytosig.report._record import Record

    out, key = places["out"], places["key"] or _KEY
    sample_key = arguments.get("sample_key")
    if scored and sample_key is None:
        sample_key = Record(adata, key).sample_key  # as the tools were told
    if places["metadata"] is not None:
        add_metadata(adata, places["metadata"], sample_key=sample_key)
    if not scored:
        _score(adata, arguments)
        rest = {name: value for name, value in arguments.items() if name != "sample_key"}
        add_everything(adata, rest, sample_key)
    _compare(adata, places, sample_key, key)
    title = places["title"] or f"Cytokine report: {stem(places['source'])}"
    write(adata, out, title=title, key=key)
    logger.info("%s: %.1f MB, opens in any browser.", out, out.stat().st_size / 1e6)


def _score(adata: AnnData, arguments: Mapping[str, Any]) -> None:
    from inspect import signature

    from cytosig import tl
    from cytosig.cli._everything import check_samples
    from cytosig.cli._progress import Bar

    check_samples(adata, arguments.get("sample_key"))
    known = {k: v for k, v in arguments.items() if k in signature(tl.score).parameters}
    with Bar() as bar:
        tl.score(adata, **known, progress=bar.watch)


def _compare(adata: AnnData, places: Mapping[str, Any], sample_key: str | None, key: str) -> None:
    """Groups and survival, each into a table of its own beside those that are stored."""
    from cytosig import tl

    if places["groupby"] is not None:
        tl.compare(
            adata, groupby=places["groupby"], reference=places["reference"],
            sample_key=sample_key, key=key, key_added=f"compare_{places['groupby']}",
        )  # fmt: skip
    if places["survival"] is not None:
        tl.compare(
            adata, survival=tuple(places["survival"]), sample_key=sample_key, key=key,
            key_added="compare_survival",
        )  # fmt: skip
