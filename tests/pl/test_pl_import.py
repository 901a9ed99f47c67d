"""Plots cost nothing until one is drawn."""

from __future__ import annotations

import json
import subprocess
import sys

CODE = """
import json, sys
import numpy as np, pandas as pd, anndata
import cytosig as cs
plots = [cs.pl.heatmap, cs.pl.coverage]
early = "matplotlib" in sys.modules
adata = anndata.AnnData(np.zeros((2, 2), np.float32))
adata.obsm["cytosig_score"] = pd.DataFrame(np.eye(2), index=adata.obs_names, columns=["A", "B"])
from matplotlib.figure import Figure
cs.pl.heatmap(adata, ax=Figure().subplots())
print(json.dumps({"early": early, "pyplot": "matplotlib.pyplot" in sys.modules}))
"""


def test_matplotlib_waits_for_a_plot_and_pyplot_for_a_figure() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"early": False, "pyplot": False}


def test_small_print_shows_dollars_as_they_are() -> None:
    """Else a name like ``a$b$c`` is a formula, and ``$\\frac$`` an error when drawn."""
    from matplotlib.figure import Figure

    from cytosig.pl import _axes, _words

    ax = Figure(figsize=(6, 4)).subplots()
    _axes.note(ax, [r"relative to the samples with arm=$\frac$", "cost: 3$ and 4$"])
    ax.figure.canvas.draw()
    assert ax.get_xlabel().count(r"\$") == 4
    assert _words.no_formula(_words.no_formula("a$b")) == r"a\$b"
