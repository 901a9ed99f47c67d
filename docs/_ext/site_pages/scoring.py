"""A page for every scoring method, from the registry and the docstring of its file."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import TYPE_CHECKING

from cytosig.methods import DEFAULT, available
from site_pages.docstrings import linked
from site_pages.markdown import put

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from cytosig.methods import Method, Setting


def write(folder: Path, /) -> list[Path]:
    """Write the pages and their index."""
    found = available()
    pages = {name: _page(method) for name, method in found.items()}
    pages["index"] = _index(found.values())
    return [put(folder / f"{name}.rst", text) for name, text in pages.items()]


def _page(method: Method) -> str:
    first, _, rest = about(method).partition("\n")
    return "\n".join(
        [
            _title(f"{method.name}"),
            f"{first}\n",
            f".. code-block:: python\n\n   cs.tl.score(adata, method={method.name!r})\n",
            _list_table(("", ""), _facts(method), header=False),
            ".. highlight:: none\n",
            _title("Definition", "-"),
            linked(rest.strip()) + "\n",
            _settings(method),
            _title("More", "-"),
            _more(method),
        ]
    )


def about(method: Method, /) -> str:
    """Docstring of the method's file."""
    return inspect.cleandoc(import_module(f"cytosig.methods.{method.name}").__doc__ or "")


def _facts(method: Method) -> list[tuple[str, str]]:
    sides = "both sides of 0" if method.about_zero else "one-sided"
    reads = "genes as sets, raised and lowered" if method.reads_sets else "signed weights of genes"
    needs = "; at least one raised gene" if method.needs_raised else ""
    return [
        ("What it is", method.title),
        ("Source", linked(method.reference)),
        ("p-values", "yes" if method.tested else "no"),
        ("Score", f"{method.unit}, {sides}"),
        ("Reads", reads + needs),
        ("Values", "less their mean" if method.centred else "as they are"),
        ("Penalty ``lam``", "yes" if method.takes_lam else "no"),
        ("Peers it can follow", ", ".join(map(_compat, method.compat)) or "none"),
        ("Default method", "yes" if method.name == DEFAULT else "no"),
    ]


def _compat(peer: str) -> str:
    return f'``compat="{peer}"``'


def _settings(method: Method) -> str:
    if not method.settings:
        return ""
    example = method.settings[0]
    call = f'settings={{"{method.name}": {{"{example.name}": {example.default:g}}}}}'
    rows = map(_setting, method.settings)
    head = ("setting", "default", "from", "to", "what it is")
    text = f"Given as ``{call}``, or ``--set {method.name}.{example.name}={example.default:g}``.\n"
    return "\n".join([_title("Settings", "-"), text, _list_table(head, rows)])


def _setting(setting: Setting) -> tuple[str, ...]:
    numbers = (f"{value:g}" for value in (setting.default, setting.low, setting.high))
    return f"``{setting.name}``", *numbers, setting.about


def _more(method: Method) -> str:
    beside = ":doc:`Methods of the field </other_methods>` has it beside the others. "
    return (
        f"{beside if method.reads_sets else ''}What the numbers mean and where zero is:"
        " :doc:`How scores are made </methods>`. Against other packages:"
        " :doc:`Methods </_generated/repository/benchmarks/results/methods>`.\n"
    )


def _index(methods: Iterable[Method]) -> str:
    methods = list(methods)
    rows = (
        (f":doc:`{m.name}`", m.title, "yes" if m.tested else "no", linked(m.reference))
        for m in methods
    )
    lead = (
        f"``cs.tl.score(adata, method=...)`` takes one or several of these; ``{DEFAULT}`` when"
        " nothing is said. :doc:`How scores are made </methods>` explains the linear ones and the"
        " null, :doc:`Methods of the field </other_methods>` compares the others.\n"
    )
    tree = [".. toctree::", "   :hidden:", "", *(f"   {m.name}" for m in methods), ""]
    table = _list_table(("method", "what it is", "p", "source"), rows)
    return "\n".join([_title("Scoring methods"), lead, table, *tree])


def _list_table(head: Sequence[str], rows: Iterable[Sequence[str]], *, header: bool = True) -> str:
    lines = [".. list-table::", *(["   :header-rows: 1"] if header else []), ""]
    for row in [*([head] if header else []), *rows]:
        lines += [f"   {'* -' if not i else '  -'} {cell}" for i, cell in enumerate(row)]
    return "\n".join([*lines, ""])


def _title(text: str, line: str = "=") -> str:
    return f"{text}\n{line * len(text)}\n"
