"""One list of processes: what `make run` starts, containers run, and health asks after."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
import yaml
from django.conf import settings
from django.db import connection
from django.test import Client
from gunicorn.http.errors import LimitRequestLine

from hotline import beating, health, processes
from hotline.beating import Scheduler
from hotline.celery import app as celery
from hotline.running import web
from tests import scene

ROOT = Path(__file__).resolve().parent.parent.parent


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
    keys, passwords = ("SECRET_KEY", "LEDGER_KEYS", "PERSONAL_KEYS"), ("PAGES", "POSTGRES", "REDIS")
    for secret in (*keys, *(f"{whose}_PASSWORD" for whose in passwords)):
        assert f"${{{secret}:?" in text, f"{secret} must not have a default"
    knowing = [name for name, one in compose["services"].items() if "DATABASE_OWNER_URL" in one.get("environment", {})]
    assert knowing == ["setup"], "whoever serves pages does not know the owner's password"
    assert set(compose["volumes"]) == {"data", "postgres", "redis"}
    assert "USER hotline" in (ROOT / "Dockerfile").read_text()
    for name in (*processes.commands(), "setup"):
        service = compose["services"][name]
        assert (service["read_only"], service["cap_drop"], service["user"]) == (True, ["ALL"], "10001:10001"), name


@pytest.mark.parametrize("missing", ["LEDGER_KEYS", "PERSONAL_KEYS"])
def test_a_deployment_does_not_start_without_a_key_of_the_audit_log_and_of_who_called(missing: str) -> None:
    long = "0123456789abcdefghijklmnopqrstuvwxyz"
    given = {"SECRET_KEY": long * 2, "LEDGER_KEYS": long, "PERSONAL_KEYS": long}
    environment = os.environ | {"HOTLINE_DEPLOYED": "1"} | given | {missing: ""}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert missing in done.stderr


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
        "ALLOWED_HOSTS": "a.cn", "LEDGER_KEYS": "zyxwvutsrqponmlkjihgfedcba9876543210",
        "PERSONAL_KEYS": "0123456789zyxwvutsrqponmlkjihgfedcba",
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
    assert answer.json()["down"] == ["worker", "beat", "builder"]
    for part in health.BEATING:
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


def test_what_takes_minutes_delays_no_clock() -> None:
    """Reports, lists as files and training wait for the builder; nobody else works at its queue."""
    route = celery.amqp.router.route
    asked = {*(one["task"] for one in settings.CELERY_BEAT_SCHEDULE.values()), "tickets.tasks.export_tickets"}
    assert {task for task in asked if route({}, task)["queue"].name == processes.LONG} == {
        "reports.tasks.build_due_reports", "reports.tasks.build_reports", "dispatch.tasks.train",
        "tickets.tasks.export_tickets", "tickets.tasks.sweep_attachments", "tickets.tasks.forget_callers",
    }  # fmt: skip
    commands = processes.commands()
    assert "--queues" not in commands["worker"], "the usual one alone"
    assert commands["builder"][commands["builder"].index("--queues") + 1] == processes.LONG


def test_an_address_that_is_too_long_is_told_in_words() -> None:
    """Up to 8,190 characters it reaches Django; what is longer never does, and the server's own page says it badly."""
    command = processes.commands({})["web"]
    assert command[command.index("--limit-request-line") + 1] == "8190"
    ours, theirs = socket.socketpair()
    worker = object.__new__(web.Worker)
    worker.log = logging.getLogger("tests")
    worker.handle_error(None, theirs, ("", -1), LimitRequestLine(9000, 8190))
    theirs.close()
    with ours, ours.makefile("rb") as told:
        answer = told.read().decode()
    assert answer.startswith("HTTP/1.1 414 ")
    assert "网址最长8190个字符" in answer


def test_the_shell_of_the_database_finds_its_socket() -> None:
    assert settings.DATABASES["default"]["HOST"] == connection.get_connection_params()["host"]
    assert "host" not in settings.DATABASES["default"]["OPTIONS"]


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=2)])
def test_a_clock_that_goes_back_delays_no_job(tmp_path: Path, back: timedelta) -> None:
    sent: list[str] = []

    class Noting(Scheduler):
        def apply_entry(self, entry: Any, producer: Any = None) -> None:
            sent.append(entry.name)

    with time_machine.travel(scene.MONDAY, tick=False) as clock:
        beat = Noting(celery, schedule_filename=str(tmp_path / "schedule"), producer=None)
        beat.__dict__["producer"] = None  # nothing goes to the broker
        for _second in range(120):
            clock.shift(1)
            while beat.tick() == 0:
                pass
        before = sent.count("heartbeat")
        assert before > 5
        clock.shift(-back)
        for _second in range(60):
            clock.shift(1)
            while beat.tick() == 0:
                pass
        assert sent.count("heartbeat") - before >= 5
        assert {"sweep", "ladder", "ledger"} <= set(sent[before:])
        beat.close()


def test_of_several_beats_one_sends_and_another_goes_on_where_it_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, str]] = []

    class Named(Scheduler):
        """One that notes what it would give to the broker."""

        schedule_filename: str

        def apply_async(self, entry: Any, *args: Any, **kwargs: Any) -> None:
            sent.append((self.schedule_filename, entry.name))

    def tick(*beats: Scheduler) -> set[str]:
        sent.clear()
        clock.shift(60)
        for beat in beats:
            while beat.tick() == 0:
                pass
        return {Path(name).name for name, _job in sent}

    monkeypatch.setattr(beating, "LEADS_FOR", 40.0)  # of the minutes that pass here
    with time_machine.travel(scene.MONDAY, tick=False) as clock, health.broker() as broker:
        one, two = (Named(celery, schedule_filename=str(tmp_path / name)) for name in ("one", "two"))
        for beat in (one, two):
            beat.__dict__["producer"] = None  # nothing goes to the broker
        assert tick(one, two) == {"one"}
        assert tick(two, one) == {"one"}, "whoever leads goes on to lead"
        assert 0 < broker.pttl(one._lead.name) <= 40_000
        assert tick(two) == set(), "the first was killed, and its lock lasts for a while"
        broker.delete(one._lead.name)
        assert tick(two) == {"two"}
        assert [job for _name, job in sent].count("sweep") == 2, "what fell due meanwhile, and what does now"
        assert tick(one, two) == {"two"}
        two.close()
        assert tick(one) == {"one"}, "one that ends as it should gives up the lead at once"
        one.close()


def test_a_heartbeat_from_after_now_is_no_sign_of_life() -> None:
    ahead = str(time.time() + 3600).encode()
    assert health._age(ahead) == "last heartbeat 3600 s ahead of the clock"
    assert health._age(str(time.time() + 5).encode()) == "ok"


def test_a_worker_that_cannot_go_on_ends() -> None:
    """It does not wait for its pool, which would wait for it."""
    script = """
import hotline.celery
worker = hotline.celery.app.Worker.__new__(hotline.celery.app.Worker)
class Broken:
    def start(self, parent):
        raise AttributeError("hostname")
worker.blueprint = Broken()
worker.start()
print("still there")
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stderr
    assert "still there" not in done.stdout
    assert "the worker cannot go on and ends" in done.stderr
