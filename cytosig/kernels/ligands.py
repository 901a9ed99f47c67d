"""How much of each cytokine's ligand, or receptor, a row expresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numba as nb
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LINEAR, LOG1P, LOG2 = range(3)  # the scale of the values; log1p to any base


class Forms(NamedTuple):
    """The working forms of every cytokine, and which cytokines a gene is needed for.

    Forms of cytokine k are those from ``start[k]``, genes of form f those from ``part[f]`` of
    ``gene``, cytokines of gene g those from ``of[g]`` of ``cytokine``, each up to the next.
    """

    start: Any
    part: Any
    gene: Any
    of: Any
    cytokine: Any


@nb.njit(cache=True, nogil=True, inline="always")
def _least(form: int, level: NDArray[np.float32], forms: Forms) -> Any:
    """The lowest of a form's subunits; NaN where one is."""
    least = level[forms.gene[forms.part[form]]]
    for q in range(forms.part[form] + 1, forms.part[form + 1]):
        one = level[forms.gene[q]]
        least = one if one < least or one != one else least
    return least


@nb.njit(cache=True, nogil=True, inline="always")
def _add_forms(k: int, level: NDArray[np.float32], forms: Forms, kind: int, scale: float) -> Any:
    """Sum of a cytokine's forms on the linear scale; NaN where there is no form."""
    first, stop = forms.start[k], forms.start[k + 1]
    only, n_there, total = np.float32(0 if stop > first else np.nan), 0, 0.0
    for form in range(first, stop):
        one = _least(form, level, forms)
        if one != 0 or kind == LOG2:  # the logarithm of 1
            only = one
            n_there += 1
    if n_there < 2:
        return np.float64(only)
    for form in range(first, stop):
        one = np.float64(_least(form, level, forms))
        if kind == LINEAR:
            total = np.float64(np.float32(total + one))
        else:
            total += np.exp2(one) if kind == LOG2 else np.expm1(one * scale)
    if kind == LINEAR:
        return total
    return np.log2(total) if kind == LOG2 else np.log1p(total) / scale


@nb.njit(cache=True, nogil=True)
def ligand_levels(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    data: NDArray[Any],
    slot: NDArray[Any],
    forms: Forms,
    kind: int,
    scale: float,
    out: NDArray[np.float32],
) -> None:
    """Expression of every cytokine's forms, on the scale of the values.

    Parameters
    ----------
    slot
        Number of each column's gene among those of the forms, -1 for any other.
    kind, scale
        Scale of the values, and what their natural logarithms are divided by.
    out
        Out: rows × cytokines.
    """
    level = np.zeros(len(forms.of) - 1, np.float32)
    nothing = np.empty(out.shape[1], np.float32)
    for k in range(len(nothing)):
        nothing[k] = _add_forms(k, level, forms, kind, scale)
    seen = np.empty(np.diff(indptr).max() if len(indptr) > 1 else 0, np.int64)
    for row in range(len(indptr) - 1):
        gene, value = indices[indptr[row] : indptr[row + 1]], data[indptr[row] : indptr[row + 1]]
        n_seen = 0
        for j in range(len(gene)):
            seen[n_seen] = j
            n_seen += slot[np.uint64(gene[j])] >= 0
        for i in range(n_seen):
            level[slot[gene[seen[i]]]] = value[seen[i]]
        for k in range(len(nothing)):
            out[row, k] = nothing[k]
        for i in range(n_seen):
            here = slot[gene[seen[i]]]
            for q in range(forms.of[here], forms.of[here + 1]):
                k = forms.cytokine[q]
                if out[row, k] == nothing[k]:  # else it has been added up for another gene
                    out[row, k] = _add_forms(k, level, forms, kind, scale)
        for i in range(n_seen):
            level[slot[gene[seen[i]]]] = 0
