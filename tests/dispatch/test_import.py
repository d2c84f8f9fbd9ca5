"""Taking in recorded messages: what is taken, what is refused and why, and that twice is once."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from openpyxl import Workbook

from reports import indicators
from reports.content.tables import balance
from reports.models import ReportKind
from reports.periods import containing
from supervision.clocks.sweeping import sweep
from supervision.models import Flag
from tests import scene
from tests.reports import by_hand
from tests.scene import at
from tickets.choices import Status
from tickets.models import Caller, Ticket

pytestmark = pytest.mark.django_db
Take = Callable[..., dict[str, float]]
HEADING = "message_id,user,title,created,body"
REPLIED = f"{HEADING},reply,replied"
GOOD = "1,U1,门口钢板响,2019-05-20 09:00:00,道路改造铺的钢板整夜响。"
REPLY = "2,U2,咨询公积金提取,2019-05-20 09:00:00,请问怎么提取？,请携带身份证到公积金中心办理。,2019-06-01 10:30:00"
REAL = Path(__file__).resolve().parent.parent.parent.parent / "shared" / "data"


@pytest.fixture
def take(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Take:
    """Imports a file of these lines; returns its summary."""

    def run(*lines: str, name: str = "in.csv") -> dict[str, float]:
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        call_command("import_tickets", str(path))
        return dict(json.loads(capsys.readouterr().out.strip().splitlines()[-1]))

    return run


def test_a_message_is_recorded_at_its_true_time_and_dispatched_by_rule(take: Take) -> None:
    summary = take(HEADING, GOOD)
    assert {key: summary[key] for key in ("created", "updated", "rejected")} == {
        "created": 1, "updated": 0, "rejected": 0,
    }  # fmt: skip
    ticket = Ticket.objects.get()
    assert ticket.registered_at == scene.at(20, 9).replace(year=2019, month=5)
    assert ticket.number == "XG20190520000001"
    assert str(ticket.category) == "道路施工"
    assert str(ticket.department) == "市住房和城乡建设局"
    assert ticket.status == Status.DISPATCHED
    assert Caller.objects.get().tickets.get() == ticket
    sweep(ticket.registered_at + timedelta(days=30))
    assert set(Flag.objects.values_list("kind", flat=True)) == {"unclaimed", "overdue"}


def test_facts_are_read_from_the_words_of_a_message(take: Take) -> None:
    """At the time of the message, not of the import."""
    take(
        HEADING,
        "1,13871230001,多收钱,2019-05-20 09:00:00,昨晚十点在文化路15号吃饭，多收200元，车牌鄂K12345，我要投诉。",
    )
    ticket = Ticket.objects.get()
    assert (ticket.kind, ticket.happened, ticket.address) == ("complaint", "2019-05-19 22:00", "文化路15号")
    assert (ticket.amount, ticket.plate, ticket.contact_phone) == ("200元", "鄂K12345", "")


def test_a_reply_closes_with_its_true_duration(take: Take) -> None:
    take(REPLIED, REPLY)
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.closing) == (Status.CLOSED, "no_call")
    assert ticket.answered_at is not None
    assert ticket.answered_at - ticket.registered_at == timedelta(days=12, hours=1, minutes=30)
    assert ticket.answers.get().text == "请携带身份证到公积金中心办理。"
    assert (ticket.accepted_at, ticket.accept_due_at, ticket.satisfaction) == (None, None, ""), "nothing is made up"
    assert ticket.kind == "consultation"


def test_twice_is_once(take: Take) -> None:
    take(REPLIED, f"{GOOD},,", REPLY)
    before = list(Ticket.objects.order_by("pk").values())
    again = take(REPLIED, f"{GOOD},,", REPLY)
    assert (again["created"], again["updated"], again["rejected"]) == (0, 0, 0)
    assert list(Ticket.objects.order_by("pk").values()) == before


def test_a_reply_that_comes_later_closes_the_ticket(take: Take) -> None:
    take(HEADING, GOOD, "3,U3,无法归类的事,2019-05-21 10:00:00,某事某事")
    summary = take(
        REPLIED,
        f"{GOOD},已督促施工单位加固钢板。,2019-05-24 09:00:00",
        "3,U3,无法归类的事,2019-05-21 10:00:00,某事某事,已回复。,2019-05-25 09:00:00",
    )
    assert (summary["created"], summary["updated"]) == (0, 2)
    assert set(Ticket.objects.values_list("status", flat=True)) == {Status.CLOSED}
    for ticket in Ticket.objects.all():
        assert [event.sequence for event in ticket.events.order_by("sequence")] == list(range(1, ticket.version + 1))


def test_what_people_have_taken_on_is_not_overwritten(take: Take) -> None:
    take(HEADING, GOOD)
    scene.do(Ticket.objects.get(), "accept", "shizhujian")
    assert take(REPLIED, f"{GOOD},已加固。,2019-05-24 09:00:00")["updated"] == 0
    assert Ticket.objects.get().status == Status.WORKING


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("9,U,题,昨天,正文", "日期"),
        ("9,U,题,2031-13-01 09:00:00,正文", "日期"),
        ("9,U,题,2099-01-01 09:00:00,正文", "未来"),
        ("9,U,,2019-05-20 09:00:00,", "为空"),
        (",U,题,2019-05-20 09:00:00,正文", "编号"),
        ("9,U,题", "列数"),
        ("9,U,题,2019-05-20 09:00:00,正文,多,余,的", "列数"),
        ("1,U1,又一条,2019-05-20 09:00:00,同号", "重复"),
    ],
)
def test_a_row_that_is_refused_is_named_with_its_reason(take: Take, tmp_path: Path, row: str, reason: str) -> None:
    summary = take(HEADING, GOOD, row)
    assert (summary["created"], summary["rejected"]) == (1, 1)
    with (tmp_path / "in.rejected.csv").open(encoding="utf-8-sig", newline="") as file:
        heading, refused = list(csv.reader(file))
    assert heading == [*HEADING.split(","), "reason"]
    assert reason in refused[-1]
    take(HEADING, GOOD)
    assert not (tmp_path / "in.rejected.csv").exists(), "the next clean run takes it away"


def test_refused_rows_carry_no_formula_and_are_taken_in_once_they_are_put_right(take: Take, tmp_path: Path) -> None:
    evil = ('=cmd|"/c calc"!A0', "+1+1", "-2", "@SUM(A1)", "'=1", "平常")
    quoted = ",".join('"' + text.replace('"', '""') + '"' for text in (*evil[:3], "昨天", evil[3]))
    assert take(HEADING, quoted)["rejected"] == 1
    with (tmp_path / "in.rejected.csv").open(encoding="utf-8-sig", newline="") as file:
        _heading, refused = list(csv.reader(file))
    assert all(cell[0] not in "=+-@" for cell in refused)
    assert "第 2 行" in refused[-1]
    again = (tmp_path / "in.rejected.csv").read_text("utf-8-sig").replace("昨天", "2019-05-20 09:00:00")
    (tmp_path / "again.csv").write_text(again)
    call_command("import_tickets", str(tmp_path / "again.csv"))
    ticket = Ticket.objects.get()
    assert (ticket.import_key, ticket.caller_name, ticket.title) == (f"import:{evil[0]}", evil[1], evil[2])


def test_a_workbook_with_chinese_headings_is_taken_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(("2019 年网民留言",))
    sheet.append(("留言编号", "留言用户", "留言主题", "留言时间", "留言详情", "答复意见", "答复时间", "点赞数"))
    created, replied = datetime(2019, 5, 20, 9), datetime(2019, 5, 24, 9)  # noqa: DTZ001 - a sheet knows no zone
    sheet.append((7, "U7", "门口钢板响", created, "整夜响", "已加固", replied, 3))
    sheet.append((8, "U8", "路灯不亮", "昨天", "一周了", None, None, 0))
    path = tmp_path / "留言.xls"  # a name says nothing
    book.save(path)
    call_command("import_tickets", str(path))
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (summary["created"], summary["rejected"]) == (1, 1)
    assert Ticket.objects.get().registered_at == at(20, 9).replace(year=2019, month=5)
    assert "第 4 行" in (tmp_path / "留言.rejected.csv").read_text("utf-8-sig")


def test_a_reply_before_its_message_is_refused(take: Take) -> None:
    assert take(REPLIED, f"{GOOD},已回复。,2019-05-19 09:00:00")["rejected"] == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("编号,标题\n1,甲\n".encode("gbk"), "缺少列"),
        (b"", "缺少列"),
        (b"message_id,user,title,created\n1,u,t,2019-01-01 00:00:00\n", "留言详情"),
        (f"{HEADING},reply\n{GOOD},x\n".encode(), "答复时间"),
        (b"\x00\x01\x02", "零字节"),
        (f'{HEADING}\n1,u,"open,2019\n'.encode(), "第 2 行"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line_and_nothing_done(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=said) as refused:
        call_command("import_tickets", str(path))
    assert refused.value.returncode == 2
    assert "\n" not in str(refused.value)
    assert not Ticket.objects.exists()
    assert not list(tmp_path.glob("*.rejected.csv"))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(CommandError) as refused:
            call_command("import_tickets", str(path))
        assert refused.value.returncode == 2


def test_refused_rows_go_to_the_current_folder_where_the_files_is_read_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dispatch import importing

    monkeypatch.chdir(tmp_path)
    assert importing.rejected_path(Path("/proc/in.csv")) == Path("in.rejected.csv")


def test_the_real_messages(capsys: pytest.CaptureFixture[str]) -> None:
    """All 2,109 and 2,816 of them; the data stay outside the repository."""
    if not REAL.exists():
        pytest.skip(f"REAL MESSAGES NOT TESTED: {REAL} is not here")
    for name, rows in (("messages.csv", 2109), ("replies.csv", 2816)):
        call_command("import_tickets", str(REAL / name))
        summary = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
        assert (summary["created"], summary["rejected"]) == (rows, 0)
    assert Ticket.objects.filter(status=Status.CLOSED).count() == 2816
    for month in range(1, 13):
        period = containing(ReportKind.MONTHLY, date(2019, month, 1))
        window = indicators.Window(period.start, period.end)
        counted = by_hand.month(window)
        figures = indicators.compute(counted, window)
        assert {name: (figure.part, figure.base) for name, figure in figures.items()} == counted, month
        by_unit = indicators.compute_by(indicators.UNIT, ["on_time_rate"], window)
        assert by_hand.on_time_by_unit(window) == {
            unit: (found["on_time_rate"].part, found["on_time_rate"].base) for unit, found in by_unit.items()
        }
        assert balance(window).is_right
    sweep(at(1, 9).replace(year=2019, month=7))
    assert Flag.objects.filter(kind="unclaimed").count() > 1500
