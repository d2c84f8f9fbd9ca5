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
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import psutil
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LIMIT = 240.0  # seconds that a start, the first with the demo city, or an end may take on a busy machine
AT_ONCE = 55.0  # seconds that are enough for whatever has lost a part to end, and too few to wait a minute for it


class Run:
    """`manage.py serve`, as `make run` starts it, on a folder of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        environment = kept | {
            "HOTLINE_DATA_DIR": str(folder), "PORT": str(port), "HOST": "127.0.0.1", "HOTLINE_TEST_RUN": "0",
            "HOTLINE_HEARTBEAT_SECONDS": "0.5", "WEB_WORKERS": "1", "HOTLINE_DEMO_TICKETS": "60",
        }  # fmt: skip
        self.log = folder / f"run-{time.monotonic_ns()}.log"
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"], cwd=ROOT, env=environment, stdout=self.log.open("wb"),
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    def until_healthy(self) -> dict[str, Any]:
        """What it says of its health, once that is good."""
        wait_until(lambda: bool(self._health()), self.log)
        return self._health()

    def _health(self) -> dict[str, Any]:
        assert self.process.poll() is None, self.log.read_text()
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
                return dict(json.load(answer))
        except (URLError, OSError):
            return {}

    def ended(self, within: float = LIMIT) -> int:
        return self.process.wait(timeout=within)

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


def running_in(folder: Path) -> list[str]:
    """Command lines of processes that name the folder, in their arguments or their environment."""
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        try:
            seen = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            if str(folder).encode() in seen and b"pytest" not in (process / "cmdline").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode()[:120])
        except OSError:
            continue
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data folder for all: its city is laid in once, and what one test leaves is what the next one finds."""
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


def test_whatever_ends_first_ends_the_whole_and_leaves_nothing_in_the_way(
    start: Callable[[], Run], folder: Path
) -> None:
    """`make run` as it is: from nothing, its leader killed, its servers killed, by Ctrl-C to nothing again."""
    first = start()
    assert first.until_healthy()["down"] == []
    assert f"http://127.0.0.1:{first.port}/" in first.text()
    assert "operator1" in first.text(), "people are shown whom to sign in as"
    parts = first.parts()
    first.process.kill()
    first.process.wait()
    second = start()
    assert second.until_healthy()["down"] == []
    assert all(is_gone(part) for part in parts)
    third = start()
    assert third.ended() != 0
    assert "runs already" in third.text()
    assert second.process.poll() is None, "the third has harmed nobody"
    servers = {"PostgreSQL": folder / "postgres" / "postmaster.pid", "Valkey": folder / "valkey" / "valkey.pid"}
    run = second
    for name, pidfile in servers.items():
        run.until_healthy()
        parts = run.parts()
        os.kill(int(pidfile.read_text().split()[0]), signal.SIGKILL)
        assert run.ended(within=AT_ONCE) != 0
        assert f"{name} has ended" in run.text()
        assert all(is_gone(part) for part in parts)
        run = start()
    run.until_healthy()
    os.killpg(run.process.pid, signal.SIGINT)
    assert run.ended() == 0, run.text()
    wait_until(lambda: not any(pidfile.exists() for pidfile in servers.values()), run.log)
    wait_until(lambda: not running_in(folder), run.log)


LEADER = """
import sys
from pathlib import Path
from hotline.running.supervisor import Claim, Supervisor
python = [sys.executable, "-c"]
waiting, short = [*python, "import time; time.sleep(600)"], [*python, "import sys; sys.exit(7)"]
claim = Claim(Path(sys.argv[1]), "nowhere")
sys.exit(Supervisor(claim, lambda: "").run({"web": waiting, "worker": short, "beat": waiting}))
"""


def test_a_part_that_ends_by_itself_ends_the_others(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", LEADER, str(tmp_path)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 7
    assert "worker has ended by itself (exit code 7)" in done.stdout
    parts = json.loads((tmp_path / "serve").read_text())["processes"]
    assert len(parts) == 3
    assert not any(psutil.pid_exists(one["pid"]) for one in parts)


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
