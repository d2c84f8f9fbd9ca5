"""Signing in: guessing leads nowhere and keeps nobody else out; demo accounts end with the demo."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from ipaddress import ip_network
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth import hashers
from django.test import Client
from django.urls import reverse

from hotline.accounts import hashing, tokens
from hotline.accounts.hashing import PasswordHasher
from hotline.accounts.models import User
from hotline.accounts.views import DEMO_PASSWORD
from hotline.addresses import client_address
from tests import scene

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
DESK, ELSEWHERE, OFFICE = "10.1.2.3", "10.9.9.9", "10.5.5.5"


def sign_in(client: Client, username: str, password: str = DEMO_PASSWORD, address: str = DESK, **more: Any) -> int:
    sent = {"username": username, "password": password}
    return client.post(reverse("sign-in"), sent, REMOTE_ADDR=address, **more).status_code


def guess(username: str, times: int, address: str, client: Client | None = None) -> list[int]:
    return [sign_in(client or Client(), username, f"wrong{n}", address) for n in range(times)]


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Passwords that were really hashed, as they come."""
    seen: list[str] = []
    verify = PasswordHasher.verify

    def noted(self: PasswordHasher, password: str, encoded: str) -> bool:
        seen.append(password)
        return verify(self, password, encoded)

    monkeypatch.setattr(PasswordHasher, "verify", noted)
    return seen


def test_guesses_from_elsewhere_do_not_keep_the_owner_out() -> None:
    assert guess(scene.OPERATOR, 8, ELSEWHERE)[-1] == 429
    assert sign_in(Client(), scene.OPERATOR, address=ELSEWHERE) == 429
    assert sign_in(Client(), scene.OPERATOR, address=DESK) == 302


def test_a_browser_that_is_known_is_not_kept_out_by_a_colleague_at_the_same_address() -> None:
    own = Client()
    assert sign_in(own, scene.OPERATOR, address=OFFICE) == 302
    own.post(reverse("sign-out"))
    assert guess(scene.OPERATOR, 8, OFFICE)[-1] == 429
    assert sign_in(own, scene.OPERATOR, address=OFFICE) == 302
    own.post(reverse("sign-out"))
    assert guess(scene.OPERATOR, 8, OFFICE, client=own)[-1] == 429, "it is no door for guessing either"


def test_the_cookie_of_a_browser_speaks_for_those_who_signed_in_with_it_only() -> None:
    own = Client()
    sign_in(own, scene.OPERATOR, address=OFFICE)
    own.post(reverse("sign-out"))
    guess(scene.DISPATCHER, 8, OFFICE)
    assert sign_in(own, scene.DISPATCHER, address=OFFICE) == 429
    assert "operator1" not in own.cookies["known-browser"].value


def test_many_accounts_from_one_address_close_that_address(settings: Any) -> None:
    for number in range(settings.SPRAYED_ACCOUNTS):
        said = sign_in(Client(), f"clerk{number}", "Summer2026!", ELSEWHERE)
    assert said == 429
    assert sign_in(Client(), scene.OPERATOR, address=ELSEWHERE) == 429
    assert sign_in(Client(), scene.OPERATOR, address=DESK) == 302


def test_a_few_colleagues_who_mistype_close_nothing() -> None:
    for username in (scene.OPERATOR, scene.DISPATCHER, scene.CLERK, scene.SUPERVISOR, scene.MANAGER):
        assert guess(username, 2, OFFICE) == [200, 200]
    assert sign_in(Client(), scene.OPERATOR, address=OFFICE) == 302


def test_whoever_is_locked_out_costs_no_hashing_and_waits_no_longer_for_trying(hashed: list[str]) -> None:
    guess(scene.OPERATOR, 5, ELSEWHERE)
    first = AccessAttempt.objects.get()
    hashed.clear()
    assert guess(scene.OPERATOR, 3, ELSEWHERE) == [429, 429, 429]
    assert hashed == []
    assert AccessAttempt.objects.get().attempt_time == first.attempt_time


def test_a_forwarded_address_counts_by_the_word_of_a_trusted_proxy_only(settings: Any, rf: Any) -> None:
    def seen(remote: str, forwarded: str) -> str | None:
        return client_address(rf.get("/", REMOTE_ADDR=remote, headers={"x-forwarded-for": forwarded}))

    settings.TRUSTED_PROXIES = []
    assert seen("10.0.0.1", "1.2.3.4") == "10.0.0.1"
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/24"), ip_network("fd00::/8")]
    assert seen("10.0.0.1", "1.2.3.4") == "1.2.3.4"
    assert seen("10.0.0.1", "6.6.6.6, 1.2.3.4") == "1.2.3.4", "what the sender wrote itself is not believed"
    assert seen("10.0.0.1", "1.2.3.4, 10.0.0.7") == "1.2.3.4", "through two proxies"
    assert seen("9.9.9.9", "1.2.3.4") == "9.9.9.9"
    assert seen("10.0.0.1", "nonsense") == "10.0.0.1"
    assert seen("10.0.0.1", "") == "10.0.0.1"
    assert seen("10.0.0.1", "1.2.3.4:5678") == "1.2.3.4"
    assert seen("fd00::1", "[2001:db8::5]:443") == "2001:db8::5"
    assert seen("::ffff:10.0.0.1", "1.2.3.4") == "1.2.3.4"


