"""A list page of tickets: filtered, sorted, paged, its state in the address."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from hotline import finding, keyset
from tickets.lists.filters import TicketFilter
from tickets.models import TicketQuerySet

# Each order has an index, `tickets.models.ticket.NARROWED_BY` within; the label is what the sort box shows.
ORDERS = {
    "newest": ("-registered_at", "-id"),
    "oldest": ("registered_at", "id"),
    "due": ("answer_due_at", "id"),
    "step": ("stage_due_at", "id"),
    "risk": ("-risk", "-registered_at", "-id"),
}
DEFAULT_ORDER = "newest"
ORDER_LABELS = {
    "newest": _("Newest first"),
    "oldest": _("Oldest first"),
    "due": _("Answer due first"),
    "step": _("Next step due first"),
    "risk": _("Highest risk first"),
}


def ticket_list(
    request: HttpRequest,
    tickets: TicketQuerySet,
    *,
    title: Any,
    template: str = "tickets/list.html",
    default_order: str = DEFAULT_ORDER,
    filters: tuple[str, ...] = (
        "q",
        "status",
        "kind",
        "urgency",
        "department",
        "region",
        "category",
        "recorded_from",
        "recorded_to",
    ),
    keep: tuple[str, ...] = ("tab",),
    **context: Any,
) -> HttpResponse:
    """Renders one page of `tickets`, which the caller has narrowed to what the person may see.

    `filters` are those of TicketFilter that the page offers, `keep` the parts of its address that a filter keeps.
    """
    given, is_forgotten = finding.asked(request)
    if is_forgotten:
        messages.error(request, _t("What you searched for is no longer kept; please search again."))
        tickets = tickets.none()
    kept = {name: request.GET[name] for name in keep if name in request.GET}
    filterset = TicketFilter(given, queryset=tickets.for_list(), request=request)
    for name in set(filterset.filters) - set(filters):
        del filterset.filters[name]
    page, order = keyset.paginate(request, filterset.qs, ORDERS, default_order)
    context |= {
        "title": title,
        "filter": filterset,
        "page": page,
        "order": order,
        "order_labels": ORDER_LABELS,
        "selectable": context.get("selectable", False),
        "kept": kept,
        "kept_query": urlencode(kept),
    }
    after = context.pop("after_page", None)
    if after:
        context |= after(page)
    return render(request, template, context)
