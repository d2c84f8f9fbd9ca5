"""Channels reach services and public hosts, and neither this machine nor a private network that is not listed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from hotline import channels
from tests import scene

pytestmark = pytest.mark.django_db


class Host(BaseHTTPRequestHandler):
    """Takes what is posted, or sends on to another address."""

    taken: ClassVar[list[str]] = []
    onward: ClassVar[str] = ""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def do_GET(self) -> None:
        Host.taken.append(self.headers["Host"])
        onward, Host.onward = Host.onward, ""
        self.send_response(307 if onward else 200)
        if onward:
            self.send_header("Location", onward)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    Host.taken.clear()
    Host.onward = ""
    server = HTTPServer(("0.0.0.0", 0), Host)  # noqa: S104 - all addresses of this machine are tried
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join(timeout=60)
    server.server_close()


def wrong(address: str) -> str:
    """What the field of a department would say; empty where it would take the address."""
    try:
        channels.check(address)
    except ValidationError as error:
        return str(error.messages[0])
    return ""


@pytest.mark.parametrize(
    "address",
    ["file:///etc/passwd", "syslog://", "dbus://", "https://example.org/", "tgram://1:a/2", "what://is this",
     "wecombot", "json://", "json://8.8.8.8, json://127.0.0.1", "file://x?a=json://", ""],
)  # fmt: skip
def test_kinds_that_are_not_listed_are_refused(address: str) -> None:
    assert wrong(address)
    assert channels.send(address, "题", "文")


@pytest.mark.parametrize(
    "address",
    ["wecombot://0123456789abcdef", "dingtalk://0123456789abcdef", "feishu://0123456789abcdef", "json://8.8.8.8/x",
     "mailtos://user:word@example.org?smtp=8.8.4.4", "json://[2400:3200::1]/"],
)  # fmt: skip
def test_services_and_public_hosts_are_taken(address: str) -> None:
    assert wrong(address) == ""


PRIVATE = (
    "127.0.0.1", "127.1", "localhost", "2130706433", "0x7f000001",
    "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0",  # noqa: S104
    "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "[fe80::1]", "[fd00::1]", "224.0.0.1",
    "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
)  # fmt: skip


@pytest.mark.parametrize("host", PRIVATE)
@pytest.mark.parametrize("kind", ["json://{}/x", "xmls://u:w@{}:8443", "mailto://u:w@example.org?smtp={}"])
def test_private_addresses_are_refused_however_they_are_written(host: str, kind: str) -> None:
    assert wrong(kind.format(host))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "localhost", "2130706433", "0.0.0.0"])  # noqa: S104
def test_nothing_is_sent_there_either(host: str, port: int) -> None:
    assert channels.send(f"json://{host}:{port}/", "题", "文")
    assert Host.taken == []


def test_an_address_that_is_listed_is_reached_and_leads_nowhere_else(port: int, settings: Any) -> None:
    settings.CHANNEL_HOSTS = ["127.0.0.1"]
    assert wrong(f"json://127.0.0.1:{port}/") == ""
    assert channels.send(f"json://127.0.0.1:{port}/", "题", "文") == ""
    assert len(Host.taken) == 1
    Host.onward = f"http://127.0.0.2:{port}/"
    assert "127.0.0.2" in channels.send(f"json://127.0.0.1:{port}/", "题", "文")
    assert [host.partition(":")[0] for host in Host.taken] == ["127.0.0.1"] * 2
    for listed in (["127.0.0.0/8"], ["localhost"]):
        settings.CHANNEL_HOSTS = listed
        assert channels.send(f"json://127.0.0.1:{port}/", "题", "文") == "", listed
    assert wrong("json://10.0.0.1/")


@pytest.mark.django_db
def test_the_field_of_a_department_says_what_is_wrong(signed_in: Callable[[str], Client]) -> None:
    department = scene.department(scene.DEPARTMENT)
    client, address = signed_in(scene.ADMIN), reverse("admin:accounts_department_change", args=[department.pk])
    form = client.get(address).context["adminform"].form
    typed = {name: form.initial[name] for name in form.fields if form.initial.get(name) is not None}
    typed |= {"is_open": "on", "channel": "json://169.254.169.254/latest"}
    page = client.post(address, typed)
    assert "169.254.169.254" in str(page.context["adminform"].form.errors["channel"])
    assert client.post(address, typed | {"channel": "wecombot://0123456789abcdef"}).status_code == 302
    department.refresh_from_db()
    assert department.channel == "wecombot://0123456789abcdef"
