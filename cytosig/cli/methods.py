"""``cytosig methods``: the scoring methods there are."""

from __future__ import annotations

from pathlib import Path
from pkgutil import iter_modules

from cytosig.cli._output import FormatOption, emit


def method_names() -> list[str]:
    """Names of the methods, told from their files so that no method is imported."""
    folder = Path(__file__).parents[1] / "methods"
    found = (module.name for module in iter_modules([str(folder)]))
    return sorted(name for name in found if not name.startswith("_"))


def methods(*, format: FormatOption = None) -> None:
    """List the scoring methods."""
    from cytosig.methods import available

    rows = [
        {"name": method.name, "title": method.title, "reference": method.reference}
        for method in available().values()
    ]
    emit(rows, format=format)
