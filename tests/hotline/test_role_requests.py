"""A role is changed, and administrators and auditors are made and unmade, by the word of two administrators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hotline.accounts import one_time
from hotline.accounts.models import AccountEvent, User
from hotline.accounts.permissions import Role
from hotline.administering import role_requests
from hotline.administering.models import RoleRequest
from hotline.ledger.deeds import Deed
from hotline.ledger.models import Entry
from hotline.numbers import of_person
from tests import scene
from tests.hotline.test_setting_up import form_of, mark_of, seen, told

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
PAGE = "role-requests"
WHY = "调到督办岗位工作"


def asked(one: User, role: str = Role.SUPERVISOR, by: str = scene.ADMIN) -> RoleRequest:
    return role_requests.ask(
        one, role_requests.Wish(role, one.department, one.is_active), by=scene.user(by), reason=WHY
    )


def sent(client: Client, one: RoleRequest, then: str, **more: str) -> Any:
    return client.post(reverse(PAGE), {"which": str(one.pk), "then": then, **more})


def test_a_role_changes_by_the_word_of_a_second_administrator(signed_in: SignIn) -> None:
    clerk, first, second = scene.user(scene.OTHER_CLERK), signed_in(scene.ADMIN), signed_in(scene.SECOND_ADMIN)
    address = reverse("person", args=[clerk.pk])
    change = form_of(clerk, role="supervisor", department="", phone="13871230000", seen=seen(first, address))
    silent = first.post(address, change)
    assert silent.status_code == 422
    assert "reason" in silent.context["form"].errors
    assert "13871230000" in silent.content.decode(), "what was typed is there"
    assert first.post(address, change | {"reason": WHY}).status_code == 302
    clerk.refresh_from_db()
    assert (clerk.role, clerk.department, clerk.phone) == ("staff", clerk.department, "13871230000")
    assert WHY in second.get(reverse(PAGE)).content.decode()
    assert of_person(scene.user(scene.SECOND_ADMIN))["set-up"]["role-requests"][0] == 1
    assert of_person(scene.user(scene.ADMIN))["set-up"]["role-requests"][0] == 0
    (waiting,) = RoleRequest.objects.all()
    assert "您提出" in told(sent(first, waiting, "grant"))
    sent(second, waiting, "grant", note="已核实")
    clerk.refresh_from_db()
    assert (clerk.role, clerk.department) == ("supervisor", None)
    kinds = set(AccountEvent.objects.filter(person=clerk).values_list("kind", "by__username"))
    assert kinds == {("role_asked", scene.ADMIN), ("role_changed", scene.SECOND_ADMIN)}
    assert Entry.objects.filter(page=PAGE, why=WHY, person=scene.user(scene.SECOND_ADMIN).pk).exists()
    assert Entry.objects.filter(deed=Deed.CHANGED, told__contains="role: staff → supervisor").exists()


def test_administrators_and_auditors_are_made_by_two_and_others_by_one(signed_in: SignIn) -> None:
    client = signed_in(scene.ADMIN)
    new = {"username": "shenji2", "full_name": "新审计员", "role": "auditor", "then": "change"}
    assert client.post(reverse("new-person"), new).status_code == 422
    answer = client.post(reverse("new-person"), new | {"reason": "增设审计岗位"})
    assert answer.headers["Location"] == reverse(PAGE)
    one = User.objects.get(username="shenji2")
    assert (one.is_active, one.has_usable_password()) == (False, False)
    sent(signed_in(scene.SECOND_ADMIN), RoleRequest.objects.get(), "grant")
    one.refresh_from_db()
    assert one.is_active
    operator = {"username": "huawu9", "full_name": "新话务员", "role": "operator", "then": "change"}
    assert client.post(reverse("new-person"), operator).context["password"], "a new operator needs no second"


def test_an_administrator_is_disabled_by_two_and_nobody_decides_about_themselves(signed_in: SignIn) -> None:
    chief = scene.user(scene.SECOND_ADMIN)
    client, address = signed_in(scene.ADMIN), reverse("person", args=[chief.pk])
    wish = {"then": "disable", "seen": mark_of(client, chief), "reason": "离岗"}
    assert "create_administrator" in told(client.post(address, wish)), "there is no third to decide"
    third = User.objects.create(username="admin9", full_name="柳青", role=Role.ADMINISTRATOR)
    assert "原因" in told(client.post(address, wish | {"reason": " "}))
    client.post(address, wish)
    waiting = RoleRequest.objects.get()
    assert "涉及您本人" in told(sent(signed_in(scene.SECOND_ADMIN), waiting, "grant"))
    chief.refresh_from_db()
    assert chief.is_active
    sent(signed_in(third.username), waiting, "grant")
    chief.refresh_from_db()
    assert not chief.is_active


def test_a_city_with_one_administrator_is_told_what_to_do(signed_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    User.objects.filter(username=scene.SECOND_ADMIN).update(is_active=False)
    client, clerk = signed_in(scene.ADMIN), scene.user(scene.CLERK)
    address = reverse("person", args=[clerk.pk])
    answer = client.post(address, form_of(clerk, role="manager", reason=WHY, seen=seen(client, address)))
    assert answer.status_code == 422
    assert "create_administrator" in answer.content.decode()
    assert "create_administrator" in client.get(reverse(PAGE)).content.decode()
    assert not RoleRequest.objects.exists()
    monkeypatch.setenv("HOTLINE_ADMIN_PASSWORD", "a-long-enough-secret")
    call_command("create_administrator", "second", "卢主任")
    made = User.objects.get(username="second")
    assert AccountEvent.objects.get(person=made).kind == "made_by_command"
    assert Entry.objects.get(who="create_administrator").key == str(made.pk)


def test_who_was_given_a_password_by_who_asks_does_not_answer(monday: Any, signed_in: SignIn) -> None:
    second, waiting = scene.user(scene.SECOND_ADMIN), asked(scene.user(scene.CLERK))
    one_time.give([second], one_time.draw([second]), by=scene.user(scene.ADMIN))
    with pytest.raises(ValidationError, match="7"):
        role_requests.decide(waiting.pk, by=second, is_granted=True)
    monday.shift(role_requests.FREE_AFTER)
    assert role_requests.decide(waiting.pk, by=second, is_granted=True).decision == "granted"


def test_who_could_sign_in_by_the_account_that_asked_does_not_answer(monday: Any) -> None:
    """Nor whom it is about, nor one behind whom somebody stands who stands behind the other too."""
    first, second = scene.user(scene.ADMIN), scene.user(scene.SECOND_ADMIN)
    third, fourth = (User.objects.create(username=name, role=Role.ADMINISTRATOR) for name in ("admin8", "admin9"))

    def gives(by: User, *to: User) -> None:
        one_time.give(to, one_time.draw(to), by=by)

    gives(first, second)
    waiting = asked(scene.user(scene.CLERK), by=second.username)
    assert "7" in role_requests.why_not(waiting, first), "who gave the account that asked its password"
    assert not role_requests.why_not(waiting, third)
    gives(second, third)
    assert "7" in role_requests.why_not(waiting, third)
    gives(third, fourth)
    assert "7" in role_requests.why_not(asked(scene.user(scene.OTHER_CLERK)), fourth), "by way of two others"
    about = asked(first, Role.OPERATOR, by=fourth.username)
    monday.shift(role_requests.FREE_AFTER)
    assert not role_requests.why_not(waiting, first)
    gives(first, second)
    assert "7" in role_requests.why_not(about, second), "whom it is about stands behind who decides"
    assert not role_requests.why_not(about, third)


def test_who_was_faster_is_read_after_the_wait() -> None:
    """A row that is joined to one that is waited for comes as it was before the wait: "None was faster"."""
    waiting, second = asked(scene.user(scene.CLERK)), scene.user(scene.SECOND_ADMIN)
    role_requests.decide(waiting.pk, by=second, is_granted=False)
    with CaptureQueriesContext(connection) as asked_for, pytest.raises(ValidationError, match=str(second)):
        role_requests.withdraw(waiting.pk, by=scene.user(scene.ADMIN))
    (locks,) = (one["sql"] for one in asked_for if "FOR NO KEY UPDATE" in one["sql"])
    assert "JOIN" not in locks


@pytest.mark.parametrize("meanwhile", ["closed", "another role", "who asked is none", "refused", "withdrawn"])
def test_what_is_not_as_it_was_when_it_was_asked_is_not_done(meanwhile: str) -> None:
    clerk, second = scene.user(scene.CLERK), scene.user(scene.SECOND_ADMIN)
    waiting = asked(clerk)
    with pytest.raises(ValidationError, match="已有"):
        asked(clerk, Role.MANAGER)
    if meanwhile == "withdrawn":
        role_requests.withdraw(waiting.pk, by=scene.user(scene.ADMIN))
        with pytest.raises(ValidationError, match="已撤回"):
            role_requests.decide(waiting.pk, by=second, is_granted=True)
        return
    if meanwhile == "closed":
        User.objects.filter(pk=clerk.pk).update(is_active=False)
    if meanwhile == "another role":
        User.objects.filter(pk=clerk.pk).update(role=Role.DISPATCHER)
    if meanwhile == "who asked is none":
        User.objects.filter(username=scene.ADMIN).update(role=Role.OPERATOR)
    was = User.objects.get(pk=clerk.pk).role
    done = role_requests.decide(waiting.pk, by=second, is_granted=meanwhile != "refused", note="不妥")
    assert done.decision == ("refused" if meanwhile == "refused" else "lapsed")
    assert done.note
    assert User.objects.get(pk=clerk.pk).role == was
    assert AccountEvent.objects.filter(person=clerk, kind="role_not_changed").count() == 1
    User.objects.filter(username=scene.ADMIN).update(role=Role.ADMINISTRATOR)
    asked(User.objects.get(pk=clerk.pk), Role.MANAGER, by=scene.SECOND_ADMIN)  # and now another waits


@pytest.mark.parametrize("became", [{"is_active": False}, {"role": Role.OPERATOR}])
def test_who_is_no_administrator_any_more_neither_asks_nor_decides(became: dict[str, Any]) -> None:
    """They were one when the request came in, and are none at the moment at which it counts."""
    waiting, second = asked(scene.user(scene.CLERK)), scene.user(scene.SECOND_ADMIN)
    User.objects.filter(pk=second.pk).update(**became)
    with pytest.raises(ValidationError, match="已不是管理员"):
        role_requests.decide(waiting.pk, by=second, is_granted=True)
    wish = role_requests.Wish(Role.MANAGER, None, True)
    with pytest.raises(ValidationError, match="已不是管理员"):
        role_requests.ask(scene.user(scene.OTHER_CLERK), wish, by=second, reason=WHY)
    assert scene.user(scene.CLERK).role == "staff"


def test_djangos_pages_change_no_role_and_make_no_administrator(signed_in: SignIn) -> None:
    client, clerk = signed_in(scene.ADMIN), scene.user(scene.CLERK)
    form = {"username": clerk.username, "full_name": clerk.full_name, "is_active": "on", "role": "manager"}
    client.post(reverse("admin:accounts_user_change", args=[clerk.pk]), form | {"department": clerk.department_id})
    chief = {"username": scene.SECOND_ADMIN, "full_name": "罗建平", "phone": "", "email": ""}
    client.post(reverse("admin:accounts_user_change", args=[scene.user(scene.SECOND_ADMIN).pk]), chief)
    password = {"password1": "Gegeben-20260420", "password2": "Gegeben-20260420", "usable_password": "true"}
    new = {"username": "neu", "full_name": "新人", "role": "administrator", **password}
    assert client.post(reverse("admin:accounts_user_add"), new).status_code == 200
    assert not User.objects.filter(username="neu").exists()
    assert scene.user(scene.CLERK).role == "staff"
    assert scene.user(scene.SECOND_ADMIN).is_active


def test_a_decision_that_makes_no_sense_is_told(signed_in: SignIn) -> None:
    client, waiting = signed_in(scene.SECOND_ADMIN), asked(scene.user(scene.CLERK))
    for which in ("", "x", "９", "9" * 40, str(waiting.pk + 1)):
        answer = client.post(reverse(PAGE), {"which": which, "then": "grant"})
        assert answer.status_code == 302
        assert list(get_messages(answer.wsgi_request)), which
    assert client.post(reverse(PAGE), {"which": waiting.pk, "then": "x"}).status_code == 302
    assert client.post(reverse(PAGE), {"which": waiting.pk, "then": "grant", "note": "长" * 201}).status_code == 422
    assert RoleRequest.objects.get().decided_at is None
