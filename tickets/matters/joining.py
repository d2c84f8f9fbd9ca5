"""Joining tickets about one thing."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _t

from hotline.accounts.models import User
from tickets.models import Matter, Ticket
from tickets.workflow import performing
from tickets.workflow.performing import Refused


def join(tickets: Iterable[Ticket], *, actor: User | None, title: str = "") -> Matter:
    """Joins tickets to one matter: the one that some of them have already, else a new one.

    Raises NotAllowed, or Refused where fewer than two are given or they belong to different matters.
    """
    rows = sorted({ticket.pk: ticket for ticket in tickets}.values(), key=lambda ticket: ticket.number)
    if len(rows) < 2:
        raise Refused(_t("Choose at least two tickets."))
    first, *others = rows
    given = {"numbers": " ".join(ticket.number for ticket in others), "title": title}
    joined = performing.perform("join_matter", first, actor=actor, given=given)
    assert joined.matter is not None
    return joined.matter
