"""Every day and instant that a person, a client or a file gives has bounds, and a message beyond them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django import forms
from django.core.management import CommandError, call_command
from django.db import connection
from django.forms.forms import BaseForm

from hotline import instants
from supervision.clocks.sweeping import SET_ASIDE, sweep
from supervision.models import Flag, SetAside
from tests import scene
from tests.scene import at
from tickets.choices import Status
from tickets.lists.filters import TicketFilter
from tickets.models import Ticket

BEYOND = (
    "0001-01-01", "1999-12-31", "2101-01-01", "9999-12-31", "0001-01-01T00:00", "1999-12-31T23:59", "9999-12-31T23:59",
    "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00",
)  # fmt: skip


def all_forms(of: type[BaseForm] = BaseForm) -> Iterator[type[BaseForm]]:
    """Every form of ours; a new one is among them."""
    for form in of.__subclasses__():
        if form.__module__.split(".")[0] in ("hotline", "tickets", "dispatch", "knowledge", "supervision", "reports"):
            yield form
        yield from all_forms(form)


def fields_of_time() -> list[Any]:
    import hotline.urls  # noqa: F401 - has every form read

    forms_of_ours = {form.__name__: form for form in all_forms()} | {"TicketFilter": TicketFilter().get_form_class()}
    return [
        pytest.param(form, name, id=f"{form.__name__}.{name}")
        for form in forms_of_ours.values()
        for name, field in form.base_fields.items()
        if isinstance(field, forms.DateField | forms.DateTimeField)
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(("form", "name"), fields_of_time())
def test_every_form_refuses_what_lies_beyond(form: type[forms.Form], name: str) -> None:
    for typed in BEYOND:
        bound = form({name: typed})
        assert bound.errors.get(name), (typed, "is taken")


@pytest.mark.django_db
def test_a_deadline_within_reach_is_taken(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    ticket = scene.do(ticket, "recalculate", None, answer_due="2030-01-01T09:00", stage_due="")
    assert ticket.answer_due_at == datetime(2030, 1, 1, 9, tzinfo=scene.SHANGHAI)
    assert instants.last() - ticket.answer_due_at > timedelta(days=365)


@pytest.mark.django_db
def test_an_import_names_a_message_that_is_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "m.csv"
    rows = [
        f"{n},u,路灯不亮,{day} 09:00:00,路灯不亮已三天"
        for n, day in enumerate(("1999-12-31", "0001-01-01", "2019-05-20"))
    ]
    file.write_text("message_id,user,title,created,body\n" + "\n".join(rows) + "\n", "utf-8")
    call_command("import_tickets", str(file))
    assert Ticket.objects.count() == 1
    assert (tmp_path / "m.rejected.csv").read_text("utf-8-sig").count("2000-01-01") == 2


@pytest.mark.django_db
@pytest.mark.parametrize("now", ["0001-01-01", "9999-12-31T23:59:59-12:00", "1999-01-01"])
def test_the_command_refuses_an_instant_beyond(now: str) -> None:
    with pytest.raises(CommandError, match="2000-01-01"):
        call_command("sweep", "--now", now)


@pytest.mark.django_db
def test_a_row_that_python_cannot_hold_does_not_stop_the_sweep(monday: time_machine.Traveller) -> None:
    broken, sound = scene.ticket_in(Status.DISPATCHED), scene.ticket_in(Status.DISPATCHED)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tickets_ticket SET answer_due_at = '4712-01-01 BC', half_at = '20000-01-01' WHERE id = %s",
            [broken.pk],
        )
    monday.move_to(at(21, 9))
    result = sweep()
    assert result.set_aside == 1
    assert Flag.objects.filter(ticket=sound).exists()
    assert SetAside.objects.get().ticket_id == broken.pk
    assert Ticket.objects.filter(pk=broken.pk, next_due_at=at(21, 9) + SET_ASIDE).exists()
    assert sweep().due == 0
