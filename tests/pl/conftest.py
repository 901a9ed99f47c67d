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


CYTOKINES = {  # share of the balance, grade, axis
    "IFNG": (0.50, "A", "IFN-II"),
    "IL6": (-0.30, "B", "STAT3"),
    "TGFB1": (0.45, "A", "SMAD2-3"),
    "IL10": (0.20, "D", "STAT3"),
    "TNF": (0.10, "B", "NF-kB"),
    "IL33": (0.05, "C", "NF-kB"),
}


def _verdicts(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    told = np.where(low > 0, "anti-tumour", np.where(high < 0, "pro-tumour", "indeterminate"))
    return np.where(np.isnan(low), "insufficient coverage", told).astype(object)


def _balance(values: np.ndarray, names: pd.Index) -> pd.DataFrame:
    """Usual intervals reach 0.1 to either side, those in context 0.05 about the value less 0.02."""
    lost = np.isnan(values)
    return pd.DataFrame(
        {
            "balance": values,
            "ci_low": values - 0.1,
            "ci_high": values + 0.1,
            "p_above_zero": np.where(lost, np.nan, 0.5),
            "verdict": _verdicts(values - 0.1, values + 0.1),
            "reason": np.where(lost, "30% of the votes are measured", "").astype(object),
            "anti": values + 0.03,
            "pro": np.where(lost, np.nan, 0.03),
            "driver": np.where(lost, "", "IFNG").astype(object),
            "balance_adjusted": values / 2,
            "adjusted_low": values / 2 - 0.04,
            "adjusted_high": values / 2 + 0.04,
            "balance_context": values - 0.02,
            "context_low": values - 0.07,
            "context_high": values + 0.03,
            "verdict_context": _verdicts(values - 0.07, values + 0.03),
            "rules": np.where(lost, "", "CR04; CR37").astype(object),
            "balance_least": values - 0.08,
            "balance_most": values + 0.04,
        },
        index=names,
    )


@pytest.fixture
def balanced() -> Callable[..., anndata.AnnData]:
    """Bulk samples S000, S001 ... with these balances (NaN: none), as if they had been weighed."""

    def build(values: list[float]) -> anndata.AnnData:
        found = np.array(values, dtype=np.float64)
        names = pd.Index([f"S{i:03d}" for i in range(len(found))], dtype=str)
        adata = anndata.AnnData(
            np.zeros((len(found), 2), np.float32), obs=pd.DataFrame(index=names)
        )
        parts = {id: found * share for id, (share, _, _) in CYTOKINES.items()}
        contributions = pd.DataFrame(parts, index=names)
        axes = {id: axis for id, (_, _, axis) in CYTOKINES.items()}
        adata.uns["cytosig"] = {
            "balance": _balance(found, names),
            "balance_contributions": contributions,
            "balance_axes": contributions.T.groupby(axes, sort=False).sum(min_count=1).T,
            "balance_cytokines": pd.DataFrame(
                {
                    "axis": axes,
                    "role": {
                        id: 0.7 if share > 0 else -0.4 for id, (share, _, _) in CYTOKINES.items()
                    },
                    "kind": "dual",
                    "confidence": "high",
                    "grade": {id: grade for id, (_, grade, _) in CYTOKINES.items()},
                }
            ),
            "balance_params": {
                "sample_key": "none",
                "reference": "the samples themselves",
                "control": "none",
                "n_reference": len(found),
                "level": 0.95,
                "adjusted_for": ["immune", "stroma"],
            },
        }
        return adata

    return build
