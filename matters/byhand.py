"""What people do with a matter as a whole: merge, split, name, and say who leads.

Each is done in one transaction or not at all, with the version of the matter that the person saw. Which tickets belong
to it changes by `join_matter` of the workflow table, ticket by ticket, so that it stands on each timeline.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _t

from hotline import text
from hotline.accounts.models import Department, User
from hotline.accounts.permissions import Permission as P
from hotline.waiting import busy
from matters import totals
from matters.effects import keep_apart
from matters.models import Deed, Standing
from tickets.models import Matter, Ticket
from tickets.workflow.performing import NotAllowed, Refused, Stale, apply
from tickets.workflow.stores import DatabaseStore
from tickets.workflow.table import ACTIONS

MOST_AT_ONCE = 500  # tickets that one deed moves
LONGEST_NAME = 120


def merge(matter: Matter, other: Matter, *, actor: User, reason: str, version: int | None = None) -> None:
    """All tickets of `other` belong to `matter` from now on. Raises NotAllowed, Stale, Refused or Busy."""
    with busy.told(), transaction.atomic():
        _held(matter, other, actor=actor, version=version)
        if matter.pk == other.pk:
            raise Refused(_t("This is the same matter."))
        if not reason.strip():
            raise Refused(_t("Say why these are one matter."))
        moved = _held_tickets(Ticket.objects.filter(matter=other))
        if not moved:
            raise Refused(_t("No tickets belong to that matter."))
        _move(moved, matter, actor=actor)
        Standing.objects.filter(pk=other.pk).update(merged_into=matter)
        _note(matter, Deed.What.MERGED, actor, reason, other=other.pk, tickets=len(moved))
        _note(other, Deed.What.MERGED_AWAY, actor, reason, other=matter.pk, tickets=len(moved))
    totals.recount([matter.pk, other.pk])


def split(
    matter: Matter, numbers: Iterable[str], *, actor: User, reason: str, title: str = "", version: int | None = None
) -> Matter:
    """These tickets of a matter become one of their own, which is returned.

    What the machine joins at the same moment stays with the ticket that it is like, wherever that goes. Raises
    NotAllowed, Stale, Refused or Busy.
    """
    wanted = sorted(set(numbers))
    with busy.told(), transaction.atomic():
        _held(matter, actor=actor, version=version)
        if not wanted:
            raise Refused(_t("Choose tickets first."))
        if not reason.strip():
            raise Refused(_t("Say why these are another matter."))
        chosen = _held_tickets(Ticket.objects.visible_to(actor).filter(number__in=wanted))
        if gone := sorted(set(wanted) - {ticket.number for ticket in chosen if ticket.matter_id == matter.pk}):
            raise Refused(_t("%(number)s does not belong to this matter any more.") % {"number": gone[0]})
        if len(chosen) == Ticket.objects.filter(matter=matter).count():
            raise Refused(_t("At least one ticket stays: all of them are this matter."))
        name = text.one_line(title)[:LONGEST_NAME]
        first = min(chosen, key=lambda ticket: (ticket.is_secret, ticket.pk))
        own = Matter.objects.create(
            title=name or first.title, named_after=None if name else first, created_by=actor, created_at=timezone.now()
        )
        _move(chosen, own, actor=actor)
        keep_apart(chosen, matter.pk, by=actor)
        _note(matter, Deed.What.SPLIT, actor, reason, other=own.pk, tickets=len(chosen))
        _note(own, Deed.What.SPLIT_OFF, actor, reason, other=matter.pk, tickets=len(chosen))
    totals.recount([matter.pk, own.pk])
    return own


def name(matter: Matter, title: str, *, actor: User, version: int | None = None) -> None:
    """What a matter is called from now on, by everybody. Raises NotAllowed, Stale, Refused or Busy."""
    wanted = text.one_line(title)
    with busy.told(), transaction.atomic():
        _held(matter, actor=actor, version=version)
        if not wanted:
            raise Refused(_t("A matter has a name."))
        if len(wanted) > LONGEST_NAME:
            raise Refused(_t("A name has at most %(count)d characters.") % {"count": LONGEST_NAME})
        matter.title, matter.named_after = wanted, None
        matter.save(update_fields=["title", "named_after"])
        _note(matter, Deed.What.NAMED, actor, wanted)


def give_lead(matter: Matter, department: Department | None, *, actor: User, version: int | None = None) -> None:
    """Which department leads; None: the one that holds most of it, as before. Raises NotAllowed, Stale or Busy."""
    with busy.told(), transaction.atomic():
        _held(matter, actor=actor, version=version)
        Standing.objects.filter(pk=matter.pk).update(lead=department, lead_by=actor if department else None)
        _note(matter, Deed.What.LEAD, actor, department.name if department else "")


def _held(*matters: Matter, actor: User, version: int | None) -> None:
    """Holds these matters until the end of the transaction; the version is that of the first."""
    if not actor.may(P.MANAGE_MATTERS):
        raise NotAllowed(_t("You may not do this."))
    totals.mark([matter.pk for matter in matters])
    rows = {
        row.pk: row
        for row in Standing.objects.select_for_update(no_key=True)
        .filter(pk__in=[matter.pk for matter in matters]).order_by("pk")
    }  # fmt: skip
    if version is not None and rows[matters[0].pk].version != version:
        raise Stale(_t("Somebody else has changed this matter since you opened it. Look at it again, then decide."))
    for row in rows.values():
        row.version += 1
        row.save(update_fields=["version"])


def _held_tickets(found: object) -> Sequence[Ticket]:
    rows = list(found.select_for_update(of=("self",), no_key=True).order_by("pk")[: MOST_AT_ONCE + 1])  # type: ignore[attr-defined]
    if len(rows) > MOST_AT_ONCE:
        raise Refused(
            _t("At most %(count)d tickets at once; merge the smaller into the larger.") % {"count": MOST_AT_ONCE}
        )
    return rows


def _move(tickets: Sequence[Ticket], matter: Matter, *, actor: User) -> None:
    at = timezone.now()
    for ticket in tickets:
        apply(ACTIONS["join_matter"], ticket, actor=actor, given={"matter": matter}, at=at, store=DatabaseStore())


def _note(matter: Matter, what: str, actor: User, note: str, **data: object) -> None:
    Deed.objects.create(matter=matter, what=what, by=actor, note=note.strip()[:1000], data=data)
