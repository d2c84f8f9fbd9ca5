"""The home of whoever sets a city up: what is missing, people, and the tables that a city fills itself."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from hotline.accounts import administrators
from hotline.accounts.models import AccountEvent, ApiToken, Department, Region, User
from hotline.accounts.permissions import Permission as P
from hotline.accounts.permissions import Role, allows
from hotline.setting_up import checks
from hotline.setting_up.checks import State
from hotline.setting_up.tables import TABLES
from supervision.models import LadderRule
from tests import scene
from tickets.models import Category, CityRule

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]


def told(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def form_of(one: User, **changed: Any) -> dict[str, Any]:
    return {
        "username": one.username, "full_name": one.full_name, "role": one.role, "department": one.department_id or "",
        "phone": one.phone, "extension": one.extension, "then": "change",
        **({"is_lead": "on"} if one.is_lead else {}),
    } | changed  # fmt: skip


def seen(client: Client, address: str) -> str:
    return str(client.get(address).context["form"].initial["seen"])


def mark_of(client: Client, one: User) -> str:
    return str(client.get(reverse("person", args=[one.pk])).context["mark"])


# -- what is missing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role.values)
def test_set_up_is_for_administrators(role: str, signed_in: SignIn) -> None:
    client = signed_in(scene.ROLE_PEOPLE[role])
    for address in (reverse("set-up"), reverse("people"), *(reverse("set-up-table", args=[name]) for name in TABLES)):
        assert client.get(address).status_code == (200 if allows(role, P.SET_UP) else 403), address


def test_what_is_missing_is_told_until_it_is_there(
    signed_in: SignIn, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    def standing() -> dict[str, checks.Standing]:
        return {one.look.__name__: how for one, how in checks.all_of_them()}

    before = standing()
    assert {"regions", "roles", "staffed", "categories", "directory", "places", "working_calendar"} <= set(before)
    assert before["roles"].state == State.DONE
    User.objects.filter(role=Role.MANAGER).update(is_active=False)
    Department.objects.create(name="无人科室", level="bureau", region=Region.objects.get(name="书院街道"))
    Category.objects.create(name="没人管的事", code="99")
    User.objects.filter(username=scene.OPERATOR).update(password="!x")
    after = standing()
    assert after["roles"].state == State.MISSING
    assert "热线负责人" in after["roles"].words
    assert after["staffed"].state == State.MISSING
    assert after["passwords"].state == State.MISSING
    assert after["directory"].state == State.MISSING
    client = signed_in(scene.ADMIN)
    client.get(reverse("set-up"))
    with django_assert_max_num_queries(22):
        page = client.get(reverse("set-up")).content.decode()
    assert '<details class="to-do" open>' in page
    assert "没人管的事" in page
    empty = client.get(reverse("set-up-table", args=["departments"]), {"tab": "empty", "q": "wrks"})
    assert [one.name for one in empty.context["page"]] == ["无人科室"]


def test_a_city_that_kept_the_name_of_another_is_told(settings: Any) -> None:
    def standing() -> checks.Standing:
        return next(how for one, how in checks.all_of_them() if one.look.__name__ == "name_of_the_city")

    assert standing().state == State.DONE
    settings.CITY_NAME = "新安市"
    assert standing().state == State.MISSING
    assert "新安市" in standing().words
    assert "孝感市" in standing().words


# -- people ---------------------------------------------------------------------------------------------------


def test_people_are_found_by_name_pinyin_role_and_department(signed_in: SignIn) -> None:
    clerk = scene.user(scene.CLERK)
    client = signed_in(scene.ADMIN)
    assert clerk.department is not None
    above = clerk.department.ancestor_ids[-1]
    asking: list[dict[str, Any]] = [
        {"q": clerk.full_name}, {"q": clerk.username[:4]}, {"q": "zhangweidong"}, {"q": "zwd"},
        {"role": "staff", "department": above}, {"state": "used", "q": clerk.full_name},
    ]  # fmt: skip
    for asked in asking:
        assert clerk in list(client.get(reverse("people"), asked).context["page"]), asked
    assert clerk not in list(client.get(reverse("people"), {"role": "operator"}).context["page"])
    assert client.get(reverse("people"), {"role": "x", "department": "y", "state": "z"}).status_code == 200


def test_a_new_person_gets_a_password_that_is_shown_once(signed_in: SignIn) -> None:
    client = signed_in(scene.ADMIN)
    form = {"username": "xinren", "full_name": "新人", "role": "operator", "then": "change", "form_key": "k1"}
    page = client.post(reverse("new-person"), form)
    password = page.context["password"]
    one = User.objects.get(username="xinren")
    assert one.check_password(password)
    assert one.owes_new_password
    assert (one.reset_by, AccountEvent.objects.get(person=one).by) == (scene.user(scene.ADMIN),) * 2
    again = client.post(reverse("new-person"), form)
    assert again.status_code == 302
    assert password not in client.get(again["Location"]).content.decode()
    assert User.objects.filter(username="xinren").count() == 1
    for wrong, field in (({"username": "XINREN"}, "username"), ({"username": "b", "role": "staff"}, "department"),
                         ({"username": "b", "phone": "1387777000I"}, "phone"), ({"username": "b", "role": "x"}, "role"),
                         ({"username": "b", "department-typed": "没有这个单位"}, "department")):  # fmt: skip
        refused = client.post(reverse("new-person"), {**form, "form_key": "k2", **wrong})
        assert refused.status_code == 422, wrong
        assert field in refused.context["form"].errors, wrong
        assert "新人" in refused.content.decode()


def test_the_second_who_saves_is_told_and_nothing_else_of_the_row_is_written(signed_in: SignIn) -> None:
    client, clerk = signed_in(scene.ADMIN), scene.user(scene.CLERK)
    address = reverse("person", args=[clerk.pk])
    old = seen(client, address)
    User.objects.filter(pk=clerk.pk).update(full_name="他人所改")
    answer = client.post(address, form_of(clerk, full_name="我所改", seen=old))
    assert answer.status_code == 409
    assert "他人所改" in answer.content.decode()
    assert "我所改" in answer.content.decode()
    overwriting = client.post(address, form_of(clerk, full_name="我所改", seen=answer.context["form"]["seen"].value()))
    assert overwriting.status_code == 302
    kept = User.objects.get(pk=clerk.pk)
    assert (kept.full_name, kept.password) == ("我所改", clerk.password)
    assert LogEntry.objects.latest("pk").user == scene.user(scene.ADMIN)


def test_administrators_make_nothing_else_of_themselves_and_one_remains(signed_in: SignIn) -> None:
    client, chief = signed_in(scene.ADMIN), scene.user(scene.ADMIN)
    address = reverse("person", args=[chief.pk])
    refused = client.post(address, form_of(chief, role="operator", seen=seen(client, address)))
    assert "role" in refused.context["form"].errors
    for then in ("disable", "password"):
        assert client.post(address, {"then": then, "seen": mark_of(client, chief)}).status_code == 302
    chief.refresh_from_db()
    assert (chief.role, chief.is_active, chief.owes_new_password) == ("administrator", True, False)
    User.objects.filter(role="administrator").exclude(pk=chief.pk).update(is_active=False)
    with pytest.raises(Exception, match=r"最后一个|last administrator"), administrators.one_remains():
        User.objects.filter(pk=chief.pk).update(is_active=False)


def test_a_disabled_person_is_out_and_the_department_left_alone_is_named(signed_in: SignIn, client: Client) -> None:
    clerk = scene.user(scene.CLERK)
    ApiToken.objects.create(user=clerk, name="x")
    User.objects.filter(department=clerk.department).exclude(pk=clerk.pk).update(is_active=False)
    theirs, admin = Client(), signed_in(scene.ADMIN)
    theirs.force_login(clerk)
    address = reverse("person", args=[clerk.pk])
    mark = mark_of(admin, clerk)
    answer = admin.post(address, {"then": "disable", "seen": mark})
    assert str(clerk.department) in told(answer)
    assert theirs.get(reverse("inbox")).status_code == 302
    assert not ApiToken.objects.filter(user=clerk).exists()
    assert "他人" in told(admin.post(address, {"then": "password", "seen": mark})), "it is not as it was shown"
    admin.post(address, {"then": "enable", "seen": mark_of(admin, clerk)})
    given = admin.post(address, {"then": "password", "seen": mark_of(admin, clerk)})
    clerk.refresh_from_db()
    assert clerk.check_password(given.context["password"])
    assert clerk.owes_new_password


def test_all_without_a_password_get_one_in_a_file_that_holds_no_formula(signed_in: SignIn) -> None:
    client = signed_in(scene.ADMIN)
    one = User.objects.create(username="+cmd", full_name="=1+1", role="operator", password="!x")
    answer = client.post(reverse("people-passwords"), {"state": "without", "form_key": "k"})
    heading, row = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert row[:2] == ["'+cmd", "'=1+1"]
    one.refresh_from_db()
    assert one.check_password(row[3])
    assert len(heading) == len(row)
    assert AccountEvent.objects.filter(person=one).count() == 1
    assert client.post(reverse("people-passwords"), {"state": "without", "form_key": "k"}).status_code == 302


# -- tables ---------------------------------------------------------------------------------------------------


def test_every_table_opens_searches_and_saves_a_row_as_it_is(signed_in: SignIn) -> None:
    client = signed_in(scene.ADMIN)
    LadderRule.objects.filter(step="circular").delete()
    CityRule.objects.create(key="returns_to_ruling", value=3)
    for name, table in TABLES.items():
        listed = reverse("set-up-table", args=[name])
        for query in ("", "?q=shu", "?q=书", "?tab=unused&page=99"):
            assert client.get(listed + query).status_code == 200, (name, query)
        assert client.get(reverse("set-up-add", args=[name])).status_code == 200
        empty = client.post(reverse("set-up-add", args=[name]), {})
        assert empty.status_code == 422, name
        row = table.model._default_manager.first()
        if row is None:
            continue
        address = reverse("set-up-row", args=[name, row.pk])
        form = client.get(address).context["form"]
        as_it_is = {
            bound.name: bound.value() for bound in form if bound.value() is not None and bound.value() is not False
        }
        saved = client.post(address, {key: "on" if value is True else value for key, value in as_it_is.items()})
        assert saved.status_code == 302, (name, saved.context and saved.context["form"].errors)
        assert client.get(reverse("set-up-row", args=[name, 10**15])).status_code == 404
    assert client.get("/set-up/tables/nothing/").status_code == 404


def test_typing_begins_in_the_first_field_of_a_row(signed_in: SignIn) -> None:
    client = signed_in(scene.ADMIN)
    for address in (
        reverse("new-person"), reverse("person", args=[scene.user(scene.CLERK).pk]),
        reverse("set-up-add", args=["departments"]), reverse("set-up-add", args=["regions"]),
    ):  # fmt: skip
        page = client.get(address).content.decode()
        assert page.count('data-focus="1"') == 1, address
        field = page[page.rindex("<", 0, page.index('data-focus="1"')) :].split(">", 1)[0]
        assert 'name="username"' in field or 'name="name"' in field, field


def test_what_a_table_may_not_hold_is_refused_at_its_field(signed_in: SignIn) -> None:
    client = signed_in(scene.ADMIN)
    parent = Department.objects.exclude(parent=None).first()
    assert parent is not None
    top = Department.objects.get(pk=parent.ancestor_ids[-1])
    city = Region.objects.get(parent=None)
    leaf = Category.objects.get(name="道路施工")
    ladder = LadderRule.objects.first()
    assert ladder is not None
    given: list[tuple[str, Any, dict[str, Any], str]] = [
        ("departments", top, {"name": top.name, "level": top.level, "region": top.region_id, "parent": parent.pk},
         "parent"),
        ("departments", parent, {"name": parent.name, "level": parent.level, "region": parent.region_id,
                                 "phone": "abc"}, "phone"),
        ("departments", parent, {"name": parent.name, "level": parent.level, "region": parent.region_id,
                                 "channel": "file:///etc/passwd"}, "channel"),
        ("regions", None, {"name": "新街道", "level": "street", "code": "1", "parent": ""}, "parent"),
        ("regions", city, {"name": city.name, "level": "city", "code": city.code, "parent": city.pk}, "parent"),
        ("categories", None, {"name": "四级", "parent": leaf.pk}, "parent"),
        ("ladder", ladder, {"after_days": "-1", "after_minutes": "5"}, "after_days"),
        ("office-hours", None, {"opens": "18:00", "closes": "09:00"}, "__all__"),
        ("rules", None, {"key": "returns_to_ruling", "value": "-3"}, "value"),
    ]  # fmt: skip
    for name, row, form, field in given:
        address = reverse("set-up-row", args=[name, row.pk]) if row else reverse("set-up-add", args=[name])
        sent = form | ({"seen": seen(client, address)} if row else {})
        answer = client.post(address, sent)
        assert answer.status_code == 422, (name, field)
        assert field in answer.context["form"].errors, (name, field, answer.context["form"].errors)
    saved = client.post(reverse("set-up-add", args=["categories"]), {"name": "新事项", "parent": leaf.parent_id,
                                                                    "is_used": "on"})  # fmt: skip
    assert saved.status_code == 302
    assert Category.objects.get(name="新事项").code.startswith(leaf.code[:4])


def test_the_lists_cost_the_same_however_long(
    signed_in: SignIn, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    client = signed_in(scene.ADMIN)
    for address, most in ((reverse("people"), 6), (reverse("set-up-table", args=["departments"]), 5),
                          (reverse("set-up-table", args=["categories"]), 5)):  # fmt: skip
        client.get(address)
        with django_assert_max_num_queries(most):
            assert client.get(address).status_code == 200
