"""A password that an administrator gives opens the door once: its owner chooses one before anything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hotline.accounts import tokens
from hotline.accounts.models import User
from tests import scene

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
GIVEN, OWN = "Gegeben-20260420", "Eigenes-20260420"


@pytest.fixture
def reset(signed_in: SignIn) -> User:
    """The clerk's password as the administrator has just reset it, on Django's page."""
    clerk = scene.user(scene.CLERK)
    address = reverse("admin:auth_user_password_change", args=[clerk.pk])
    sent = {"password1": GIVEN, "password2": GIVEN, "usable_password": "true"}
    assert signed_in(scene.ADMIN).post(address, sent).status_code == 302
    clerk.refresh_from_db()
    return clerk


def signed_in_with(password: str, username: str = scene.CLERK) -> Client:
    client = Client()
    client.post(reverse("sign-in"), {"username": username, "password": password})
    return client


def change(client: Client, old: str, new: str) -> Any:
    return client.post(reverse("password"), {"old_password": old, "new_password1": new, "new_password2": new})


def test_nothing_opens_before_the_own_password_is_chosen(reset: User) -> None:
    client = signed_in_with(GIVEN)
    for page in ("home", "inbox", "tickets", "tokens", "messages"):
        answer = client.get(reverse(page))
        assert (answer.status_code, answer.headers.get("Location")) == (302, reverse("password")), page
    assert client.get("/api/v1/tickets/").status_code == 403
    assert client.post("/api/v1/tickets/").status_code == 403
    fragment = client.get(reverse("inbox"), headers={"hx-request": "true"})
    assert fragment.headers["HX-Redirect"] == reverse("password")
    assert change(client, GIVEN, OWN).status_code == 302
    assert client.get(reverse("inbox")).status_code == 200
    assert signed_in_with(OWN).get(reverse("inbox")).status_code == 200


def test_its_owner_is_told_when_and_by_whom(reset: User) -> None:
    client = signed_in_with(GIVEN)
    page = client.get(reverse("password")).content.decode()
    assert str(scene.user(scene.ADMIN)) in page
    assert f"{timezone.localtime(reset.reset_at):%Y-%m-%d}" in page
    change(client, GIVEN, OWN)
    page = client.get(reverse("password")).content.decode()
    assert str(scene.user(scene.ADMIN)) in page, "it stays among what happened to the account"


def test_a_password_from_set_up_is_nobodys_and_the_page_is_sent_by_enter(reset: User) -> None:
    User.objects.filter(pk=reset.pk).update(reset_by=None)
    page = signed_in_with(GIVEN).get(reverse("password")).content.decode()
    assert "由 —" not in page
    assert "仅供登录一次" in page
    assert 'data-enter="sends"' in page


def test_it_cannot_be_kept(reset: User) -> None:
    client = signed_in_with(GIVEN)
    assert change(client, GIVEN, GIVEN).status_code == 200
    assert client.get(reverse("inbox")).status_code == 302


def test_it_gets_no_token_and_ends_those_there_were(client: Client, signed_in: SignIn) -> None:
    clerk = scene.user(scene.CLERK)
    _token, key = tokens.issue(clerk, "程序", address=None)
    headers = {"authorization": f"Token {key}"}
    assert client.get("/api/v1/tickets/", headers=headers).status_code == 200
    address = reverse("admin:auth_user_password_change", args=[clerk.pk])
    sent = {"password1": GIVEN, "password2": GIVEN, "usable_password": "true"}
    signed_in(scene.ADMIN).post(address, sent)
    assert client.get("/api/v1/tickets/", headers=headers).status_code == 401
    asked = client.post("/api/v1/token/", {"username": scene.CLERK, "password": GIVEN}, content_type="application/json")
    assert asked.status_code == 403
    assert "token" not in asked.json()


def test_the_password_of_a_new_account_is_one_too(signed_in: SignIn) -> None:
    form = {
        "username": "neu", "password1": GIVEN, "password2": GIVEN, "usable_password": "true", "full_name": "新人",
        "role": "operator",
    }  # fmt: skip
    assert signed_in(scene.ADMIN).post(reverse("admin:accounts_user_add"), form).status_code == 302
    answer = signed_in_with(GIVEN, "neu").get(reverse("new-ticket"))
    assert answer.headers.get("Location") == reverse("password")


def test_signing_out_is_open_to_whoever_has_one(reset: User) -> None:
    client = signed_in_with(GIVEN)
    assert client.post(reverse("sign-out")).status_code == 302
    assert "_auth_user_id" not in client.session