def test_behind_the_proxy_each_desk_is_counted_by_itself(settings: Any) -> None:
    settings.TRUSTED_PROXIES = [ip_network("172.18.0.2")]
    for number in range(6):
        said = sign_in(
            Client(), scene.OPERATOR, "wrong", "172.18.0.2", headers={"x-forwarded-for": f"{number}, {ELSEWHERE}"}
        )
    assert said == 429
    assert sign_in(Client(), scene.OPERATOR, address="172.18.0.2", headers={"x-forwarded-for": DESK}) == 302


def test_of_ipv6_a_whole_network_is_one_address() -> None:
    for number in range(6):
        said = sign_in(Client(), scene.OPERATOR, "wrong", f"2001:db8:1:2::{number}")
    assert said == 429
    assert sign_in(Client(), scene.OPERATOR, address="2001:db8:1:3::1") == 302


@pytest.mark.parametrize("username", ["长" * 300, "a" * 300, "a\x00b", "\x00", " ", "😀", "a" * 100_000])
def test_a_name_that_is_none_is_told(client: Client, username: str) -> None:
    for _ in range(2):
        answer = client.post(reverse("sign-in"), {"username": username, "password": "x"})
        assert answer.status_code == 200
        assert "field-error" in answer.content.decode()


def test_wrong_guesses_at_the_old_password_count_too(signed_in: SignIn) -> None:
    client = signed_in(scene.OPERATOR)
    said = [
        client.post(
            reverse("password"), {"old_password": f"w{n}", "new_password1": "x", "new_password2": "x"}
        ).status_code
        for n in range(6)
    ]
    assert said[-1] == 429


# -- many at once -------------------------------------------------------------------------------------------------


def test_when_many_passwords_are_checked_another_is_told_to_wait(client: Client, settings: Any) -> None:
    with ExitStack() as under_way:
        for _ in range(settings.PASSWORD_CHECKS_AT_ONCE):
            assert hashing.places.acquire(blocking=False)
            under_way.callback(hashing.places.release)
        sent = {"username": scene.OPERATOR, "password": DEMO_PASSWORD}
        page = client.post(reverse("sign-in"), sent)
        assert "field-error" in page.content.decode()
        assert client.post("/api/v1/token/", sent, content_type="application/json").status_code == 503
    assert sign_in(client, scene.OPERATOR) == 302
    assert not AccessAttempt.objects.exists(), "it was no wrong password"


# -- the demo -----------------------------------------------------------------------------------------------------


def test_demo_accounts_end_with_the_demo(client: Client, settings: Any) -> None:
    sign_in(client, scene.OPERATOR)
    _token, key = tokens.issue(scene.user(scene.OPERATOR), "程序", address=None)
    headers = {"authorization": f"Token {key}"}
    assert client.get(reverse("new-ticket")).status_code == 200
    assert Client().get("/api/v1/tickets/", headers=headers).status_code == 200
    settings.DEMO = False
    assert client.get(reverse("new-ticket")).status_code == 302, "a session that was open"
    assert client.get("/api/v1/tickets/").status_code in (401, 403)
    assert Client().get("/api/v1/tickets/", headers=headers).status_code == 401, "a token that was issued"
    assert sign_in(Client(), scene.OPERATOR) == 200, "the page"
    asked = {"username": scene.OPERATOR, "password": DEMO_PASSWORD}
    assert client.post("/api/v1/token/", asked, content_type="application/json").status_code == 400


def test_real_accounts_stay_open_without_the_demo(client: Client, settings: Any) -> None:
    settings.DEMO = False
    User.objects.create_user("echt", password="Wirklich-2026", full_name="李某", role="operator")
    assert sign_in(client, "echt", "Wirklich-2026") == 302


def test_passwords_are_hashed_at_a_known_cost() -> None:
    kept = hashers.make_password("x")
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in kept


@pytest.mark.skipif(sys.platform != "linux", reason="only there is niceness a thread's own")
def test_a_password_is_checked_by_a_thread_that_steps_back() -> None:
    hasher = hashing.PasswordHasher()
    encoded = hasher.encode("a-password-of-somebody", hasher.salt())
    assert hasher.verify("a-password-of-somebody", encoded)
    assert not hasher.verify("another-password", encoded)
    own = os.getpriority(os.PRIO_PROCESS, 0)
    checking = next(thread for thread in threading.enumerate() if thread.name.startswith("passwords"))
    assert checking.native_id is not None
    assert os.getpriority(os.PRIO_PROCESS, checking.native_id) == min(19, own + hashing.STEP_BACK)
