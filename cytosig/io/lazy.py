"""Open AnnData's own stores without reading their matrices."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cytosig._errors import DataError, FileError
from cytosig._log import logger
from cytosig.io._detect import detect
from cytosig.io._hdf5 import faults_of, hdf5_file
from cytosig.io.stamp import unchanged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from anndata import AnnData  # type: ignore[import-untyped,unused-ignore]

_HOLDERS = ("layers", "raw", "obsm", "obsp", "varm", "varp")
_ZSTD = 32015  # HDF5's number of the filter


def can_open(path: Path, /) -> bool:
    """Whether the file is an AnnData store of today's layout, which can be read piece by piece."""
    kind = detect(path)
    if kind not in ("h5ad", "zarr"):
        return False
    with opened(path, kind) as store, faults_of(path):
        encoded = store.attrs.get("encoding-type") == "anndata"
        return encoded and all(_is_group(store, name) for name in ("obs", "var", "obsm", "uns"))


@contextmanager
def open_store(path: Path, /) -> Iterator[AnnData]:
    """AnnData of a store: names, tables and uns in memory, matrices where they are.

    ``X``, ``layers`` and ``raw.X`` are read from the store when rows are asked for, as long as
    the context lasts. ``obsm``, ``obsp``, ``varm`` and ``varp`` are left out.

    Parameters
    ----------
    path
        An ``.h5ad`` file or a ``.zarr`` folder that :func:`can_open` approves of.

    Raises
    ------
    FileError
        The store is damaged, or compressed in a way that needs another package.
    DataError
        It holds no matrix, or another program has changed it meanwhile.
    """
    with unchanged(path), opened(path, kind := detect(path)) as store:
        with faults_of(path), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # repeated names are judged elsewhere
            adata = _opened(store, path)
        logger.info("Opened %s (%s): %d observations × %d genes.", path, kind, *adata.shape)
        yield adata


@contextmanager
def opened(path: Path, kind: str, /) -> Iterator[Any]:
    """The group at the root of an h5ad file or a zarr folder, to read."""
    if kind == "zarr":
        try:
            import zarr
        except ImportError as exc:
            raise FileError(
                f"{path} is a zarr store, which needs the package zarr. Run 'pip install"
                ' "cytosig-toolkit[zarr]"\'.'
            ) from exc
        with faults_of(path):
            group = zarr.open_group(path, mode="r")
        yield group
        return
    with hdf5_file(path) as file:
        yield file


def _is_group(store: Any, name: str) -> bool:
    return name not in store or hasattr(store[name], "keys")


def _part(store: Any, name: str) -> Any | None:
    """What is stored under a name; None where there is nothing, or nothing in so many words."""
    if name not in store or store[name].attrs.get("encoding-type") == "null":
        return None
    return store[name]


def _opened(store: Any, path: Path) -> AnnData:
    from anndata import AnnData
    from anndata.io import read_elem  # type: ignore[import-untyped,unused-ignore]

    stored = _part(store, "layers") or {}
    layers = {name: matrix_in(stored[name], f"{path}, layers[{name!r}]") for name in stored}
    element = _part(store, "X")
    X = None if element is None else matrix_in(element, f"{path}, X")
    raw, stored = None, _part(store, "raw")
    if stored is not None and "X" in stored:
        own = matrix_in(stored["X"], f"{path}, raw.X")
        raw = {"X": own, "var": read_elem(stored["var"])}
    uns = read_elem(store["uns"]) if "uns" in store else {}
    if X is None and raw is None and not layers:
        raise DataError(without_matrix(path, uns))
    obs, var = read_elem(store["obs"]), read_elem(store["var"])
    for matrix in (*([] if X is None else [X]), *layers.values()):
        _check_shape(matrix, (len(obs), len(var)), path)
    if raw is not None:
        _check_shape(raw["X"], (len(obs), len(raw["var"])), path)
    return AnnData(X=X, obs=obs, var=var, layers=layers, raw=raw, uns=uns)


def without_matrix(path: Path, uns: Mapping[str, Any], /) -> str:
    """What is said of a store that has nothing to score."""
    records = {name: held for name, held in uns.items() if isinstance(held, Mapping)}
    versions = {name: held.get("versions") for name, held in records.items()}
    ours = [k for k, v in versions.items() if isinstance(v, Mapping) and "cytosig-toolkit" in v]
    found = f"{path} holds no matrix: X, layers and raw are all absent."
    if not ours:
        return f"{found} Give the file that has the expression values."
    return (
        f"{found} It holds results of cytosig alone (uns: {', '.join(map(repr, ours))}), as written"
        " with --scores-only, which can be compared and reported. To score, give the data that they"
        " were made of."
    )


def _check_shape(matrix: Any, shape: tuple[int, int], path: Path) -> None:
    if tuple(matrix.shape) != shape:
        raise FileError(
            f"{path}: a matrix is {matrix.shape[0]} × {matrix.shape[1]}, but obs and var name"
            f" {shape[0]} × {shape[1]}; the file is damaged. Copy or write it again."
        )


def matrix_in(element: Any, where: str, /) -> Any:
    """A matrix on disk: anndata's view of a sparse one, or the array itself."""
    if not hasattr(element, "keys"):
        _check_filters(element, where)
        return element
    from anndata.io import sparse_dataset  # type: ignore[import-untyped,unused-ignore]

    from cytosig.blocks.sources import pointers_of

    for name in ("data", "indices", "indptr"):
        _check_filters(element[name], where)
    found = sparse_dataset(element)
    pointers_of(found)
    return found


def check_pointers(store: Any, /) -> None:
    """Refuse sparse matrices that scipy would cut short, or read outside, without a word.

    Raises
    ------
    FileError
        Naming the matrix.
    """
    from anndata.io import sparse_dataset  # type: ignore[import-untyped,unused-ignore]

    from cytosig.blocks.sources import pointers_of

    holders = [store, *(store[name] for name in _HOLDERS if name in store)]
    for group in (g for holder in holders if hasattr(holder, "keys") for g in _groups(holder)):
        if "indptr" in group and {"shape", "h5sparse_shape"} & set(group.attrs):
            pointers_of(sparse_dataset(group))


def _groups(holder: Any) -> Iterator[Any]:
    return (found for name in holder if hasattr(found := holder[name], "keys"))


def _check_filters(array: Any, where: str) -> None:
    """Compressions that HDF5 reads only with another package."""
    if not hasattr(getattr(array, "id", None), "get_create_plist"):
        return
    import h5py

    from cytosig.blocks.stored import filters_of

    used = filters_of(array)
    if all(h5py.h5z.filter_avail(code) for code in used):
        return
    try:
        import hdf5plugin  # noqa: F401 - importing it makes the filters known
    except ImportError as exc:
        name = "zstd" if _ZSTD in used else f"HDF5 filter {used}"
        raise FileError(
            f"{where} is compressed with {name}, which needs the package hdf5plugin. Run"
            " 'pip install hdf5plugin', or store the file with gzip."
        ) from exc
