"""What splitting off a second concern leaves behind, and what a caller's wish not to be known changes."""

from __future__ import annotations

from tickets.callers.book import take_name_from
from tickets.models import Intake
from tickets.workflow.performing import Performance, effect
from tickets.workflow.stores import index_for_search


@effect("split")
def split(p: Performance) -> None:
    """Records the second concern as a ticket of its own, of the same caller and call."""
    from tickets.calls import recording  # which performs actions, whose effects these are

    first, given = p.ticket, p.given
    same = {
        name: getattr(first, name)
        for name in (
            "channel",
            "urgency",
            "region",
            "address",
            "caller_name",
            "caller_phone",
            "contact_phone",
            "is_anonymous",
            "is_secret",
        )
    }
    second = {name: given[name] for name in ("title", "description", "kind", "category")}
    intake = Intake.objects.filter(ticket=first).select_related("call").first()
    other = recording.register(
        actor=p.actor, details={**same, **second, "split_from": first}, at=first.registered_at,
        desk=recording.Desk(call_id=intake.call.call_id) if intake and intake.call else None,
    )  # fmt: skip
    p.data["split_off"] = other.number


# -- who may know who called --------------------------------------------------------------------------------
# What is derived of a ticket asks the rule each time, so it follows by itself: lists, flags, the name of its
# matter, messages that wait, kept reports.


@effect("mark_secret")
def mark_secret(p: Performance) -> None:
    p.ticket.is_secret = True
    index_for_search(p.ticket)


@effect("lift_secrecy")
def lift_secrecy(p: Performance) -> None:
    p.ticket.is_secret = False
    index_for_search(p.ticket)


@effect("make_anonymous")
def make_anonymous(p: Performance) -> None:
    """An anonymous ticket has no name; the number stays, so that the caller can be called back.

    The name that it had goes on being hidden in what was written.
    """
    p.ticket.is_anonymous = True
    if p.ticket.caller:
        take_name_from(p.ticket.caller, p.ticket.caller_name, but=p.ticket)
    p.ticket.earlier_callers = sorted({*p.ticket.earlier_callers, p.ticket.caller_name} - {""})
    p.ticket.caller_name = ""
    index_for_search(p.ticket)


@effect("lift_anonymity")
def lift_anonymity(p: Performance) -> None:
    p.ticket.is_anonymous = False
    p.ticket.caller_name = p.given.get("name") or ""
    index_for_search(p.ticket)
