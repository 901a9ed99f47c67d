"""Which observations each observation is centred and scaled on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cytosig._errors import DataError
from cytosig.engine.moments import Moments, fixed, measure, untouched

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cytosig.engine.options import Options
    from cytosig.engine.prepare import Rows
    from cytosig.engine.recognise import Values
    from cytosig.engine.reference import Reference


@dataclass(frozen=True)
class Baseline:
    """Where zero is.

    Parameters
    ----------
    control
        Observations to centre on, None for all.
    batch
        Block of each observation, None for one block.
    batch_names
        Name of each block.
    reference
        Stored moments, used instead of the data's own.
    """

    control: NDArray[np.bool_] | None = None
    batch: NDArray[np.int64] | None = None
    batch_names: tuple[str, ...] = ()
    reference: Reference | None = None


def centre(
    rows: Rows,
    values: Values,
    baseline: Baseline,
    options: Options,
    kept: NDArray[np.int64] | None,
    /,
) -> tuple[Moments, str]:
    """Moments to centre and scale on, and one sentence that says which.

    Parameters
    ----------
    kept
        Positions of the engine genes among the reference's genes.
    """
    n, g = rows.n_obs, rows.n_genes
    if baseline.reference is not None and kept is not None:
        stored = baseline.reference
        sd = stored.sd[kept] if options.scale else None
        return fixed(stored.mean[kept], sd, n), f"centred on a reference of {stored.n_obs}"
    if baseline.control is None and baseline.batch is None:
        if options.center is None:
            return untouched(n, g), "not centred, as asked"
        if options.center == "auto" and values.kind == "contrasts":
            return untouched(n, g), "not centred: the values are contrasts"
    use = np.ones(n, dtype=bool) if baseline.control is None else baseline.control
    group = np.zeros(n, dtype=np.int64) if baseline.batch is None else baseline.batch
    _check_groups(group, use, baseline)
    moments = measure(rows, group, use, scale=options.scale, n_jobs=options.n_jobs)
    return moments, _sentence(use, baseline)


def _check_groups(group: NDArray[np.int64], use: NDArray[np.bool_], baseline: Baseline) -> None:
    n_groups = int(group.max()) + 1
    available = np.bincount(group[use], minlength=n_groups)
    sizes = np.bincount(group, minlength=n_groups)
    for k in range(n_groups):
        where = f"batch {baseline.batch_names[k]!r}" if baseline.batch is not None else "the data"
        if available[k] == 0:
            raise DataError(f"No control observation in {where}; every batch needs one.")
        if baseline.control is None and sizes[k] == 1:
            raise DataError(
                f"There is only one observation in {where}, which cannot be centred on itself."
                " Pass reference= (from cytosig.tl.fit_reference), control=, or center=None if"
                " the values are contrasts."
            )


def _sentence(use: NDArray[np.bool_], baseline: Baseline) -> str:
    what = "all" if baseline.control is None else "control"
    inside = f" inside {len(baseline.batch_names)} batches" if baseline.batch is not None else ""
    return f"centred on {what} observations ({int(use.sum())}){inside}"
