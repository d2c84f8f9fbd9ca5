"""One hotline ends whole, whatever of it ends first, and one that was killed leaves nothing in the way of the next."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LIMIT = 150.0  # seconds that a start or an end may take on a busy machine


class Run:
    """`manage.py serve` on a folder of its own, without the demo city."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        environment = kept | {
            "HOTLINE_DATA_DIR": str(folder), "PORT": str(port), "HOST": "127.0.0.1", "HOTLINE_TEST_RUN": "0",
            "HOTLINE_DEMO": "0", "HOTLINE_HEARTBEAT_SECONDS": "0.5", "WEB_WORKERS": "1",
        }  # fmt: skip
        self.log = folder / f"run-{time.monotonic_ns()}.log"
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"], cwd=ROOT, env=environment, stdout=self.log.open("wb"),
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    def until_healthy(self) -> None:
        wait_until(self._is_healthy, self.log)

    def _is_healthy(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def ended(self) -> int:
        return self.process.wait(timeout=LIMIT)

    def parts(self) -> list[psutil.Process]:
        """The processes that it started."""
        return [psutil.Process(one["pid"]) for one in json.loads((self.folder / "serve").read_text())["processes"]]

    def text(self) -> str:
        return self.log.read_text()


def wait_until(condition: Callable[[], bool], log: Path) -> None:
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.1)


def is_gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data folder for all: its tables are made once, and what one test leaves is what the next one finds."""
    return tmp_path_factory.mktemp("house")


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[[], Run]]:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    runs: list[Run] = []

    def begin() -> Run:
        runs.append(Run(folder, port))
        return runs[-1]

    yield begin
    for run in runs:
        if run.process.poll() is None:
            run.process.send_signal(signal.SIGTERM)
    for run in runs:
        run.ended()


def test_whatever_dies_ends_the_whole_and_says_what(start: Callable[[], Run], folder: Path) -> None:
    victims: dict[str, Callable[[Run], int]] = {
        "Valkey": lambda run: int((folder / "valkey" / "valkey.pid").read_text()),
        "PostgreSQL": lambda run: int((folder / "postgres" / "postmaster.pid").read_text().split()[0]),
        "worker": lambda run: run.parts()[1].pid,
    }
    for name, victim in victims.items():
        run = start()
        run.until_healthy()
        parts = run.parts()
        os.kill(victim(run), signal.SIGKILL)
        assert run.ended() != 0
        assert f"{name} has ended" in run.text()
        assert all(is_gone(part) for part in parts)


def test_one_that_was_killed_leaves_nothing_in_the_way_of_the_next(start: Callable[[], Run], folder: Path) -> None:
    first = start()
    first.until_healthy()
    parts = first.parts()
    first.process.kill()
    first.process.wait()
    second = start()
    second.until_healthy()
    assert all(is_gone(part) for part in parts)
    third = start()
    assert third.ended() != 0
    assert "runs already" in third.text()
    assert second.process.poll() is None, "the third has harmed nobody"
    second.until_healthy()
    second.process.send_signal(signal.SIGINT)
    assert second.ended() == 0, second.text()
    servers = [folder / "valkey" / "valkey.pid", folder / "postgres" / "postmaster.pid"]
    wait_until(lambda: not any(pidfile.exists() for pidfile in servers), second.log)


def test_a_taken_port_is_told_in_one_line() -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        environment = os.environ | {"HOST": "127.0.0.1", "PORT": str(taken.getsockname()[1])}
        done = subprocess.run(
            [sys.executable, "hotline/running/ready.py", "port"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
        )
    assert done.returncode != 0
    assert "is taken" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_this_python_will_do() -> None:
    done = subprocess.run([sys.executable, "hotline/running/ready.py", "python"], cwd=ROOT, check=False)
    assert done.returncode == 0
