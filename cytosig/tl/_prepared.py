"""What a balance and a sweep need: samples read, a reference to measure them against, settings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cytosig._errors import DataError, UsageError
from cytosig._log import logger
from cytosig.balance.decide import view_of
from cytosig.balance.measures import Gauge
from cytosig.balance.settings import Settings, checked_programmes
from cytosig.balance.weigh import FEWEST_REFERENCE
from cytosig.engine.options import Options
from cytosig.engine.reference import Reference
from cytosig.signatures import Catalogue, load, load_context, load_network, load_programmes
from cytosig.signatures.detection import DataTest
from cytosig.tl._context import read_context
from cytosig.tl._inputs import as_catalogue, chosen
from cytosig.tl._samples import Pooling, samples_of

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    import numpy as np
    import pandas as pd
    from anndata import AnnData

    from cytosig.engine.align import Aligned
    from cytosig.engine.cohort import Cohort
    from cytosig.engine.options import Nonfinite, Normalize
    from cytosig.genes.tables import Organism
    from cytosig.signatures.model import Signature
    from cytosig.tl._inputs import Signatures
    from cytosig.tl._samples import Samples


@dataclass(frozen=True)
class Prepared:
    """Samples and what they are measured against and by.

    ``context`` has one row a sample.
    """

    settings: Settings
    gauge: Gauge
    context: pd.DataFrame
    samples: Samples

    @property
    def types(self) -> Mapping[str, str]:
        """Compartment of every cell type's view."""
        return self.samples.types

    @property
    def notes(self) -> tuple[str, ...]:
        """What was recognised in the data."""
        return self.samples.aligned.notes

    def can_measure(self, view: str, /) -> bool:
        """Whether the reference has enough samples with these cells."""
        return self.gauge.has(view) and self.gauge.n_reference(view) >= FEWEST_REFERENCE

    def of_compartment(self, compartment: str, /) -> tuple[Settings, Gauge]:
        """With the signatures of a compartment."""
        catalogue = self.settings.catalogue
        if compartment not in catalogue.variants:
            return self.settings, self.gauge
        own = catalogue.for_compartment(compartment)
        return replace(self.settings, catalogue=own), replace(self.gauge, catalogue=own)


def genes_read(catalogue: Catalogue, /) -> tuple[str, ...]:
    """Every gene that a balance looks at, in a fixed order."""
    genes = set(catalogue.genes)
    for compartment in catalogue.variants:
        genes.update(catalogue.for_compartment(compartment).genes)
    genes.update(gene for c in catalogue.cytokines.values() for gene in c.ligand_genes)
    genes.update(gene for p in load_programmes().values() for gene in p.genes)
    return tuple(sorted(genes))


def pooling_of(
    sample_key: str | None,
    cell_type_key: str | None,
    compartments: Mapping[str, str] | None,
    min_cells: int,
    /,
) -> Pooling:
    """How cells are pooled, with the views that context rules look at."""
    tests = [
        test
        for rule in load_context()
        for way in rule.detections
        for test in way.tests
        if isinstance(test, DataTest)
    ]
    named = {cells for test in tests for cells in (test.cells, test.minus_cells) if cells}
    views = {view_of(cells): cells for cells in sorted(named)}
    return Pooling(sample_key, cell_type_key, compartments, min_cells, views)


