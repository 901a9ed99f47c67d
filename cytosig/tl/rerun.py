"""Make the calls again that made what is stored, and say what came out differently."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from inspect import signature
from typing import TYPE_CHECKING, Any

from cytosig._anndata import check_anndata
from cytosig._errors import CytosigError, DataError, UsageError
from cytosig._keys import Keys, check_format
from cytosig._log import logger
from cytosig._obs import names_of
from cytosig.tl import _calls
from cytosig.tl._differences import Difference, differences, parts
from cytosig.tl._recorded import names_record
from cytosig.tl._store import versions
from cytosig.tl.balance import balance
from cytosig.tl.blockade import blockade
from cytosig.tl.channels import channels
from cytosig.tl.compare import compare
from cytosig.tl.links import links
from cytosig.tl.score import score
from cytosig.tl.sources import sources
from cytosig.tl.targets import targets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd
    from anndata import AnnData

_TOOLS: dict[str, Callable[..., Any]] = {
    tool.__name__: tool
    for tool in (score, channels, balance, sources, targets, links, blockade, compare)
}
_FILES = ("signatures", "reference")  # never opened by a name that a file brought along


def rerun(
    adata: AnnData,
    *,
    key: str | None = None,
    tolerance: float = 0.0,
    n_jobs: int | None = None,
) -> pd.DataFrame:
    """Make the calls again that made the results of ``adata``, and compare.

    Every tool leaves its call, with all arguments, in ``uns["cytosig"]["calls"]``, and signatures
    and references that are not the package's own in ``["given"]``. What the tools read (``X``,
    ``layers``, ``raw``, ``obs``, ``var``) must be there; nothing else is needed. ``adata`` is left
    as it was.

    Parameters
    ----------
    adata
        With results, in memory or backed.
    key
        The record, as in ``key_added`` of the tools; all of them when None.
    tolerance
        Numbers that differ by no more than this (times their size where that is above 1) count as
        the same. With 0, which is right on one machine with the same versions, they must be equal.
    n_jobs
        Threads; results do not depend on them.

    Returns
    -------
    One row a slot: ``slot``, ``state`` (``same``, ``differs``, ``not made again`` or ``new``),
    ``n_values``, ``n_different``, ``largest`` (difference of two numbers) and ``detail`` (the first
    difference). A call that could not be made again has a row of its own, with state ``failed``
    and why. ``attrs["versions"]`` has the packages whose version is another one now, as
    ``{name: (then, now)}``.

    Raises
    ------
    UsageError
        When no such record is there, or the tolerance is no number of 0 or more.
    DataError
        When a record holds no calls: it was made by something else, or changed.

    Examples
    --------
    >>> import cytosig as cs
    >>> adata = cs.datasets.oligodendroglioma()
    >>> cs.tl.score(adata, method=["hlm", "ucell"])
    >>> cs.tl.rerun(adata)["state"].unique().tolist()
    ['same']
    >>> adata.obsm["cytosig_score"].iloc[0, 0] += 0.5
    >>> found = cs.tl.rerun(adata)
    >>> found.loc[found["state"] == "differs", ["slot", "n_different", "largest"]]
                        slot  n_different  largest
    0  obsm['cytosig_score']            1      0.5
    """
    import pandas as pd

    check_anndata(adata)
    if not 0 <= tolerance < float("inf"):
        raise UsageError(f"tolerance={tolerance}: expected 0, or a small number such as 1e-9.")
    adata = _actual(adata)
    keys = _records(adata, key)
    calls = [call for name in keys for call in _known_calls(adata, name)]
    versions, before = _versions_now(adata, keys), _taken(adata, keys)
    with _set_aside(adata, keys):
        failed = list(_made_again(adata, calls, n_jobs))
        found = [*failed, *differences(before, _taken(adata, keys), tolerance=tolerance)]
    table = pd.DataFrame([asdict(one) for one in found])
    table.attrs["versions"] = versions
    return table


def _actual(adata: AnnData) -> AnnData:
    """A view would become a copy of its own accord."""
    if adata.is_view and adata.isbacked:
        raise UsageError("adata is a view of a file. Pass all of it, or adata.to_memory().")
    return adata.copy() if adata.is_view else adata


def _records(adata: AnnData, key: str | None) -> list[str]:
    """Records with calls, and those that the same calls fill; the ones that fill others first."""
    known = [
        name
        for name, held in adata.uns.items()
        if isinstance(held, Mapping)
        and {_calls.CALLS, "part_of"} & held.keys()
        and "format" in held
    ]
    if key is None:
        chosen = known
    elif key in adata.uns:
        filled_by = str(_record(adata, key).get("part_of", key))
        first = filled_by if filled_by in adata.uns else key
        further = _record(adata, first).get("further", ())
        chosen = list(dict.fromkeys((first, *map(str, further), key)))
    else:
        raise UsageError(f"uns has no {key!r}; records are {names_of(known)}.")
    if not any(_calls.CALLS in _record(adata, name) for name in chosen):
        what = f"uns[{key!r}] has" if key is not None else "uns has"
        raise DataError(
            f"{what} no record of calls to make again: nothing was computed here, or by a version"
            " of cytosig that kept none. Run the tools anew."
        )
    return sorted(chosen, key=lambda name: "part_of" in _record(adata, name))


def _record(adata: AnnData, name: str) -> Mapping[str, Any]:
    held = adata.uns.get(name, {})
    return held if isinstance(held, Mapping) else {}


def _known_calls(adata: AnnData, key: str) -> Iterator[_calls.Call]:
    """Calls of tools there are, with arguments they have; their results go to this record."""
    where, record = f"uns[{key!r}]", _record(adata, key)
    check_format(record, key)
    for call in _calls.read(record, where=where):
        tool = _TOOLS.get(call.tool)
        if tool is None:
            raise DataError(f"{where} names a tool {call.tool!r}, which this version has not.")
        known = signature(tool)
        strange = call.arguments.keys() - (known.parameters.keys() - set(_calls.NOT_KEPT))
        if strange:
            raise DataError(
                f"{where}: {call.tool} has no argument {names_of(sorted(strange))} in this version,"
                " or none that a record may give. Run the tools anew."
            )
        yield replace(call, arguments={**call.arguments, names_record(known): key})


def _made_again(
    adata: AnnData, calls: list[_calls.Call], n_jobs: int | None
) -> Iterator[Difference]:
    """Every call in turn; those that fail."""
    for call in calls:
        tool = _TOOLS[call.tool]
        try:
            arguments = call.unpacked(where=call.tool)
            _refuse_paths(call.tool, arguments)
            if "n_jobs" in signature(tool).parameters:
                arguments["n_jobs"] = n_jobs
            logger.info("Again: %s.", call.tool)
            tool(adata, **arguments)
        except CytosigError as exc:
            yield Difference(f"cs.tl.{call.tool}", "failed", detail=str(exc))
        except Exception as exc:  # a record that was changed may hold any argument
            detail = f"{type(exc).__name__}: {exc}"
            yield Difference(f"cs.tl.{call.tool}", "failed", detail=detail)


def _refuse_paths(tool: str, arguments: Mapping[str, Any]) -> None:
    for name in _FILES:
        if tool != "compare" and isinstance(arguments.get(name), str):
            raise DataError(
                f"{name}= names a file, which no record of cytosig does: it is not opened."
            )


def _versions_now(adata: AnnData, keys: list[str]) -> dict[str, tuple[str, str]]:
    now = dict(versions())
    then: dict[str, str] = {}
    for key in keys:
        for held in (_record(adata, key), *_record(adata, key).values()):
            if isinstance(held, Mapping) and isinstance(held.get("versions"), Mapping):
                then |= {str(name): str(one) for name, one in held["versions"].items()}
    return {
        name: (one, now.get(name, "absent")) for name, one in then.items() if now.get(name) != one
    }


def _slots(adata: AnnData, key: str) -> list[str]:
    keys = Keys(key)
    return [slot for slot in (*keys.tables, keys.receptor) if slot in adata.obsm]


def _taken(adata: AnnData, keys: list[str]) -> dict[str, Any]:
    """Every slot of these records by its name."""
    tables = {f"obsm[{s!r}]": adata.obsm[s] for key in keys for s in _slots(adata, key)}
    return tables | {
        name: held for key in keys for name, held in parts(_record(adata, key), f"uns[{key!r}]")
    }


@contextmanager
def _set_aside(adata: AnnData, keys: list[str]) -> Iterator[None]:
    """Results out of the way while they are made again; all is put back, whatever happens."""
    uns, obsm = adata.uns, dict(adata.obsm)
    gone = {slot for key in keys for slot in _slots(adata, key)}
    adata.uns = {name: _own(held) for name, held in uns.items() if name not in keys}
    adata.obsm = {slot: table for slot, table in obsm.items() if slot not in gone}
    try:
        yield
    finally:
        adata.uns, adata.obsm = uns, obsm


def _own(held: Any) -> Any:
    """Of the same values, in mappings that may be written to."""
    return {n: _own(one) for n, one in held.items()} if isinstance(held, Mapping) else held
