"""A worker process that is watched: what it writes, its seconds and memory, how it ends."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import logging
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cytosig._errors import CytosigError
from reliability.fuzz import calls
from reliability.fuzz.inside import damaged

if TYPE_CHECKING:
    from reliability.fuzz.case import Case

GIB = 2**30
HANGS, GIVEN_UP = 10.0, 60.0  # seconds of the processor, and of the clock
MAKING = 600.0  # the same of the clock, for an input that is still being made
KINDS = ("exception", "invalid", "crash", "hang", "memory", "let in")
"""Of defects."""
_PER_WORKER = 400
_ENDED = (calls.SAME, calls.VALID)
_ELSEWHERE = ("cwd", "home", "tmp")
_NETWORK = ("socket.connect", "socket.bind", "socket.getaddrinfo", "urllib.Request",
            "subprocess.Popen", "os.system", "os.exec", "pickle.find_class")  # fmt: skip


@dataclass(frozen=True)
class Found:
    """What became of one input.

    Parameters
    ----------
    index, name
        The input, and what was done with it.
    outcome
        ``same``, ``valid``, ``refused``, or the kind of a defect.
    detail
        The message, or what is wrong.
    seconds
        Of the clock.
    """

    index: int
    name: str
    outcome: str
    detail: str
    seconds: float

    @property
    def is_defect(self) -> bool:
        """Neither right nor refused in so many words."""
        return self.outcome in KINDS


def input_of(seeds: dict[str, list[Case]], seed: int, index: int, /) -> tuple[str, Case]:
    """What is done with the input of that number, and its files."""
    rng = np.random.default_rng([seed, index])
    name = calls.TURNS[index % len(calls.TURNS)]
    cases = seeds[calls.CALLS[name][0]]
    return name, damaged(cases[int(rng.integers(len(cases)))], rng)


class Worker:
    """Does one input after another, in a process that may die."""

    def __init__(self, seeds: dict[str, list[Case]], seed: int, /) -> None:
        self._seeds, self._seed = seeds, seed
        self._process: Any = None
        self._done = 0
        self.folder = Path(tempfile.mkdtemp(prefix="fuzz-"))

    def run(self, index: int, /) -> Found:
        """One input."""
        if self._process is None or self._done >= _PER_WORKER:
            self._start()
        start = time.perf_counter()
        self._pipe.send(index)
        outcome, detail = self._wait(start)
        self._done += 1
        name = calls.TURNS[index % len(calls.TURNS)]
        return Found(index, name, outcome, detail, time.perf_counter() - start)

    def close(self) -> None:
        """End the process and remove its folder."""
        self._stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self) -> None:
        self._stop()
        context = get_context("fork")
        self._pipe, there = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(there, self._seeds, self._seed, self.folder), daemon=True
        )
        self._process.start()
        there.close()
        self._done = 0

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._pipe.close()
            self._process = None

    def _wait(self, start: float) -> tuple[str, str]:
        before, made = _cpu(self._process.pid), False
        while True:
            try:
                if self._pipe.poll(0.25):
                    ended: tuple[str, str] | None = self._pipe.recv()
                    if ended is not None:
                        return ended
                    start, before, made = time.perf_counter(), _cpu(self._process.pid), True
                    continue
            except (EOFError, ConnectionError):
                return self._crashed()
            late = time.perf_counter() - start
            busy = _cpu(self._process.pid) - before
            if late > MAKING or (made and (busy > HANGS or late > GIVEN_UP)):
                os.kill(self._process.pid, signal.SIGUSR1)  # where it is, into the log
                time.sleep(2)
                self._stop()
                return "hang", f"{busy:.1f} s of the processor in {late:.1f}: {self._log()}"

    def _crashed(self) -> tuple[str, str]:
        self._process.join()
        code = self._process.exitcode
        self._process = None
        name = signal.Signals(-code).name if code and code < 0 else f"exit {code}"
        return "crash", f"{name}: {self._log()}"

    def _log(self) -> str:
        text = (self.folder / "log").read_text(errors="replace")
        frames = [line.strip() for line in text.splitlines() if line.startswith("  File")]
        own = [line for line in frames if "/cytosig/" in line and "site-packages" not in line]
        short = [f.replace("File ", "").rsplit("/", 1)[-1] for f in (*frames[:2], *own[:1])]
        return " < ".join(dict.fromkeys(short))


def _cpu(pid: int) -> float:
    """Seconds of the processor a process has had."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# --- inside the worker -------------------------------------------------------------------------


def _serve(pipe: Any, seeds: dict[str, list[Case]], seed: int, folder: Path) -> None:
    watch = _Watch(folder)
    watch.begin()
    while True:
        try:
            index = pipe.recv()
        except EOFError:
            return
        name, case = input_of(seeds, seed, index)
        pipe.send(None)  # made: from here on it is the package's time
        pipe.send(watch.one(name, case))