def prepare(
    adata: AnnData,
    /,
    *,
    sample_key: str | None,
    cell_type_key: str | None,
    compartments: Mapping[str, str] | None,
    control: tuple[str, object] | None,
    reference: Reference | str | os.PathLike[str] | None,
    context: Mapping[str, str] | None,
    assume: str | Sequence[str],
    adjust: str | Sequence[str],
    sweep: str | Sequence[str],
    signatures: Signatures,
    layer: str | None,
    use_raw: bool,
    gene_symbols: str | None,
    organism: Organism,
    normalize: Normalize,
    target_sum: float | None,
    nonfinite: Nonfinite,
    min_coverage: float,
    shrink: bool,
    min_cells: int,
    n_draws: int,
    level: float,
    rng: int | np.random.Generator,
    n_jobs: int | None,
    also: Sequence[str] = (),
) -> Prepared:
    """Check the arguments, read the samples, choose the reference.

    ``also`` names genes that are looked for, to be read later.
    """
    catalogue = with_roles(as_catalogue(signatures))
    programmes = load_programmes()
    adjust = [adjust] if isinstance(adjust, str) else adjust
    assume = [assume] if isinstance(assume, str) else assume
    settings = Settings(
        catalogue, load_context(), load_network(), checked_programmes(adjust, tuple(programmes)),
        tuple(assume), swept(sweep, catalogue), min_coverage, shrink, n_draws, level, rng,
    )  # fmt: skip
    if reference is not None and control is not None:
        raise UsageError("reference= excludes control=: it is what samples are compared with.")
    stored, kept = (None, None) if reference is None else _stored(reference)
    options = Options(
        normalize=normalize, target_sum=target_sum, nonfinite=nonfinite, organism=organism,
        gene_symbols=gene_symbols, n_jobs=n_jobs,
    )  # fmt: skip
    genes = genes_read(catalogue) if kept is None else kept.genes
    samples = samples_of(
        adata, catalogue, genes, options,
        pooling_of(sample_key, cell_type_key, compartments, min_cells),
        layer=layer, use_raw=use_raw, reference=stored, also=also,
    )  # fmt: skip
    if samples.aligned.values.kind == "contrasts":
        raise DataError(
            f"The values are contrasts ({samples.aligned.values.reason}); a balance compares the"
            " expression of samples. Pass layer= with counts or logged expression."
        )
    if kept is not None:
        check_genes(kept, catalogue, samples.aligned)
        cohort = kept
    elif control is not None:
        cohort = samples.cohort.rows(chosen(samples.obs, control, "control"))
    else:
        cohort = samples.cohort
    gauge = Gauge(catalogue, programmes, cohort, samples.cohort)
    table = read_context(samples.obs, context)
    return Prepared(settings, gauge, table, samples)


def with_roles(catalogue: Catalogue, /) -> Catalogue:
    """The catalogue; with the shipped roles and axes where it has signatures alone.

    Raises
    ------
    UsageError
        When no signature, or two for one cytokine, are named after a cytokine with a role.
    """
    if catalogue.cytokines:
        return catalogue
    shipped = load()
    named: dict[str, Signature] = {}
    for signature in catalogue:
        if signature.id not in shipped:
            logger.warning("%s is the name of no cytokine with a role: no vote.", signature.id)
            continue
        id = shipped.resolve(signature.id)
        if id in named:
            raise UsageError(f"signatures: {named[id].id!r} and {signature.id!r} are both {id}.")
        named[id] = signature
    if not named:
        raise UsageError(
            "signatures: none is named after a cytokine with a role, and a balance weighs roles."
            f" Known are {', '.join(list(shipped.cytokines)[:12])} and more."
        )
    kept = {id: replace(signature, id=id) for id, signature in named.items()}
    return Catalogue(kept, shipped.cytokines, shipped.axes, shipped.references)


def check_genes(kept: Cohort, catalogue: Catalogue, aligned: Aligned, /) -> None:
    """Refuse a reference that was fitted for other signatures."""
    lost = [gene for gene in catalogue.genes if gene not in set(kept.genes)]
    if any(gene in aligned.place for gene in lost):
        raise UsageError(
            f"{len(lost)} genes of the signatures are not in the reference, {lost[0]!r} first: fit"
            " it with signatures= as they are here."
        )


def swept(ids: str | Sequence[str], catalogue: Catalogue, /) -> tuple[str, ...]:
    """Cytokines to sweep, by id."""
    named = [ids] if isinstance(ids, str) else list(ids)
    return tuple(dict.fromkeys(catalogue.resolve(name) for name in named))


def _stored(reference: Reference | str | os.PathLike[str]) -> tuple[Reference, Cohort]:
    found = reference if isinstance(reference, Reference) else Reference.load(reference)
    if found.cohort is None:
        raise DataError(
            f"The reference was fitted on {found.n_obs} observations and holds their moments only;"
            " a balance needs samples. Fit it with cytosig.tl.fit_reference on bulk samples, or"
            " on cells with sample_key=."
        )
    return found, found.cohort
