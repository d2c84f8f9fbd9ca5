"""The key under which a browser keeps what is typed: for one person, in one browser, until they sign out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from tests import scene

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
BACKEND = "hotline.accounts.backend.PersonBackend"


def told(client: Client) -> dict[str, str]:
    answer = client.post(reverse("draft-key"))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    return dict(answer.json())


def test_it_stays_the_same_for_one_person_in_one_browser(signed_in: SignIn) -> None:
    client = signed_in(scene.OPERATOR)
    assert told(client) == told(client)


def test_it_is_another_in_another_browser_and_for_another_person(signed_in: SignIn) -> None:
    one, other = told(signed_in(scene.OPERATOR)), told(signed_in(scene.OPERATOR))
    assert one["person"] == other["person"]
    assert one["key"] != other["key"]
    desk = signed_in(scene.OPERATOR)
    first = told(desk)
    desk.force_login(scene.user(scene.DISPATCHER), backend=BACKEND)
    second = told(desk)
    assert first["person"] != second["person"]
    assert first["key"] != second["key"]


def test_a_session_that_ends_and_begins_again_finds_it_again(signed_in: SignIn) -> None:
    desk = signed_in(scene.OPERATOR)
    before = told(desk)
    del desk.cookies["sessionid"]
    assert desk.post(reverse("draft-key")).status_code == 401
    desk.force_login(scene.user(scene.OPERATOR), backend=BACKEND)
    assert told(desk) == before


def test_signing_out_makes_it_impossible_to_know_again(signed_in: SignIn) -> None:
    desk = signed_in(scene.OPERATOR)
    before = told(desk)
    assert desk.post(reverse("sign-out"))["Location"] == reverse("sign-in")
    desk.force_login(scene.user(scene.OPERATOR), backend=BACKEND)
    assert told(desk)["key"] != before["key"]


def test_the_number_is_not_for_scripts_and_goes_to_no_other_address(signed_in: SignIn) -> None:
    desk = signed_in(scene.OPERATOR)
    key = told(desk)["key"]
    [cookie] = [cookie for name, cookie in desk.cookies.items() if name.startswith("draft-")]
    assert cookie["httponly"]
    assert cookie["path"] == "/drafts/"
    assert cookie["samesite"] == "Strict"
    assert key not in cookie.value
    assert desk.get(reverse("draft-key")).status_code == 405
