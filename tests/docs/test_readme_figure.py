"""The figure of the README is what the code above it draws, and shows what the text below says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

pytestmark = pytest.mark.slow
PICTURE = "docs/_static/sources_and_targets.png"
_CODE = re.compile(r"<!-- figure -->\n```python\n(.*?)```\n\n!\[[^\]]+\]\((.*?)\)", re.DOTALL)


@pytest.fixture(scope="module")
def readme(request: pytest.FixtureRequest) -> Path:
    path: Path = request.config.rootpath / "README.md"
    if not (request.config.rootpath / "docs" / "conf.py").is_file():
        pytest.skip("tests outside the repository have no README beside them")
    return path


@pytest.fixture(scope="module")
def drawn(readme: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """Names that the code of the README leaves, and the picture it saves."""
    import matplotlib.pyplot as plt

    found = _CODE.search(readme.read_text(encoding="utf-8"))
    assert found is not None
    assert found[2] == PICTURE
    folder = tmp_path_factory.mktemp("readme")
    names: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        exec(compile(found[1], "README.md", "exec"), names)
    plt.close("all")
    return names, folder / "sources_and_targets.png"


def _pairs(table: pd.DataFrame) -> set[tuple[str, str]]:
    found = table[table["q"] < 0.05]
    return set(zip(found["cytokine"], found["cell_type"], strict=True))


def test_the_committed_picture_is_what_the_code_draws(
    readme: Path, drawn: tuple[dict[str, Any], Path]
) -> None:
    from matplotlib.image import imread

    ours, committed = imread(drawn[1]), imread(readme.parent / PICTURE)
    assert ours.shape == committed.shape, f"draw it again: {PICTURE}"
    assert np.abs(ours - committed).mean() < 0.01, "letters may shift by a pixel, marks not"


def test_the_text_below_is_what_the_tables_say(drawn: tuple[dict[str, Any], Path]) -> None:
    names = drawn[0]
    record = names["cells"].uns["cytosig"]
    planted = {(one.cytokine, one.source) for one in names["planted"]}
    assert len(planted) == 7
    assert _pairs(record["sources"]) == planted
    heard = {(one.cytokine, one.target) for one in names["planted"]}
    assert heard <= _pairs(record["targets"])
    shown = [label.get_text().split(" ")[0] for label in names["ax"].get_yticklabels()]
    assert set(shown) - {id for id, _ in planted} == {"VEGFC", "IL34"}
