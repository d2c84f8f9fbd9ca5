"""The frame round every page: who is signed in, where they can go, and where they start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from hotline import drafts
from hotline.accounts.models import User
from hotline.accounts.permissions import ROLE_PERMISSIONS
from hotline.accounts.permissions import Permission as P
from hotline.administering import working
from hotline.backup import holding


@dataclass(frozen=True)
class Door:
    """An entry of the navigation: a page, its name, and what one must hold to go there."""

    url_name: str
    label: Any
    permission: str
    icon: str


# In the order of the navigation. The first that a person may open and that their role works on is home.
DOORS = (
    Door("new-ticket", _("Record a call"), P.REGISTER, "phone-arrow-down-left"),
    Door("my-tickets", _("My tickets"), P.REGISTER, "clipboard-document-list"),
    Door("follow-ups", _("Follow-up calls"), P.FOLLOW_UP, "phone-arrow-up-right"),
    Door("dispatch-queue", _("Dispatch"), P.DISPATCH, "paper-airplane"),
    Door("inbox", _("Inbox"), P.HANDLE, "inbox-arrow-down"),
    Door("messages", _("Messages"), P.SEE_MESSAGES, "bell"),
    Door("answer-templates", _("Answer templates"), P.HANDLE, "document-duplicate"),
    Door("tickets", _("Department tickets"), P.SEE_DEPARTMENT_TICKETS, "magnifying-glass"),
    Door("board", _("Stuck board"), P.SEE_BOARD, "exclamation-triangle"),
    Door("matters", _("Matters"), P.MANAGE_MATTERS, "rectangle-group"),
    Door("matters-map", _("Map of calls"), P.SEE_BOARD, "globe-asia-australia"),
    Door("coordinations", _("On-site coordination"), P.SUPERVISE, "map-pin"),
    Door("missed-calls", _("Missed calls"), P.SEE_MISSED_CALLS, "phone-x-mark"),
    Door("suggestions", _("Suggestions"), P.SEE_SUGGESTIONS, "light-bulb"),
    Door("articles", _("Knowledge base"), P.READ_ARTICLES, "academic-cap"),
    Door("directory", _("Responsibility directory"), P.SEE_DIRECTORY, "book-open"),
    Door("places", _("Place book"), P.SEE_PLACES, "map"),
    Door("rulings", _("Rulings and extensions"), P.RULE, "scale"),
    Door("dashboard", _("Dashboard"), P.SEE_REPORTS, "chart-bar"),
    Door("reports", _("Reports"), P.READ_REPORTS, "document-chart-bar"),
    Door("my-day", _("My day"), P.REGISTER, "presentation-chart-line"),
    Door("operators", _("Operators"), P.SEE_OPERATORS, "users"),
    Door("tickets", _("All tickets"), P.SEE_ALL_TICKETS, "magnifying-glass"),
    Door("limits", _("Time limits"), P.SET_UP, "clock"),
    Door("calendar", _("Working calendar"), P.SET_UP, "calendar-days"),
    Door("ledger", _("Audit log"), P.READ_LEDGER, "finger-print"),
    Door("work-sessions", _("Working sessions"), P.READ_LEDGER, "wrench-screwdriver"),
    Door("tokens", _("API tokens"), P.USE_API, "key"),
    Door("set-up", _("Set-up"), P.SET_UP, "cog-6-tooth"),
)

HOMES = {
    "operator": "new-ticket",
    "dispatcher": "dispatch-queue",
    "staff": "inbox",
    "supervisor": "board",
    "manager": "dashboard",
    "administrator": "set-up",
    "auditor": "ledger",
    "telephony": "tokens",
}


def context(request: HttpRequest) -> dict[str, Any]:
    """For every template: the doors open to this person, and the city."""
    user = getattr(request, "user", None)
    doors = [door for door in DOORS if user.may(door.permission)] if isinstance(user, User) else []
    match = request.resolver_match
    return {
        "doors": doors,
        "permissions": ROLE_PERMISSIONS.get(user.role, frozenset()) if isinstance(user, User) else frozenset(),
        "draft_mark": drafts.mark(user) if isinstance(user, User) else "",
        "here": match.view_name if match else "",
        "within": "set-up" if request.path.startswith("/set-up/") else "",  # the door behind which a page lies
        "work": getattr(request, "work", None),
        "asks_for_work": working.asks_for_one(user, match.view_name) if match else False,
        "city_name": settings.CITY_NAME,
        "is_demo": settings.DEMO,
        "messages_are_held": holding.shown,  # asked only where whoever may see it is shown a page
    }


def back(request: HttpRequest, otherwise: Any) -> HttpResponse:
    """Back to the page that the form says it came from, if that is a page of ours; else to `otherwise`."""
    address = request.POST.get("back", "")
    if address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None):
        return redirect(address)
    return redirect(otherwise)


def number_in(value: str | None) -> list[int]:
    """The row id that an address or a form carries, as a list of one; empty where it carries none that can be."""
    return [int(value)] if value and value.isdecimal() and len(value) < 18 else []


def home(request: HttpRequest) -> HttpResponse:
    """Sends each person to the page that their role works on."""
    assert isinstance(request.user, User)
    return redirect(HOMES.get(request.user.role, "tickets"))
