"""Where an administrator begins: what is still missing, and every page on which a city is set up, by subject."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from hotline.accounts.access import requires
from hotline.accounts.permissions import Permission
from hotline.setting_up import checks
from hotline.setting_up.checks import State


@dataclass(frozen=True)
class SetUpPage:
    """A page by the name of its address, and what is set on it."""

    url_name: str
    label: Any
    what: Any
    arguments: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        return reverse(self.url_name, args=self.arguments)


def _table(name: str, label: Any, what: Any) -> SetUpPage:
    return SetUpPage("set-up-table", label, what, (name,))


SUBJECTS = (
    (_("Who works here"), (
        SetUpPage("people", _("People"), _("Who signs in, in which role, for which department.")),
        SetUpPage("role-requests", _("Changes of roles"), _("What two administrators decide together.")),
        SetUpPage("work-sessions", _("Working sessions"), _("When administrators changed things, and what for.")),
        _table(
            "departments", _("Departments of the city"),
            _("Who takes tickets, who stands below whom, by which channel they are told."),
        ),
        _table("regions", _("Regions"), _("The city, its districts, streets and towns.")),
    )),
    (_("What it is about, and whose it is"), (
        _table("categories", _("Categories"), _("What tickets are about, in three levels.")),
        SetUpPage(
            "directory", _("Responsibility directory"), _("Which department is responsible for what, and where.")
        ),
        SetUpPage(
            "places", _("Place book"), _("Estates, roads, markets and schools, and in which street they lie.")
        ),
        _table(
            "elsewhere", _("Matters of others"),
            _("What is not accepted, by which words it is known, what is said and which number is given."),
        ),
        _table("sensitive-words", _("Sensitive words"), _("By which a matter comes first and is alerted to sooner.")),
    )),
    (_("Time and steps"), (
        SetUpPage("limits", _("Time limits"), _("How long each step may take.")),
        SetUpPage("calendar", _("Working calendar"), _("Holidays, worked weekends and days of the city's own.")),
        _table("office-hours", _("Office hours"), _("What counts as working time in a day.")),
        _table("rules", _("Rules"), _("Numbers that this city sets differently.")),
        _table("ladder", _("Steps of the ladder"), _("Who is told when, and what goes by itself.")),
        SetUpPage("sweeper", _("State of the clocks"), _("Whether flags and messages come in time.")),
    )),
    (_("What goes out"), (
        SetUpPage(
            "report-template", _("Report template"), _("The Word template by which the reports are made.")
        ),
        _table(
            "targets", _("Targets of indicators"),
            _(
                "What the figures of the city and of its units shall come to; dashboard and reports show whether they "
                "do."
            ),
        ),
        _table(
            "report-sentences", _("Sentences of reports"),
            _("The summary and the advice in the city's own words; figures stand in them as fields."),
        ),
    )),
)  # fmt: skip


@requires(Permission.SET_UP)
@require_GET
def set_up(request: HttpRequest) -> HttpResponse:
    """The home of whoever sets the city up."""
    found = checks.all_of_them()
    context = {
        "checks": found, "missing": sum(one.state == State.MISSING for _check, one in found), "subjects": SUBJECTS,
    }  # fmt: skip
    return render(request, "set_up/home.html", context)
