"""Lists of tickets: everybody's, one's own, a department's."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from hotline.accounts.access import person, requires
from hotline.accounts.permissions import Permission as P
from hotline.keyset import Page
from tickets.choices import Part, Status
from tickets.lists.listing import ticket_list
from tickets.models import Contribution, Ticket


def all_tickets(request: HttpRequest) -> HttpResponse:
    """Every ticket that the person may see; the search box of the frame leads here."""
    user = person(request)
    if not (user.may(P.SEE_ALL_TICKETS) or user.may(P.SEE_DEPARTMENT_TICKETS)):
        raise PermissionDenied
    tickets = Ticket.objects.visible_to(user)
    return ticket_list(request, tickets, title=_("All tickets"), selectable=user.may(P.MANAGE_MATTERS))


@requires(P.REGISTER)
def my_tickets(request: HttpRequest) -> HttpResponse:
    tickets = Ticket.objects.visible_to(request.user).filter(registered_by=person(request))
    return ticket_list(request, tickets, title=_("My tickets"), filters=("q", "status", "kind", "recorded_from"))


@requires(P.HANDLE)
def inbox(request: HttpRequest) -> HttpResponse:
    """What lies with the person's department, what is to be accepted first."""
    tabs = {
        "dispatched": (_("To be accepted"), (Status.DISPATCHED,)),
        "working": (_("In work"), (Status.WORKING, Status.SUSPENDED, Status.COORDINATING, Status.RETURN_ASKED)),
        "owed": (_("To assist or to be heard"), tuple(Part)),
        "answered": (_("Answered"), (Status.FOLLOW_UP, Status.CLOSED)),
    }
    user = person(request)
    tab = request.GET.get("tab", "dispatched")
    tab = tab if tab in tabs else "dispatched"
    tickets = Ticket.objects.visible_to(user)
    owed = Contribution.objects.owed().filter(department__in=user.department_ids).select_related("department")
    if tab == "owed":
        tickets = tickets.filter(pk__in=owed.values("ticket"))
    else:
        tickets = tickets.filter(status__in=tabs[tab][1], department__in=user.department_ids)

    def parts(page: Page) -> dict[str, Any]:
        return {"owed": {one.ticket_id: one for one in owed.filter(ticket__in=[t.pk for t in page])}}

    return ticket_list(
        request, tickets, title=_("Inbox"), template="tickets/inbox.html",
        default_order={"answered": "newest", "owed": "oldest"}.get(tab, "due"),
        filters=("q", "kind", "urgency", "region"), after_page=parts,
        tabs={name: label for name, (label, _what) in tabs.items()}, tab=tab,
        empty=_("Nothing lies here. Well done."),
    )  # fmt: skip
