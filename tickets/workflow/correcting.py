"""Correcting what was recorded of a call (更正): who called, where, what kind; the words of the call stay.

Old and new value stand in the event under `corrected`, each as it was shown; those of who called stand beside it
(EventCaller). What hangs on a ticket follows: proposals of a department and the search by themselves, the clocks in
`supervision.clocks`, departments are told by the ladder's messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _t

from hotline import telephone
from tickets.callers.book import caller_for, take_name_from
from tickets.choices import Kind, Urgency
from tickets.disclosure import RULE, Detail, Standing
from tickets.models import Ticket, TicketEvent
from tickets.places import learning
from tickets.reading import Reading, read, wish_of
from tickets.workflow.performing import Performance, effect, proposes
from tickets.workflow.stores import CORRECTED_FIELDS, index_for_search

DASH = "—"  # what was not given
NUMBERS = ("caller_phone", "contact_phone")
WHO_CALLED = (*NUMBERS, "caller_name")
# What somebody must be allowed to read of a ticket to read that it was corrected from one value to another.
NEEDED = {
    "caller_phone": Detail.CALLER_NUMBER, "contact_phone": Detail.CALLER_NUMBER, "caller_name": Detail.CALLER_NAME,
    "happened": Detail.DESCRIPTION, "plate": Detail.DESCRIPTION, "amount": Detail.DESCRIPTION,
    "region": Detail.PLACE, "address": Detail.PLACE,
}  # fmt: skip


@proposes("correct")
def as_recorded(ticket: Ticket) -> dict[str, Any]:
    """The form begins with what stands there."""
    return {name: getattr(ticket, name) for name in CORRECTED_FIELDS}


@effect("correct")
def correct(p: Performance) -> None:
    ticket, changes = p.ticket, p.given["changes"]
    p.before["corrected"] = {name: getattr(ticket, name) for name in changes}
    p.before["caller_id"] = ticket.caller_id
    pairs = {name: [_shown(name, getattr(ticket, name)), _shown(name, value)] for name, value in changes.items()}
    p.of_caller = {name: pair for name, pair in pairs.items() if name in WHO_CALLED}
    p.data["corrected"] = {name: pair for name, pair in pairs.items() if name not in WHO_CALLED}
    before, called = ticket.caller, ticket.caller_name
    known = {getattr(ticket, name) for name in WHO_CALLED if name in changes} - {""}
    ticket.earlier_callers = sorted({*ticket.earlier_callers, *known})
    for name, value in changes.items():
        setattr(ticket, name, value)
    if "caller_phone" in changes:
        ticket.caller = caller_for(ticket.caller_phone, ticket.caller_name)
        if before and before != ticket.caller:
            take_name_from(before, called, but=ticket)
    elif ticket.caller and ticket.caller_name and ticket.caller.name in known:
        ticket.caller.name = ticket.caller_name  # it was this person's name that was heard wrongly
        ticket.caller.save(update_fields=["name"])
    index_for_search(ticket)
    if {"region", "address"} & changes.keys():
        learning.corrected(ticket, p.actor, p.at, p.before["corrected"].get("address"))


def whole(event: TicketEvent) -> dict[str, list[str]]:
    """All that an event corrected, with what it says of who called; in the order of CORRECTED_FIELDS."""
    apart = getattr(event, "caller_told", None)
    pairs = (event.data.get("corrected") or {}) | (apart.corrected if apart else {})
    return {name: pairs[name] for name in CORRECTED_FIELDS if name in pairs}


def _shown(name: str, value: Any) -> str:
    if name == "region":
        return str(value.full_name)
    if name == "kind":
        return str(Kind(value).label)
    if name == "urgency":
        return str(Urgency(value).label)
    return str(value or "")


def as_read(corrected: dict[str, list[str]], reading: Reading) -> dict[str, list[str]]:
    """The pairs of old and new values that a reader may read, numbers masked.

    A number that stood there by mistake is somebody else's: it is the hotline's alone to know.
    """
    told = {}
    for name, pair in corrected.items():
        if name in NEEDED and not reading.may(NEEDED[name]):
            continue
        shown = telephone.masked if name in NUMBERS else str if name in WHO_CALLED else reading.text
        old, new = map(shown, pair)
        told[name] = ["" if name in WHO_CALLED and reading.standing != Standing.HOTLINE else old, new]
    return told


def facts(corrected: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    """Each corrected value as a line of the timeline: what it is, from what to what."""
    for name in CORRECTED_FIELDS:
        if name in corrected:
            old, new = corrected[name]
            yield _label(name), f"{old or DASH} → {new or DASH}"


def _label(name: str) -> str:
    return {
        "caller_phone": _t("caller's telephone"), "caller_name": _t("Caller's name"), "region": _t("Region"),
        "contact_phone": _t("number to call back"), "happened": _t("when it happened"), "plate": _t("number plate"),
        "amount": _t("sum of money"), "address": _t("address"),
        "kind": _t("Kind"), "category": _t("Category"), "urgency": _t("Urgency"),
    }[name]  # fmt: skip


def summary(corrected: dict[str, list[str]], ticket: Ticket) -> str:
    """What was corrected in one line, for a message to a department; empty where it learns of nothing.

    A message may be read on any screen: what does not belong there is named without its value.
    """
    on_paper = as_read(corrected, read(ticket, None))
    known = RULE[Standing.CONCERNED][wish_of(ticket)]
    said = [f"{label} {change}" for label, change in facts(on_paper)]
    said += [_label(name) for name in corrected if name not in on_paper and NEEDED[name] in known]
    return _t("; ").join(said)
