"""The API reference: a page for every public name, found in the package's own ``__all__``."""

from __future__ import annotations

import inspect
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

import cytosig
from cytosig import _errors
from site_pages.markdown import put

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Name(NamedTuple):
    """A public name: the module it is imported from, and what it is there."""

    module: str
    name: str
    what: Any

    @property
    def full(self) -> str:
        """Name with its module, as one writes it after ``import cytosig``."""
        return f"{self.module}.{self.name}"


def rooms() -> dict[str, list[Name]]:
    """Public names by the module that exports them, ``cytosig`` itself first, errors last."""
    found: dict[str, list[Name]] = {"cytosig": []}
    for name in cytosig.__all__:
        what = getattr(cytosig, name)
        if isinstance(what, ModuleType):
            names = (Name(what.__name__, own, getattr(what, own)) for own in what.__all__)
            found[what.__name__] = list(names)
        elif not _is_error(what):
            found["cytosig"].append(Name("cytosig", name, what))
    errors = (name for name, what in vars(_errors).items() if _is_error(what))
    found[_errors.__name__] = [Name(_errors.__name__, e, getattr(_errors, e)) for e in errors]
    return found


def heading(module: str, /) -> str:
    """What a module is called in headings: users catch errors, wherever these are written."""
    return "Errors" if module == _errors.__name__ else module


def _is_error(what: object) -> bool:
    return isinstance(what, type) and issubclass(what, cytosig.CytosigError)


def write(folder: Path, /) -> list[Path]:
    """Write a page for every name, one for every module, and the index."""
    found = rooms()
    pages = {name.full: _page(name) for names in found.values() for name in names}
    pages |= {f"{module}.index": _room(module, names) for module, names in found.items()}
    pages["index"] = _index(found)
    return [put(folder / f"{name}.rst", text) for name, text in pages.items()]


def _page(name: Name) -> str:
    lines = [_title(name.full), f".. currentmodule:: {name.module}", "", *_directive(name)]
    return "\n".join(lines) + "\n"


def _directive(name: Name) -> list[str]:
    kind = _kind(name.what)
    if kind == "data":  # a constant has no docstring of its own
        return [f".. py:data:: {name.name}", f"   :value: {name.what!r}"]
    options = {
        "class": ["   :members:", "   :member-order: bysource"],
        "exception": ["   :show-inheritance:"],
    }
    return [f".. auto{kind}:: {name.name}", *options.get(kind, [])]


def _kind(what: Any) -> str:
    if isinstance(what, type):
        return "exception" if issubclass(what, BaseException) else "class"
    return "function" if inspect.isroutine(what) else "data"


def _room(module: str, names: list[Name]) -> str:
    return "\n".join([_title(heading(module)), *_about(module), _summary(names), _toctree(names)])


def _index(found: dict[str, list[Name]]) -> str:
    about = (
        "``import cytosig as cs``; then ``cs.tl.score(adata)``. Tools write to ``adata``, plots"
        " read what they wrote. What each table holds is said where it is written."
    )
    parts = [_title("API"), about, ""]
    for module, names in found.items():
        parts += [_title(heading(module), "-"), *_about(module), _summary(names)]
    pages = [f"   {heading(module)} <{module}.index>" for module in found]
    return "\n".join([*parts, ".. toctree::", "   :hidden:", "", *pages, ""])


def _about(module: str) -> list[str]:
    first = (import_module(module).__doc__ or "").strip().splitlines()[0]
    return [first, ""]


def _summary(names: Iterable[Name]) -> str:
    names = list(names)
    constants = [name for name in names if _kind(name.what) == "data"]
    listed = [f"   ~{name.full}" for name in names if name not in constants]
    lines = [f":py:data:`~{name.full}`: ``{name.what!r}``\n" for name in constants]
    return "\n".join([*lines, ".. autosummary::", "   :nosignatures:", "", *listed, ""])


def _toctree(names: Iterable[Name]) -> str:
    lines = (f"   {name.name} <{name.full}>" for name in names)
    return "\n".join([".. toctree::", "   :hidden:", "", *lines, ""])


def _title(text: str, line: str = "=") -> str:
    return f"{text}\n{line * len(text)}\n"
