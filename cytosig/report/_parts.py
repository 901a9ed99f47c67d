"""What a section of the report is made of; the template knows each kind by its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from typing import TypeAlias

    from cytosig.report._table import Table


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    text: str
    kind: ClassVar[str] = "heading"


@dataclass(frozen=True)
class Text:
    """A paragraph; ``tone`` is ``plain``, ``lead`` or ``caution``."""

    text: str
    tone: str = "plain"
    kind: ClassVar[str] = "text"


@dataclass(frozen=True)
class Points:
    """Sentences in a list."""

    items: tuple[str, ...]
    kind: ClassVar[str] = "points"


@dataclass(frozen=True)
class Counts:
    """Numbers worth a glance: (number, what it counts, a word for its colour)."""

    items: tuple[tuple[str, str, str], ...]
    kind: ClassVar[str] = "counts"


@dataclass(frozen=True)
class Facts:
    """Names and what they are set to."""

    items: tuple[tuple[str, str], ...]
    kind: ClassVar[str] = "facts"


@dataclass(frozen=True)
class NotRun:
    """A tool that was not run, and what runs it."""

    text: str
    command: str
    call: str
    kind: ClassVar[str] = "not_run"


@dataclass(frozen=True)
class Reference:
    """A publication, with its DOI or an empty string."""

    citation: str
    doi: str = ""


@dataclass(frozen=True)
class References:
    """Publications, numbered as the sentences before name them."""

    items: tuple[Reference, ...]
    kind: ClassVar[str] = "references"


@dataclass(frozen=True)
class Figure:
    """A drawing: SVG ready for the page, and its caption."""

    id: str
    svg: str
    caption: str
    note: str = ""
    kind: ClassVar[str] = "figure"


@dataclass(frozen=True)
class NoFigure:
    """A drawing that could not be made, and why."""

    caption: str
    why: str
    kind: ClassVar[str] = "no_figure"


@dataclass(frozen=True)
class Row:
    """Figures side by side where there is room."""

    figures: tuple[Figure | NoFigure, ...]
    kind: ClassVar[str] = "row"


if TYPE_CHECKING:
    Part: TypeAlias = (
        Heading | Text | Points | Counts | Facts | NotRun | References | Figure | NoFigure | Row
        | Table
    )  # fmt: skip


@dataclass(frozen=True)
class Section:
    """One section of the page."""

    id: str
    title: str
    parts: tuple[Part, ...]
