"""One list of processes: what `make run` starts, containers run, and health asks after."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import yaml
from django.test import Client

from hotline import health, processes
from tests import scene

ROOT = Path(__file__).resolve().parent.parent.parent
LIMIT = 240.0  # seconds for a first start with the demo city


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "docker-compose.yml").read_text()))


def test_compose_runs_the_list(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name in processes.commands():
        assert services[name]["command"] == ["python3", "manage.py", "process", name]
    own = [name for name, service in services.items() if service.get("image") == "hotline:latest"]
    assert sorted(own) == sorted([*processes.commands(), "setup"])
    assert {"postgres", "redis", "proxy"} <= set(services)


def test_compose_checks_health_keeps_data_and_asks_for_secrets(compose: dict[str, Any]) -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for name, service in compose["services"].items():
        assert "healthcheck" in service, name
    for secret in ("SECRET_KEY", "PAGES_PASSWORD", "POSTGRES_PASSWORD", "REDIS_PASSWORD"):
        assert f"${{{secret}:?" in text, f"{secret} must not have a default"
    knowing = [name for name, one in compose["services"].items() if "DATABASE_OWNER_URL" in one.get("environment", {})]
    assert knowing == ["setup"], "whoever serves pages does not know the owner's password"
    assert set(compose["volumes"]) == {"data", "postgres", "redis"}
    assert "USER hotline" in (ROOT / "Dockerfile").read_text()


@pytest.mark.parametrize("key", ["", "short", "please-change-me-please-change-me-please"])
def test_a_deployment_does_not_start_without_a_secret_of_its_own(key: str) -> None:
    environment = os.environ | {"HOTLINE_DEPLOYED": "1", "SECRET_KEY": key}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "SECRET_KEY" in done.stderr


def test_a_deployment_is_sound_by_djangos_own_check() -> None:
    environment = os.environ | {
        "HOTLINE_DEPLOYED": "1", "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
        "ALLOWED_HOSTS": "a.cn",
    }  # fmt: skip
    environment.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)  # which a test with a browser before this one has set
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "ERROR"],
        cwd=ROOT, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.django_db
def test_health_names_what_is_down(client: Client) -> None:
    health.forget_heartbeats()
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["down"] == ["worker", "beat"]
    for part in ("worker", "beat"):
        health.mark_alive(part)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["healthy"]) == (200, True)
    assert ["owns the tables" in said for said in answer.json()["notices"]] == [True], "tests are the owner"
    with health.broker() as broker:
        broker.set(health.HEARTBEAT_KEY.format(part="beat"), time.time() - 100)
    assert client.get("/healthz").json()["down"] == ["beat"]
    health.forget_heartbeats()


@pytest.mark.django_db
def test_health_says_when_the_broker_is_gone(client: Client, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert "broker" in client.get("/healthz").json()["down"]


@pytest.mark.django_db
def test_the_first_administrator(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.core.management import CommandError, call_command

    monkeypatch.setenv("HOTLINE_ADMIN_PASSWORD", "12345")
    with pytest.raises(CommandError):
        call_command("create_administrator", "chief", "李主任")
    monkeypatch.setenv("HOTLINE_ADMIN_PASSWORD", "a-long-enough-secret")
    call_command("create_administrator", "chief", "李主任")
    assert scene.user("chief").role == "administrator"
    with pytest.raises(CommandError):
        call_command("create_administrator", "chief", "李主任")


def test_one_command_starts_all_and_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    """`make run` as it is: in a folder of its own, with servers of its own, from nothing to nothing."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL")}
    environment |= {"HOTLINE_DATA_DIR": str(tmp_path), "PORT": str(port), "HOST": "127.0.0.1", "HOTLINE_TEST_RUN": "0"}
    environment["HOTLINE_HEARTBEAT_SECONDS"] = "0.5"
    log = tmp_path / "run.log"
    with log.open("wb") as output:
        run = subprocess.Popen(
            [sys.executable, "manage.py", "serve"], cwd=ROOT, env=environment, stdout=output,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        report = _healthy(f"http://127.0.0.1:{port}/healthz", run)
        assert report["down"] == []
        text = log.read_text()
        assert f"http://127.0.0.1:{port}/" in text
        assert "operator1" in text
    finally:
        os.killpg(run.pid, signal.SIGINT)
        try:
            code = run.wait(timeout=120)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
            raise
    assert code == 0, log.read_text()[-3000:]
    end = time.monotonic() + 90
    while left := _running_in(tmp_path):
        assert time.monotonic() < end, f"still running: {left}"
        time.sleep(0.1)


def _healthy(address: str, run: subprocess.Popen[bytes]) -> dict[str, Any]:
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        assert run.poll() is None, "it ended by itself"
        try:
            with urlopen(address, timeout=5) as answer:
                return dict(json.load(answer))
        except (URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"not healthy within {LIMIT:.0f} s")


def _running_in(folder: Path) -> list[str]:
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
