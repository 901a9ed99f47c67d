"""The two doors, Python and the command line: what each gives back, and what it leaves behind."""

from __future__ import annotations

import time
import traceback
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import cytosig as cs
from cytosig import methods
from cytosig._errors import CytosigError
from reliability.traps import calls as c
from reliability.traps.pages import tables_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import anndata as ad
    import pandas as pd

    from reliability.traps.calls import Call

SLOTS = ("score", "pvalue", "estimate", "axis", "axis_pvalue", "ligand", "spread")
PAGE = "page.html"
CHAIN = ("channels", "balance", "sources", "targets", "links", "blockade")


@dataclass
class Answer:
    """What a door gave: tables, or the words of a refusal, or a fault.

    Parameters
    ----------
    tables
        By name; empty where it refused.
    refusal
        The message, empty where it gave tables.
    fault
        Kind of a defect that shows whatever was expected, and what was seen.
    seconds
        It took.
    """

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    refusal: str = ""
    fault: tuple[str, str] | None = None
    seconds: float = 0.0


def key_of(call: Call, /) -> str:
    """Where Python stores a method's scores; the default's are what tools and pages go on with."""
    return "cytosig" if call.name == methods.DEFAULT else f"trap_{call.name}"


def scored(adata: ad.AnnData, key: str, /) -> dict[str, pd.DataFrame]:
    """The tables of one method."""
    found = {slot: adata.obsm[f"{key}_{slot}"] for slot in SLOTS if f"{key}_{slot}" in adata.obsm}
    return found | {name: adata.uns[key][name] for name in ("coverage", "unscored")}


def in_python(
    given: Callable[[bool], ad.AnnData], asked: Sequence[tuple[Call, Mapping[str, Any]]],
    folder: Path, /,
) -> dict[str, Answer]:  # fmt: skip
    """Every call on one data set, one after the other, as a notebook has it.

    Parameters
    ----------
    given
        Gives the data, or a few of them.
    asked
        Calls, each with what the user adds to them.
    folder
        For pages.
    """
    data: dict[bool, ad.AnnData | Answer] = {}
    found = {}
    for call, options in asked:
        if call.few not in data:
            data[call.few] = _given(given, few=call.few)
        adata = data[call.few]
        if call.name == "chain" and not isinstance(adata, Answer):
            adata = _given(given, few=False)
        found[call.name] = (
            adata if isinstance(adata, Answer) else _watched(adata, call, options, folder)
        )
    return found


def _given(given: Callable[[bool], ad.AnnData], *, few: bool) -> ad.AnnData | Answer:
    try:
        return given(few)
    except CytosigError as error:
        return Answer(refusal=str(error))
    except Exception as error:
        return Answer(fault=("traceback", _told(error)))


def _watched(adata: ad.AnnData, call: Call, options: Mapping[str, Any], folder: Path) -> Answer:
    """One call: its tables, or what it said; what else it changed."""
    start, before, state = time.perf_counter(), _mark(adata), np.random.get_state()[1].copy()
    answer = Answer()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            answer.tables = _python(adata, call, options, folder)
        except CytosigError as error:
            answer.refusal = str(error) or "(no message)"
        except Exception as error:
            answer.fault = ("traceback", _told(error))
    answer.seconds = time.perf_counter() - start
    numeric = [str(w.message) for w in warned if issubclass(w.category, RuntimeWarning)]
    if answer.fault is None and numeric:
        answer.fault = ("unclear", f"a warning of numpy: {numeric[0]}")
    if answer.fault is None and _mark(adata) != before:
        answer.fault = ("wrong", "the data given were changed")
    if answer.fault is None and not np.array_equal(np.random.get_state()[1], state):
        answer.fault = ("wrong", "numpy's global random state was changed")
    return answer


def _python(
    adata: ad.AnnData, call: Call, options: Mapping[str, Any], folder: Path
) -> dict[str, pd.DataFrame]:
    if call.name == "chain":
        _chain(adata, call, options)
    if call.name in ("chain", "report"):
        cs.report.write(adata, folder / PAGE, title="A page")
        return tables_of((folder / PAGE).read_text(encoding="utf-8"))
    every = {**call.options, **options}
    if call.name != "compare":
        every["n_jobs"] = 1
    if not call.is_score:
        getattr(cs.tl, call.tool)(adata, **every)
        if call.name == "channels":
            return {slot: adata.obsm[f"cytosig_{slot}"] for slot in ("ligand", "receptor")}
        return {call.name: adata.uns["cytosig"][call.name]}
    cs.tl.score(adata, **every, key_added=key_of(call))
    return scored(adata, key_of(call))


def _chain(adata: ad.AnnData, call: Call, options: Mapping[str, Any]) -> None:
    """All tools with their defaults; what one refuses, the page does without."""
    own = {**call.options, **options, "n_jobs": 1}
    for tool in ("score", *CHAIN):
        known = {name: value for name, value in own.items() if c.takes(tool, name)}
        if tool == "blockade":
            known["targets"] = "all"
        try:
            getattr(cs.tl, tool)(adata, **known)
        except CytosigError:
            if tool == "score":
                raise


def _mark(adata: ad.AnnData) -> object:
    """What tells the data given from others: values, names, columns."""
    x = adata.X
    values = getattr(x, "data", None) if not isinstance(x, np.ndarray) else x
    total = values.tobytes() if isinstance(values, np.ndarray) else type(x).__name__
    frames = [frame.to_csv() for frame in (adata.obs, adata.var)]
    return hash((total, *frames, tuple(adata.layers)))


def _told(error: BaseException) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    text = " ".join(str(error).split())[:200]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}: {text}"
