"""What extensions, suspensions and supervision orders leave behind."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hotline.worktime import calendar
from supervision.models import (
    Extension,
    SupervisionOrder,
)
from tickets import limits
from tickets.choices import RuleKey, Status
from tickets.models import Ticket
from tickets.workflow.performing import Performance, check, effect

# -- extensions ---------------------------------------------------------------------------------------------


@check("ask_extension")
def extension_possible(ticket: Ticket) -> Any:
    if ticket.answer_due_at and ticket.answer_due_at <= timezone.now():
        return _("An extension is asked for before the answer is due.")
    rulings = list(Extension.objects.filter(ticket=ticket).values_list("ruling", flat=True))
    if Extension.Ruling.PENDING in rulings:
        return _("An extension is already under review.")
    if rulings.count(Extension.Ruling.GRANTED) >= limits.rule(RuleKey.EXTENSIONS):
        return _("This ticket has had all its extensions.")
    return None


@check("grant_extension", "refuse_extension")
def extension_pending(ticket: Ticket) -> Any:
    if not Extension.objects.filter(ticket=ticket, ruling=Extension.Ruling.PENDING).exists():
        return _("No extension has been asked for.")
    return None


@effect("ask_extension")
def ask_extension(p: Performance) -> None:
    p.data.update(days=p.given["days"], ground=p.given["ground"])
    p.store.add(
        Extension(
            ticket=p.ticket, days=p.given["days"], ground=p.given["ground"], reason=p.note,
            plan=p.given.get("plan") or "", asked_by=p.actor, asked_at=p.at,
        )
    )  # fmt: skip


@effect("grant_extension", "refuse_extension")
def rule_on_extension(p: Performance) -> None:
    granted = p.action.name == "grant_extension"
    asked = _end_extension(p, Extension.Ruling.GRANTED if granted else Extension.Ruling.REFUSED)
    assert asked is not None
    p.data.update(days=asked.days, ground=asked.ground)


@effect("answer", "suspend", "escalate", "send_down", "hand_over")
def lapse_extension(p: Performance) -> None:
    _end_extension(p, Extension.Ruling.LAPSED)


def _end_extension(p: Performance, ruling: str) -> Extension | None:
    asked = p.store.latest(Extension, p.ticket)
    if asked is None or asked.ruling != Extension.Ruling.PENDING:
        return None
    asked.ruling, asked.ruled_by, asked.ruled_at = ruling, p.actor, p.at
    p.store.change(asked)
    return asked


# -- suspension and orders ----------------------------------------------------------------------------------


@effect("resume", "hand_over")
def count_suspension(p: Performance) -> None:
    """The working time spent suspended is given back to the answer clock (supervision.clocks)."""
    if p.ticket.status != Status.SUSPENDED:
        return
    p.data["suspended_minutes"] = round(calendar.current().minutes_between(p.ticket.status_since, p.at))


@effect("supervise")
def issue_order(p: Performance) -> None:
    assert p.ticket.department is not None
    issued = len(p.store.all(SupervisionOrder, p.ticket))
    order = SupervisionOrder(
        number=f"DB{p.ticket.number[2:]}-{issued + 1}", ticket=p.ticket, department=p.ticket.department,
        requirement=p.note, due=p.given["due"], issued_by=p.actor, issued_at=p.at,
    )  # fmt: skip
    p.store.add(order)
    p.ticket.order_due_at = order.due
    p.data.update(order=order.number, due=p.given["due"].isoformat())
