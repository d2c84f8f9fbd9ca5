"""The audit log: what is written down, that nothing is shown unwritten, and that whatever is done to it is found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from hotline.accounts.models import User
from hotline.accounts.permissions import Role
from hotline.ledger import anchors, keys, sealing, verifying, writing
from hotline.ledger.deeds import Deed, Of
from hotline.ledger.models import Block, Entry
from tests import scene
from tests.supervision.test_site import PNG
from tickets.attachments import keeping
from tickets.choices import Status
from tickets.exports import jobs
from tickets.models import Ticket, TicketEvent, TicketExport

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.LEDGER_ANCHORS = str(tmp_path / "ledger")
    settings.MEDIA_ROOT = tmp_path
    sealing.forget()
    yield
    sealing.forget()
    writing.forget()


def last() -> Entry:
    entry = Entry.objects.first()
    assert entry is not None
    return entry


# -- what is written down -------------------------------------------------------------------------------------


def test_a_ticket_that_is_looked_at_is_written_down_with_who_when_and_from_where(signed_in: SignIn) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    signed_in(scene.CLERK).get(ticket.get_absolute_url(), REMOTE_ADDR="10.1.2.3")
    entry = last()
    assert (entry.deed, entry.of, entry.number, entry.page) == (Deed.SEEN, Of.TICKET, ticket.number, "ticket")
    assert (entry.person, entry.role, entry.address) == (scene.user(scene.CLERK).pk, Role.STAFF, "10.1.2.3")
    assert scene.DEPARTMENT in entry.department
    assert bytes(entry.mark) == writing.mark_of(entry, keys.current()[1])


def test_words_that_are_searched_for_are_written_with_numbers_masked(signed_in: SignIn) -> None:
    client = signed_in(scene.OPERATOR)
    client.post(reverse("find"), {"list": "/tickets/", "q": "13812345678 钢板"}, follow=True)
    assert (last().deed, last().words) == (Deed.SEARCHED, "138****5678 钢板")


def test_files_papers_sign_ins_refusals_and_changes_are_written_down(signed_in: SignIn, client: Client) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    keeping.attach(ticket, SimpleUploadedFile("a.png", PNG), actor=scene.user(scene.OPERATOR))
    clerk = signed_in(scene.CLERK)
    clerk.get(reverse("attachment", args=[ticket.attachments.get().pk]))
    assert (last().deed, last().of, last().number) == (Deed.DOWNLOADED, Of.ATTACHMENT, ticket.number)
    clerk.get(reverse("slip", args=[ticket.number]))
    assert last().deed == Deed.PRINTED
    clerk.get(reverse("board"))
    assert (last().deed, last().page) == (Deed.REFUSED, "board")
    signed_in(scene.OTHER_CLERK).get(ticket.get_absolute_url())
    assert (last().deed, last().number) == (Deed.REFUSED, ticket.number)
    clerk.post(reverse("ticket-action", args=[ticket.number, "progress"]), {"note": "正在办理。"})
    assert (last().deed, last().told) == (Deed.CHANGED, "name=progress")
    client.post(reverse("sign-in"), {"username": scene.CLERK, "password": "wrong"})
    assert (last().deed, last().person) == (Deed.REFUSED, scene.user(scene.CLERK).pk)
    client.post(reverse("sign-in"), {"username": "my-secret-password", "password": "x"})
    assert "secret" not in f"{last().who}{last().told}", "what was typed may be a password"
    client.post(reverse("sign-in"), {"username": scene.CLERK, "password": "xiaogan-12345"})
    assert last().deed == Deed.SIGNED_IN
    client.post(reverse("sign-out"))
    assert last().deed == Deed.SIGNED_OUT


def test_a_department_that_changes_is_written_down_with_who_changed_it(signed_in: SignIn) -> None:
    one, other = scene.user(scene.OTHER_CLERK), scene.department(scene.DEPARTMENT)
    admin, address = signed_in(scene.ADMIN), reverse("person", args=[one.pk])
    form = admin.get(address).context["form"]
    sent = {name: form[name].value() or "" for name in form.fields} | {"department": other.pk, "then": "change"}
    admin.post(address, sent)
    told = Entry.objects.get(deed=Deed.CHANGED, of=Of.ACCOUNT, told__contains="→")
    assert told.person == scene.user(scene.ADMIN).pk
    assert f"department_id: {one.department_id} → {other.pk}" in told.told


def test_a_token_that_is_used_is_written_down_once_a_minute(client: Client) -> None:
    from hotline.accounts import tokens

    token, key = tokens.issue(scene.user(scene.OPERATOR), "统计", address=None)
    for _ in range(3):
        client.get(reverse("api-ticket-list"), headers={"authorization": f"Token {key}"})
    assert list(Entry.objects.filter(deed=Deed.USED_TOKEN).values_list("told", flat=True)) == [token.name]
    assert Entry.objects.filter(deed=Deed.SEEN, of=Of.LIST).count() == 3


# -- nothing is shown that is not written down ------------------------------------------------------------------


@pytest.mark.parametrize("given", [[], ["another-key-than-the-one-that-sealed-the-log"]])
def test_without_the_key_nothing_is_shown_and_nothing_is_written_unmarked(
    given: list[str], signed_in: SignIn, settings: Any
) -> None:
    ticket, client = scene.ticket_in(Status.WORKING), signed_in(scene.CLERK)
    client.get(ticket.get_absolute_url())
    sealing.seal()
    count = Entry.objects.count()
    settings.LEDGER_KEYS = given
    writing.forget()
    answer = client.get(ticket.get_absolute_url())
    assert answer.status_code == 503
    assert ticket.title not in answer.content.decode()
    assert Entry.objects.count() == count
    with pytest.raises(keys.WrongKey):
        sealing.seal()
    with pytest.raises(CommandError) as refused:
        call_command("verify_ledger", processes=1)
    assert refused.value.returncode == (2 if not given else 1)


def test_a_key_is_changed_by_putting_a_new_one_first(signed_in: SignIn, settings: Any) -> None:
    ticket, client = scene.ticket_in(Status.WORKING), signed_in(scene.CLERK)
    client.get(ticket.get_absolute_url())
    sealing.seal()
    settings.LEDGER_KEYS = ["a-new-key-of-more-than-thirty-two-characters", *settings.LEDGER_KEYS]
    writing.forget()
    client.get(ticket.get_absolute_url())
    sealing.seal()
    assert Block.objects.values("key_name").distinct().count() == 2
    assert verifying.verify().findings == []


def test_the_suite_is_changed_and_what_was_written_before_is_proven_as_ever(signed_in: SignIn, settings: Any) -> None:
    ticket, client = scene.ticket_in(Status.WORKING), signed_in(scene.CLERK)
    client.get(ticket.get_absolute_url())
    sealing.seal()
    settings.CRYPTO_SUITE = ["aes" if settings.CRYPTO_SUITE[0] == "sm" else "sm"]
    writing.forget()
    client.get(ticket.get_absolute_url())
    sealing.seal()
    assert Block.objects.values("key_name").distinct().count() == 2
    assert verifying.verify().findings == []


# -- what is done to it is found --------------------------------------------------------------------------------


@contextmanager
def owner() -> Iterator[Any]:
    """A cursor of whoever owns the database, whom no trigger stops."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield cursor
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.fixture
def log(signed_in: SignIn) -> list[Entry]:
    """A sealed log of a few entries over three blocks of entries, and a ticket with its events."""
    ticket = scene.ticket_in(Status.CLOSED)
    for _ in range(3):
        for _ in range(3):
            signed_in(scene.CLERK).get(ticket.get_absolute_url())
        sealing.seal()
    assert verifying.verify().findings == []
    return list(Entry.objects.order_by("id"))


