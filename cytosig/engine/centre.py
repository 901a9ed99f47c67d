"""Which observations each observation is centred and scaled on."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from cytosig._errors import DataError, UsageError
from cytosig.engine.moments import Measured, Moments, fixed, measure, untouched
from cytosig.engine.nonfinite import no_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from cytosig.engine.options import Options
    from cytosig.engine.prepare import Rows
    from cytosig.engine.recognise import Values
    from cytosig.engine.reference import Reference
    from cytosig.engine.room import Room

    Array = NDArray[np.float64]


_ALONE = (
    "There is only one observation in {where}, which cannot be centred on itself. Pass reference="
    " (from cytosig.tl.fit_reference), control=, or center=None if the values are contrasts; or use"
    " method='ucell', 'aucell', 'singscore' or 'ssgsea', which rank genes inside it."
)


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


class Zero:
    """Where zero is for one matrix; what it rests on is measured when first asked for, and once.

    Parameters
    ----------
    rows, values
        The matrix, and what its values are.
    baseline, options
        What was asked for.
    kept
        Positions of the engine genes among the reference's genes, None without a reference.
    refuse
        Names the first value that is not finite, by raising.
    room
        Where measurements are kept that an earlier run took.
    """

    def __init__(
        self,
        rows: Rows,
        values: Values,
        baseline: Baseline,
        options: Options,
        kept: NDArray[np.int64] | None,
        refuse: Callable[[], None],
        room: Room,
        /,
    ) -> None:
        self._rows, self._baseline, self._options = rows, baseline, options
        self._refuse, self._room = refuse, room
        self._stored = baseline.reference if kept is not None else None
        self._kept = kept
        alone = baseline.control is None and baseline.batch is None and self._stored is None
        contrasts = options.center == "auto" and values.kind == "contrasts"
        self._untouched = alone and (options.center is None or contrasts)
        if self._untouched and options.scale:
            raise UsageError(
                "scale=True divides by the spread over the observations centred on, and nothing is"
                " centred here: leave it, or pass center='mean'."
            )

    @property
    def sentence(self) -> str:
        """One line that says on what observations are centred."""
        if self._stored is not None:
            return f"centred on a reference of {self._stored.n_obs}"
        if self._untouched:
            asked = self._options.center is None
            return "not centred, as asked" if asked else "not centred: the values are contrasts"
        return _sentence(self._use, self._baseline)

    def moments(self, *, scale: bool) -> Moments:
        """What to subtract, and with ``scale`` what to divide by.

        Raises
        ------
        DataError
            When centring is impossible or a value is not finite.
        """
        if self._stored is not None:
            sd = self._stored.sd[self._kept] if scale else None
            return fixed(self._stored.mean[self._kept], sd)
        if self._untouched:
            return self.raw
        return self._measured.moments(scale=scale)

    @property
    def raw(self) -> Moments:
        """Nothing to subtract and nothing to divide by."""
        return untouched(self._rows.n_genes)

    @cached_property
    def gene_mean(self) -> Array:
        """Mean of every gene over the reference, or else over all observations.

        Raises
        ------
        DataError
            When there is one observation and no reference.
        """
        if self._stored is not None:
            return np.asarray(self._stored.mean[self._kept])
        if self._everyone.n_used[0] == 1:
            raise DataError(
                "score_genes compares genes of like mean expression, and the mean of one"
                " observation is itself. Pass reference= (from cytosig.tl.fit_reference), or use"
                " method='ucell', 'singscore' or 'ssgsea', which rank genes inside it."
            )
        return np.asarray(self._everyone.mean[0])

    @property
    def filled(self) -> NDArray[np.bool_]:
        """Genes that are not zero in every observation."""
        return np.asarray((self._everyone.mean[0] != 0) | (self._everyone.sd[0] > 0))

    @property
    def _use(self) -> NDArray[np.bool_]:
        control = self._baseline.control
        return np.ones(self._rows.n_obs, dtype=bool) if control is None else control

    @cached_property
    def _measured(self) -> Measured:
        """Over the observations centred on."""
        if self._baseline.control is None and self._baseline.batch is None:
            _check_groups(np.zeros(self._rows.n_obs, dtype=np.int64), self._use, self._baseline)
            return self._everyone
        batch = self._baseline.batch
        group = np.zeros(self._rows.n_obs, dtype=np.int64) if batch is None else batch
        _check_groups(group, self._use, self._baseline)
        return self._measure("centre", group, self._use)

    @cached_property
    def _everyone(self) -> Measured:
        """Over all observations."""
        n = self._rows.n_obs
        return self._measure("everyone", np.zeros(n, dtype=np.int64), np.ones(n, dtype=bool))

    def _measure(self, name: str, group: NDArray[np.int64], use: NDArray[np.bool_], /) -> Measured:
        known = self._room.recall(name, [field.name for field in fields(Measured)])
        if known is not None:
            return Measured(**known)
        found = measure(self._rows, group, use, n_jobs=self._options.n_jobs)
        if no_number(found.mean).any():
            self._refuse()
        self._room.remember(name, asdict(found))
        return found


def _check_groups(group: NDArray[np.int64], use: NDArray[np.bool_], baseline: Baseline) -> None:
    n_groups = int(group.max()) + 1
    available = np.bincount(group[use], minlength=n_groups)
    sizes = np.bincount(group, minlength=n_groups)
    for k in range(n_groups):
        where = f"batch {baseline.batch_names[k]!r}" if baseline.batch is not None else "the data"
        if available[k] == 0:
            raise DataError(f"No control observation in {where}; every batch needs one.")
        if baseline.control is None and sizes[k] == 1:
            raise DataError(_ALONE.format(where=where))


def _sentence(use: NDArray[np.bool_], baseline: Baseline) -> str:
    what = "all" if baseline.control is None else "control"
    inside = f" inside {len(baseline.batch_names)} batches" if baseline.batch is not None else ""
    return f"centred on {what} observations ({int(use.sum())}){inside}"
