"""The responsibility directory: what holds, versions, the sheet, the check, and what a change would have meant."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from dispatch import suggest
from dispatch.directory import check, preview, sheet, versions
from dispatch.directory.book import Line, lines_of, standing
from dispatch.models import DirectoryVersion
from dispatch.sheets.workbooks import ON_A_PAGE
from hotline.accounts.models import Department, Region
from tests import scene
from tickets.models import Category

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
ROADWORKS = "城乡建设/道路与桥梁/道路施工"
USUAL = "市住房和城乡建设局"  # by the demo city's directory


def line_for(department: str = scene.OTHER_DEPARTMENT, **details: Any) -> Line:
    """A new line: road works in one street."""
    given: dict[str, Any] = {
        "sender": None,
        "category": Category.objects.get(name="道路施工").pk,
        "region": Region.objects.get(name="书院街道").pk,
        "department": scene.department(department).pk,
        "assisting": (),
        "basis": "城管与住建职责划分意见",
        "valid_from": date(2026, 4, 20),
        "valid_until": None,
    }
    return Line(**(given | details))


def in_force(line: Line, instead_of: Line | None = None) -> DirectoryVersion:
    draft = versions.draft_line(line, instead_of=instead_of, note="职责划分调整", actor=scene.user(scene.MANAGER))
    assert draft is not None
    return versions.put_in_force(draft, actor=scene.user(scene.MANAGER))


def proposed() -> str:
    found = suggest.for_ticket(scene.call())
    assert found is not None
    return found.department.name


def workbook(*rows: tuple[Any, ...], heading: tuple[str, ...] = ()) -> bytes:
    book, out = Workbook(), io.BytesIO()
    sheet_ = book.active
    assert sheet_ is not None
    sheet_.append(heading or ("派出单位", "事项分类", "区域", "承办单位", "协办单位", "依据", "生效日期", "失效日期"))
    for row in rows:
        sheet_.append(row)
    book.save(out)
    return out.getvalue()


def refused(content: bytes) -> list[tuple[int, str]]:
    with pytest.raises(sheet.Refused) as caught:
        sheet.read(content)
    return [(problem.row, problem.text) for problem in caught.value.problems]


# -- what holds ---------------------------------------------------------------------------------------------


def test_a_line_holds_from_its_first_day_to_its_last(monday: time_machine.Traveller) -> None:
    assert proposed() == USUAL
    in_force(line_for(valid_from=date(2026, 4, 22), valid_until=date(2026, 4, 23)))
    for day, name in ((21, USUAL), (22, scene.OTHER_DEPARTMENT), (23, scene.OTHER_DEPARTMENT)):
        monday.move_to(scene.at(day, 9))
        assert proposed() == name
    monday.move_to(scene.at(24, 0, 1))
    assert proposed() == USUAL


def test_those_who_assist_are_filled_in_with_the_responsible_department(monday: object) -> None:
    assisting = scene.department("市公安局交通警察支队")
    in_force(line_for(assisting=(assisting.pk,)))
    found = suggest.for_ticket(scene.call())
    assert found is not None
    assert found.assisting == (assisting,)


def test_a_department_sends_down_by_lines_of_its_own(signed_in: SignIn) -> None:
    ticket = scene.ticket_in("dispatched")
    page = signed_in(scene.CLERK).get(reverse("ticket-action", args=[ticket.number, "send_down"])).content.decode()
    section = scene.department("孝南区住房和城乡建设局市政工程科")
    assert re.search(rf'<option value="{section.pk}"[^>]* selected', page)
    assert proposed() == USUAL, "the hotline's own dispatch does not see lines of departments"


# -- versions -----------------------------------------------------------------------------------------------


def test_a_changed_line_ends_the_day_before_and_stays_on_record(monday: object) -> None:
    first = in_force(line_for())
    (old,) = lines_of(standing().filter(brought_in=first))
    second = in_force(line_for(scene.DEPARTMENT, valid_from=date(2026, 5, 1)), instead_of=old)
    assert (first.number, second.number) == (2, 3)
    now = {(one.valid_from, one.valid_until) for one in lines_of(standing()) if one.key == old.key}
    assert now == {(date(2026, 4, 20), date(2026, 4, 30)), (date(2026, 5, 1), None)}
    before = [one.content for one in versions.lines_in(2) if one.key == old.key]
    assert before == [old.content]
    assert len(versions.lines_in(1)) == len(versions.lines_in(2)) - 1


def test_a_draft_changes_nothing_until_it_is_put_in_force(monday: object) -> None:
    draft = versions.draft_line(line_for(), instead_of=None, note="试", actor=scene.user(scene.MANAGER))
    assert draft is not None
    assert proposed() == USUAL
    versions.put_in_force(draft, actor=scene.user(scene.MANAGER))
    assert proposed() == scene.OTHER_DEPARTMENT
    with pytest.raises(versions.Unfit):
        versions.put_in_force(draft, actor=scene.user(scene.MANAGER))


def test_of_two_drafts_the_second_is_refused_once_the_first_is_in_force(monday: object) -> None:
    manager = scene.user(scene.MANAGER)
    one = versions.draft_line(line_for(), instead_of=None, note="甲", actor=manager)
    other = versions.draft_line(line_for("市公安局"), instead_of=None, note="乙", actor=manager)
    assert one is not None
    assert other is not None
    versions.put_in_force(one, actor=manager)
    with pytest.raises(versions.Unfit, match="重新"):
        versions.put_in_force(other, actor=manager)
    assert proposed() == scene.OTHER_DEPARTMENT


def test_overlapping_days_and_circles_are_no_directory(monday: object) -> None:
    bureau, section = scene.department(scene.DEPARTMENT), scene.department("孝南区住房和城乡建设局市政工程科")
    line = line_for()
    assert not versions.faults([line, replace(line, region=1, valid_until=date(2026, 5, 1))])
    overlap = versions.faults([line, replace(line, valid_from=date(2026, 6, 1))])
    assert [(fault.index, fault.other) for fault in overlap] == [(1, 0)]
    circle = versions.faults([replace(line, sender=section.pk, department=bureau.pk)])
    assert len(circle) == 1
    assert "循环" in circle[0].text
    assert versions.faults([replace(line, sender=bureau.pk, department=bureau.pk)])
    assert not versions.faults([replace(line, sender=bureau.pk, department=section.pk)])
    assert versions.faults([replace(line, valid_until=date(2026, 4, 19))])


# -- the sheet ----------------------------------------------------------------------------------------------


def test_what_is_written_is_read_back_as_the_same_directory(monday: object) -> None:
    assisting = (scene.department("市公安局").pk, scene.department("市教育局").pk)
    in_force(line_for(assisting=tuple(sorted(assisting)), valid_until=date(2027, 1, 1)))
    known = lines_of(standing())
    back = sheet.read(sheet.write(known))
    assert {one.content for one in back} == {one.content for one in known}
    assert versions.draft_whole(back, note="同", actor=None) is None


def test_a_sheet_is_refused_whole_with_the_rows_that_are_wrong(monday: object) -> None:
    good = (None, ROADWORKS, "书院街道", scene.OTHER_DEPARTMENT, None, "依据", "2026-04-20", None)
    content = workbook(
        good,
        (None, ROADWORKS, "书院街道", "没有的局", None, None, None, None),
        (None, "没有的分类", "书院街道", scene.OTHER_DEPARTMENT, None, None, None, None),
        (None, ROADWORKS, "书院街道", scene.DEPARTMENT, None, None, date(2026, 6, 1), None),
        (None, ROADWORKS, "火星", scene.DEPARTMENT, None, None, None, None),
        (None, ROADWORKS, "新华街道", scene.DEPARTMENT, None, None, "明天", None),
        ("孝南区住房和城乡建设局市政工程科", ROADWORKS, "孝南区", scene.DEPARTMENT, None, None, None, None),
        (None, ROADWORKS, "新华街道", None, None, None, None, None),
    )
    before = lines_of(standing())
    problems = refused(content)
    assert [row for row, _text in problems] == [3, 4, 5, 6, 7, 8, 9]
    said = dict(problems)
    assert "没有的局" in said[3]
    assert "第 2 行" in said[5]
    assert "循环" in said[8]
    assert lines_of(standing()) == before
    assert not DirectoryVersion.objects.filter(state="draft").exists()


def test_names_that_are_written_in_another_width_or_with_blanks_are_the_same(monday: object) -> None:
    odd = Department.objects.create(
        name="市水务（集团） 有限公司、东区", level="utility", region=Region.objects.all()[0]
    )
    in_force(line_for(odd.name, assisting=(odd.pk, scene.department("市公安局").pk)[1:]))
    in_force(line_for(assisting=(odd.pk,), region=Region.objects.get(name="新华街道").pk))
    known = {one.content for one in lines_of(standing())}
    assert {one.content for one in sheet.read(sheet.write(lines_of(standing())))} == known
    row = (
        None,
        "城乡建设／道路与桥梁／道路施工",
        "书院 街道",
        "市水务(集团)有限公司、东区",
        None,
        None,
        "2026-04-20",
        None,
    )
    assert sheet.read(workbook(row))[0].department == odd.pk


def test_a_code_that_lost_its_zeros_is_still_the_code(monday: object) -> None:
    Category.objects.filter(name="道路施工").update(code="000123")
    (line,) = sheet.read(workbook((None, 123, "书院街道", scene.OTHER_DEPARTMENT, None, None, 46132, None)))
    assert (line.category, line.valid_from) == (Category.objects.get(name="道路施工").pk, date(2026, 4, 20))


def test_ten_thousand_lines_of_one_case_are_refused_as_fast_as_other_sheets(monday: object) -> None:
    many = [line_for()] * 10_000
    began = time.monotonic()
    found = versions.faults(many)
    assert time.monotonic() - began < 5
    assert [(one.other, one.index) for one in found[:2]] == [(0, 1), (0, 2)]


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04 no archive", b"\x00\x01\x02", ON_A_PAGE.size * b"x" + b"x"],
    ids=["empty", "broken", "binary", "large"],
)
def test_what_is_no_workbook_is_refused_in_words(content: bytes) -> None:
    assert len(refused(content)) == 1


def test_a_sheet_without_its_columns_or_lines_is_refused() -> None:
    assert refused(workbook(heading=("事项分类", "区域")))[0][0] == 1
    assert refused(workbook())[0][0] == 0


def test_a_closed_department_is_refused_where_the_line_goes_on(monday: object) -> None:
    closed = scene.department(scene.OTHER_DEPARTMENT)
    closed.is_open = False
    closed.save()
    row = (None, ROADWORKS, "书院街道", closed.name, None, None, "2026-01-01")
    assert "不再" in refused(workbook((*row, None)))[0][1]
    assert len(sheet.read(workbook((*row, "2026-03-31")))) == 1


# -- the check ----------------------------------------------------------------------------------------------


def found(kind: check.Kind, lines: list[Line] | None = None) -> list[str]:
    return [one.text for one in check.findings(lines=lines) if one.kind == kind]


def test_the_demo_city_has_no_contradiction(monday: object) -> None:
    assert found(check.Kind.CONTRADICTION) == []


def test_a_hole_is_named_with_the_tickets_that_fell_into_it(monday: object) -> None:
    roadworks = Category.objects.get(name="道路施工")
    above = {*roadworks.ancestor_ids}
    rest = [line for line in lines_of(standing()) if line.category not in above]
    scene.call()
    holes = [one for one in check.findings(lines=rest) if one.kind == check.Kind.HOLE]
    mine = [one for one in holes if "道路施工" in one.text]
    assert [one.weight for one in mine] == [1]
    somewhere = [*rest, line_for(valid_from=date(2026, 1, 1))]
    texts = [text for text in found(check.Kind.HOLE, somewhere) if "道路施工" in text]
    assert len(texts) == 1
    assert "书院街道" not in texts[0]


def test_contradictions_are_found(monday: object) -> None:
    far = Region.objects.get(name="汉川市")
    outside = line_for(scene.DEPARTMENT, region=far.pk)
    assert any("汉川市" in text for text in found(check.Kind.CONTRADICTION, [*lines_of(standing()), outside]))
    ticket = scene.do(scene.ticket_in("ruling"), "rule", scene.MANAGER, department=scene.department("市公安局").pk)
    told = [text for text in found(check.Kind.CONTRADICTION) if "判例" in text]
    assert told
    assert not any(ticket.number in text for text in told), "whoever keeps the directory may see no tickets"
    closed = scene.department(USUAL)
    closed.is_open = False
    closed.save()
    assert any(closed.name in text for text in found(check.Kind.CONTRADICTION))


def test_practice_that_speaks_against_a_line(monday: object) -> None:
    in_force(line_for())
    for serial in range(check.PRACTICE_LEAST):
        ticket = scene.ticket_in("follow_up", caller_phone=f"1001234{serial:04d}")
    assert ticket.department is not None
    texts = found(check.Kind.PRACTICE)
    assert len(texts) == 1
    assert ticket.department.name in texts[0]


def test_lines_that_end_or_say_nothing_new(monday: object) -> None:
    ends = line_for(valid_until=date(2026, 5, 1))
    assert any(USUAL in text for text in found(check.Kind.ENDING, [*lines_of(standing()), ends]))
    above = next(one for one in lines_of(standing()) if one.pk and proposed_line() == one.pk)
    same = replace(above, category=line_for().category, region=line_for().region, pk=None)
    assert found(check.Kind.NEEDLESS, [*lines_of(standing()), same])


def proposed_line() -> int:
    from dispatch.directory.book import Book

    roadworks, street = Category.objects.get(name="道路施工"), Region.objects.get(name="书院街道")
    line = Book(lines_of(standing()), date(2026, 4, 20)).find(roadworks.ancestor_ids, street.ancestor_ids)
    assert line is not None
    assert line.pk is not None
    return line.pk


# -- what a change would have meant -------------------------------------------------------------------------


def test_what_would_change_over_last_months_tickets(monday: time_machine.Traveller) -> None:
    scene.ticket_in("follow_up")
    scene.call(caller_phone="10012340002")
    monday.shift(timedelta(days=31))
    answered = scene.ticket_in("follow_up", caller_phone="10012340003")
    scene.call(caller_phone="10012340004", region=Region.objects.get(name="新华街道"))
    line = line_for(scene.DEPARTMENT, valid_from=date(2026, 6, 1))
    draft = versions.draft_line(line, instead_of=None, note="试", actor=None)
    assert draft is not None
    told = preview.of(draft)
    assert (told.day, told.tickets, told.moved) == (date(2026, 6, 1), 2, 1)
    (move,) = told.moves
    assert (str(move.old), str(move.new)) == (USUAL, scene.DEPARTMENT)
    assert (move.answered, move.by_old, move.by_new) == (1, 0, 1)
    assert answered.department == move.new


# -- pages --------------------------------------------------------------------------------------------------


def test_a_line_is_written_looked_at_and_put_in_force(signed_in: SignIn, monday: object) -> None:
    client, line = signed_in(scene.MANAGER), line_for()
    typed = {
        "category": line.category, "region": line.region, "department": line.department, "basis": line.basis,
        "valid_from": "2026-04-20", "note": "职责划分调整",
    }  # fmt: skip
    wrong = client.post(reverse("directory-line"), typed | {"valid_until": "2026-04-01"})
    assert "早于" in wrong.content.decode()
    assert "职责划分调整" in wrong.content.decode(), "what was typed stays"
    draft = client.post(reverse("directory-line"), typed, follow=True)
    assert "若实行" in draft.content.decode()
    address = draft.redirect_chain[-1][0]
    client.post(address, {"then": "put_in_force"})
    assert proposed() == scene.OTHER_DEPARTMENT
    assert "职责划分调整" in client.get(reverse("directory-versions")).content.decode()
    assert "只有草案" not in client.post(address, {"then": "put_in_force"}, follow=True).content.decode()


def test_a_sheet_goes_through_the_page(signed_in: SignIn, monday: object) -> None:
    client = signed_in(scene.ADMIN)
    exported = client.get(reverse("directory-export")).content
    book = load_workbook(io.BytesIO(exported))
    book.worksheets[0].append((None, ROADWORKS, "书院街道", scene.OTHER_DEPARTMENT, None, "依据", "2026-04-20"))
    out = io.BytesIO()
    book.save(out)

    def send(content: bytes) -> Any:
        file = SimpleUploadedFile("目录.xlsx", content)
        return client.post(reverse("directory-import"), {"file": file, "note": "年度调整"}, follow=True)

    assert "未作任何改动" in send(b"nonsense").content.decode()
    assert "无需改动" in send(exported).content.decode()
    page = send(out.getvalue())
    client.post(page.redirect_chain[-1][0], {"then": "put_in_force"})
    assert proposed() == scene.OTHER_DEPARTMENT
    older = client.get(reverse("directory-export"), {"version": 1}).content
    assert {x.content for x in sheet.read(older)} == {x.content for x in sheet.read(exported)}


def test_a_precedent_is_put_into_the_directory(signed_in: SignIn, monday: object) -> None:
    ticket = scene.do(scene.ticket_in("ruling"), "rule", scene.MANAGER, department=scene.department("市公安局").pk)
    client = signed_in(scene.MANAGER)
    page = client.get(reverse("precedents")).content.decode()
    assert "判例" in page
    precedent = ticket.precedents.get()
    form = client.get(reverse("directory-line"), {"precedent": precedent.pk}).context["form"]
    typed = {name: form.initial[name] for name in ("category", "region", "department", "basis", "note")}
    draft = client.post(reverse("directory-line"), typed | {"valid_from": "2026-04-20"}, follow=True)
    client.post(draft.redirect_chain[-1][0], {"then": "put_in_force"})
    line = lines_of(standing().filter(department=precedent.department, category=ticket.category)).pop()
    assert "判例" in line.basis
    assert ticket.number not in line.basis, "whoever keeps the directory may see no tickets"


def test_who_may_read_and_who_may_change(signed_in: SignIn, monday: object) -> None:
    draft = versions.draft_line(line_for(), instead_of=None, note="试", actor=None)
    assert draft is not None
    for who, reads, changes in (
        (scene.OPERATOR, 403, 403),
        (scene.CLERK, 200, 403),
        (scene.DISPATCHER, 200, 403),
        (scene.SUPERVISOR, 200, 403),
        (scene.ADMIN, 200, 200),
    ):
        client = signed_in(who)
        for name in ("directory", "directory-check", "directory-versions", "directory-export"):
            assert client.get(reverse(name)).status_code == reads, (who, name)
        assert client.get(draft.get_absolute_url()).status_code == reads
        for name in ("directory-line", "directory-import"):
            assert client.get(reverse(name)).status_code == changes, (who, name)
        if changes == 403:
            assert client.post(draft.get_absolute_url(), {"then": "put_in_force"}).status_code == 403
    assert client.get(reverse("directory"), {"q": "道路", "tab": "other", "page": "x"}).status_code == 200
    assert client.post(draft.get_absolute_url(), {"then": "discard"}).status_code == 302
    draft.refresh_from_db()
    assert draft.state == "discarded"