def first_wrong() -> str:
    return verifying.verify().first_wrong


def block_of(entry: Entry) -> int:
    return int(Block.objects.get(source="ledger_entry", rows__contains=[entry.pk]).number)


def test_an_altered_entry_is_named_with_its_block(log: list[Entry]) -> None:
    with owner() as cursor:
        cursor.execute("UPDATE ledger_entry SET who = '别人' WHERE id = %s", [log[4].pk])
    assert first_wrong() == f"block {block_of(log[4])}: row {log[4].pk} of ledger_entry was altered"


def test_a_removed_entry_is_named(log: list[Entry]) -> None:
    with owner() as cursor:
        cursor.execute("DELETE FROM ledger_entry WHERE id = %s", [log[5].pk])
    assert first_wrong() == f"block {block_of(log[5])}: row {log[5].pk} of ledger_entry was removed"


def test_entries_that_changed_places_are_found(log: list[Entry]) -> None:
    one, other = log[3].pk, log[4].pk
    with owner() as cursor:
        for was, now in ((one, -1), (other, one), (-1, other)):
            cursor.execute("UPDATE ledger_entry SET id = %s WHERE id = %s", [now, was])
    assert first_wrong() == f"block {block_of(log[3])}: row {one} of ledger_entry was altered"


def test_an_entry_that_was_put_in_is_found(log: list[Entry]) -> None:
    with owner() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE copied ON COMMIT DROP AS SELECT * FROM ledger_entry WHERE id = %s", [log[2].pk]
        )
        cursor.execute("UPDATE copied SET id = id + 1")
        cursor.execute("INSERT INTO ledger_entry SELECT * FROM copied")
        cursor.execute("DROP TABLE copied")
    assert f"entry {log[2].pk + 1} bears a wrong mark" in first_wrong()
    sealing.forget()
    sealing.seal()  # which seals it as it stands; its mark stays wrong
    assert f"entry {log[2].pk + 1} bears a wrong mark" in first_wrong()


