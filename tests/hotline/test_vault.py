"""Who called is kept encrypted: nothing of it lies in the database in clear, and all of it is found and read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.exceptions import FieldError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hotline.ledger import verifying
from hotline.vault import cipher, keys, rotating
from hotline.vault.models import KeyInUse
from hotline.vault.suites import Broken
from tests import scene
from tickets.attachments import keeping
from tickets.callers.book import caller_for
from tickets.calls import second
from tickets.choices import Status
from tickets.models import Attachment, Call, Caller, EventCaller, Ticket, TicketEvent
from tickets.telephony import events

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
NUMBER, OTHER, NAME = "13907121234", "13907125678", "欧阳佩兰"
OLD, NEW = "an-old-key-of-more-than-thirty-two-characters", "a-new-key-of-more-than-thirty-two-characters-too"


@pytest.fixture(autouse=True)
def _own_keys(settings: Any, tmp_path: Any) -> Iterator[None]:
    proven = dict(keys._proven)
    settings.PERSONAL_KEYS, settings.MEDIA_ROOT = [OLD], tmp_path
    KeyInUse.objects.all().delete()
    keys.forget()
    yield
    keys.forget()
    keys._proven.update(proven)


def everywhere(*words: str) -> list[str]:
    """The tables in which one of these stands as it is written, in a text, a list, a search vector or bytes."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.django_table_names(only_existing=True):
            cursor.execute(f'SELECT string_agg(one::text, chr(10)) FROM "{table}" one')  # noqa: S608
            rows = cursor.fetchone()[0] or ""
            if any(word in rows or word.encode().hex() in rows for word in words):
                found.append(table)
    return found


def a_life() -> Ticket:
    """A ticket whose caller stands wherever a caller can stand."""
    events.take(events.Event("call-1", "missed", timezone.now(), phone=NUMBER))
    ticket = scene.ticket_in(Status.WORKING, caller_phone=NUMBER, caller_name=NAME, contact_phone=OTHER)
    scene.do(ticket, "correct", scene.OPERATOR, note="听错了。", caller_name=f"{NAME}兰")
    upload = SimpleUploadedFile(f"{NAME}的证据.png", scene.picture(), "image/png")
    with keeping.taken_in([upload]) as files:
        files.give_to(ticket, actor=scene.user(scene.OPERATOR))
    second.wait(scene.user(scene.OPERATOR), ticket.number, f"{NAME}还说路灯不亮，回{OTHER}")
    ticket.refresh_from_db()
    return ticket


def found(words: str, who: str = scene.DISPATCHER) -> list[Ticket]:
    return list(Ticket.objects.matching(words, scene.user(who)))


# -- at rest ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suite", ["aes", "sm"])
def test_nothing_of_who_called_lies_in_the_database_in_clear(suite: str, settings: Any, signed_in: SignIn) -> None:
    settings.CRYPTO_SUITE = [suite]
    ticket = a_life()
    assert everywhere(ticket.title) != []  # it does see what stands there
    assert everywhere(NUMBER, OTHER, NAME, NAME[2:], NUMBER[-8:]) == []
    page = signed_in(scene.DISPATCHER).get(ticket.get_absolute_url()).content.decode()
    for shown in (f"{NAME}兰", NUMBER[-4:], OTHER[-4:], f"{NAME}的证据.png", f"{NAME} → {NAME}兰"):
        assert shown in page
    missed = signed_in(scene.OPERATOR).get(reverse("missed-calls")).content.decode()
    assert NUMBER[-4:] in missed


@pytest.mark.parametrize("suite", ["aes", "sm"])
@pytest.mark.parametrize(
    "words",
    [
        NUMBER,
        f"+86 {NUMBER[:3]} {NUMBER[3:7]} {NUMBER[7:]}",
        NUMBER[-4:],
        OTHER[-6:],
        NAME,
        NAME[:2],
        NAME[3],
        "电话：" + NUMBER,
    ],
)
def test_a_caller_is_found_by_number_by_its_last_digits_and_by_name(suite: str, words: str, settings: Any) -> None:
    settings.CRYPTO_SUITE = [suite]
    ticket = scene.ticket_in(Status.WORKING, caller_phone=NUMBER, caller_name=NAME, contact_phone=OTHER)
    scene.ticket_in(Status.WORKING, caller_phone="13655550000", caller_name="王先生")
    assert found(words) == [ticket]
    assert found(f"{words} 13655559999") == found(f"{words} 赵钱") == []


def test_an_empty_value_is_asked_of_the_database_and_nothing_else_is_without_an_index() -> None:
    ticket = scene.ticket_in(Status.WORKING, caller_phone=NUMBER, caller_name=NAME)
    assert ticket in Ticket.objects.exclude(caller_name="")
    assert ticket not in Ticket.objects.filter(caller_phone="")
    assert Ticket.objects.filter(caller__phone__in=[OTHER, NUMBER]).get() == ticket
    assert not Ticket.objects.filter(caller__phone__in=[]).exists()
    for wrong in ({"caller_name": NAME}, {"caller_phone__startswith": "139"}, {"caller__phone": 13}):
        with pytest.raises(FieldError):
            list(Ticket.objects.filter(**wrong))


