"""API tokens: hashed, shown once, at an end by themselves, and issued by nobody but their owner."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hotline.accounts import tokens
from hotline.accounts.models import AccountEvent, ApiToken
from hotline.accounts.views import DEMO_PASSWORD
from tests import scene

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]


def ask(client: Client, username: str, password: str = DEMO_PASSWORD, **more: Any) -> Any:
    sent = {"username": username, "password": password} | more
    return client.post("/api/v1/token/", sent, content_type="application/json")


def reads(client: Client, key: str) -> int:
    return client.get("/api/v1/tickets/", headers={"authorization": f"Token {key}"}).status_code


def test_for_a_password_comes_a_token_that_ends_after_thirty_days(client: Client) -> None:
    given = ask(client, scene.OPERATOR, name="夜班程序").json()
    assert given["name"] == "夜班程序"
    assert reads(client, given["token"]) == 200
    for days, expected in ((29, 200), (31, 401)):
        with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
            assert reads(client, given["token"]) == expected


def test_the_key_is_kept_nowhere(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    key = ask(client, scene.OPERATOR).json()["token"]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (t.*)::text FROM accounts_apitoken t UNION ALL SELECT (e.*)::text FROM accounts_accountevent e"
        )
        kept = " ".join(row[0] for row in cursor.fetchall())
    assert key not in kept
    assert key not in caplog.text
    assert "token_issued" in kept


def test_it_is_shown_once_on_its_owners_page_and_revoked_there(client: Client, signed_in: SignIn) -> None:
    owner, other = signed_in(scene.CLERK), signed_in(scene.OPERATOR)
    page = owner.post(reverse("tokens"), {"name": "统计程序"})
    key = re.search(r'value="([0-9a-f]{64})"', page.content.decode()).group(1)  # type: ignore[union-attr]
    assert "no-store" in page.headers["Cache-Control"]
    again = owner.get(reverse("tokens")).content.decode()
    assert "统计程序" in again
    assert key not in again
    assert "统计程序" not in other.get(reverse("tokens")).content.decode()
    revoke = reverse("revoke-token", args=[ApiToken.objects.get().digest])
    assert other.post(revoke).status_code == 404
    assert reads(client, key) == 200
    assert owner.get(revoke).status_code == 405
    assert owner.post(revoke).status_code == 302
    assert reads(client, key) == 401
    kinds = AccountEvent.objects.order_by("pk").values_list("kind", "person__username", "by__username")
    assert list(kinds) == [("token_issued", scene.CLERK, scene.CLERK), ("token_revoked", scene.CLERK, scene.CLERK)]


def test_it_tells_when_it_was_last_used_and_costs_no_writing_each_time(client: Client) -> None:
    key = ask(client, scene.OPERATOR).json()["token"]
    assert ApiToken.objects.get().last_used_at is None
    reads(client, key)
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    reads(client, key)
    assert ApiToken.objects.get().last_used_at == first
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False):
        reads(client, key)
    assert ApiToken.objects.get().last_used_at > first


def test_it_ends_with_a_change_of_the_password(client: Client, signed_in: SignIn) -> None:
    key = ask(client, scene.OPERATOR).json()["token"]
    sent = {"old_password": DEMO_PASSWORD, "new_password1": "Anderes-2026", "new_password2": "Anderes-2026"}
    assert signed_in(scene.OPERATOR).post(reverse("password"), sent).status_code == 302
    assert reads(client, key) == 401
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize("through_the_model", [True, False])
def test_it_ends_with_the_account(client: Client, through_the_model: bool) -> None:
    person = scene.user(scene.OPERATOR)
    key = ask(client, scene.OPERATOR).json()["token"]
    person.is_active = False
    if through_the_model:
        person.save()
    else:
        type(person).objects.filter(pk=person.pk).update(is_active=False)
    assert reads(client, key) == 401
    person.is_active = True
    person.save()
    if through_the_model:
        assert reads(client, key) == 401, "it does not come back with the account"


def test_its_holder_ends_it(client: Client) -> None:
    key = ask(client, scene.OPERATOR).json()["token"]
    assert client.delete("/api/v1/token/").status_code == 401
    assert client.delete("/api/v1/token/", headers={"authorization": f"Token {key}"}).status_code == 204
    assert reads(client, key) == 401


def test_a_person_holds_so_many_and_the_one_not_used_for_longest_gives_way(client: Client) -> None:
    keys = [ask(client, scene.OPERATOR).json()["token"] for _ in range(3)]
    assert reads(client, keys[0]) == 200
    person = scene.user(scene.OPERATOR)
    for number in range(tokens.MOST - 2):
        tokens.issue(person, f"{number}", address=None)
    assert ApiToken.objects.count() == tokens.MOST
    assert reads(client, keys[0]) == 200
    assert reads(client, keys[1]) == 401


@pytest.mark.parametrize("key", ["", "x", "é" * 64, "A" * 64, "0" * 64, "0" * 6400, "\ud800"])
def test_nonsense_for_a_key_opens_nothing_and_breaks_nothing(client: Client, key: str) -> None:
    sent = f"Token {key}".encode("utf-8", "surrogatepass").decode("latin-1")
    assert client.get("/api/v1/tickets/", headers={"authorization": sent}).status_code == 401


@pytest.mark.parametrize(
    "sent",
    [[], "text", {"username": ["a"], "password": {}}, {"username": "a" * 300, "password": "x"},
     {"username": "a\x00b", "password": "x"}, {"username": "\ud800", "password": "x"},
     {"username": "operator1", "password": "\udfff"}, {"username": "operator1", "password": "x" * 100_000},
     {"username": 5, "password": None}, {"username": "operator1", "password": DEMO_PASSWORD, "name": "n" * 300}],
)  # fmt: skip
def test_nonsense_for_a_password_is_told_and_breaks_nothing(client: Client, sent: Any) -> None:
    answer = client.post("/api/v1/token/", sent, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["detail"]


def test_wrong_passwords_lock_out_as_at_the_sign_in(client: Client) -> None:
    said = [ask(client, scene.OPERATOR, "wrong").status_code for _ in range(6)]
    assert said == [400, 400, 400, 400, 429, 429]
    locked = ask(client, scene.OPERATOR)
    assert locked.status_code == 429
    assert locked.json()["detail"]
    page = client.post(reverse("sign-in"), {"username": scene.OPERATOR, "password": DEMO_PASSWORD})
    assert page.status_code == 429


def test_what_happened_to_an_account_is_kept() -> None:
    tokens.issue(scene.user(scene.OPERATOR), "程序", address=None)
    for statement in ("UPDATE accounts_accountevent SET detail = ''", "DELETE FROM accounts_accountevent"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_the_schema_is_for_those_who_signed_in(client: Client, signed_in: SignIn) -> None:
    assert client.get(reverse("api-schema")).status_code in (401, 403)
    assert signed_in(scene.CLERK).get(reverse("api-schema")).status_code == 200
