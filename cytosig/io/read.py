"""One entrance for every expression file: recognise the format, then hand over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cytosig._errors import FileError, UsageError
from cytosig._log import logger
from cytosig.io import _h5ad, _tables, _tenx_h5, _tenx_mtx
from cytosig.io._detect import Kind, detect, is_zarr_group
from cytosig.io.atomic import is_part_of_10x
from cytosig.io.stamp import unchanged

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]

_READERS: dict[Kind, Callable[[Path], AnnData]] = {
    "h5ad": _h5ad.read_h5ad,
    "zarr": _h5ad.read_zarr,
    "10x h5": _tenx_h5.read_tenx_h5,
    "10x mtx": _tenx_mtx.read_tenx_mtx,
}


def read(path: str | os.PathLike[str], *, transpose: bool | None = None) -> AnnData:
    r"""Read an expression file, whichever of the usual formats it has.

    The format is recognised by content first and by suffix second: ``.h5ad``, an AnnData
    ``.zarr`` folder (v2 or v3), a 10x Genomics ``.h5`` (v2 or v3), a 10x folder with
    ``matrix.mtx``, and comma, semicolon, tab or space separated text, gzipped or not, with
    genes on either side.

    Parameters
    ----------
    path
        The file, or the folder for zarr and 10x mtx.
    transpose
        For text tables: ``True`` says the file is genes × samples, ``False`` samples × genes,
        ``None`` lets the names decide. Other formats fix their own orientation.

    Returns
    -------
    AnnData, observations × genes. ``.h5ad`` and ``.zarr`` come back as stored. Elsewhere ``X``
    is float32, or float64 where float32 would change an integer above 2**24 or overflow; 10x
    matrices are CSR, and so are tables with more than 60 % zeros. Names are kept verbatim and
    duplicate gene names are left for the gene resolver. Empty and NA cells become NaN. Features
    of 10x files that are not gene expression are left out, and so are HTSeq's and STAR's tallies
    of reads in tables (``__no_feature``, ``N_unmapped`` and the like).

    Raises
    ------
    FileError
        The file is missing, truncated, corrupt, or of a kind that is not known; it has links to
        other files, or declares more than it can hold.
    DataError
        The content is at fault: a cell that is not a number, a sample name given twice, genes
        on neither side; or another program has changed the file meanwhile.
    UsageError
        ``transpose=True`` for a format that fixes its own orientation.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> file = pathlib.Path(folder.name, "bulk.csv")
    >>> _ = file.write_text("gene,s1,s2\nSTAT1,5,0.5\nIRF1,3,1\nCD74,8,2\n")
    >>> adata = read(file)
    >>> adata.shape, list(adata.var_names)
    ((2, 3), ['STAT1', 'IRF1', 'CD74'])
    >>> folder.cleanup()
    """
    file = Path(path)
    with unchanged(*files_of(file)):
        kind = detect(file)
        adata = _read(file, kind, transpose)
    logger.info("Read %s (%s): %d observations × %d genes.", file, kind, *adata.shape)
    return adata


def _read(file: Path, kind: Kind, transpose: bool | None) -> AnnData:
    if kind == "table":
        return _tables.read_table(file, transpose=transpose)
    if transpose:
        raise UsageError(
            f"{file} (format: {kind}) fixes its own orientation; transpose=True applies to text "
            "tables only. Leave it out, or transpose the AnnData afterwards with .T."
        )
    return _READERS[kind](file)


def files_of(path: Path, /) -> list[Path]:
    """Files that :func:`read` makes its data of: of a 10x folder its own three, else the path."""
    if (path.is_dir() and is_zarr_group(path)) or not (path.is_dir() or is_part_of_10x(path)):
        return [path]
    try:
        return list(_tenx_mtx.files_of(path))
    except (FileError, OSError):  # which reading will tell
        return [path] if path.is_file() else []
