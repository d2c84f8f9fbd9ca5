"""A list page of tickets: filtered, sorted, paged, its state in the address."""

from __future__ import annotations

from collections.abc import Callable
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
OPEN_ORDERS = {"first": ("first_due_at", "id")}  # of lists that hold open tickets and no others
DEFAULT_ORDER = "newest"
ORDER_LABELS = {
    "newest": _("Newest first"),
    "oldest": _("Oldest first"),
    "due": _("Answer due first"),
    "step": _("Next step due first"),
    "risk": _("Highest risk first"),
    "first": _("Due first, whatever limit"),
}
Paginate = Callable[[HttpRequest, TicketQuerySet], tuple[keyset.Page, str]]


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
    is_open: bool = False,
    paginate: Paginate | None = None,
    **context: Any,
) -> HttpResponse:
    """Renders one page of `tickets`, which the caller has narrowed to what the person may see.

    `filters` are those of TicketFilter that the page offers, `keep` the parts of its address that a filter keeps.
    `is_open` says that all of `tickets` are open, by their status. `paginate` takes a page in another way than by the
    columns of tickets.
    """
    given, is_forgotten = finding.asked(request)
    if is_forgotten:
        messages.error(request, _t("What you searched for is no longer kept; please search again."))
        tickets = tickets.none()
    kept = {name: request.GET[name] for name in keep if name in request.GET}
    filterset = TicketFilter(given, queryset=tickets.for_list(), request=request)
    for name in set(filterset.filters) - set(filters):
        del filterset.filters[name]
    orders = ORDERS | (OPEN_ORDERS if is_open else {})
    if paginate:
        page, order = paginate(request, filterset.qs)
    else:
        page, order = keyset.paginate(request, filterset.qs, orders, default_order)
    context |= {
        "title": title,
        "filter": filterset,
        "page": page,
        "order": order,
        "order_labels": {} if paginate else {name: ORDER_LABELS[name] for name in orders},
        "selectable": context.get("selectable", False),
        "kept": kept,
        "kept_query": urlencode(kept),
    }
    after = context.pop("after_page", None)
    if after:
        context |= after(page)
    return render(request, template, context)
