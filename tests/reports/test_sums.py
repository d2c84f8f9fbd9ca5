"""Figures of operators are kept as sums of days: whatever happened, they are what counting everything would say."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dispatch.models import Return
from hotline.accounts.models import User
from hotline.instants import LAST_DAY, midnight
from reports import indicators, operators, sums
from reports.indicators import Dimension, Figure, Window
from reports.models import ChangedDay, OperatorDay
from tests import scene
from tests.reports.test_operators_day import OTHER, picked_up, record
from tickets.calls.recording import Desk
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
WHO = (scene.OPERATOR, OTHER, "operator3")
DAYS = 4


def counted(span: Window) -> dict[str, list[Figure]]:
    """The figures by user name as the indicators define them, without any sum."""
    found: dict[int, dict[str, Figure]] = {}
    for field, names in (("operator", ["picked_up"]), ("registered_by", sums.NAMES[1:])):
        as_it_is = replace(span, as_of=midnight(LAST_DAY))
        for pk, figures in indicators.compute_by(Dimension(field, column=field), names, as_it_is).items():
            if pk:
                found.setdefault(pk, {}).update(figures)
    return {User.objects.get(pk=pk).username: list(figures.values()) for pk, figures in found.items()}


def shown(span: Window) -> dict[str, list[Figure]]:
    """What the page shows of whoever did anything; what is 0 is left out, as `counted` does."""
    return {
        row.person.username: [figure for figure in row.figures if figure.base] for row in operators.rows(span)
    }  # fmt: skip


def live_through(chance: random.Random, travel: time_machine.Traveller) -> None:
    """Some days at the desk: calls, tickets, answers, returns, and a telephone system that tells late."""
    made: list[Ticket] = []
    untold: list[tuple[str, str, datetime]] = []
    for step in range(30):
        travel.shift(timedelta(minutes=chance.randrange(10, 300)))
        who, deed = chance.choice(WHO), chance.random()
        if deed < 0.45 or not made:
            call_id = f"call{chance.randrange(step // 2 + 1)}"  # some calls have two tickets
            desk = chance.choice((Desk(call_id), Desk(form_seconds=chance.randrange(30, 200)), Desk()))
            made.append(record(0, who=who, desk=desk, kind="consultation"))
            untold.append((call_id, who, timezone.now() - timedelta(seconds=chance.randrange(20, 400))))
        elif deed < 0.65 and untold:
            picked_up(*untold.pop(chance.randrange(len(untold))))
        elif deed < 0.75:
            ticket = made.pop(chance.randrange(len(made)))
            scene.do(ticket, "answer_directly", scene.OPERATOR)
        else:
            ticket = made.pop(chance.randrange(len(made)))
            scene.do(ticket, "dispatch", scene.DISPATCHER)
            if deed > 0.8:
                scene.do(ticket, "ask_return", scene.CLERK, ground="incomplete", note="没有门牌号，无法找到现场。")
                scene.do(ticket, chance.choice(("grant_return", "refuse_return")), scene.DISPATCHER)
        if chance.random() < 0.2:
            sums.catch_up()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sums_say_what_counting_says(seed: int) -> None:
    with time_machine.travel(scene.MONDAY, tick=False) as travel:
        live_through(random.Random(seed), travel)
        assert Return.objects.exists()
        for period in operators.PERIODS:
            span = operators.span_of(period, timezone.localdate())
            assert shown(span) == counted(span)
        sums.catch_up()
        assert not ChangedDay.objects.exists()
        span = operators.span_of("week", timezone.localdate())
        assert shown(span) == counted(span)
        assert sums.rebuild() == []


def test_a_sum_that_is_wrong_is_told_and_mended(capsys: pytest.CaptureFixture[str]) -> None:
    with time_machine.travel(scene.MONDAY, tick=False):
        record(60)
        sums.catch_up()
        OperatorDay.objects.update(received=7)
        call_command("rebuild_operator_days")
        assert "received=7" in capsys.readouterr().out
        assert OperatorDay.objects.get().received == 1
        call_command("rebuild_operator_days")
        assert capsys.readouterr().out == "0\n"


def test_what_changed_shows_at_once_and_nothing_else_is_counted_anew() -> None:
    with time_machine.travel(scene.MONDAY, tick=False):
        record(60)
        sums.catch_up()
        assert [row.figures[1].base for row in operators.rows(operators.span_of("month", date(2026, 1, 1)))] == []
        span = operators.span_of("month", timezone.localdate())
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert [row.figures[1].base for row in operators.rows(span)] == [1]
        assert not [query for query in asked if "tickets_ticket" in query["sql"]]
        record(60)
        assert [row.figures[1].base for row in operators.rows(span)] == [2]
