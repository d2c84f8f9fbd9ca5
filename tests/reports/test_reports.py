"""Figures against a month counted by hand, the two lists of the week, and the files."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import time_machine
import vl_convert
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from docx import Document

from reports import behind, building, indicators, periods
from reports.content import cells, monthly, tables, weekly
from reports.content.frames import Frame
from reports.files import charts
from reports.models import Job, ReportKind, ReportRun
from reports.runs import jobs
from reports.tasks import build_due_reports
from tests import plans, scene
from tests.scene import at
from tickets.choices import FlagKind, Status
from tickets.lists.listing import ORDERS
from tickets.matters import joining
from tickets.models import Call, MissedCall, Ticket
from tickets.telephony import events, missed

pytestmark = pytest.mark.django_db
APRIL = indicators.Window(at(1, 0), at(30, 0) + timedelta(days=1))


_april: dict[str, int] = {}  # the ids of its tickets by their names


def live_through_april() -> None:
    tickets: dict[str, Ticket] = {}

    def now(day: int, hour: int, month: int = 4) -> None:
        traveller.move_to(at(day, hour).replace(month=month) if month != 4 else at(day, hour))

    def new(name: str, **details: Any) -> Ticket:
        tickets[name] = scene.call(caller_phone=f"1001111{len(tickets):04d}", address=f"{name}小区", **details)
        return tickets[name]

    def do(name: str, action: str, who: str, **given: Any) -> None:
        scene.do(tickets[name], action, who, **given)

    with time_machine.travel(at(1, 9), tick=False) as traveller:
        traveller.move_to(scene.MONDAY.replace(month=3, day=31))
        new("march")
        do("march", "dispatch", scene.DISPATCHER)
        do("march", "accept", scene.CLERK)
        now(2, 9)
        do("march", "answer", scene.CLERK)
        do("march", "close", scene.SUPERVISOR)

        now(20, 9)
        new("direct", kind="consultation")
        do("direct", "answer_directly", scene.OPERATOR)
        new("refused")
        do("refused", "refuse", scene.OPERATOR)
        for name in ("good", "late", "never", "returned", "redone"):
            new(name)
            do(name, "dispatch", scene.DISPATCHER)
        do("good", "accept", scene.CLERK)
        do("redone", "accept", scene.CLERK)
        do("returned", "ask_return", scene.CLERK)
        do("returned", "grant_return", scene.DISPATCHER)
        do("returned", "dispatch", scene.DISPATCHER, department=scene.department(scene.OTHER_DEPARTMENT))
        do("returned", "accept", scene.OTHER_CLERK)
        now(21, 9)
        do("redone", "answer", scene.CLERK)
        do("redone", "redo", scene.OPERATOR)
        do("redone", "accept", scene.CLERK)
        now(22, 9)
        do("late", "accept", scene.CLERK)
        do("good", "answer", scene.CLERK)
        do("good", "follow_up", scene.OPERATOR)
        do("redone", "answer", scene.CLERK)
        do("redone", "follow_up", scene.OPERATOR, satisfaction="very_satisfied")
        now(23, 9)
        do("returned", "answer", scene.OTHER_CLERK)
        do("returned", "follow_up", scene.OPERATOR, contacted="no", solved="partly", satisfaction="",
           cause="not_told", closing_reason="agreed")  # fmt: skip
        for number, at_once in (("10011119001", True), ("10011119002", False)):
            told = events.take(events.Event(number, "missed", timezone.now(), number)).call
            if at_once:
                missed.end(told.missed, by=scene.user(scene.OPERATOR), how="reached", note="已答复")
        events.take(events.Event("taken", "answered", timezone.now(), ""))
        now(28, 9)
        do("late", "answer", scene.CLERK)
        do("late", "follow_up", scene.OPERATOR, solved="no", satisfaction="dissatisfied", cause="slow",
           closing_reason="policy")  # fmt: skip
        now(30, 10)
        new("waiting")
        traveller.move_to(at(30, 10).replace(month=5, day=6))
        new("may")
    _april.update({name: ticket.pk for name, ticket in tickets.items()})


kept_april = scene.Kept(live_through_april)


@pytest.fixture
def april(settings: Any, tmp_path: Path) -> dict[str, Ticket]:
    """Ten tickets in and around April 2026; the test below counts them by hand."""
    settings.MEDIA_ROOT = tmp_path
    kept_april.set()
    found = Ticket.objects.in_bulk(_april.values())
    return {name: found[pk] for name, pk in _april.items()}


COUNTED_BY_HAND = {
    # indicator: (part, base); a count has no part
    "received": (None, 8),  # all but march and may
    "direct_rate": (1, 8),
    "refused_rate": (1, 8),
    "dispatched": (None, 5),  # good, late, never, returned, redone
    "assigned": (None, 6),  # returned was given to two
    "sent_down": (None, 0),
    "answered": (None, 6),  # march, good, late, returned, and redone twice
    "closed": (None, 6),  # march, direct, good, late, returned, redone
    "reopened": (None, 0),
    "open_at_end": (None, 2),  # never and waiting
    "unanswered_at_end": (None, 1),
    "overdue_at_end": (None, 1),  # never
    "overall_closing_rate": (5, 7),  # without the refused one; never and waiting are open
    "due_closing_rate": (5, 6),  # march's answer fell due on 8 April, the others' on the 22nd or 27th; never is missing
    "due_answer_rate": (5, 6),
    "closed_on_time_rate": (5, 7),  # each round of redone is a limit of its own
    "on_time_rate": (5, 7),  # late and never are not
    "accept_on_time_rate": (5, 7),  # late and never are not; what was returned first counts for who took it then
    "dispatch_on_time_rate": (8, 9),  # all seven of the 20th, one twice; waiting waits too long
    "review_on_time_rate": (1, 1),
    "ruling_on_time_rate": (0, 0),
    "progress_on_time_rate": (4, 6),  # returned and late went longer than two days without a word
    "part_on_time_rate": (0, 0),
    "order_on_time_rate": (0, 0),
    "directive_on_time_rate": (0, 0),
    "follow_up_on_time_rate": (6, 6),  # march was closed without a call, redone asked twice
    "hours_to_accept": (None, 5),  # march was accepted in March
    "hours_to_accept_p90": (None, 5),
    "hours_to_answer": (None, 6),
    "hours_to_answer_p90": (None, 6),
    "return_rate": (1, 6),
    "return_granted_rate": (1, 1),
    "right_first_rate": (4, 5),
    "hops": (None, 6),
    "auto_dispatch_rate": (0, 6),
    "suggestion_rate": (0, 6),
    "extensions_asked": (None, 0),
    "extension_granted_rate": (0, 0),
    "suspended": (None, 0),
    "redo_rate": (1, 5),  # of march, good, late, returned, redone
    "evasive_rate": (0, 6),  # tests/tickets/test_answers.py has one that is
    "follow_up_rate": (4, 5),  # march was closed without a call
    "contacted_rate": (4, 5),  # redone was asked twice
    "solved_rate": (2, 5),
    "satisfied_rate": (2, 4),  # the unrated one is not counted; redone was dissatisfied first
    "rated_rate": (3, 5),  # neither march nor returned
    **{f"flagged_{kind}": (None, 0) for kind in FlagKind.values},  # nothing swept
    # what is stuck at the end: never is neither accepted nor answered, waiting is not dispatched
    **{f"stuck_{kind}": (None, 0) for kind in indicators.STUCK},
    "stuck_overdue": (None, 1),
    "stuck_unclaimed": (None, 1),
    "stuck_unplaceable": (None, 1),
    "urged": (None, 0),
    "orders": (None, 0),
    "circulars": (None, 0),
    "site_tasks": (None, 0),
    "site_settled_rate": (0, 0),
    "joined_rate": (0, 8),
    "repeat_rate": (0, 8),
    "came_back_rate": (0, 5),  # tests/matters/test_alerts.py counts what came back
    "alerts": (None, 0),
    "picked_up": (None, 1),
    "missed": (None, 2),
    "seconds_to_record": (None, 0),  # none was timed; tests/reports/test_operators_day.py counts it
    "recording_return_rate": (0, 5),
    "call_back_on_time_rate": (1, 2),
}
MEASURED_BY_HAND = {  # office hours: six and a half a day
    "hours_to_accept": 0, "hours_to_accept_p90": 7.8,  # late took two days, the others nothing
    "hours_to_answer": 13, "hours_to_answer_p90": 29.25,  # one day twice, two days twice, three, six
    "hops": 7 / 6,
}  # fmt: skip


@pytest.mark.parametrize("name", COUNTED_BY_HAND)
def test_figures_of_april(name: str, april: dict[str, Ticket]) -> None:
    span = APRIL
    figure = indicators.compute([name], span)[name]
    assert (figure.part, figure.base) == COUNTED_BY_HAND[name]
    indicator = indicators.INDICATORS[name]
    assert indicator.rows(span, "base").count() == figure.base, "the tickets behind the number"
    if indicator.is_rate:
        assert indicator.rows(span, "part").count() == figure.part
        assert indicator.rows(span, "rest").count() == figure.base - (figure.part or 0)


def test_figures_counted_together_are_those_counted_one_by_one(april: dict[str, Ticket]) -> None:
    span = APRIL
    indicators.compute([*COUNTED_BY_HAND], span)  # limits and calendar are remembered from here on
    with CaptureQueriesContext(connection) as captured:
        together = indicators.compute([*COUNTED_BY_HAND], span)
    assert {name: (figure.part, figure.base) for name, figure in together.items()} == COUNTED_BY_HAND
    assert {name: pytest.approx(value) for name, value in MEASURED_BY_HAND.items()} == {
        name: together[name].measured for name in MEASURED_BY_HAND
    }
    assert len(captured) == 39, "once for each instant that figures go by, and once for each question about other rows"
    of_tickets = [name for name in COUNTED_BY_HAND if indicators.INDICATORS[name].of is Ticket]
    by_department = indicators.compute_by(indicators.KIND, of_tickets, span)
    assert indicators.total(by_department, of_tickets) == {name: together[name] for name in of_tickets}, "no median"
    assert all(figure.base for figures in by_department.values() for figure in figures.values())
    nothing = indicators.total({}, ["received", "on_time_rate"])
    assert [figure.text for figure in nothing.values()] == ["0", "—"]


def test_what_is_extended_or_suspended_is_due_by_its_new_day(monday: time_machine.Traveller) -> None:
    """Both answers are due on the 27th; a week of it says nothing of one that was extended, or suspended, before."""
    extended, suspended = (scene.ticket_in(Status.WORKING) for _ in range(2))
    monday.move_to(at(22, 9))
    scene.do(extended, "ask_extension", scene.CLERK)
    scene.do(extended, "grant_extension", scene.MANAGER)
    scene.do(suspended, "suspend", scene.SUPERVISOR)
    monday.move_to(at(30, 9))
    names = ["due_closing_rate", "due_answer_rate", "on_time_rate"]
    for day, bases in ((28, [0, 0, 0]), (30, [1, 1, 1])):
        found = indicators.compute(names, indicators.Window(at(20, 0), at(day, 23)))
        assert [figure.base for figure in found.values()] == bases, day


def test_each_share_and_each_measure_says_of_what_it_is_taken() -> None:
    silent = [one.name for one in indicators.INDICATORS.values() if one.unit != "number" and not one.base_in_words]
    assert silent == []
    hours = [indicators.INDICATORS[name].formula for name in ("hours_to_answer", "hours_to_answer_p90")]
    assert str(hours[0]) != str(hours[1]), "the median and the 90th percentile are not one figure"


def test_every_indicator_was_counted() -> None:
    assert set(COUNTED_BY_HAND) == set(indicators.INDICATORS)


def test_the_balance_adds_up(april: dict[str, Ticket]) -> None:
    section = tables.balance_section(Frame(periods.parse(ReportKind.MONTHLY, "2026-04")))
    assert section["rows"] == [[1, 8, 0, 7, 2]]


def test_units_add_to_the_city_with_what_no_department_did(april: dict[str, Ticket]) -> None:
    found = tables.units_section(Frame(periods.parse("monthly", "2026-04")))
    closed = found["columns"].index("已办结")
    assert [(row[0], cells.value(row[closed])) for row in found["rows"][-2:]] == [("不在承办单位", 1), ("合计", 6)]


def test_units_beyond_the_most_stand_in_one_row_and_the_total_stays(
    april: dict[str, Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = Frame(periods.parse("monthly", "2026-04"))
    whole = tables.units_section(frame)["rows"]
    monkeypatch.setattr(tables, "UNITS_SHOWN", 1)
    rows = tables.units_section(frame)["rows"]
    assert len(whole) > len(rows)
    assert rows[0][0] == f"其他 {len(whole) - 2} 个单位"
    assert [cells.text(cell) for cell in rows[-1]] == [cells.text(cell) for cell in whole[-1]]


def test_a_rate_without_a_base_is_a_dash() -> None:
    span = Frame(periods.parse(ReportKind.MONTHLY, "2011-01")).window
    assert indicators.compute(["satisfied_rate"], span)["satisfied_rate"].text == "—"


def test_what_was_stuck_is_told_of_weeks_that_nobody_looked_at(april: dict[str, Ticket]) -> None:
    """At the end of the week of the 20th late had no word of progress for two days, never was not accepted; on the
    28th the first answer fell due, which only never lacks at the end of that week."""
    told = []
    for label in ("2026-W17", "2026-W18"):
        found = weekly.stuck_section(Frame(periods.parse("weekly", label)))
        told.append({row[0]: (cells.value(row[1]), *map(cells.text, row[2:])) for row in found["rows"]})
    assert told[0] == {"无人签收": (1, "2026-04-21", "0", "+1"), "久拖未办": (1, "2026-04-24", "0", "+1")}
    assert {name: row[0] for name, row in told[1].items()} == {"无人签收": 1, "逾期": 1, "派不出": 1}


def test_a_ticket_that_flowed_abnormally_is_listed_once_with_all_its_ways(
    april: dict[str, Ticket], signed_in: Callable[[str], Client]
) -> None:
    counted, listed = monthly.abnormal_sections(Frame(periods.parse("monthly", "2026-04")))
    assert [row[0] for row in listed["rows"]] == [april[name].number for name in ("late", "never", "redone")]
    assert listed["rows"][0][-1] == listed["rows"][1][-1] == "未按时答复；未及时签收"
    name, number = counted["rows"][-1]
    assert (name, cells.value(number)) == ("合计（每件只计一次）", 3)
    page = signed_in(scene.MANAGER).get(behind.address(number["see"], at(1, 0).date(), at(30, 0).date()))
    assert len(page.context["page"]) == 3


def test_the_month_on_the_page_and_in_both_files(april: dict[str, Ticket], signed_in: Callable[[str], Client]) -> None:
    client = signed_in(scene.MANAGER)
    client.post(reverse("build-report"), {"kind": "monthly", "period": "2026-04"})
    jobs.work()
    run = ReportRun.objects.get()
    page = client.get(run.get_absolute_url()).content.decode()
    assert '<th class="num">基数</th>' in page, "above its figures"
    for text in ("66.67%", "办结率", "满意率", "投诉热点", "异常流转", april["never"].number):
        assert text in page, text
    book = openpyxl.load_workbook(io.BytesIO(run.xlsx.read()))
    found = {cell.value: cell for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "满意率" in found
    assert found[2 / 3].number_format == '0.00%"*"', "a small base is marked"
    words = Document(io.BytesIO(run.docx.read()))
    text = "\n".join(cell.text for table in words.tables for row in table.rows for cell in row.cells)
    assert "66.67%" in text
    assert april["never"].number in text
    for form in ("docx", "xlsx"):
        answer = client.get(reverse("report-file", args=[run.pk, form]))
        assert answer.status_code == 200
    assert client.get(reverse("report-file", args=[run.pk, "exe"])).status_code == 404


def test_the_week_lists_matters_of_many_and_callers_who_call_often(monday: time_machine.Traveller) -> None:
    same = [scene.call(caller_phone=f"1002222000{i}", address="凤凰天仙城 门前") for i in range(3)]
    same.append(scene.call(caller_phone="10022220000", address="凤凰天仙城门前"))  # again: no further caller
    joining.join(same, actor=scene.user(scene.DISPATCHER))
    alike = [scene.call(caller_phone=f"1006666000{i}", address="同一个地方") for i in range(4)]
    assert {ticket.matter for ticket in alike} == {None}, "one address is no matter"
    joined = [scene.call(caller_phone=f"1003333000{i}", address=f"另一处{i}") for i in range(4)]
    joining.join(joined, actor=scene.user(scene.DISPATCHER), title="停水")
    for _ in range(3):
        scene.call(caller_phone="10044440000", address="别处", category=None)
    scene.call(caller_phone="10055550000", address="又一处", at=at(19, 9))  # the week before
    week = periods.parse(ReportKind.WEEKLY, "2026-W17")
    hot = weekly.hot_matters(Frame(week))
    assert [(matter.title, matter.callers, len(matter.tickets)) for matter in hot] == [
        ("停水", 4, 4),
        (same[0].title, 3, 4),
    ]
    assert [(caller.phone, calls) for caller, calls in weekly.frequent_callers(Frame(week))] == [("10044440000", 3)]
    text = json.dumps(weekly.frequent_callers_section(Frame(week)), ensure_ascii=False)
    assert "10044440000" not in text, "numbers are masked"


def test_reports_are_built_once_when_their_period_has_ended(
    monday: time_machine.Traveller, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    for _ in range(2):
        build_due_reports()
    assert set(ReportRun.objects.values_list("kind", "period")) == {("weekly", "2026-W16"), ("monthly", "2026-03")}
    monday.move_to(at(27, 7))
    build_due_reports()
    assert ReportRun.objects.filter(period="2026-W17").count() == 1


def test_the_command_writes_files_and_a_summary(
    april: dict[str, Ticket], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("build_report", "monthly", "2026-04", "--out", str(tmp_path / "out"))
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert summary["period"] == "2026-04"
    assert sorted(path.suffix for path in (tmp_path / "out").iterdir()) == [".docx", ".xlsx"]


@pytest.mark.parametrize(
    ("kind", "label"),
    [("weekly", "2026-W60"), ("weekly", "2026-04"), ("monthly", "2026-13"), ("monthly", "0001-01"),
     ("monthly", "9999-12"), ("weekly", "9999-W52"), ("monthly", "")],
)  # fmt: skip
def test_a_period_that_is_none(kind: str, label: str, signed_in: Callable[[str], Client], tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        call_command("build_report", kind, label, "--out", str(tmp_path))
    answer = signed_in(scene.MANAGER).post(reverse("build-report"), {"kind": kind, "period": label}, follow=True)
    assert answer.status_code == 422
    assert f'value="{label}"' in answer.content.decode(), "what was typed stays"
    assert not Job.objects.exists()


def test_a_period_that_has_not_begun(signed_in: Callable[[str], Client], monday: time_machine.Traveller) -> None:
    signed_in(scene.MANAGER).post(reverse("build-report"), {"kind": "monthly", "period": "2026-07"})
    assert not Job.objects.exists()


def test_supervisors_read_reports_and_do_not_build_them(signed_in: Callable[[str], Client]) -> None:
    client = signed_in(scene.SUPERVISOR)
    assert client.get(reverse("reports")).status_code == 200
    assert client.post(reverse("build-report"), {"kind": "monthly", "period": "2026-04"}).status_code == 403


def test_every_number_of_the_dashboard_leads_to_its_tickets(
    april: dict[str, Ticket], signed_in: Callable[[str], Client]
) -> None:
    client = signed_in(scene.MANAGER)
    for name, (part, base) in COUNTED_BY_HAND.items():
        for which, number in (("base", base), ("part", part)):
            if number is None:
                continue
            address = reverse("figure-tickets", args=[name])
            page = client.get(f"{address}?from=2026-04-01&to=2026-04-30&part={which}&sort=newest")
            assert page.context.get("counted", len(page.context["page"])) == number, (name, which)
            if indicators.INDICATORS[name].of not in (Call, MissedCall):
                behind = set(indicators.INDICATORS[name].tickets(APRIL, which).values_list("pk", flat=True))
                assert {ticket.pk for ticket in page.context["page"]} == behind, (name, which)
    assert client.get(reverse("figure-tickets", args=["nonsense"])).status_code == 404
    odd = reverse("figure-tickets", args=["received"]) + "?from=2026-99-99&to=9999-12-31&part=zzz"
    assert client.get(odd).status_code == 200


@pytest.mark.parametrize("order", ORDERS)
def test_the_tickets_of_a_figure_in_every_order(
    order: str, april: dict[str, Ticket], signed_in: Callable[[str], Client]
) -> None:
    with CaptureQueriesContext(connection) as captured:
        address = reverse("figure-tickets", args=["received"]) + f"?from=2026-04-01&to=2026-04-30&sort={order}"
        page = signed_in(scene.MANAGER).get(address).context["page"]
    column = ORDERS[order][0].lstrip("-")
    span = APRIL
    behind = indicators.INDICATORS["received"].tickets(span).filter(**{f"{column}__isnull": False})
    assert [ticket.pk for ticket in page] == list(behind.order_by(*ORDERS[order]).values_list("pk", flat=True))
    listed = next(query["sql"] for query in captured.captured_queries if "LIMIT 26" in query["sql"])
    # along the figure's own instant from where the period begins; otherwise gathered first, not met in all of history
    assert ("ORDER BY COALESCE(" in listed) == (column != "registered_at")


# Of all tickets at once; those of operators are counted for a day or a month, and missed calls are few.
OF_ALL_TICKETS = ["received"]


@pytest.mark.parametrize("name", OF_ALL_TICKETS)
def test_a_figure_is_counted_by_the_index_of_its_instant_and_so_are_its_tickets_found(name: str) -> None:
    scene.ticket_in("closed")
    span = APRIL
    indicator = indicators.INDICATORS[name]
    with plans.with_one_index(Ticket, "registered_at"):
        for which in ("base", "part", "rest"):
            found = indicator.tickets(span, which).filter(kind="complaint")
            for order in ORDERS.values():
                way = plans.way_to(found.order_by(*order).values("pk"))
                assert way in ("Index Only Scan", plans.BY_ITS_KEY), (which, order)
        with CaptureQueriesContext(connection) as captured:
            indicators.compute_by(indicators.KIND, [name], span)
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (FORMAT json, COSTS off) {captured[0]['sql']}")
            way = plans.way_in(json.dumps(cursor.fetchone()[0]), "tickets_ticket")
            assert way in ("Index Only Scan", plans.BY_ITS_KEY)


def test_an_empty_city_has_an_empty_report(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    for kind, label in (("weekly", "2015-W10"), ("monthly", "2015-03")):
        run = building.build(periods.parse(kind, label))
        assert run.sections
        assert run.docx.size > 1000


def test_what_falls_due_tomorrow_has_not_fallen_due(
    monday: time_machine.Traveller, signed_in: Callable[[str], Client]
) -> None:
    scene.ticket_in("working")  # to be answered by the 27th
    for moment, base in ((at(26, 9), 0), (at(27, 10), 1)):
        monday.move_to(moment)
        shown = signed_in(scene.MANAGER).get(reverse("dashboard")).context["cards"]
        figure = next(found.figure for found in shown if found.figure.indicator.name == "on_time_rate")
        assert (figure.part, figure.base) == (0, base)
        behind = signed_in(scene.MANAGER).get(
            reverse("figure-tickets", args=["on_time_rate"]) + "?from=2026-04-01&to=2026-04-30"
        )
        assert len(behind.context["page"]) == base


def test_a_chart_is_drawn_once_for_what_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    real = vl_convert.vegalite_to_svg

    def draws(spec: Any) -> Any:
        drawn.append(spec)
        return real(spec)

    monkeypatch.setattr(vl_convert, "vegalite_to_svg", draws)
    section = {"chart": {"label": 0, "value": 1}, "rows": [[f"街道{time.time_ns()}", 3]]}
    first = charts.as_svg(section)
    assert first.startswith("<svg")
    assert charts.as_svg(section) == first
    assert len(drawn) == 1
    charts.as_svg(section | {"rows": [[f"（保密）{time.time_ns()}", 3]]})
    assert len(drawn) == 2, "what is left out later is drawn without it"
