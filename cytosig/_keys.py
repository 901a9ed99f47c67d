"""Names of the slots results are written to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cytosig._errors import DataError, UsageError

FORMAT = 1
"""Of what is stored; a later version that stores something else counts on."""
PSEUDOBULK = "cytosig_pseudobulk"
"""uns: what ``pp.pseudobulk`` was asked for."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Slots of one scoring run, all beginning with ``added`` (``key_added``)."""

    added: str = "cytosig"

    @property
    def score(self) -> str:
        """obsm: z, observations × cytokines."""
        return f"{self.added}_score"

    @property
    def pvalue(self) -> str:
        """obsm: two-sided p, observations × cytokines."""
        return f"{self.added}_pvalue"

    @property
    def estimate(self) -> str:
        """obsm: coefficient, observations × cytokines."""
        return f"{self.added}_estimate"

    @property
    def axis(self) -> str:
        """obsm: z, observations × axes."""
        return f"{self.added}_axis"

    @property
    def axis_pvalue(self) -> str:
        """obsm: two-sided p, observations × axes."""
        return f"{self.added}_axis_pvalue"

    @property
    def ligand(self) -> str:
        """obsm: ligand expression, observations × cytokines."""
        return f"{self.added}_ligand"

    @property
    def receptor(self) -> str:
        """obsm: receptor expression less decoys, observations × cytokines."""
        return f"{self.added}_receptor"

    @property
    def spread(self) -> str:
        """obsm: standard deviation of ranks over the methods of a consensus."""
        return f"{self.added}_spread"

    @property
    def tables(self) -> tuple[str, ...]:
        """Every slot of obsm that scoring fills."""
        names = ("score", "pvalue", "estimate", "axis", "axis_pvalue", "ligand", "spread")
        return tuple(f"{self.added}_{name}" for name in names)

    def of_method(self, name: str, /) -> Keys:
        """Slots of a further method of the same run."""
        return Keys(f"{self.added}_{name}")

    @property
    def uns(self) -> str:
        """uns: parameters, versions, digest, coverage."""
        return self.added


def check_key(key: str, /) -> None:
    """Refuse a ``key_added`` that h5ad files cannot hold."""
    if not key or "/" in key:
        raise UsageError(f"key_added={key!r}: expected a name without '/'.")


def check_format(record: object, key: str, /) -> None:
    """Refuse results of a later version, which may mean something else by the same names.

    Raises
    ------
    DataError
        Naming the version that wrote them, where that is told.
    """
    if not isinstance(record, Mapping):
        return
    found = record.get("format", FORMAT)
    try:
        known = 1 <= int(found) <= FORMAT
    except (TypeError, ValueError):
        known = False
    if not known:
        versions = record.get("versions", {})
        by = versions.get("cytosig-toolkit") if isinstance(versions, Mapping) else None
        whose = f" by cytosig {by}" if by else ""
        raise DataError(
            f"uns[{key!r}] is stored in format {str(found)[:20]!r}{whose}; this version reads"
            f" format {FORMAT}. Update cytosig; or take that entry of uns away, or another"
            " key_added=, and run the tools again."
        )
