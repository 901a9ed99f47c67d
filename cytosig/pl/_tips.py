"""What a mark says when pointed at, kept on the artist so that a report can show it.

A plot attaches one text to a bar, a line or a patch, or one text to every point of a
``scatter``. They ride in the artist's group id, which SVG keeps; other formats ignore it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.artist import Artist

PREFIX = "cytosig-tips:"
"""How the group id of an artist with tips begins; the rest is JSON, a list of texts."""


def attach(artist: Artist, texts: Iterable[str], /) -> None:
    """Give an artist its texts, one for each of its points in their order."""
    artist.set_gid(PREFIX + json.dumps(list(texts), ensure_ascii=False))


def read(gid: str, /) -> list[str]:
    """The texts in a group id; none in one that is not ours."""
    return [str(t) for t in json.loads(gid.removeprefix(PREFIX))] if gid.startswith(PREFIX) else []
