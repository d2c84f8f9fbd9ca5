"""Keeps the processes of one hotline together: they start together, speak through one mouth, and end together.

Whatever ends first, a process of ours or a server that they need, the others are ended too: half a hotline looks alive
and is not. One who finds the processes of an earlier run whose leader was killed ends those first.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TextIO

import psutil

LOOK = 0.3  # seconds between two looks at what runs
ENDING = 12.0  # seconds that a process may take to end when asked; then it is killed
PR_SET_PDEATHSIG = 1  # linux/prctl.h


class AlreadyRunning(Exception):
    """Another hotline runs on the same data folder."""


class Claim:
    """The hold on a data folder that one hotline has for as long as it, or a process that it started, lives.

    It is a lock on a file: the system lets go of it when the last of them has ended, however they ended. The file names
    the leader and its processes, so that those of a dead leader can be ended by the next.
    """

    def __init__(self, folder: Path, address: str) -> None:
        self._path = folder / "serve"
        self._file = self._path.open("a+")
        os.set_inheritable(self._file.fileno(), True)
        if not self._is_mine():
            self._take_over()
        self._address = address
        self.name({})

    @property
    def descriptor(self) -> int:
        """What each process inherits, so that the hold lasts as long as it does."""
        return self._file.fileno()

    def name(self, processes: Mapping[str, int]) -> None:
        """Writes down the leader and its processes by their numbers."""
        self._file.seek(0)
        self._file.truncate()
        json.dump({"leader": _identity(os.getpid()), "address": self._address,
                   "processes": [_identity(pid) for pid in processes.values()]}, self._file)  # fmt: skip
        self._file.flush()

    def _is_mine(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _take_over(self) -> None:
        """Ends the processes of a leader that was killed. Raises AlreadyRunning where the leader lives."""
        known = self._read()
        if leader := _alive(known.get("leader")):
            raise AlreadyRunning(f"This hotline runs already at {known.get('address')} (process {leader.pid}).")
        left = [process for one in known.get("processes", []) if (process := _alive(one))]
        for process in left:
            process.terminate()
        end = time.monotonic() + ENDING
        while not self._is_mine():
            if time.monotonic() > end:
                for process in left:
                    _kill_whole(process)
            if time.monotonic() > end + ENDING:
                raise AlreadyRunning(f"Processes of an earlier run do not end: {[process.pid for process in left]}.")
            time.sleep(0.1)

    def _read(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self._path.read_text()))
        except ValueError:
            return {}


def _identity(pid: int) -> dict[str, float]:
    """A process by its number and the instant it began, since numbers are used again."""
    try:
        return {"pid": pid, "began": psutil.Process(pid).create_time()}
    except psutil.NoSuchProcess:
        return {"pid": pid, "began": 0}


def _alive(identity: Any) -> psutil.Process | None:
    try:
        process = psutil.Process(int(identity["pid"]))
        same = abs(process.create_time() - identity["began"]) < 1
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except (psutil.NoSuchProcess, KeyError, TypeError, ValueError):
        return None


def _kill_whole(process: psutil.Process) -> None:
    """Kills a process with all that it started."""
    try:
        family = [*process.children(recursive=True), process]
    except psutil.NoSuchProcess:
        return
    for one in family:
        try:
            one.kill()
        except psutil.NoSuchProcess:
            continue


class Supervisor:
    """Runs processes until one of them ends, a server is gone, or somebody asks for the end."""

    def __init__(self, claim: Claim, gone: Callable[[], str], out: TextIO = sys.stdout) -> None:
        self._claim, self._gone, self._out = claim, gone, out
        self._mouth = threading.Lock()
        self._asked = 0  # times that somebody asked for the end

    def run(self, commands: Mapping[str, list[str]]) -> int:
        """Starts `commands` by their names and returns when all have ended: 0 where somebody asked for it."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)
        width = max(map(len, commands))
        running = {name: self._start(command) for name, command in commands.items()}
        self._claim.name({name: process.pid for name, process in running.items()})
        for name, process in running.items():
            threading.Thread(target=self._repeat, args=(name.ljust(width), process), daemon=True).start()
        code = self._until_the_end(running)
        self._end(running)
        return code

    def _start(self, command: list[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(  # noqa: S603 - a command of our own list
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
            errors="replace", env=os.environ | {"PYTHONUNBUFFERED": "1"}, start_new_session=True,
            pass_fds=[self._claim.descriptor], preexec_fn=_dying_with(os.getpid()),
        )  # fmt: skip

    def _repeat(self, name: str, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self._say(f"{name} | {line.rstrip()}")

    def _say(self, line: str) -> None:
        with self._mouth:
            print(line, file=self._out, flush=True)

    def _ask(self, number: int, frame: object) -> None:
        self._asked += 1

    def _until_the_end(self, running: Mapping[str, subprocess.Popen[str]]) -> int:
        while not self._asked:
            ended = {name: code for name, process in running.items() if (code := process.poll()) is not None}
            if gone := self._gone():  # asked last and told first: a worker may end because its broker has
                self._say(f"{gone} has ended; the whole hotline stops.")
                return 1
            for name, code in ended.items():
                self._say(f"{name} has ended by itself (exit code {code}); the whole hotline stops.")
                return code if code > 0 else 1
            time.sleep(LOOK)
        self._say("Stopping …")
        return 0

    def _end(self, running: Mapping[str, subprocess.Popen[str]]) -> None:
        """Asks all to end, waits, and kills what does not; a second wish for the end shortens the wait."""
        before = self._asked
        for process in running.values():
            if process.poll() is None:
                process.terminate()
        end = time.monotonic() + ENDING
        while any(process.poll() is None for process in running.values()):
            if time.monotonic() > end or self._asked > before + 1:
                break
            time.sleep(0.05)
        for process in running.values():
            try:
                os.killpg(process.pid, signal.SIGKILL)  # what is left of its session, if anything is
            except (ProcessLookupError, PermissionError):
                continue
            process.wait()


def _dying_with(leader: int) -> Callable[[], None]:
    """What a new process does first: has Linux end it when its leader dies, even by kill -9."""
    if not sys.platform.startswith("linux"):
        return lambda: None
    prctl = ctypes.CDLL(None).prctl

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != leader:  # it died before
            os._exit(1)

    return tie
