"""People, departments, regions and categories from a sheet on a page: looked at first, whole or not at all, once."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from dispatch.models import CitySheet
from hotline.accounts.models import Department, User
from tests import scene

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
PEOPLE = ("账号", "姓名", "岗位", "所在单位", "是否负责人", "手机", "分机号", "启用")


def sent(client: Client, name: str, rows: Iterable[Iterable[Any]], **given: Any) -> Any:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    file = SimpleUploadedFile("名单.csv", out.getvalue().encode("utf-8-sig"))
    return client.post(reverse("city-import", args=[name]), {"file": file, **given}, follow=True)


def test_what_would_change_is_shown_then_taken_in_once(signed_in: SignIn) -> None:
    client, clerk = signed_in(scene.ADMIN), scene.user(scene.CLERK)
    rows = [PEOPLE, ("xin01", "新来的", "话务员", "", "", "１３８００００１２３４", "8801", ""),
            (clerk.username, "改了名", "承办单位人员", str(clerk.department), "是", clerk.phone, "", "是"),
            ("operator1", scene.user("operator1").full_name, "话务员", "", "", "", "", "")]  # fmt: skip
    page = sent(client, "people", rows, form_key="k1")
    sheet = CitySheet.objects.get()
    assert sheet.told["counts"] == {"new": 1, "changed": 1, "same": 1}
    text = page.content.decode()
    assert f"<del>{clerk.full_name}</del>" in text
    assert "改了名" in text
    assert not User.objects.filter(username="xin01").exists()
    assert sent(client, "people", rows, form_key="k1").redirect_chain[-1][0] == sheet.get_absolute_url()
    for _time in range(2):
        answer = client.post(sheet.get_absolute_url(), follow=True)
    assert User.objects.get(username="xin01").phone == "13800001234"
    assert User.objects.get(pk=clerk.pk).full_name == "改了名"
    assert f"{reverse('people')}?state=without" in answer.content.decode()
    sheet.refresh_from_db()
    assert sheet.rows == [], "it is taken in, and never read again"


def test_every_wrong_row_of_five_thousand_is_named_and_nothing_taken_in(signed_in: SignIn) -> None:
    client, before = signed_in(scene.ADMIN), User.objects.count()
    department = scene.DEPARTMENT
    rows = [[f"p{n:05d}", f"某人{n}", "承办单位人员", department, "", "", "", ""] for n in range(5000)]
    wrong = {100 * n: n % 4 for n in range(40)}
    for at, kind in wrong.items():
        if kind == 0:
            rows[at][3] = "没有这个单位"
        elif kind == 1:
            rows[at][0] = f"P{at - 1:05d}"  # a person twice
        elif kind == 2:
            rows[at][2] = "皇帝"
        else:
            rows[at][3] = ""  # staff without a department
    page = sent(client, "people", [PEOPLE, *rows])
    sheet = CitySheet.objects.get()
    assert [row for row, _text in sheet.told["problems"]] == [at + 2 for at in sorted(wrong)]
    text = page.content.decode()
    for at in wrong:
        assert f'<td class="num tight">{at + 2}</td>' in text
    client.post(sheet.get_absolute_url())
    assert User.objects.count() == before


def test_a_sheet_whose_ground_has_moved_is_looked_at_again(signed_in: SignIn) -> None:
    client, clerk = signed_in(scene.ADMIN), scene.user(scene.CLERK)
    sent(client, "people", [PEOPLE[:3], (clerk.username, "甲", str(clerk.get_role_display()))])
    sheet = CitySheet.objects.get()
    User.objects.filter(pk=clerk.pk).update(full_name="乙")
    answer = client.post(sheet.get_absolute_url())
    assert answer.status_code == 409
    assert "<del>乙</del>" in answer.content.decode()
    assert User.objects.get(pk=clerk.pk).full_name == "乙"
    assert client.post(sheet.get_absolute_url()).status_code == 302
    assert User.objects.get(pk=clerk.pk).full_name == "甲"


def test_administrators_do_not_lock_themselves_out_by_a_sheet(signed_in: SignIn) -> None:
    client, chief = signed_in(scene.ADMIN), scene.user(scene.ADMIN)
    colleague = User.objects.create_user("admin2", role="administrator", full_name="同事")
    heading = (*PEOPLE[:3], "启用")
    sent(client, "people", [heading, (chief.username, chief.full_name, "话务员", "是")])
    assert [row for row, _text in CitySheet.objects.latest("pk").told["problems"]] == [2]
    client.force_login(colleague)
    clerk = scene.user(scene.CLERK)
    sent(client, "people", [
        heading, (colleague.username, "改名", "管理员", "是"), (chief.username, chief.full_name, "管理员", "否"),
        (clerk.username, clerk.full_name, "督办员", "是"), ("neu", "新人", "审计员", "是"),
        ("neu2", "新人", "话务员", "是"),
    ])  # fmt: skip
    told = CitySheet.objects.latest("pk").told["problems"]
    assert [row for row, _text in told] == [3, 4, 5], "what two administrators decide on, no sheet does"
    assert "两位管理员" in told[0][1]


def test_extensions_may_change_places_and_nobody_has_anothers(signed_in: SignIn) -> None:
    client = signed_in(scene.ADMIN)
    for username, extension in (("a1", "1"), ("a2", "2"), ("a3", "3")):
        User.objects.create_user(username, role="operator", full_name=username, extension=extension)
    heading = ("账号", "姓名", "岗位", "分机号")
    sent(client, "people", [heading, ("a1", "a1", "话务员", "2"), ("a2", "a2", "话务员", "1")])
    client.post(CitySheet.objects.latest("pk").get_absolute_url())
    assert (User.objects.get(username="a1").extension, User.objects.get(username="a2").extension) == ("2", "1")
    sent(client, "people", [heading, ("a1", "a1", "话务员", "3")])
    assert [row for row, _text in CitySheet.objects.latest("pk").told["problems"]] == [2]


@pytest.mark.parametrize("name", ["people", "departments", "regions", "categories"])
def test_what_is_exported_is_read_back_as_the_same(name: str, signed_in: SignIn) -> None:
    client = signed_in(scene.ADMIN)
    content = client.get(reverse("city-export", args=[name])).content
    page = client.post(
        reverse("city-import", args=[name]), {"file": SimpleUploadedFile(f"{name}.xlsx", content)}, follow=True
    )
    told = CitySheet.objects.get().told
    assert (told["counts"]["new"], told["counts"]["changed"], told["problems"]) == (0, 0, [])
    assert page.status_code == 200


def test_a_column_that_is_not_there_leaves_what_stands(signed_in: SignIn) -> None:
    client, clerk = signed_in(scene.ADMIN), scene.user(scene.CLERK)
    User.objects.filter(pk=clerk.pk).update(is_active=False, is_lead=True)
    Department.objects.filter(name=scene.DEPARTMENT).update(is_open=False)
    closed = Department.objects.select_related("region", "parent").get(name=scene.DEPARTMENT)
    sent(client, "people", [PEOPLE[:3], (clerk.username, "改了名", "承办单位人员")])
    client.post(CitySheet.objects.latest("pk").get_absolute_url())
    now = User.objects.get(pk=clerk.pk)
    assert (now.full_name, now.department, now.is_active, now.is_lead) == ("改了名", clerk.department, False, True)
    sent(client, "departments", [("单位名称", "级别", "区划"), (closed.name, closed.level, closed.region.code)])
    assert CitySheet.objects.latest("pk").told["counts"] == {"new": 0, "changed": 0, "same": 1}


def test_what_stands_below_a_department_that_is_moved_goes_with_it(signed_in: SignIn) -> None:
    region = Department.objects.get(name=scene.DEPARTMENT).region
    heading = ("单位名称", "级别", "上级单位", "区划", "值班电话")
    top, moved, middle, leaf, goal = (f"层级{letter}局" for letter in "甲乙丙丁戊")
    made = [(name, "委办局", above, region.code, "") for name, above in
            ((top, ""), (moved, top), (middle, moved), (leaf, middle), (goal, ""))]  # fmt: skip
    client = signed_in(scene.ADMIN)
    for rows in ([heading, *made], [heading, (*made[1][:2], goal, *made[1][3:]), (*made[3][:4], "07122888888")]):
        sent(client, "departments", rows)
        client.post(CitySheet.objects.latest("pk").get_absolute_url())
    found = {one.name: one for one in Department.objects.filter(name__startswith="层级")}
    assert found[leaf].phone == "07122888888"
    assert found[leaf].ancestor_ids == [found[name].pk for name in (leaf, middle, moved, goal)]


def test_files_that_are_none_and_departments_in_a_circle(signed_in: SignIn) -> None:
    client = signed_in(scene.ADMIN)
    for content in (b"", b"PK\x03\x04 nonsense", "没有,表头\n1,2".encode()):
        file = SimpleUploadedFile("a.xlsx", content)
        assert client.post(reverse("city-import", args=["people"]), {"file": file}).status_code == 422
    assert client.get("/set-up/sheets/places/").status_code == 404
    one = Department.objects.exclude(parent=None).select_related("parent__region").first()
    assert one is not None
    assert one.parent is not None
    above = one.parent
    rows = [("单位名称", "级别", "上级单位", "区划"), (above.name, above.level, one.name, above.region.code),
            ("自己", "委办局", "自己", above.region.code)]  # fmt: skip
    sent(client, "departments", rows)
    assert [row for row, _text in CitySheet.objects.get().told["problems"]] == [2, 3]
    answer = client.post(CitySheet.objects.get().get_absolute_url())
    assert not list(get_messages(answer.wsgi_request))
