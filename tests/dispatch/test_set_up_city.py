"""A whole city from a folder of sheets: all or nothing, each fault by its row, and a second run changes nothing."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse

from dispatch import suggest
from dispatch.city import sheets
from hotline.accounts.models import Department, Region, User
from tickets.calls.forms import SEND_ON
from tickets.models import Category, Place, Ticket

pytestmark = pytest.mark.django_db

REGIONS = [
    ("区划代码", "名称", "级别", "上级区划"),
    ("429100", "新区市", "市", ""),
    ("429101001", "东门街道", "街道乡镇", "429101"),  # before what stands above it
    ("429101", "中心区", "区县", "429100"),
]
DEPARTMENTS = [
    ("单位名称", "级别", "上级单位", "区划", "值班电话", "是否接单"),
    ("新区市城管局市容科", "科室", "新区市城管局", "429100", "", ""),
    ("新区市城管局", "委办局", "新区市人民政府", "429100", "０７１２－２８８８８８８", "是"),
    ("新区市人民政府", "市政府", "", "429100", "", "是"),
]
CATEGORIES = [
    ("一级分类", "二级分类", "三级分类", "关键词"),
    ("市容新分类", "占道", "占道经营新", "占道 摆摊"),
    ("市容新分类", "占道", "店外经营新", "出店"),
]
PEOPLE = [
    ("账号", "姓名", "岗位", "所在单位", "是否负责人", "手机", "分机号"),
    ("newop", "王小明", "话务员", "", "", "13800000001", "801"),
    ("newstaff", "李大力", "承办单位人员", "新区市城管局", "是", "", ""),
]
PLACES = [("地名", "类型", "区划", "社区", "别名"), ("新东小区", "小区", "东门街道", "新东社区", "东小区")]
DIRECTORY = [("事项分类", "区划", "承办单位", "依据"), ("占道经营新", "新区市", "新区市城管局", "三定规定")]
EXAMPLE = Path(__file__).parents[2] / "docs/example-city"
CITY: dict[str, list[Any]] = {
    "区划": REGIONS, "承办单位": DEPARTMENTS, "事项分类": CATEGORIES, "人员": PEOPLE, "地名库": PLACES,
    "派单目录": DIRECTORY,
}  # fmt: skip


def write(folder: Path, **changed: list[Any]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, rows in {**CITY, **changed}.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(rows)
    return folder


def laid_in(folder: Path, **options: Any) -> dict[str, Any]:
    out = io.StringIO()
    call_command("set_up_city", folder, stdout=out, **options)
    result: dict[str, Any] = json.loads(out.getvalue())
    return result


def refused(folder: Path) -> str:
    before = (Region.objects.count(), Department.objects.count(), User.objects.count(), Category.objects.count())
    with pytest.raises(CommandError) as caught:
        call_command("set_up_city", folder)
    assert before == (
        Region.objects.count(), Department.objects.count(), User.objects.count(), Category.objects.count()
    ), "nothing is half done"  # fmt: skip
    return str(caught.value)


def test_a_city_is_laid_in_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    folder = write(tmp_path / "city")
    (folder / "说明.txt").write_text("说明")
    first = laid_in(folder)
    assert {name: first[name]["new"] for name in ("regions", "departments", "people", "places", "directory")} == {
        "regions": 3, "departments": 3, "people": 2, "places": 1, "directory": 1
    }  # fmt: skip
    assert first["not_read"] == ["说明.txt"]
    section = Department.objects.get(name="新区市城管局市容科")
    assert [one.name for one in Department.objects.filter(pk__in=section.ancestor_ids)].count("新区市人民政府") == 1
    assert section.parent is not None
    assert section.parent.phone == "07122888888"
    assert Region.objects.get(name="东门街道").full_name == "中心区东门街道"
    assert Category.objects.get(name="店外经营新").level == 3
    assert Place.objects.get(name="新东小区").region.name == "东门街道"
    staff = User.objects.get(username="newstaff")
    assert (staff.is_lead, staff.department, staff.has_usable_password()) == (True, section.parent, False)
    second = laid_in(folder)
    for name in ("regions", "departments", "categories", "people", "places", "directory"):
        assert (second[name]["new"], second[name]["changed"]) == (0, 0), name
    changed = laid_in(write(folder, 人员=[PEOPLE[0], ("newop", "王大明", *PEOPLE[1][2:])]))
    assert changed["people"] == {"new": 0, "changed": 1, "same": 0}
    assert User.objects.get(username="newop").full_name == "王大明"


def test_the_example_that_is_shipped_is_laid_in() -> None:
    for times in range(2):
        counts = laid_in(EXAMPLE)
        assert counts["not_read"] == ["README.md"]
        assert {name: counts[name]["new"] > 0 for name in sheets.ALL} == dict.fromkeys(sheets.ALL, times == 0)
    assert not any(counts[name]["changed"] for name in sheets.ALL)
    assert User.objects.get(username="dongmen01").department == Department.objects.get(name="东门街道办事处")
    assert sorted(name for sheet in EXAMPLE.glob("*.xlsx") for name in [sheet.stem]) == sorted(sheets.ALL)


def test_new_people_get_one_time_passwords_where_a_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "passwords.csv"
    laid_in(write(tmp_path / "city"), passwords=file)
    assert oct(file.stat().st_mode & 0o777) == "0o600"
    given = dict(list(csv.reader(file.open(encoding="utf-8-sig")))[1:])
    assert set(given) == {"newop", "newstaff"}
    assert User.objects.get(username="newop").owes_new_password
    assert User.objects.get(username="newop").check_password(given["newop"])
    before = file.read_bytes()
    assert laid_in(tmp_path / "city", passwords=file)["people"]["same"] == 2, "the same command runs again"
    assert file.read_bytes() == before
    write(tmp_path / "city", 人员=[*PEOPLE, ("later", "周后来", "话务员", *[""] * (len(PEOPLE[0]) - 3))])
    with pytest.raises(CommandError, match="there already"):
        call_command("set_up_city", tmp_path / "city", passwords=file)
    assert file.read_bytes() == before
    assert not User.objects.filter(username="later").exists(), "nobody is without a password that was asked for"
    with pytest.raises(CommandError, match="none"):
        call_command("set_up_city", tmp_path / "city", passwords=tmp_path / "none" / "passwords.csv")
    laid_in(tmp_path / "city", passwords=tmp_path / "second.csv")
    assert "later" in (tmp_path / "second.csv").read_text()


def test_every_fault_is_named_by_its_row_and_nothing_is_written(tmp_path: Path) -> None:
    told = refused(write(
        tmp_path / "city",
        区划=[*REGIONS, ("429199", "孤区", "区县", "999"), ("429101", "又来", "区县", "429100")],
        承办单位=[*DEPARTMENTS, ("甲", "委办局", "乙", "429100", "", ""), ("乙", "委办局", "甲", "429100", "", ""),
              ("丙", "委办局", "丙", "429100", "", ""), ("丁", "大局", "", "429100", "", ""),
              ("戊", "委办局", "", "没有", "", "也许")],
        人员=[*PEOPLE, ("x1", "甲某", "话务员", "没有这个单位", "", "", ""),
            ("NEWOP", "又来", "话务员", "", "", "", ""), ("x2", "乙某", "皇帝", "", "", "", ""),
            ("x3", "丙某", "承办单位人员", "", "", "", ""), ("x4", "", "话务员", "", "", "", ""),
            ("x5", "戊某", "话务员", "", "", "1387777000I", "")],
    ))  # fmt: skip
    for row in (5, 6):
        assert f"区划.csv第 {row} 行" in told
    for row in (5, 6, 7, 8, 9):
        assert f"承办单位.csv第 {row} 行" in told
    for row in (4, 5, 6, 7, 8, 9):
        assert f"人员.csv第 {row} 行" in told
    assert told.count("\n") == 12
    long = refused(write(tmp_path / "long", 人员=[PEOPLE[0], ("x9", "长" * 50, *PEOPLE[1][2:])]))
    assert "姓名：" in long, "the column stands before what the model says of it"


def test_a_folder_that_is_none_of_ours(tmp_path: Path) -> None:
    assert "regions.xlsx" in refused(tmp_path)
    with pytest.raises(CommandError):
        call_command("set_up_city", tmp_path / "none")
    folder = write(tmp_path / "city")
    (folder / "regions.csv").write_text("x")
    assert "区划.csv" in refused(folder), "the same sheet twice"
    (folder / "regions.csv").unlink()
    (folder / "people.xlsx").write_bytes(b"PK\x03\x04 nonsense")
    (folder / "人员.csv").unlink()
    assert "people.xlsx" in refused(folder)


def test_what_is_written_is_read_back_as_the_same_city(tmp_path: Path) -> None:
    call_command("set_up_city", tmp_path / "copy", write=True, stdout=io.StringIO())
    again = laid_in(tmp_path / "copy")
    for name in ("regions", "departments", "categories", "people", "places", "directory"):
        assert (again[name]["new"], again[name]["changed"]) == (0, 0), name
        assert again[name]["same"] > 0, name


def test_a_city_that_was_laid_in_takes_its_first_call(tmp_path: Path, client: Client) -> None:
    laid_in(write(tmp_path / "city"))
    client.force_login(User.objects.get(username="newop"))
    region = Region.objects.get(name="东门街道")
    answer = client.post(reverse("new-ticket"), {
        "form_key": "", "caller_phone": "10012340001", "channel": "phone", "kind": "complaint", "urgency": "normal",
        "region": region.pk, "category": Category.objects.get(name="占道经营新").pk, "address": "新东小区",
        "description": "新东小区门口占道经营，堵得车都过不去。", "then": SEND_ON,
    })  # fmt: skip
    assert answer.status_code == 302, answer.context["form"].errors
    proposal = suggest.settled_for([Ticket.objects.get()])[Ticket.objects.get().pk]
    assert proposal is not None
    assert proposal.department.name == "新区市城管局"
