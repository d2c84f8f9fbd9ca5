"""The sweep may run twice, late, on several workers, or meet a ticket it cannot evaluate."""

from __future__ import annotations

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection

from supervision.clocks import sweeping
from supervision.clocks.sweeping import sweep
from supervision.models import Flag
from tests import scene
from tests.scene import at
from tickets.choices import Status
from tickets.models import Ticket


@pytest.mark.django_db
def test_a_second_sweep_changes_nothing(monday: time_machine.Traveller) -> None:
    for _ in range(3):
        scene.ticket_in(Status.DISPATCHED)
    monday.move_to(at(28, 9))
    assert sweep().raised == 6, "each is unclaimed and overdue"
    rows = list(Flag.objects.order_by("pk").values())
    again = sweep()
    assert (again.due, again.raised, again.cleared) == (0, 0, 0)
    Ticket.objects.update(next_due_at=at(1, 1))  # even when told to look at all of them again
    assert sweep().raised == 0
    assert list(Flag.objects.order_by("pk").values()) == rows


@pytest.mark.django_db
def test_a_late_sweep_says_since_when(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.DISPATCHED)
    monday.move_to(at(30, 9))
    sweep()
    assert set(Flag.objects.filter(ticket=ticket).values_list("kind", "since")) == {
        ("unclaimed", at(21, 9)),
        ("overdue", at(27, 9)),
    }


@pytest.mark.django_db
def test_the_clock_may_go_back_an_hour(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.DISPATCHED)
    monday.move_to(at(21, 9))
    sweep()
    monday.move_to(at(21, 8))
    sweep()
    monday.move_to(at(21, 9, 30))
    sweep()
    assert Flag.objects.filter(ticket=ticket).count() == 1


@pytest.mark.django_db
def test_a_ticket_that_cannot_be_evaluated_does_not_stop_the_rest(
    monday: time_machine.Traveller, caplog: pytest.LogCaptureFixture
) -> None:
    poisoned, sound = scene.ticket_in(Status.DISPATCHED), scene.ticket_in(Status.DISPATCHED)
    with connection.cursor() as cursor:  # the database refuses whatever is said of this one ticket
        cursor.execute(
            "CREATE FUNCTION refuse_flag() RETURNS trigger LANGUAGE plpgsql AS"
            " $$BEGIN RAISE EXCEPTION 'poisoned'; END$$;"
            " CREATE TRIGGER poison BEFORE INSERT ON supervision_flag FOR EACH ROW"
            f" WHEN (NEW.ticket_id = {poisoned.pk:d}) EXECUTE FUNCTION refuse_flag()"
        )
    monday.move_to(at(21, 9))
    result = sweep()
    assert result.set_aside == 1
    assert Flag.objects.filter(ticket=sound).exists()
    assert Ticket.objects.get(pk=poisoned.pk).next_due_at == at(21, 9) + sweeping.SET_ASIDE
    assert str(poisoned.pk) in caplog.text


@pytest.mark.django_db
def test_the_command_sweeps_at_an_instant(monday: time_machine.Traveller, capsys: pytest.CaptureFixture[str]) -> None:
    scene.ticket_in(Status.DISPATCHED)
    call_command("sweep", "--now", "2026-04-21T09:00:00+08:00")
    assert '"raised": 1' in capsys.readouterr().out
