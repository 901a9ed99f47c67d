"""Tables of sources, targets and links, one row a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cytosig.communication import flags
from cytosig.communication.forms import limiting
from cytosig.communication.settings import FOUND
from cytosig.communication.sources import source_columns
from cytosig.communication.tissue import over_samples, with_error
from cytosig.stats.families import two_levels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from cytosig.communication.links import Links
    from cytosig.communication.means import Bootstrap
    from cytosig.communication.settings import Settings
    from cytosig.communication.sources import Sources
    from cytosig.communication.targets import Targets
    from cytosig.communication.tissue import Tissue
    from cytosig.signatures.model import Cytokine

    Array = NDArray[np.float64]


def source_table(
    tissue: Tissue,
    found: Sources,
    cytokines: Mapping[str, Cytokine],
    settings: Settings,
    boot: Bootstrap,
    /,
) -> pd.DataFrame:
    """One row a cytokine and cell type."""
    table = pd.DataFrame(source_columns(tissue, found, cytokines, settings))
    q = two_levels(table["p"], table["cytokine"].to_numpy(dtype=str))
    names = list(table.columns)
    table.insert(names.index("p_omnibus") + 1, "q", q)
    n = np.where(tissue.used, tissue.n_cells, 0).astype(np.float64)
    made = np.stack([np.nan_to_num(found.made[id].cpm) * n for id in found.ids], axis=2)
    ends = boot.interval(np.where(tissue.used[:, :, None], shares(made), np.nan))
    at = list(table.columns).index("detection_bound")
    for i, name in enumerate(("share", "share_low", "share_high")):
        table.insert(at + i, name, ends[i].T.ravel())
    return table


def shares(output: Array, /) -> Array:
    """Share of each type in what a sample makes, samples × types × cytokines; NaN for nothing."""
    whole = output.sum(axis=1, keepdims=True)
    found: Array = np.divide(output, whole, out=np.full_like(output, np.nan), where=whole > 0)
    return found


def target_table(
    tissue: Tissue,
    found: Targets,
    explained: Mapping[str, Mapping[str, float]],
    grades: Sequence[Mapping[str, str]],
    /,
) -> pd.DataFrame:
    """One row a cytokine and cell type.

    ``explained`` names, by cytokine, the others whose lists explain a good part of its score;
    ``grades`` are those of the lists, by type.
    """
    rows = []
    n_cells = np.where(tissue.used, tissue.n_cells, 0).sum(axis=0)
    for k, id in enumerate(found.ids):
        known = found.competence[id]
        for t, type_ in enumerate(tissue.types):
            form, by = known.form[t], found.lists[id][t]
            kind = _class(found, k, t)
            rows.append(
                {
                    "cytokine": id,
                    "cell_type": type_,
                    "form": "" if form is None else form.name,
                    "limiting": "" if form is None else limiting(tissue, form, t),
                    "n_samples": int(tissue.used[:, t].sum()),
                    "n_cells": int(n_cells[t]),
                    "expression": float(over_samples(known.heard.cpm[:, t])),
                    "fraction": np.nan
                    if form is None
                    else min(float(over_samples(tissue.fraction_of(g)[:, t])) for g in form.genes),
                    "decoy_delta": known.decoy_delta[t],
                    "competence": known.excess[t],
                    "competence_low": known.low[t],
                    "competence_high": known.high[t],
                    "p_competence": known.p[t],
                    "specificity": found.specificity.estimate[t, k],
                    "p_specificity": found.specificity.p[t, k],
                    "response": found.response.estimate[t, k],
                    "se": found.response.se[t, k],
                    "ci_low": found.response.low[t, k],
                    "ci_high": found.response.high[t, k],
                    "p_response": found.response.p[t, k],
                    "p_exact": found.response.p_exact[t, k],
                    "p_floor": found.response.p_floor[t, k],
                    "p": found.p[t, k],
                    "q": found.q[t, k],
                    "class": kind,
                    "ambiguity": "; ".join(explained.get(by.by, {})),
                    "n_genes": len(by.columns),
                    "grade": grades[t].get(by.by, "") if not by.why else "",
                    "flags": "; ".join(_target_flags(tissue, found, id, t)),
                }
            )
    return pd.DataFrame(rows)


def _class(found: Targets, k: int, t: int) -> str:
    """What a cell type is to a cytokine."""
    id = found.ids[k]
    hears = found.competence[id].p[t] <= FOUND
    unread = bool(found.lists[id][t].why)
    if np.isnan(found.p[t, k]):
        return "untestable"
    if not unread and hears and found.q[t, k] <= FOUND:
        return "responsive"
    if hears:
        return "competent only"
    return "response only" if not unread and found.q_response[t, k] <= FOUND else "neither"


def _target_flags(tissue: Tissue, found: Targets, id: str, t: int) -> list[str]:
    one, heard = found.lists[id][t], found.competence[id].heard
    said = [*flags.few_samples(tissue, t), *heard.lacking]
    if one.why:
        said.append(f"receptor only: {one.why}")
    elif one.by != id:
        said.append(f"read by the list of {one.by}")
    if found.competence[id].decoy_delta[t] < 0:
        said.append("more decoy than receptor")
    return said


def link_table(
    tissue: Tissue,
    found: Links,
    targets: Targets,
    cytokines: Mapping[str, Cytokine],
    boot: Bootstrap,
    contributions: pd.DataFrame | None,
    /,
) -> pd.DataFrame:
    """One row a cytokine and pair of cell types, source before target."""
    n, ids = len(tissue.types), tuple(cytokines)
    pairs = n * n
    mean, low, high = _t_interval(found.strength, boot.level)
    # share of what reaches a target that it makes itself: a well mixed tissue's source share
    reach = found.strength.sum(axis=2)
    own = np.einsum("skcc->skc", found.strength)
    part = np.divide(own, reach, out=np.full_like(own, np.nan), where=reach > 0)
    autocrine = [np.repeat(one[:, None, :], n, axis=1) for one in boot.interval(part)]
    roles = [np.sign(cytokines[id].role.value) for id in ids]
    table = pd.DataFrame(
        {
            "cytokine": np.repeat(np.array(ids, dtype=object), pairs),
            "source": np.tile(np.repeat(np.array(tissue.types, dtype=object), n), len(ids)),
            "target": np.tile(np.array(tissue.types, dtype=object), n * len(ids)),
            "sign": np.repeat(roles, pairs).astype(np.int64),
            "route": [name for id in ids for row in found.route[id] for name in row],
            "strength": mean.ravel(),
            "strength_low": low.ravel(),
            "strength_high": high.ravel(),
            "p": found.p.ravel(),
            "q": found.q.ravel(),
            "p_source": found.p_source.ravel(),
            "p_target": found.p_target.ravel(),
            "coupling": found.coupling.ravel(),
            "coupling_p": found.coupling_p.ravel(),
            "autocrine": autocrine[0].ravel(),
            "autocrine_low": autocrine[1].ravel(),
            "autocrine_high": autocrine[2].ravel(),
        }
    )
    table["contribution"] = _contribution(found.strength, ids, contributions)
    few = [list(flags.few_samples(tissue, t)) for t in range(n)]
    made = [["; ".join([*said, *found.lacking[id]]) for said in few] for id in ids]
    heard = [["; ".join(_target_flags(tissue, targets, id, t)) for t in range(n)] for id in ids]
    ends = zip(made, heard, strict=True)
    table["flags"] = [_joined(a, b) for source, target in ends for a in source for b in target]
    return table


def strength_table(tissue: Tissue, found: Links, ids: tuple[str, ...], /) -> pd.DataFrame:
    """Links (``cytokine|source|target``) × samples."""
    pairs = [f"{a}|{b}" for a in tissue.types for b in tissue.types]
    return pd.DataFrame(
        found.strength.reshape(len(tissue.samples), -1).T,
        index=[f"{id}|{pair}" for id in ids for pair in pairs],
        columns=list(tissue.samples),
    )


def contribution_table(strength: pd.DataFrame, contributions: pd.DataFrame, /) -> pd.DataFrame:
    """Strengths times what their cytokine adds to the balance of the sample.

    The links of a cytokine add up to its contribution wherever it is made and heard.
    """
    ids = strength.index.str.split("|").str[0]
    kept = ids.isin(contributions.columns)
    values = contributions.loc[strength.columns, ids[kept]].to_numpy(dtype=np.float64).T
    return strength.loc[kept] * values


def _contribution(
    strength: Array, ids: tuple[str, ...], contributions: pd.DataFrame | None
) -> Array:
    """Mean over samples of what each link adds to the balance; NaN without a balance."""
    found = np.full(strength.shape[1:], np.nan)
    if contributions is None:
        return found.ravel()
    for k, id in enumerate(ids):
        if id in contributions.columns:
            added = strength[:, k] * contributions[id].to_numpy()[:, None, None]
            found[k] = over_samples(added)
    return found.ravel()


def _t_interval(strength: Array, level: float) -> tuple[Array, Array, Array]:
    """Mean over samples with its t interval, cut to 0 and 1."""
    from scipy.special import stdtrit

    n, mean, se = with_error(strength)
    reach = stdtrit(n - 1.0, (1 + level) / 2) * se
    return mean, np.clip(mean - reach, 0.0, 1.0), np.clip(mean + reach, 0.0, 1.0)


def _joined(source: str, target: str) -> str:
    said = [f"source: {source}"] if source else []
    return "; ".join([*said, *([f"target: {target}"] if target else [])])
