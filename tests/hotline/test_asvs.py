"""docs/asvs.md: it is whole, what it names exists, and what it says of headers, cookies, sessions and proxy is so."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from hotline.accounts.models import SignedIn
from hotline.accounts.safety import second_factor
from hotline.accounts.views import DEMO_PASSWORD
from tests import scene

ROOT = Path(__file__).resolve().parents[2]
# How many requirements of levels 1 and 2 each section of ASVS 5.0.0 has; they are numbered from 1, but for level 3.
SECTIONS = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1, "3.2": 2, "3.3": 4,
    "3.4": 6, "3.5": 5, "3.7": 2, "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4, "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3,
    "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4, "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5,
    "7.5": 2, "7.6": 2, "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1, "9.1": 3, "9.2": 4, "10.1": 2, "10.2": 2, "10.3": 4,
    "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3, "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1,
    "12.1": 3, "12.2": 2, "12.3": 4, "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5, "14.1": 2, "14.2": 4, "14.3": 3,
    "15.1": 3, "15.2": 3, "15.3": 7, "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3, "17.1": 1, "17.2": 4,
    "17.3": 2,
}  # fmt: skip
STANDINGS = ("met", "part", "no", "city", "–")
NAMED = re.compile(r"`([\w./-]+\.\w+|\.\w+)(?:::(\w+))?`")


def document() -> str:
    return (ROOT / "docs" / "asvs.md").read_text()


def rows() -> list[list[str]]:
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in document().splitlines()]
    return [row for row in cells if len(row) == 5 and re.fullmatch(r"\d+\.\d+\.\d+", row[0])]


def test_each_requirement_of_levels_1_and_2_stands_there_once() -> None:
    known = [f"{section}.{number}" for section, count in SECTIONS.items() for number in range(1, count + 1)]
    assert [row[0] for row in rows()] == known
    assert [sum(row[1] == level for row in rows()) for level in "12"] == [70, 183]


def test_what_is_named_exists_and_what_is_met_is_shown() -> None:
    for number, _level, standing, how, shown in rows():
        assert standing in STANDINGS, number
        assert standing != "met" or NAMED.search(shown), number
        assert how or shown, number
    for file, test in NAMED.findall(document()):
        path = ROOT / file
        assert path.exists(), file
        assert not test or f"def {test}(" in path.read_text(), f"{file}::{test}"


def test_what_is_not_wholly_met_is_said_first() -> None:
    head = document().partition("## V1 ")[0]
    for number, _level, standing, _how, _shown in rows():
        if standing in ("part", "no"):
            assert re.search(rf"\b{re.escape(number)}\b", head), number


@pytest.mark.django_db
def test_headers_of_a_page(client: Client) -> None:
    for address in (reverse("sign-in"), "/nowhere/", "/api/v1/tickets/", "/healthz"):
        answer = client.get(address)
        policy = answer.headers["Content-Security-Policy"]
        for said in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
            assert said in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store, private"
        assert not [name for name in answer.headers if name.startswith("Access-Control")]
        assert re.fullmatch(r"text/html; charset=utf-8|application/json", answer.headers["Content-Type"])
        assert client.generic("TRACE", address).status_code in (302, 401, 403, 404, 405)


COOKIES = """
import json, django; django.setup()
from django.conf import settings as s
from django.contrib.messages import storage
from hotline import drafts
from hotline.accounts import lockout
host = [s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.LANGUAGE_COOKIE_NAME]
host.append(storage.default_storage.__globals__["import_string"](s.MESSAGE_STORAGE).storage_classes[0].cookie_name)
secure = [s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE]
same = [s.SESSION_COOKIE_SAMESITE, s.CSRF_COOKIE_SAMESITE, s.SESSION_COOKIE_HTTPONLY]
print(json.dumps([host, [drafts._cookie("x"), lockout.COOKIE], secure, same]))
"""


def test_cookies_of_a_deployment_are_bound_to_its_host() -> None:
    secret = "0123456789abcdefghijklmnopqrstuvwxyz"
    environment = os.environ | {
        "HOTLINE_DEPLOYED": "1", "SECRET_KEY": secret * 2, "LEDGER_KEYS": secret, "PERSONAL_KEYS": secret[::-1],
        "ALLOWED_HOSTS": "a.cn", "DJANGO_SETTINGS_MODULE": "hotline.settings",
    }  # fmt: skip
    told = subprocess.run([sys.executable, "-c", COOKIES], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    host, path, secure, same = json.loads(told.stdout)
    assert len(host) == 4
    assert all(name.startswith("__Host-") for name in host), host
    assert all(name.startswith("__Secure-") for name in path), path
    assert secure == [True, True]
    assert same == ["Lax", "Lax", True]


def test_the_proxy_is_set_as_the_document_says() -> None:
    proxy = (ROOT / "deploy" / "nginx.conf").read_text()
    clear, tls = proxy.split("server {")[1:]
    assert re.search(r"location /api/ \{\s+return 403;", clear)
    assert "return 301 https://" in clear
    assert re.search(r"ssl_protocols +TLSv1\.2 TLSv1\.3;", tls)
    ciphers = re.search(r"ssl_ciphers +([^;]+);", tls)
    assert ciphers
    known = re.compile(r"ECDHE-(ECDSA|RSA)-(\w+-GCM-SHA\d+|CHACHA20-POLY1305)")
    assert all(known.fullmatch(one) for one in ciphers[1].split(":"))
    assert 'Strict-Transport-Security "max-age=31536000; includeSubDomains" always' in tls
    assert "X-Forwarded-For $remote_addr" in tls
    assert "$uri" in proxy.partition("server {")[0]
    assert "$request_uri" not in tls, "what is looked for is written into no log"
    assert proxy.count("access_log /var/log/nginx/access.log without_query") == 2


@pytest.mark.django_db
def test_a_session_is_new_at_sign_in_and_ends_after_a_shift(settings: Any, monday: time_machine.Traveller) -> None:
    settings.IDLE_MINUTES = 0
    client = Client()
    client.get(reverse("sign-in"))
    before = client.session.session_key
    client.post(reverse("sign-in"), {"username": scene.OPERATOR, "password": DEMO_PASSWORD})
    key = client.session.session_key
    assert key
    assert key != before
    assert len(key) * math.log2(36) > 128
    for hour in range(12):
        monday.shift(timedelta(minutes=59))
        session = client.session
        session["used"] = hour
        session.save()  # which gives a session of Django's its whole time anew
        assert client.get(reverse("my-tickets")).status_code == 200
    monday.shift(timedelta(minutes=15))
    assert client.get(reverse("my-tickets")).status_code == 302
    assert SignedIn.objects.get(user__username=scene.OPERATOR).ended_because == "over"


@pytest.mark.django_db
def test_a_recovery_code_has_more_than_112_bits() -> None:
    codes = second_factor._new_codes(scene.user(scene.OPERATOR))
    for code in codes:
        assert len(code.replace("-", "")) * math.log2(len(set(second_factor.LETTERS))) > 112
