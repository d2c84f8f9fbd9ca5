"""Where an administrator begins: every page on which a city is set up, in the order in which a new city needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from hotline.accounts.access import requires
from hotline.accounts.permissions import Permission


@dataclass(frozen=True)
class SetUpPage:
    """A page by the name of its address, and what is set on it."""

    url_name: str
    label: Any
    what: Any


PAGES = (
    SetUpPage("admin:accounts_region_changelist", _("Regions"), _("The city, its districts, streets and towns.")),
    SetUpPage(
        "admin:accounts_department_changelist", _("Departments of the city"),
        _("Who takes tickets, who stands below whom, by which channel they are told."),
    ),
    SetUpPage(
        "admin:accounts_user_changelist", _("People"), _("Who signs in, in which role, for which department."),
    ),
    SetUpPage("admin:tickets_category_changelist", _("Categories"), _("What tickets are about, in three levels.")),
    SetUpPage("directory", _("Responsibility directory"), _("Which department is responsible for what, and where.")),
    SetUpPage("places", _("Place book"), _("Estates, roads, markets and schools, and in which street they lie.")),
    SetUpPage("limits", _("Time limits"), _("How long each step may take.")),
    SetUpPage("calendar", _("Working calendar"), _("Holidays, worked weekends and days of the city's own.")),
    SetUpPage("admin:worktime_officehours_changelist", _("Office hours"), _("What counts as working time in a day.")),
    SetUpPage("admin:tickets_cityrule_changelist", _("Rules"), _("Numbers that this city sets differently.")),
    SetUpPage(
        "admin:tickets_elsewhere_changelist", _("Matters of others"),
        _("What is not accepted, by which words it is known, what is said and which number is given."),
    ),
    SetUpPage(
        "admin:supervision_ladderrule_changelist", _("Steps of the ladder"),
        _("Who is told when, and what goes by itself."),
    ),
    SetUpPage("sweeper", _("State of the clocks"), _("Whether flags and messages come in time.")),
)  # fmt: skip


@requires(Permission.SET_UP)
@require_GET
def set_up(request: HttpRequest) -> HttpResponse:
    """The home of whoever sets the city up."""
    return render(request, "set_up.html", {"pages": PAGES})
