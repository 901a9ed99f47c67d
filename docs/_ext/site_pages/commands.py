"""A page for every command, from what ``--help`` says of it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import typer.main

from cytosig.cli._app import app
from site_pages.markdown import bullets, code, link, page, plain, put, section, table, toctree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ARGUMENTS = "Arguments"


def write(folder: Path, /) -> list[Path]:
    """Write the pages and their index."""
    main = typer.main.get_command(app)
    found = dict(_commands(main, "cytosig"))
    pages = {_stem(name): _page(command, name) for name, command in found.items()}
    pages["index"] = _index(main, found)
    return [put(folder / f"{name}.md", text) for name, text in pages.items()]


def _commands(group: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Commands below a group, by what one types."""
    for own, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{name} {own}")
        else:
            yield f"{name} {own}", command


def _index(main: Any, found: dict[str, Any]) -> str:
    first, *rest = (main.help or "").strip().split("\n\n")
    return page(
        "Command line",
        first,
        bullets(
            f"{link(code(name), f'{_stem(name)}.md')}: {_text(_first(command))}"
            for name, command in found.items()
        ),
        *map(plain, rest),
        toctree(f"{name} <{_stem(name)}>" for name in found),
    )


def _stem(name: str) -> str:
    return name.replace(" ", "-")


def _first(command: Any) -> str:
    return str(command.help or "").strip().split("\n\n")[0]


def _text(words: str) -> str:
    """Help as prose: its lines were broken for a terminal."""
    return plain(" ".join(words.split()))


def _page(command: Any, name: str) -> str:
    context = command.context_class(command, info_name=name)
    panels: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None:
            argument = parameter.param_type_name == "argument"
            panel = getattr(parameter, "rich_help_panel", None)
            panels[ARGUMENTS if argument else panel or "Options"].append(record)
    return page(
        plain(name),
        *map(_text, str(command.help or "").strip().split("\n\n")),
        _shell(command.get_usage(context).removeprefix("Usage: ")),
        _shell(str(command.epilog or "").removeprefix("Example: ")),
        *(_panel(name, rows) for name, rows in panels.items()),
    )


def _panel(name: str, rows: list[tuple[str, str]]) -> str:
    what = "argument" if name == ARGUMENTS else "option"
    return section(plain(name), table((what, "meaning"), map(_row, rows)))


def _shell(line: str) -> str:
    return f"```sh\n{line}\n```" if line else ""


def _row(record: tuple[str, str]) -> tuple[str, str]:
    flags, words = record
    return code(flags.replace("|", "\\|")), _text(words)
