"""Callers become anonymous after the city's period: nothing says any more who they were, and no figure is another."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hotline import roles
from hotline.ledger import verifying
from hotline.ledger.models import Entry
from hotline.vault.fields import EncryptedMixin
from hotline.vault.models import KeyInUse
from reports import past, periods
from reports.content import weekly
from reports.content.frames import Frame
from reports.indicators import INDICATORS, Window, compute
from reports.models import ReportKind
from tests import scene
from tests.tickets.test_callers_in_texts import written
from tickets import forgotten_words
from tickets.attachments import keeping
from tickets.callers import book
from tickets.calls import second
from tickets.choices import Status
from tickets.forgetting import doing, writings
from tickets.models import Call, Caller, CityRule, EventCaller, MissedCall, Ticket, TicketEvent
from tickets.models.ticket import FORGOTTEN
from tickets.telephony import events
from tickets.workflow import performing

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
NUMBER, OTHER, NAME = "13907127788", "13907125678", "欧阳佩兰"
THEN = datetime(2021, 4, 19, 2, 0, tzinfo=UTC)
NOW = datetime(2026, 4, 20, 2, 0, tzinfo=UTC)
WORDS = f"我是{NAME}，请打139 0712 7788，门口钢板响。"


@pytest.fixture(autouse=True)
def _city(settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    CityRule.objects.create(key="forget_years", value=3)
    with time_machine.travel(NOW, tick=False):
        yield


def closed(at: datetime = THEN, **details: Any) -> Ticket:
    with time_machine.travel(at, tick=False):
        return scene.ticket_in(Status.CLOSED, **{"caller_phone": NUMBER, "caller_name": NAME} | details)


def a_life(**details: Any) -> Ticket:
    """A ticket whose caller stands wherever a caller can stand, closed long ago."""
    with time_machine.travel(THEN, tick=False):
        events.take(events.Event("call-1", "missed", timezone.now(), phone=NUMBER))
        ticket = scene.ticket_in(
            Status.WORKING, caller_phone=NUMBER, caller_name=NAME, contact_phone=OTHER, description=WORDS, **details
        )
        scene.do(
            ticket, "correct", scene.OPERATOR, note=f"不是{NAME}儿。", caller_name=f"{NAME}儿", address=f"{NAME}家门口"
        )
        with keeping.taken_in([SimpleUploadedFile(f"{NAME}的证据.png", scene.picture(), "image/png")]) as files:
            files.give_to(ticket, actor=scene.user(scene.OPERATOR))
        second.wait(scene.user(scene.OPERATOR), ticket.number, f"{NAME}还说路灯不亮，回{OTHER}")
        scene.do(
            ticket,
            "answer",
            scene.CLERK,
            answer=f"已与{NAME}（{NUMBER[:3]}-{NUMBER[3:7]}-{NUMBER[7:]}）联系，钢板已固定。",
        )
        Caller.objects.update(note=f"{NAME}耳背")
        MissedCall.objects.update(note="找老欧阳")
        return scene.do(ticket, "follow_up", scene.OPERATOR)


def readable() -> str:
    """All that a program with the keys can read in the database, but for what is kept for good."""
    found = []
    for model in apps.get_models():
        names = [one.name for one in model._meta.concrete_fields if isinstance(one, EncryptedMixin)]
        if model._meta.db_table not in roles.KEPT:
            names += writings.columns(model)
        found += list(model._default_manager.values_list(*names)) if names else []
    return json.dumps(found, default=str, ensure_ascii=False)


# -- what is left -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wish", ["", "is_secret", "is_anonymous"])
def test_nothing_tells_who_called_any_more(wish: str, signed_in: SignIn) -> None:
    ticket = a_life(**{wish: True} if wish == "is_secret" else {})
    if wish == "is_anonymous":
        scene.do(ticket, "make_anonymous", scene.SUPERVISOR)
    assert NAME in readable()
    done = doing.forget(by="test")
    assert done == {"persons": 1, "tickets": 1, "calls": 1}
    left = readable()
    for word in (NAME, NUMBER, OTHER, "139 0712 7788", "老欧阳", "耳背"):
        assert word not in left
    with connection.cursor() as cursor:
        cursor.execute("SELECT caller_search::text || search::text FROM tickets_ticket WHERE id = %s", [ticket.pk])
        assert "key-" not in (found := cursor.fetchone()[0])
        assert "欧阳" not in found
        assert NUMBER not in found
    assert not Ticket.objects.matching(NUMBER, scene.user(scene.DISPATCHER)).exists()
    for who in (scene.OPERATOR, scene.DISPATCHER, scene.SUPERVISOR, scene.MANAGER, scene.CLERK):
        client = signed_in(who)
        shown = client.get(ticket.get_absolute_url()).content.decode()
        shown += json.dumps(client.get(f"/api/v1/tickets/{ticket.number}/").json(), ensure_ascii=False)
        assert "钢板已固定" in shown
        for word in (NAME, NUMBER, NUMBER[-4:], OTHER[-4:]):
            assert word not in shown, who
        assert str(FORGOTTEN) in shown
        assert "file1.png" in shown or "文件1.png" in shown


def test_the_page_of_the_person_says_so_and_the_tickets_stay_theirs(signed_in: SignIn) -> None:
    one, other = a_life(), closed(title="路灯不亮", description="路口的路灯不亮。")
    doing.forget()
    page = signed_in(scene.SUPERVISOR).get(reverse("caller", args=[one.caller_id])).content.decode()
    assert str(FORGOTTEN) in page
    assert one.number in page
    assert other.number in page
    assert "Perhaps the same person" not in page
    assert "可能是同一人" not in page


def test_who_calls_later_is_somebody_new() -> None:
    one, alone = a_life(), closed(caller_phone="", caller_name="", is_anonymous=True, contact_phone=OTHER)
    doing.forget()
    again = scene.call(caller_phone=NUMBER, caller_name=NAME)
    assert again.caller_id != one.caller_id
    alone.refresh_from_db()
    assert alone.forgotten_at == NOW
    assert alone.contact_phone == ""


def test_nobody_is_named_again_on_a_forgotten_ticket() -> None:
    ticket = closed(caller_phone="", caller_name="", is_anonymous=True)
    doing.forget()
    ticket.refresh_from_db()
    given = {"name": NAME, "note": "来电人要求。"}
    with pytest.raises(performing.Refused):
        performing.perform("lift_anonymity", ticket, actor=scene.user(scene.SUPERVISOR), given=given)


@pytest.mark.parametrize("form", [*written(NUMBER), f"{NUMBER[:3]}一{NUMBER[3:7]}一{NUMBER[7:]}"])
def test_a_mark_finds_a_number_however_it_is_written(form: str) -> None:
    marks = forgotten_words.made([NAME], [NUMBER, "07122888801"])
    told = forgotten_words.covered(f"请打{form}找欧阳 佩兰，或288 8801，门牌2283号。", marks)
    assert told in ("请打***找***，或***，门牌2283号。", "请打+86 ***找***，或***，门牌2283号。")
    assert NAME not in json.dumps(marks, ensure_ascii=False)
    assert forgotten_words.made([], []) == {}


def test_every_table_in_which_something_is_written_is_looked_at_or_has_a_reason() -> None:
    """A new table with a text must lead to its ticket, or stand here: it says nothing of a caller."""
    about = {texts.model._meta.label for texts in writings.everywhere()}
    silent = {
        "accounts", "administering", "auth", "axes", "admin", "backup", "contenttypes", "ledger", "receipts",
        "sessions", "unified", "vault", "worktime", "knowledge", "reports",
    }  # fmt: skip
    silent_tables = {
        "dispatch.AutomaticDispatch", "dispatch.CitySheet", "dispatch.DirectoryEntry", "dispatch.DirectoryVersion",
        "dispatch.DispatchModel", "matters.PairModel", "matters.SensitiveWord", "matters.Standing",
        "supervision.Delivery", "supervision.SweepRun", "tickets.AnswerTemplate", "tickets.Call", "tickets.Category",
        "tickets.Elsewhere", "tickets.Place", "tickets.PlaceProposal", "tickets.PlaceSheet", "tickets.Ticket",
        "tickets.TicketExport", "tickets.Caller",
    }  # fmt: skip
    written_in = {one._meta.label for one in apps.get_models() if writings.columns(one)}
    assert {one for one in written_in - about - silent_tables if one.partition(".")[0] not in silent} == set()


# -- who stays ----------------------------------------------------------------------------------------------------


def test_a_caller_with_anything_younger_stays_with_all_their_tickets() -> None:
    young = NOW - timedelta(days=900)
    old = closed()
    closed(young)
    with_call = closed(caller_phone="13900000001", caller_name="王某某")
    with time_machine.travel(young, tick=False):
        events.take(events.Event("call-2", "missed", timezone.now(), phone="13900000001"))
    with time_machine.travel(THEN, tick=False):
        still_open = scene.call(caller_phone="13900000002")
    one, other = closed(caller_phone="13900000003"), closed(young, caller_phone="13900000004")
    assert one.caller
    assert other.caller
    book.decide(one.caller, other.caller, is_same=True, by=scene.user(scene.SUPERVISOR))
    assert doing.left() == {"persons": 0, "tickets": 0, "calls": 0}
    assert doing.forget() == {"persons": 0, "tickets": 0, "calls": 0}
    for ticket in (old, with_call, still_open, one):
        ticket.refresh_from_db()
        assert ticket.caller_phone
    assert doing.forget(now=NOW + timedelta(days=400))["persons"] == 3  # all but who waits still


def test_without_a_period_nobody_is_forgotten() -> None:
    CityRule.objects.all().delete()
    closed()
    assert doing.left() == {}
    assert sum(doing.forget().values()) == 0


# -- figures ------------------------------------------------------------------------------------------------------


def test_figures_are_what_they_were() -> None:
    a_life()
    for hours in range(1, 5):
        closed(THEN + timedelta(hours=hours))
    for number, hour in (("13900000003", 2), ("13900000004", 3), ("", 4)):
        closed(THEN + timedelta(hours=hour), caller_phone=number, is_anonymous=not number, caller_name="")
    one, other = (Caller.objects.get(phone=phone) for phone in ("13900000003", "13900000004"))
    book.decide(one, other, is_same=True, by=scene.user(scene.SUPERVISOR))
    windows = [Window(THEN - timedelta(days=1), THEN + timedelta(days=days)) for days in (7, 30)]
    frame = Frame(periods.containing(ReportKind.WEEKLY, THEN.date()))

    def told() -> Any:
        counted = [compute(list(INDICATORS), window) for window in windows]
        kept = [past.figures(list(INDICATORS), window) for window in windows]
        often = [(caller.pk, calls) for caller, calls in weekly.frequent_callers(frame)]
        return counted, kept, often

    before = told()
    assert before[2]
    assert doing.forget()["persons"] == 2
    assert told() == before
    assert list(past.differing()) == []
    shown = json.dumps(weekly.frequent_callers_section(frame), default=str, ensure_ascii=False)
    assert str(FORGOTTEN) in shown


# -- the audit log ------------------------------------------------------------------------------------------------


def test_the_proof_stays_clean_and_finds_what_was_emptied_otherwise() -> None:
    a_life()
    kept = closed(NOW - timedelta(days=9), caller_phone="13900000001")
    assert verifying.verify().wrong == 0
    doing.forget(by="manage.py forget_callers")
    assert verifying.verify().wrong == 0
    assert TicketEvent.objects.get(action="forget_caller").data == {"years": 3}
    entry = Entry.objects.get(page="forget_callers")
    assert (entry.who, entry.told) == ("manage.py forget_callers", "persons=1; tickets=1; calls=1")
    event = TicketEvent.objects.filter(ticket=kept).latest("pk")
    EventCaller.objects.create(event=event, corrected={}, salt=b"")
    assert verifying.verify().wrong == 1


# -- the command --------------------------------------------------------------------------------------------------


def test_it_can_be_broken_off_and_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doing, "BATCH", 1)
    for number in range(3):
        closed(caller_phone=f"1390000000{number}")

    def stop(what: str, rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        doing.forget(step=stop)
    assert doing.left()["persons"] == 2
    assert doing.forget()["persons"] == 2
    assert doing.left() == {"persons": 0, "tickets": 0, "calls": 0}
    assert Caller.objects.filter(forgotten_at=None).count() == 0


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    a_life()
    with pytest.raises(CommandError):
        call_command("forget_callers", "--check")
    assert json.loads(capsys.readouterr().out) == {"due": {"persons": 1, "tickets": 1, "calls": 0}}
    call_command("forget_callers")
    assert json.loads(capsys.readouterr().out)["tickets"] == 1
    call_command("forget_callers", "--check")
    KeyInUse.objects.create(name="another")
    with pytest.raises(CommandError, match="rotate_keys"):
        call_command("forget_callers")


def test_imported_tickets_too(tmp_path: Any) -> None:
    sheet = tmp_path / "messages.csv"
    sheet.write_text(
        "编号,用户,标题,时间,内容,答复,答复时间\n"
        f"1,{NUMBER},路灯不亮,2021-04-19 10:00,{NUMBER}，路灯不亮。,已修复路灯。,2021-04-20 10:00\n"
        f"2,{NAME},井盖缺失,2021-04-19 11:00,我是{NAME}，井盖没有了。,已更换井盖。,2021-04-20 10:00\n",
        encoding="utf-8",
    )
    call_command("import_tickets", str(sheet), verbosity=0)
    assert Ticket.objects.filter(import_key__isnull=False).count() == 2
    assert doing.forget()["tickets"] == 2
    left = readable()
    assert NUMBER not in left
    assert NAME not in left
    assert Call.objects.count() == 0