class _Watch:
    def __init__(self, folder: Path, /) -> None:
        self._folder, self._place = folder, folder / "place"
        self._events: list[str] = []
        self._calling = False

    def begin(self) -> None:
        """Limits, a home of its own, and an ear for what is opened."""
        log = (self._folder / "log").open("w")
        faulthandler.enable(log)
        faulthandler.register(signal.SIGUSR1, log)
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (1, 2):
            os.dup2(null, stream)
        sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123
        logging.getLogger("cytosig").setLevel(logging.CRITICAL)
        ctypes.CDLL(None).mallopt(-8, 1)  # one arena: others reserve 64 MiB a thread
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + 3 * GIB // 2, -1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.environ.update(HOME=str(self._place / "home"), TMPDIR=str(self._place / "tmp"))
        tempfile.tempdir = None
        os.fsync = lambda _: None  # thousands of small files, made to be thrown away
        sys.addaudithook(self._hear)

    def one(self, name: str, case: Case) -> tuple[str, str]:
        """Do it, and say what became of it."""
        place = self._place
        os.chdir("/")
        shutil.rmtree(place, ignore_errors=True)
        for inner in (calls.IN, calls.OUT, *_ELSEWHERE):
            (place / inner).mkdir(parents=True)
        os.chdir(place / "cwd")
        case.put(place / calls.IN)
        before, usual = _state(place), _peak(reset=True)
        self._events.clear()
        self._calling = True
        try:
            outcome, detail = calls.CALLS[name][1](place, case), ""
        except CytosigError as error:
            outcome, detail = "refused", f"{type(error).__name__}: {error}"
        except calls.Invalid as error:
            outcome, detail = "invalid", str(error)
        except BaseException as error:
            outcome, detail = "exception", _told(error)
        self._calling = False
        strange = self._events or _strange(before, _state(place), ended=outcome in _ENDED)
        if strange:
            return "let in", f"{strange[0]} ({outcome})"
        grown = _peak(reset=False) - usual
        if grown > GIB and outcome not in ("exception", "invalid"):
            return "memory", f"{grown / GIB:.1f} GiB ({outcome}) {detail}"
        return outcome, detail[:500]

    def _hear(self, event: str, what: tuple[Any, ...]) -> None:
        if not self._calling:
            return
        if event in _NETWORK and not _is_numba():
            self._events.append(f"{event} {what!r:.150}")
        elif event == "open" and isinstance(what[0], str):
            writing = bool((what[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
            inside = str(Path(what[0]).absolute()).startswith(str(self._place))
            kept = what[0].endswith((".nbi", ".nbc", ".pyc")) or what[0] == os.devnull
            if writing and not inside and "__pycache__" not in what[0] and not kept:
                self._events.append(f"wrote {what[0]}")


def _is_numba() -> bool:
    """Whether numba is reading what it compiled before."""
    frame: Any = sys._getframe(2)
    while frame is not None:
        if "/numba/" in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False


def _told(error: BaseException) -> str:
    """Its kind, where it was raised, the last of our own lines, the message."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if "/cytosig/" in f.filename and "site-packages" not in f.filename]
    last = [f"{Path(f.filename).name}:{f.lineno}" for f in (frames[-1], *own[-1:])]
    text = " ".join(str(error).split())[:200]
    return f"{type(error).__name__} at {' < '.join(dict.fromkeys(last))}: {text}"


def _state(place: Path) -> dict[str, tuple[int, int]]:
    """Size and time of every file in the folder, links not followed."""
    found = {}
    for folder, _, files in os.walk(place):
        for name in files:
            stat = os.lstat(f"{folder}/{name}")
            found[os.path.relpath(f"{folder}/{name}", place)] = (stat.st_size, stat.st_mtime_ns)
    return found


def _strange(before: dict[str, Any], after: dict[str, Any], *, ended: bool) -> list[str]:
    """What was written besides the output."""
    changed = [n for n in {*before, *after} if before.get(n) != after.get(n)]
    found = []
    for name in changed:
        part = name.split("/")
        given = part[0] == calls.OUT and part[1].startswith(("out.", ".out."))
        run = part[0] == calls.IN and part[1] in ("out.h5ad", ".out.h5ad.run")
        left = part[1].startswith(".out.") and ended and name in after
        if not (given or run) or left or ".tmp" in part[1]:
            found.append(f"{'left' if name in after else 'removed'} {name}")
    return found


def _peak(*, reset: bool) -> int:
    """The most memory since it was last asked to begin anew."""
    if reset:
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
    text = Path("/proc/self/status").read_text()
    line = next(line for line in text.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024
