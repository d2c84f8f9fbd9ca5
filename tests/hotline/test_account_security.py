"""A second factor, where one is signed in, and being signed out when nobody is there."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client
from django.urls import reverse
from django_otp.oath import TOTP

from hotline.accounts.models import AccountEvent, Authenticator, RecoveryCode, SignedIn, User
from hotline.accounts.safety import second_factor
from hotline.accounts.views import DEMO_PASSWORD
from hotline.vault import cipher
from hotline.vault.suites import Broken
from tests import scene

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
OFFICE, HOME = "10.1.2.3", "172.20.9.9"
PAGE, CODE = "account-security", "sign-in-code"


def code_of(user: User, *, ahead: int = 0) -> str:
    """What the app of a person shows, so many steps from now."""
    (authenticator,) = Authenticator.objects.filter(user=user).order_by("-pk")[:1]
    totp = TOTP(base64.b32decode(authenticator.secret))
    totp.time = time.time() + ahead * second_factor.STEP
    return f"{totp.token():06d}"


def password_given(username: str = scene.OPERATOR, address: str = OFFICE, client: Client | None = None) -> Any:
    client = client or Client(REMOTE_ADDR=address)
    answer = client.post(reverse("sign-in"), {"username": username, "password": DEMO_PASSWORD})
    return client, answer


def asked(client: Client, then: str, **given: str) -> Any:
    return client.post(reverse(PAGE), {"then": then, **given})


@pytest.fixture
def owner(monday: time_machine.Traveller) -> tuple[User, list[str]]:
    """Somebody who has set up a second factor, and their recovery codes."""
    client, _answer = password_given()
    user = scene.user(scene.OPERATOR)
    asked(client, "begin")
    answer = asked(client, "confirm", code=code_of(user))
    monday.shift(timedelta(minutes=1))  # each code is good for once
    return user, answer.context["codes"]


def test_password_and_code_sign_in_and_neither_alone(owner: tuple[User, list[str]]) -> None:
    user, _codes = owner
    client, answer = password_given()
    assert answer.url == reverse(CODE)
    assert reverse("sign-in") in str(client.get(reverse("my-tickets")).headers["Location"]), (
        "the password alone opens nothing"
    )
    wrong = client.post(reverse(CODE), {"code": "000000"})
    assert wrong.status_code == 422
    assert "验证码不正确" in wrong.content.decode()
    code = code_of(user)
    assert client.post(reverse(CODE), {"code": f"{code[:3]} {code[3:]}"}).url == reverse("home")
    assert client.get(reverse("my-tickets")).status_code == 200
    again, _answer = password_given()
    assert again.post(reverse(CODE), {"code": code}).status_code == 422, "a code is good for once"
    assert Client().get(reverse(CODE)).headers["Location"] == reverse("sign-in"), "nobody's password was given"


def test_a_recovery_code_is_good_for_once(owner: tuple[User, list[str]]) -> None:
    user, codes = owner
    assert len(set(codes)) == second_factor.CODES
    assert not RecoveryCode.objects.filter(digest__in=codes).exists(), "kept as hashes"
    client, _answer = password_given()
    assert client.post(reverse(CODE), {"code": codes[0].upper().replace("-", " ")}).status_code == 302
    again, _answer = password_given()
    assert again.post(reverse(CODE), {"code": codes[0]}).status_code == 422
    assert user.recovery_codes.count() == second_factor.CODES - 1


def test_guessing_codes_is_slowed_like_guessing_passwords(owner: tuple[User, list[str]]) -> None:
    user, _codes = owner
    client, _answer = password_given()
    told = [client.post(reverse(CODE), {"code": f"{n:06d}"}).status_code for n in range(6)]
    assert told[-1] == 429
    assert client.post(reverse(CODE), {"code": code_of(user)}).status_code == 429, "the right one comes too late"


def test_the_way_between_password_and_code_is_short(
    owner: tuple[User, list[str]], monday: time_machine.Traveller
) -> None:
    user, _codes = owner
    client, _answer = password_given()
    monday.shift(timedelta(minutes=6))
    assert reverse("sign-in") in client.post(reverse(CODE), {"code": code_of(user)}).url
    client, _answer = password_given()
    user.set_password("eine-andere-12345")
    user.save()
    assert client.post(reverse(CODE), {"code": code_of(user)}).url == reverse("sign-in"), "the password was changed"


def test_who_reads_the_database_can_make_no_code(owner: tuple[User, list[str]]) -> None:
    authenticator = second_factor.of(owner[0])
    assert authenticator is not None
    code = code_of(owner[0])
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM accounts_authenticator")
        (kept,) = cursor.fetchone()
        assert authenticator.secret.encode() not in bytes(kept)
        cursor.execute(
            "UPDATE accounts_authenticator SET secret = %s", [cipher.encrypted(authenticator.secret, "name")]
        )
    with pytest.raises(Broken):
        second_factor.is_right(owner[0], code)
    assert password_given(owner[0].username)[1].status_code == 503, "nobody is let in"


def test_whose_role_owes_it_sets_it_up_first(settings: Any, monday: time_machine.Traveller) -> None:
    settings.SECOND_FACTOR_ROLES = ["administrator"]
    client, _answer = password_given(scene.ADMIN)
    assert client.get(reverse("set-up")).url == reverse(PAGE)
    fragment = client.get(reverse("numbers"), headers={"Accept": "application/json"})
    assert fragment.status_code == 403
    begun = asked(client, "begin")
    assert "<svg" in begun.content.decode()
    user = scene.user(scene.ADMIN)
    assert asked(client, "confirm", code="12345").status_code == 422
    assert asked(client, "confirm", code=code_of(user)).status_code == 200
    assert client.get(reverse("set-up")).status_code == 200
    monday.shift(timedelta(minutes=1))
    assert asked(client, "stop", code=code_of(user)).status_code == 422, "renewed, not ended"
    settings.SECOND_FACTOR_ROLES = ["wizard"]
    with pytest.raises(ImproperlyConfigured, match="wizard"):
        second_factor.obligatory_roles()


def test_it_is_ended_by_its_owner_with_a_code_and_by_an_administrator(
    owner: tuple[User, list[str]], signed_in: SignIn, monday: time_machine.Traveller
) -> None:
    user, codes = owner
    own = signed_in(scene.OPERATOR)
    assert asked(own, "stop", code="111111").status_code == 422
    renewed = asked(own, "renew", code=codes[0])
    assert renewed.context["codes"] != codes
    assert asked(own, "stop", code=code_of(user)).status_code == 302
    assert password_given()[1].url == reverse("home")
    asked(own, "begin")
    monday.shift(timedelta(minutes=1))
    asked(own, "confirm", code=code_of(user))
    admin, page = signed_in(scene.ADMIN), reverse("person", args=[user.pk])
    seen = admin.get(page).context["mark"]
    assert admin.post(page, {"then": "second-factor", "seen": seen}).status_code == 302
    assert second_factor.of(user) is None
    assert AccountEvent.objects.filter(person=user, kind="second_factor_off").count() == 2


def test_another_telephone_takes_a_code_of_the_first(
    owner: tuple[User, list[str]], signed_in: SignIn, monday: time_machine.Traveller
) -> None:
    user, codes = owner
    own = signed_in(scene.OPERATOR)
    first = second_factor.of(user)
    for then, code in (("begin", ""), ("begin", "111111"), ("confirm", "111111")):
        answer = asked(own, then, code=code)
        assert answer.status_code == 422
        assert "picture" not in answer.context, "the secret of another is shown to nobody who has not the first"
    assert "picture" in asked(own, "begin", code=codes[0]).context
    monday.shift(timedelta(minutes=1))
    asked(own, "confirm", code=code_of(user))
    assert second_factor.of(user) != first


def test_a_token_needs_the_code_too(owner: tuple[User, list[str]], settings: Any) -> None:
    user, _codes = owner
    given = {"username": user.username, "password": DEMO_PASSWORD}
    client = Client()
    for code in ({}, {"code": ""}, {"code": "000000"}):
        assert client.post(reverse("api-token"), given | code, "application/json").status_code == 403
    assert client.post(reverse("api-token"), given | {"code": code_of(user)}, "application/json").status_code == 200
    settings.SECOND_FACTOR_ROLES = ["dispatcher"]
    owing = given | {"username": scene.DISPATCHER}
    assert client.post(reverse("api-token"), owing, "application/json").status_code == 403


def test_where_one_is_signed_in_is_listed_and_ended() -> None:
    here, _answer = password_given()
    there, _answer = password_given(address=HOME)
    rows = here.get(reverse(PAGE)).context["signed_in"]
    assert {row.address for row in rows} == {OFFICE, HOME}
    stranger, _answer = password_given(scene.DISPATCHER)
    theirs = SignedIn.objects.get(user__username=scene.DISPATCHER)
    asked(here, "end", which=str(theirs.pk))
    assert stranger.get(reverse(PAGE)).status_code == 200, "nobody ends another's"
    for nonsense in ("", "x", "９", "9" * 40):
        assert asked(here, "end", which=nonsense).status_code == 302
    asked(here, "end-others")
    assert there.get(reverse("my-tickets")).status_code == 302
    assert here.get(reverse("my-tickets")).status_code == 200
    here.post(reverse("sign-out"))
    assert set(SignedIn.objects.filter(user__username=scene.OPERATOR).values_list("ended_because", flat=True)) == {
        "owner", "out",
    }  # fmt: skip


def test_a_sign_in_from_a_new_place_is_told_to_its_owner() -> None:
    password_given()
    password_given(address="10.1.2.200")
    assert not SignedIn.objects.filter(is_new_place=True).exists(), "the same office"
    password_given(address=HOME)
    assert AccountEvent.objects.filter(kind="new_place", person__username=scene.OPERATOR).count() == 1
    client, _answer = password_given()
    assert HOME in client.get(reverse("my-tickets")).content.decode()
    client, _answer = password_given()
    assert HOME not in client.get(reverse("my-tickets")).content.decode(), "told once"


def test_who_does_nothing_is_signed_out_and_what_a_page_asks_by_itself_is_nothing(
    settings: Any, monday: time_machine.Traveller
) -> None:
    settings.IDLE_MINUTES = 30
    client, _answer = password_given()
    client.get(reverse("my-tickets"))
    for _minutes in range(5):
        monday.shift(timedelta(minutes=5))
        assert client.get(reverse("numbers"), headers={"X-Poll": "1"}).status_code == 200
    assert client.get(reverse("my-tickets")).status_code == 200, "not yet"
    for _minutes in range(6):
        monday.shift(timedelta(minutes=5))
        client.get(reverse("numbers"), headers={"X-Poll": "1"})
    monday.shift(timedelta(minutes=1))
    assert client.get(reverse("my-tickets")).status_code == 302
    assert SignedIn.objects.get(user__username=scene.OPERATOR).ended_because == "idle"
