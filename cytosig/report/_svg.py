"""Drawings of matplotlib as SVG for a page: small, safe, and with a text on every mark."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from cytosig.pl._tips import read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from xml.etree.ElementTree import Element

_SPACE = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_POINTED = re.compile(r"url\(#([^)]+)\)")
_MOVED = re.compile(r"translate\([^)]*\)")
_ALONG = re.compile(r"translate\((\S+) 0\)")
_LONG = re.compile(r"-?\d+\.\d{3,}")
_PLACES = ("d", "x", "y", "width", "height", "points")
_MARKS = ("path", "use", "image")
_PIXELS = 96 / 72  # of the page, in a point


def inline(svg: str, /, *, prefix: str, label: str) -> str:
    """Make the text of an SVG file a part of a page.

    Ids get a prefix, so that two drawings do not share any, and those that nothing points to
    are left out, as is all metadata. The texts that plots attach to their marks
    (``cytosig.pl._tips``) become a ``<title>`` of each. Places are rounded to hundredths of a
    point.

    Parameters
    ----------
    svg
        As matplotlib writes it.
    prefix
        Of every id.
    label
        What the drawing shows, for those who cannot see it.
    """
    root = ElementTree.fromstring(_ILLEGAL.sub("", svg))
    _drop(root, "metadata")
    _drop(root, "style")  # it speaks to the whole page; the page's own has it
    for group in root.iter(f"{_SPACE}g"):
        _title(group)
    names = {id: f"{prefix}{n:x}" for n, id in enumerate(_pointed_at(root))}
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SPACE)
        element.attrib = dict(_attributes(element, names))
        element.text, element.tail = _visible(element), None
    _unwrap(root)
    width, height = (float(part) * _PIXELS for part in root.attrib["viewBox"].split()[2:])
    root.attrib = {
        "class": "drawing", "viewBox": root.attrib["viewBox"], "width": f"{width:.0f}",
        "height": f"{height:.0f}", "role": "img", "aria-label": _ILLEGAL.sub("", label),
    }  # fmt: skip
    return ElementTree.tostring(root, encoding="unicode")


def _drop(root: Element, tag: str, /) -> None:
    for parent in list(root.iter()):
        for child in parent.findall(f"{_SPACE}{tag}"):
            parent.remove(child)


def _title(group: Element, /) -> None:
    """Give the marks of a group the texts in its id: one each, or one for all."""
    texts = read(group.get("id", ""))
    marks = list(_marks(group))
    owners = [group] if len(texts) == 1 else marks if len(marks) == len(texts) else []
    for owner, text in zip(owners, texts, strict=False):
        title = ElementTree.Element(f"{_SPACE}title")
        title.text = _ILLEGAL.sub("", text)
        owner.insert(0, title)
        owner.set("class", "mark")


def _marks(group: Element, /) -> Iterator[Element]:
    """What is drawn, in its order; definitions of shapes are not."""
    for child in group:
        tag = child.tag.removeprefix(_SPACE)
        if tag in _MARKS:
            yield child
        elif tag == "g":
            yield from _marks(child)


def _pointed_at(root: Element, /) -> Iterator[str]:
    """Ids that something points to, each once."""
    seen: set[str] = set()
    for element in root.iter():
        for name, value in element.attrib.items():
            links = [value[1:]] if name == _LINK and value[0] == "#" else []
            for id in [*links, *_POINTED.findall(value)]:
                if id not in seen:
                    seen.add(id)
                    yield id


def _attributes(element: Element, names: Mapping[str, str], /) -> Iterator[tuple[str, str]]:
    """Attributes with ids renamed and places rounded; ids that nothing points to are dropped."""
    is_letter = element.tag == "use" and "x" not in element.attrib
    for name, value in element.attrib.items():
        if name == "id":
            if value in names:
                yield name, names[value]
        elif name == _LINK:
            yield "href", f"#{names[value[1:]]}" if value.startswith("#") else value
        elif name in _PLACES:
            yield name, _LONG.sub(_short, " ".join(value.split()))
        elif name == "transform" and is_letter and (along := _ALONG.fullmatch(value)):
            yield "x", _LONG.sub(_short, along[1])  # a letter in its line
        elif name == "transform":
            yield name, _MOVED.sub(lambda move: _LONG.sub(_short, move[0]), value)
        else:
            value = value.replace(": ", ":").replace("; ", ";") if name == "style" else value
            yield name, _POINTED.sub(lambda found: f"url(#{names[found[1]]})", value)


def _short(match: re.Match[str]) -> str:
    return f"{float(match[0]):.2f}".rstrip("0").rstrip(".")


def _unwrap(element: Element, /) -> None:
    """Put what stands in bare groups in their place."""
    inside: list[Element] = []
    for child in element:
        _unwrap(child)
        inside += list(child) if child.tag == "g" and not child.attrib else [child]
    element[:] = inside


def _visible(element: Element, /) -> str | None:
    return element.text if element.text and element.text.strip() else None
