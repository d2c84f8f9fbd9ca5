"""A caller whose own ticket lies with nobody yet urges the matter that it belongs to (`urge`)."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _t

from hotline.accounts.models import User
from hotline.waiting import busy
from tickets.disclosure import Standing
from tickets.models import Ticket
from tickets.reading import Reading
from tickets.workflow.performing import Refused, perform
from tickets.workflow.table import ACTIONS


def may_urge_matter(ticket: Ticket) -> bool:
    """Whether an urging goes to the matter of a ticket, because it cannot go to the ticket."""
    return bool(ticket.matter_id) and ticket.is_open and ticket.status not in ACTIONS["pass_on"].sources


def urge(ticket: Ticket, words: str, *, actor: User) -> list[str]:
    """Passes what the caller of `ticket` says to every department that works on its matter; returns their names.

    1. Each department is urged once, by its oldest ticket of the matter: of the tickets of others it learns nothing.
    2. It reads that another caller of the same matter urges, without their name or number. What somebody says who asked
       for secrecy is not passed on.
    3. The words stand on the caller's own ticket too.

    Raises NotAllowed, Refused (where nobody can be urged, with the reason), InvalidInput or Busy; then nothing changed.
    """
    with busy.told(), transaction.atomic():
        worked_on = Ticket.objects.filter(
            matter=ticket.matter, matter__isnull=False, status__in=ACTIONS["pass_on"].sources, department__isnull=False
        ).exclude(pk=ticket.pk)  # fmt: skip
        oldest = (
            worked_on.order_by("department_id", "registered_at", "pk")
            .distinct("department_id")
            .values_list("pk", flat=True)
        )
        wanted = [ticket.pk, *oldest]
        held = Ticket.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=wanted).order_by("pk")
        known = {row.pk: row for row in held}
        own = known.pop(ticket.pk)
        if own.is_secret:
            raise Refused(
                _t("%(number)s waits for dispatch, and its caller asked for secrecy: what they say is told to no other "
                   "department. Add it to the ticket instead.") % {"number": own.number}
            )  # fmt: skip
        reached = [row for row in known.values() if row.status in ACTIONS["pass_on"].sources and row.department]
        if not reached:
            raise Refused(
                _t("%(number)s waits for dispatch, and no department has another ticket of its matter yet: there is "
                   "nobody to urge. Add what the caller says to the ticket; whoever dispatches it reads it.")
                % {"number": own.number}
            )  # fmt: skip
        said = Reading(own, Standing.OTHERS, frozenset()).text(words)
        note = _t("Another caller about the same matter urges: %(words)s") % {"words": said}
        for row in reached:
            perform("pass_on", row, actor=actor, given={"note": note})
        perform("supplement", own, actor=actor, given={"note": words})
    return sorted({str(row.department) for row in reached})