def test_what_was_put_in_another_column_or_altered_is_not_read(signed_in: SignIn) -> None:
    ticket = scene.ticket_in(Status.WORKING, caller_phone=NUMBER, caller_name=NAME)
    kept = cipher.encrypted(NAME, "name")
    assert cipher.decrypted(kept, "name") == NAME
    for altered in (kept[:-1] + bytes([kept[-1] ^ 1]), kept[:20], b"\x02" + kept[1:]):
        with pytest.raises(Broken):
            cipher.decrypted(altered, "name")
    with pytest.raises(Broken):
        cipher.decrypted(kept, "number")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tickets_ticket SET caller_name = caller_phone WHERE id = %s", [ticket.pk])
    answer = signed_in(scene.DISPATCHER).get(ticket.get_absolute_url())
    assert answer.status_code == 503
    assert "被改动" in answer.content.decode()


# -- keys ---------------------------------------------------------------------------------------------------------


def test_a_new_key_is_put_first_and_the_old_one_taken_away_when_nothing_is_left_of_it(settings: Any) -> None:
    ticket = a_life()
    settings.PERSONAL_KEYS = [NEW, OLD]
    later = scene.ticket_in(Status.WORKING, caller_phone=NUMBER, caller_name=NAME)
    assert later.caller == ticket.caller  # one number, whichever key it was written with
    assert {one.number for one in found(NUMBER)} == {ticket.number, later.number}
    with pytest.raises(CommandError):
        call_command("rotate_keys", check=True)

    broken_off = [0]

    def break_off(what: str, rows: int) -> None:
        broken_off[0] += 1
        if broken_off[0] == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotating.rotate(break_off)
    assert {one.number for one in found(NUMBER)} == {ticket.number, later.number}
    assert KeyInUse.objects.count() == 2
    assert rotating.rotate() > 0
    assert rotating.rotate() == 0
    assert rotating.left() == {}
    assert KeyInUse.objects.count() == 1

    settings.PERSONAL_KEYS = [NEW]
    ticket.refresh_from_db()
    assert (ticket.caller_name, ticket.caller_phone) == (f"{NAME}兰", NUMBER)
    assert {one.number for one in found(OTHER)} == {ticket.number}
    assert {one.number for one in found(NAME)} == {ticket.number, later.number}
    assert Attachment.objects.get(ticket=ticket).name == f"{NAME}的证据.png"
    assert EventCaller.objects.get().corrected == {"caller_name": [NAME, f"{NAME}兰"]}
    assert Call.objects.get(phone=NUMBER).phone == NUMBER
    assert caller_for(NUMBER, "") == ticket.caller


@pytest.mark.parametrize("old_ring", [[OLD], [OLD, NEW]])
def test_a_process_that_was_not_started_again_writes_nothing_unseen(old_ring: list[str], settings: Any) -> None:
    """It has the keys of before the rotation: without the new one it stops, with it what it writes is known of."""
    settings.PERSONAL_KEYS = old_ring
    for _noted_then_proven in range(2):
        caller_for(NUMBER, NAME)
    new = keys._made(NEW, settings.CRYPTO_SUITE[0]).name.hex()
    KeyInUse.objects.all().delete()
    KeyInUse.objects.create(name=new)  # as another process leaves it that has rotated all
    keys._proven[keys.ring()] -= keys.PROVEN_FOR
    if old_ring == [OLD]:
        with pytest.raises(keys.WrongKey):
            caller_for("13907120000", NAME)
        return
    caller_for("13907120000", NAME)
    assert KeyInUse.objects.exclude(name=new).exists()


def test_the_suite_is_changed_in_the_same_way(settings: Any) -> None:
    ticket = a_life()
    settings.CRYPTO_SUITE = ["sm", "aes"]
    assert found(NUMBER) == [ticket]
    rotating.rotate()
    settings.CRYPTO_SUITE = ["sm"]
    keys.forget()
    assert found(NUMBER) == [ticket]
    assert Caller.objects.get(phone=NUMBER).name == f"{NAME}兰"


@pytest.mark.parametrize("given", [[], [NEW]])
def test_without_the_key_nothing_is_shown_written_or_looked_for(
    given: list[str], settings: Any, signed_in: SignIn
) -> None:
    ticket, client = a_life(), signed_in(scene.DISPATCHER)
    settings.PERSONAL_KEYS = given
    keys.forget()
    before = Caller.objects.count(), TicketEvent.objects.count()
    for address in (ticket.get_absolute_url(), f"{reverse('tickets')}?q={NUMBER}"):
        answer = client.get(address)
        assert answer.status_code == 503
        assert "来电人信息" in answer.content.decode()
    with pytest.raises(keys.WrongKey):
        scene.call(caller_phone="13907120000")
    with pytest.raises(keys.WrongKey):
        caller_for(NUMBER, NAME)
    with pytest.raises(CommandError, match="PERSONAL_KEYS"):
        call_command("rotate_keys")
    assert before == (Caller.objects.count(), TicketEvent.objects.count())
    assert "personal data cannot be read" in rotating.half_way()


# -- what a correction says of who called -------------------------------------------------------------------------


def test_the_audit_finds_a_correction_of_who_called_that_was_altered_or_taken_away() -> None:
    a_life()
    assert verifying.verify(processes=1).findings == []
    one = EventCaller.objects.get()
    one.corrected = {"caller_name": ["别人", "另一个人"]}
    one.save()
    assert any("was altered" in said for said in verifying.verify(processes=1).findings)
    one.delete()
    assert any("is missing" in said for said in verifying.verify(processes=1).findings)
