"""``cytosig rerun``: make the calls again that made a file's results, and compare."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cytosig._errors import CytosigError, DataError
from cytosig.cli import _options as o  # noqa: TC001 - typer reads the annotations
from cytosig.cli._options import option
from cytosig.cli._output import FormatOption, emit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]

    from cytosig.cli._output import Cell

EPILOG = "Example: cytosig rerun scored.h5ad"
_WHAT = "What is compared"
_LAST_PLACES = "1e-9"
"""Numbers that are nearer than this differ by rounding."""

Source = Annotated[
    Path,
    typer.Argument(metavar="OUT", help="A file with results of cytosig.", show_default=False),
]
Inputs = Annotated[
    list[Path] | None,
    option(
        "--input", _WHAT,
        "The data that OUT was made from, where OUT holds no expression; repeat it for files that"
        " were joined, in their order.",
        metavar="IN",
    ),
]  # fmt: skip
Key = Annotated[
    str | None,
    option(
        "--key", _WHAT, "Only the results of this --key-added.", metavar="NAME",
        show_default="all there are",
    ),
]  # fmt: skip
Tolerance = Annotated[
    float | None,
    option(
        "--tolerance", _WHAT,
        "Numbers that differ by no more (times their size above 1) are the same. 0 is right on one"
        " machine with the same versions.",
        metavar="NUMBER", show_default="0", min=0,
    ),
]  # fmt: skip


def rerun(
    source: Source,
    *,
    inputs: Inputs = None,
    key: Key = None,
    tolerance: Tolerance = None,
    transpose: o.Transpose = None,
    n_jobs: o.Threads = None,
    format: FormatOption = None,
) -> None:
    """Make the calls again that made the results of a file, and say what differs.

    Nothing is written. Exit code 1 where anything differs.
    """
    from cytosig import tl
    from cytosig._log import logger

    with _with_data(source, inputs or (), transpose) as adata:
        try:
            found = tl.rerun(adata, key=key, tolerance=tolerance or 0.0, n_jobs=n_jobs)
        except CytosigError as exc:
            raise type(exc)(f"{source}: {exc}") from exc
    for name, (then, now) in found.attrs["versions"].items():
        logger.warning("%s was %s then, and is %s now.", name, then, now)
    emit(_rows(found), format=format, digits=6)
    wrong = found[found["state"] != "same"]
    if len(wrong):
        first = wrong.iloc[0]
        why = f" ({first['detail']})" if first["detail"] else ""
        raise DataError(
            f"{source}: {len(wrong)} of {len(found)} results are not as stored; first"
            f" {first['slot']}: {first['state']}{why}.{_hint(wrong)}"
        )
    logger.info("%s: all %d results came out as they are stored.", source, len(found))


def _hint(wrong: pd.DataFrame) -> str:
    """What to do about numbers that differ in their last places alone."""
    if not wrong["largest"].max() < float(_LAST_PLACES):  # nor where there are none
        return ""
    return (
        f" No number is off by more than {wrong['largest'].max():.1g}: --tolerance"
        f" {_LAST_PLACES} passes over last places, which other versions or processors give."
    )


def _rows(found: pd.DataFrame) -> list[dict[str, Cell]]:
    rows: list[dict[str, Cell]] = found.to_dict("records")  # type: ignore[assignment]
    return rows


@contextmanager
def _with_data(
    source: Path, inputs: Sequence[Path], transpose: bool | None, /
) -> Iterator[AnnData]:
    """The file with its matrix; that of the data it was made from, where it has none."""
    from cytosig.cli._input import scored_source

    with scored_source(source, whole=False) as adata:
        if not inputs:
            if not adata.n_vars and adata.raw is None:
                raise DataError(
                    f"{source} holds results without expression: name the data they were made from"
                    f" with --input ({adata.n_obs:,} observations, first {adata.obs_names[0]!r})."
                )
            yield adata
            return
        with _opened(adata, inputs, transpose) as data:
            _check_same(adata, data, source, inputs)
            data.obs, data.uns = adata.obs, adata.uns
            for slot in adata.obsm:
                data.obsm[slot] = adata.obsm[slot]
            yield data


@contextmanager
def _opened(adata: AnnData, inputs: Sequence[Path], transpose: bool | None, /) -> Iterator[AnnData]:
    """The data as ``cytosig score`` opened them."""
    from cytosig.cli._files import Outputs
    from cytosig.cli._input import is_stored, opened
    from cytosig.cli._plan import Call, DataSet

    data = DataSet(tuple(inputs), Outputs(), joined=len(inputs) > 1)
    call = Call(_matrix_of(adata), (), {}, transpose=transpose)
    with ExitStack() as stack:
        yield stack.enter_context(opened(data, call, None, stored=is_stored(data, call)))


def _matrix_of(adata: AnnData) -> dict[str, Any]:
    """Which matrix was scored, by the first record that says so."""
    records = (held for held in adata.uns.values() if isinstance(held, Mapping))
    for params in (record.get("params") for record in records):
        if isinstance(params, Mapping) and "use_raw" in params:
            layer = str(params.get("layer", "none"))
            return {"layer": None if layer == "none" else layer, "use_raw": bool(params["use_raw"])}
    return {}


def _check_same(adata: AnnData, data: AnnData, source: Path, inputs: Sequence[Path]) -> None:
    names = [str(name) for name in data.obs_names]
    if names == [str(name) for name in adata.obs_names]:
        return
    named = ", ".join(map(str, inputs))
    raise DataError(
        f"{named}: {len(names):,} observations, first {names[:1]}, are not the {adata.n_obs:,} of"
        f" {source}, first {[str(n) for n in adata.obs_names[:1]]}. Name the data it was made from."
    )
