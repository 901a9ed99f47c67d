"""Stored results written by hand, a clean pyplot, and labels measured as drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anndata
import matplotlib
import numpy as np
import pandas as pd
import pytest

matplotlib.use("Agg")
import matplotlib.pyplot as plt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.transforms import Bbox


@pytest.fixture(autouse=True)
def pyplot_as_before() -> Iterator[None]:
    """No plot may change matplotlib's settings; figures do not outlive a test."""
    plt.close("all")
    before = dict(matplotlib.rcParams)
    yield
    assert dict(matplotlib.rcParams) == before
    plt.close("all")


def _coverage(ids: list[str], grades: list[str]) -> pd.DataFrame:
    n = len(ids)
    return pd.DataFrame(
        {
            "n_genes": [20] * n,
            "n_found": [15] * n,
            "coverage": np.linspace(0.3, 0.95, n),
            "renamed": [""] * n,
            "missing": [""] * n,
            "grade": grades,
            "reason": [""] * n,
        },
        index=pd.Index(ids, name="signature"),
    )


@pytest.fixture
def stored() -> Callable[..., anndata.AnnData]:
    """An AnnData with these z, as if they had been scored: ids I00, I01 ... unless named."""

    def build(
        values: np.ndarray, grades: str | list[str] = "", ids: list[str] | None = None
    ) -> anndata.AnnData:
        n_rows, n = values.shape
        ids = ids or [f"I{k:02d}" for k in range(n)]
        names = pd.Index([f"patient-{i:03d}" for i in range(n_rows)], dtype=str)
        adata = anndata.AnnData(np.zeros((n_rows, 2), np.float32), obs=pd.DataFrame(index=names))
        adata.obsm["cytosig_score"] = pd.DataFrame(values, index=names, columns=ids)
        adata.obsm["cytosig_axis"] = pd.DataFrame(-values[:, :3], index=names, columns=ids[:3])
        grades = list(grades) if grades else [""] * n
        adata.uns["cytosig"] = {
            "params": {"min_coverage": 0.25},
            "coverage": _coverage(ids, grades),
        }
        return adata

    return build


def _labels(axis: Axis) -> list[str]:
    axis.axes.figure.draw_without_rendering()
    return [label.get_text() for label in axis.get_ticklabels()]


@pytest.fixture
def labels() -> Callable[[Axis], list[str]]:
    """Tick labels of an axis as drawn."""
    return _labels


def _boxes(axis: Axis) -> list[Bbox]:
    axis.axes.figure.canvas.draw()
    shown = [label for label in axis.get_ticklabels() if label.get_text()]
    return [label.get_window_extent() for label in shown]


@pytest.fixture
def overlaps() -> Callable[[Axes], int]:
    """Pairs of tick labels whose boxes share pixels, on both axes, by the renderer."""

    def count(ax: Axes) -> int:
        found = 0
        for axis in (ax.xaxis, ax.yaxis):
            boxes = _boxes(axis)
            assert boxes, "an axis without labels says nothing"
            found += sum(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])
        return found

    return count


@pytest.fixture
def pixel() -> Callable[[Axes, int, int], tuple[int, ...]]:
    """The commonest colour inside a cell of an image, as drawn (0 to 255)."""

    def look(ax: Axes, row: int, column: int) -> tuple[int, ...]:
        ax.figure.canvas.draw()
        picture = np.asarray(ax.figure.canvas.buffer_rgba())[::-1, :, :3]
        (x0, y0), (x1, y1) = ax.transData.transform(
            [(column - 0.35, row + 0.35), (column + 0.35, row - 0.35)]
        )
        cell = picture[int(y0) : int(y1), int(x0) : int(x1)].reshape(-1, 3)
        colours, counts = np.unique(cell, axis=0, return_counts=True)
        return tuple(int(c) for c in colours[counts.argmax()])

    return look
