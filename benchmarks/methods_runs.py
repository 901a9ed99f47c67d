"""Timed runs of both sides in fresh processes, and the table made of them; for methods.py."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from methods_data import write_cells

HERE = Path(__file__).parent
OURS = HERE / "methods_ours.py"
SCRIPT = HERE / "peers" / "run_methods.py"
THREADS = 2
_VARIABLES = ("OMP", "OPENBLAS", "MKL", "NUMBA")
ENV = os.environ | {f"{name}_NUM_THREADS": str(THREADS) for name in _VARIABLES}
EXTRA = 100e6 / 2**20

LABELS = {
    "rank": "ucell, aucell, singscore, ssgsea in one call",
    "linear": "mlm, ulm with p-values in one call",
    "genes": "score_genes",
    "genes_scanpy": "score_genes, compat='scanpy'",
    "ssgsea": "ssgsea",
}


@dataclass(frozen=True)
class Peer:
    """One method of another package, the settings to try, and which of ours it stands against."""

    who: str
    method: str
    what: str
    bars: dict[str, float | None]
    settings: tuple[dict[str, object], ...] = ({},)


PEERS = (
    Peer(
        "pyucell", "ucell", "UCell", {"rank": 20},
        ({"n_jobs": 1}, {"n_jobs": 2}, {"n_jobs": -1}, {"n_jobs": 2, "chunk_size": 100},
         {"n_jobs": 2, "chunk_size": 1000}, {"n_jobs": 2, "chunk_size": 2500}),
    ),
    Peer(
        "decoupler", "aucell", "AUCell", {"rank": 30},
        ({"threads": 1}, {"threads": 2}, {"threads": 1, "empty": False},
         {"threads": 2, "dense": True}),
    ),
    Peer(
        "decoupler", "ulm", "ulm with p-values", {"linear": 20},
        ({}, {"bsize": 100}, {"bsize": 250}, {"bsize": 500}, {"bsize": 1000}, {"dense": True}),
    ),
    Peer("scanpy", "score_genes", "score_genes, 40 calls", {"genes": 10, "genes_scanpy": 10}),
)  # fmt: skip
GSEAPY = Peer("gseapy", "ssgsea", "ssgsea, 2 threads", {"ssgsea": None}, ({"threads": 2},))


@dataclass(frozen=True)
class Task:
    """What every run is given."""

    peer: Path
    folder: Path
    signatures: Path
    our_runs: int
    peer_runs: int


def run(call: list[object], task: Task, runs: int, /) -> dict:
    """What the process wrote: seconds, every, extra and result."""
    target = task.folder / "found.json"
    target.unlink(missing_ok=True)
    command = [*map(str, call), str(target), "--runs", str(runs)]
    subprocess.run(command, check=True, env=ENV, stdout=subprocess.DEVNULL)
    return json.loads(target.read_text())


def ours(name: str, data: Path, n_obs: int, task: Task, /) -> dict[str, object]:
    """One of our tasks."""
    call = [sys.executable, OURS, name, data, task.signatures]
    found = run(call, task, task.our_runs)
    fits = "yes" if found["extra"] - found["result"] < EXTRA else "no"
    row = _row("cytosig", LABELS[name], "n_jobs=2", n_obs, found)
    return row | {"task": name, "counts": True, "bar": "extra - result < 100 MB", "met": fits}


def theirs(
    peer: Peer, settings: dict[str, object], data: Path, n_obs: int, task: Task, /
) -> dict[str, object]:
    """One of the peers' methods with these settings."""
    options = ["--settings", json.dumps(settings)]
    call = [task.peer, SCRIPT, "time", *options, peer.method, data, task.signatures]
    found = run(call, task, task.peer_runs)
    said = ", ".join(f"{key}={value}" for key, value in settings.items()) or "default"
    return _row(peer.who, peer.what, said, n_obs, found)


def _row(who: str, what: str, settings: str, n_obs: int, found: dict, /) -> dict[str, object]:
    return {
        "who": who,
        "what": what,
        "settings": settings,
        "cells": n_obs,
        "seconds": found["seconds"],
        "slowest": max(found["every"]),
        "µs a cell": found["seconds"] / n_obs * 1e6,
        "extra MiB": found["extra"],
        "result MiB": found["result"],
    }


def compared(row: dict[str, object], peer: Peer, mine: dict[str, dict], /) -> list[dict]:
    """A peer's run once for each of our tasks it stands against; bars where it counts."""
    rows = []
    for name, bar in peer.bars.items():
        times = row["seconds"] / mine[name]["seconds"]
        tested = bar is not None and row["counts"]
        said = {"bar": f"{bar:g} ×", "met": "yes" if times >= bar else "no"} if tested else {}
        rows.append(row | {"against": mine[name]["what"], "times ours": times} | said)
    return rows


def measure(sizes: tuple[int, ...], task: Task, /) -> pd.DataFrame:
    """Every size; all settings of the peers at the first, the two fastest of each at the rest."""
    tried = {peer.method: list(peer.settings) for peer in PEERS}
    rows: list[dict[str, object]] = []
    for n_obs in sizes:
        data = write_cells(task.folder, n_obs)
        mine = {name: ours(name, data, n_obs, task) for name in LABELS if name != "ssgsea"}
        rows += mine.values()
        for peer in PEERS:
            settings = tried[peer.method]
            found = [theirs(peer, chosen, data, n_obs, task) for chosen in settings]
            order = sorted(range(len(found)), key=lambda i: found[i]["seconds"])
            tried[peer.method] = [settings[i] for i in order[:2]]
            for i, row in enumerate(found):
                rows += compared(row | {"counts": i == order[0]}, peer, mine)
    return pd.DataFrame(rows)


def measure_few(data: Path, n_obs: int, task: Task, /) -> pd.DataFrame:
    """gseapy's ssGSEA, too slow for the sizes above."""
    mine = {"ssgsea": ours("ssgsea", data, n_obs, task)}
    row = theirs(GSEAPY, GSEAPY.settings[0], data, n_obs, task)
    return pd.DataFrame([mine["ssgsea"], *compared(row | {"counts": True}, GSEAPY, mine)])
