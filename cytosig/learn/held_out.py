"""Learn without some samples, score those: what it shows of what it never saw.

Everything that looks at labels is done anew without the samples left out: the test, the choice
of genes, their weights. Where blocks hold both sides a block is left out, else one sample or more
of each side.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cytosig._errors import DataError
from cytosig.learn.effects import FEWEST_GENES, changes_of, weighed
from cytosig.learn.experiment import FEWEST
from cytosig.learn.scoring import LEARNT, scored
from cytosig.signatures import Signature
from cytosig.signatures.evidence import HeldOut
from cytosig.stats.auroc import auroc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from cytosig.learn.effects import Bars
    from cytosig.learn.experiment import Experiment

MOST_FOLDS = 20
FOUND_P = 0.05
"""Two-sided p of a contrast left out, above which the response is not found in it."""
SHARE_FOUND, LEAST_AUROC, LARGEST_Q = 2 / 3, 0.8, 0.05
"""What a signature must reach to be called validated, and the bar its genes must have passed.

Genes of real data go together, so noise in one sample looks like noise in the next: of lists
learnt from controls parted at random, with no bar on q at all, up to one in seven passed the
first two.
"""
COLUMNS = (
    "fold", "left_out", "n_treated", "n_control", "n_genes", "z", "p", "rank", "n_ranked",
    "first", "first_z", "reason",
)  # fmt: skip
NONE_LEFT = (
    f"nothing can be left out, since fewer than {FEWEST} samples a side would remain to learn from"
)


class Fold(NamedTuple):
    """Which samples are left out, and what they are called together."""

    out: NDArray[np.bool_]
    name: str


@dataclass(frozen=True, eq=False)
class Check:
    """What the samples left out showed.

    Parameters
    ----------
    folds
        One row a fold; see :class:`cytosig.learn.Learned`.
    samples
        One row a sample that was left out.
    figures
        The whole in a few numbers; None where nothing could be left out.
    """

    folds: pd.DataFrame
    samples: pd.DataFrame
    figures: HeldOut | None


def shortfalls(figures: HeldOut | None, max_q: float, /) -> tuple[str, ...]:
    """What keeps a signature from being called validated; none where it may be."""
    if figures is None:
        return (NONE_LEFT,)
    found = []
    if figures.found < SHARE_FOUND * figures.folds:
        found.append("the response is found in fewer than two thirds of the contrasts left out")
    if figures.auroc < LEAST_AUROC:
        found.append(f"the AUROC is below {LEAST_AUROC:g}")
    if max_q > LARGEST_Q:
        found.append(f"genes with q above {LARGEST_Q:g} were let in")
    return tuple(found)


def folds_of(experiment: Experiment, /) -> list[Fold]:
    """Blocks dealt out, at most 20; without blocks samples of each side, dealt out alike."""
    treated, batch = experiment.treated, experiment.batch
    if batch is not None:
        labels = sorted(batch.unique())
        n = min(len(labels), MOST_FOLDS)
        dealt = [labels[i::n] for i in range(n)]
        return [Fold(batch.isin(names).to_numpy(), ", ".join(names)) for names in dealt]
    sides = [np.flatnonzero(treated), np.flatnonzero(~treated)]
    n = min(*map(len, sides), MOST_FOLDS)
    folds = []
    for i in range(n):
        out = np.zeros(len(treated), dtype=bool)
        out[np.concatenate([side[i::n] for side in sides])] = True
        folds.append(Fold(out, ", ".join(experiment.values.index[out])))
    return folds


def held_out(
    whole: Signature,
    experiment: Experiment,
    bars: Bars,
    rivals: Mapping[str, float],
    shipped: Sequence[Signature],
    /,
) -> Check:
    """Leave out every fold in turn, learn from the rest, score what was left out.

    Parameters
    ----------
    whole
        What all samples gave; it takes no part.
    shipped
        Signatures that the learnt one is ranked among.
    """
    folds = [fold for fold in folds_of(experiment) if _enough(experiment, fold)]
    if len(folds) < 2:
        nothing = _frame([])
        return Check(nothing, _samples([], experiment), None)
    learnt = [_learn(i, experiment.rows(~fold.out), bars, rivals) for i, fold in enumerate(folds)]
    made = [one for one in learnt if isinstance(one, Signature)]
    rows = {f"contrast {i}": _contrast(experiment.rows(fold.out)) for i, fold in enumerate(folds)}
    for fold in folds:
        values, middle = experiment.values[fold.out], _middle(experiment.rows(~fold.out))
        rows |= {f"sample {name}": values.loc[name] - middle for name in values.index}
    stacked = experiment.values.iloc[:0].reindex(list(rows))
    stacked[:] = np.stack([row.to_numpy() for row in rows.values()])
    z, p = (found.T for found in scored(stacked, [replace(whole, id=LEARNT), *made, *shipped]))
    table, samples = [], []
    for i, (fold, one) in enumerate(zip(folds, learnt, strict=True)):
        row = f"contrast {i}"
        others = z.loc[[signature.id for signature in shipped], row].dropna()
        table.append((*_who(i, fold, experiment), *_result(one, z[row], p[row], others)))
        for name in experiment.values.index[fold.out]:
            score = float(z[f"sample {name}"][one.id]) if isinstance(one, Signature) else 0.0
            samples.append((name, i + 1, score))
    folds_table, samples_table = _frame(table), _samples(samples, experiment)
    return Check(folds_table, samples_table, _figures(folds_table, samples_table))


def _enough(experiment: Experiment, fold: Fold) -> bool:
    rest, out = experiment.treated[~fold.out], experiment.treated[fold.out]
    return bool(min(rest.sum(), (~rest).sum()) >= FEWEST and min(out.sum(), (~out).sum()) >= 1)


def _learn(fold: int, rest: Experiment, bars: Bars, rivals: Mapping[str, float]) -> Signature | str:
    """From the samples that are not left out; or why there is no signature."""
    try:
        weights = weighed(changes_of(rest), bars, rivals)
    except DataError as error:
        return str(error)
    if len(weights) < FEWEST_GENES:
        return f"too few genes passed without these samples ({len(weights)})"
    return Signature.from_weights(f"fold {fold + 1}", weights)


def _contrast(out: Experiment) -> pd.Series[Any]:
    """Treated less control inside each block left out, over blocks on average."""
    import pandas as pd

    labels = [""] * len(out.treated) if out.batch is None else out.batch.to_numpy()
    means = out.values.groupby([labels, out.treated]).mean()
    difference = means.xs(True, level=1) - means.xs(False, level=1)
    return pd.Series(difference.mean())


def _middle(rest: Experiment) -> pd.Series[Any]:
    """Half way between the sides that the fold learnt from."""
    return rest.values.groupby(rest.treated).mean().mean()


def _who(i: int, fold: Fold, experiment: Experiment) -> tuple[object, ...]:
    n_treated = int(experiment.treated[fold.out].sum())
    return i + 1, fold.name, n_treated, int(fold.out.sum()) - n_treated


def _result(
    one: Signature | str, z: pd.Series[Any], p: pd.Series[Any], others: pd.Series[Any]
) -> tuple[object, ...]:
    best = (str(others.idxmax()), float(others.max())) if len(others) else ("", np.nan)
    if isinstance(one, str):
        return (0, *[np.nan] * 4, *best, one)
    ranks = (1 + int((others > z[one.id]).sum()), len(others) + 1)
    return (len(one.genes), float(z[one.id]), float(p[one.id]), *ranks, *best, "")


def _frame(rows: Sequence[tuple[object, ...]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows, columns=list(COLUMNS))


def _samples(rows: Sequence[tuple[str, int, float]], experiment: Experiment) -> pd.DataFrame:
    """Score of every sample left out, by the signature that never saw it."""
    import pandas as pd

    found = pd.DataFrame(rows, columns=["sample", "fold", "score"])
    treated = pd.Series(experiment.treated, experiment.values.index)
    found.insert(1, "treated", treated.reindex(found["sample"]).to_numpy(dtype=bool))
    return found


def _figures(table: pd.DataFrame, samples: pd.DataFrame) -> HeldOut:
    found = int(((table["z"] > 0) & (table["p"] < FOUND_P)).sum())
    area = auroc(samples["score"], samples["treated"]).estimate
    known = table[table["reason"] == ""]
    if not len(known):
        return HeldOut(len(table), found, round(area, 4))
    z, rank = float(known["z"].median()), float(known["rank"].median())
    return HeldOut(len(table), found, round(area, 4), round(z, 2), rank)