def test_a_tail_that_was_cut_off_is_found_by_its_anchor(log: list[Entry]) -> None:
    tail = Block.objects.order_by("-number").first()
    assert tail is not None
    with owner() as cursor:
        cursor.execute("DELETE FROM ledger_entry WHERE id = ANY(%s)", [tail.rows])
        cursor.execute("DELETE FROM ledger_block WHERE number = %s", [tail.number])
    assert first_wrong() == (f"block {tail.number}: is anchored and no longer there: the end of the chain was cut off")


def test_a_log_that_was_emptied_is_found(log: list[Entry]) -> None:
    with owner() as cursor:
        cursor.execute("DELETE FROM ledger_entry")
        cursor.execute("DELETE FROM ledger_block")
    assert first_wrong() == "block 1: is anchored and no longer there: the end of the chain was cut off"


def test_a_block_that_was_taken_out_altered_or_made_again_without_the_key_is_found(log: list[Entry]) -> None:
    with owner() as cursor:
        cursor.execute("DELETE FROM ledger_block WHERE number = 2")
    assert first_wrong() == "block 2: missing; block 3 follows on 1"


def test_a_block_whose_digests_were_made_to_fit_is_found(log: list[Entry]) -> None:
    number = block_of(log[4])
    block = Block.objects.get(number=number)
    with owner() as cursor:
        cursor.execute("UPDATE ledger_block SET rows = %s, digests = %s WHERE number = %s", [
            block.rows[1:], bytes(block.digests)[sealing.WIDTH :], number,
        ])  # fmt: skip
        cursor.execute("DELETE FROM ledger_entry WHERE id = %s", [block.rows[0]])
    assert first_wrong().startswith(f"block {number}: its seal is wrong")


def test_an_altered_event_and_a_state_that_does_not_follow_from_the_events_are_found(log: list[Entry]) -> None:
    event = TicketEvent.objects.get(action="answer")
    with owner() as cursor:
        cursor.execute("UPDATE tickets_ticketevent SET at = at - interval '3 days' WHERE id = %s", [event.pk])
    assert f"row {event.pk} of tickets_ticketevent was altered" in first_wrong()
    with owner() as cursor:
        cursor.execute("UPDATE tickets_ticketevent SET at = at + interval '3 days' WHERE id = %s", [event.pk])
    assert first_wrong() == ""
    Ticket.objects.filter(pk=event.ticket_id).update(status=Status.WORKING)
    assert "is working, and by its events closed" in first_wrong()


