"""``cytosig methods``: the scoring methods there are."""

from __future__ import annotations

from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from cytosig.cli._output import FormatOption, emit

if TYPE_CHECKING:
    from cytosig.cli._output import Cell
    from cytosig.methods import Method, Setting

_CAPTION = (
    "Under settings: default (from–to); change one by --set METHOD.NAME=VALUE."
    " Under compat: peers whose conventions a method can follow, by --compat NAME."
)


def method_names() -> list[str]:
    """Names of the methods, told from their files so that no method is imported."""
    folder = Path(__file__).parents[1] / "methods"
    found = (module.name for module in iter_modules([str(folder)]))
    return sorted(name for name in found if not name.startswith("_"))


def names_in(text: str, /) -> list[str]:
    """Names with commas between.

    Examples
    --------
    >>> names_in("mlm, ucell,")
    ['mlm', 'ucell']
    """
    return [name for part in text.split(",") if (name := part.strip())]


def methods(*, format: FormatOption = None) -> None:
    """List the scoring methods, their settings and the peers they can follow."""
    from cytosig.methods import available

    rows = [_row(method) for method in available().values()]
    emit(rows, format=format, caption=_CAPTION, spaced=True)


def _row(method: Method) -> dict[str, Cell]:
    return {
        "name": method.name,
        "title": method.title,
        "p_values": "yes" if method.tested else "no",
        "settings": tuple(map(_setting, method.settings)),
        "compat": method.compat,
        "reference": method.reference,
    }


def _setting(setting: Setting) -> str:
    return f"{setting.name}={setting.default:g} ({setting.low:g}–{setting.high:g})"
