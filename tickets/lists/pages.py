"""Lists of tickets: everybody's, one's own, a department's."""

from __future__ import annotations

from copy import copy
from functools import partial

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from hotline import keyset
from hotline.accounts.access import person, requires
from hotline.accounts.permissions import Permission as P
from hotline.receipts.services import KEY_FIELD
from hotline.shell import back
from tickets.choices import IN_WORK_STATUSES, Part, Status
from tickets.lists.listing import Paginate, ticket_list
from tickets.models import Contribution, Ticket, TicketQuerySet
from tickets.workflow import several
from tickets.workflow.several import Wanted


def all_tickets(request: HttpRequest) -> HttpResponse:
    """Every ticket that the person may see; the search box of the frame leads here."""
    user = person(request)
    if not (user.may(P.SEE_ALL_TICKETS) or user.may(P.SEE_DEPARTMENT_TICKETS)):
        raise PermissionDenied
    tickets = Ticket.objects.visible_to(user)
    return ticket_list(request, tickets, title=_("All tickets"), selectable=user.may(P.MANAGE_MATTERS),
                       may_export=user.may(P.EXPORT_TICKETS))  # fmt: skip


@requires(P.REGISTER)
def my_tickets(request: HttpRequest) -> HttpResponse:
    tickets = Ticket.objects.visible_to(request.user).filter(registered_by=person(request))
    return ticket_list(request, tickets, title=_("My tickets"), filters=("q", "status", "kind", "recorded_from"))


@requires(P.HANDLE)
def inbox(request: HttpRequest) -> HttpResponse:
    """What lies with the person's department, what is to be accepted first, and what is due first above."""
    tabs = {
        "dispatched": (_("To be accepted"), (Status.DISPATCHED,)),
        "working": (_("In work"), IN_WORK_STATUSES),
        "owed": (_("To assist or to be heard"), tuple(Part)),
        "answered": (_("Answered"), (Status.FOLLOW_UP, Status.CLOSED)),
    }
    user = person(request)
    tab = request.GET.get("tab", "dispatched")
    tab = tab if tab in tabs else "dispatched"
    tickets = Ticket.objects.visible_to(user)
    if tab == "owed":
        paginate: Paginate | None = partial(_by_part, Contribution.objects.owed_by(user.department_ids))
    else:
        tickets, paginate = tickets.filter(status__in=tabs[tab][1], department__in=user.department_ids), None
    is_open = tab in ("dispatched", "working")
    return ticket_list(
        request, tickets, title=_("Inbox"), template="tickets/inbox.html",
        default_order="first" if is_open else "newest", is_open=is_open, paginate=paginate,
        filters=("q", "kind", "urgency", "region"), tabs={name: label for name, (label, _what) in tabs.items()},
        tab=tab, empty=_("Nothing lies here. Well done."),
    )  # fmt: skip


def _by_part(parts: QuerySet[Contribution], request: HttpRequest, tickets: TicketQuerySet) -> tuple[keyset.Page, str]:
    """The tickets to which these parts are owed, the part that is due first above; each as `part` of its ticket."""
    page, order = keyset.paginate(request, parts.filter(ticket__in=tickets.values("pk")), PART_ORDERS, "part")
    found = tickets.in_bulk([one.ticket_id for one in page])
    rows = []
    for one in page:
        row = copy(found[one.ticket_id])  # two units of one department may owe a part each
        row.part = one  # type: ignore[attr-defined]
        rows.append(row)
    return keyset.Page(rows, page.next_url, page.previous_url), order


PART_ORDERS = {"part": ("due_at", "id")}


@requires(P.HANDLE)
@require_POST
def accept_many(request: HttpRequest) -> HttpResponse:
    """Accepts the chosen tickets, each on its own: one that somebody else took meanwhile holds up no other."""
    numbers = several.numbers_in(request)
    outcome = several.perform_each(
        [Wanted(number, "accept", {}, several.version_of(request, number)) for number in numbers],
        actor=person(request), key=request.POST.get(KEY_FIELD, ""),
    )  # fmt: skip
    said = ngettext("%d ticket accepted.", "%d tickets accepted.", outcome.done) % outcome.done
    several.tell(request, outcome, done=said, nothing_chosen="" if numbers else _t("Choose tickets first."))
    return back(request, "inbox")