def test_what_stood_before_the_log_and_what_is_committed_late_is_sealed_too() -> None:
    scene.ticket_in(Status.CLOSED)
    assert sealing.seal() >= 5
    events = set(TicketEvent.objects.values_list("pk", flat=True))
    sealed = Block.objects.filter(source="tickets_ticketevent").values_list("rows", flat=True)
    assert events == {pk for rows in sealed for pk in rows}
    with owner() as cursor:  # a row whose key was drawn before, and which is committed now
        cursor.execute("UPDATE tickets_ticketevent SET id = -7 WHERE id = %s", [min(events)])
    assert sealing.seal() == 0, "keys are above nothing"


def test_the_command_ends_with_what_it_found_in_one_line(log: list[Entry], capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_ledger", processes=1, whole=True)
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["ok"] is True
    assert told["entries"] == len(log)
    assert told["anchors"] == told["blocks"] == Block.objects.count()
    anchors.path().unlink()
    with pytest.raises(CommandError, match="no anchor"):
        call_command("verify_ledger", processes=1)


def test_an_anchor_that_a_full_disk_cut_off_is_written_again(log: list[Entry]) -> None:
    whole = anchors.path().read_text()
    anchors.path().write_text(whole[:-30])
    anchors.catch_up()
    assert [number for number, _seal in anchors.read()][-1] == Block.objects.count()
    assert verifying.verify().findings == []


# -- the auditor ------------------------------------------------------------------------------------------------


def test_the_auditor_reads_and_exports_the_log_and_that_stands_in_it(
    log: list[Entry], signed_in: SignIn, django_capture_on_commit_callbacks: Any
) -> None:
    client = signed_in(scene.AUDITOR)
    ticket = Ticket.objects.get()
    page = client.get(reverse("ledger"), {"who": "张卫东", "number": ticket.number, "deed": "seen"}).content.decode()
    assert page.count(ticket.number) >= len(log)
    assert ticket.title not in page
    assert (last().deed, last().of) == (Deed.SEEN, Of.LEDGER)
    assert "没有" in client.get(reverse("ledger"), {"who": "nobody"}).content.decode()
    assert (
        client.get(reverse("ledger"), {"first": "x", "of": "zzz", "after": "x", "last": "0001-01-01"}).status_code
        == 200
    )
    client.post(reverse("ledger-export"), {"deed": "seen"})
    assert (last().deed, last().of) == (Deed.EXPORTED, Of.LEDGER)
    export = TicketExport.objects.get()
    jobs.make(export.pk)
    export.refresh_from_db()
    assert export.state == TicketExport.State.READY, export.said
    answer: Any = client.get(reverse("ticket-export-file", args=[export.pk]))
    body = b"".join(answer.streaming_content)
    assert last().deed == Deed.DOWNLOADED
    path = Path(export.file.path)
    assert len(body) == path.stat().st_size
    rows = list(openpyxl.load_workbook(path).active.iter_rows(values_only=True))
    assert len(rows) == 1 + Entry.objects.filter(deed=Deed.SEEN).count()


def test_no_administrator_reads_the_log_and_no_auditor_sets_up(signed_in: SignIn) -> None:
    assert signed_in(scene.ADMIN).get(reverse("ledger")).status_code == 403
    auditor = signed_in(scene.AUDITOR)
    assert auditor.get(reverse("people")).status_code == 403
    assert auditor.get("/", follow=True).status_code == 200
    assert not Ticket.objects.visible_to(User.objects.get(username=scene.AUDITOR)).exists()


def test_the_supervisor_sees_on_a_callers_page_who_looked(signed_in: SignIn) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    address = reverse("caller", args=[ticket.caller_id])
    signed_in(scene.OPERATOR).get(address)
    signed_in(scene.CLERK).get(ticket.get_absolute_url())
    page = signed_in(scene.SUPERVISOR).get(address).content.decode()
    part = page.partition('id="looked"')[2]
    assert "陈晓雯" in part
    assert "张卫东" in part
    assert 'id="looked"' not in signed_in(scene.OPERATOR).get(address).content.decode()
