"""The list of matters, the page of one, and what people do with it there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, F, OuterRef, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from hotline import keyset
from hotline.accounts.access import person, requires
from hotline.accounts.models import Department, User
from hotline.accounts.permissions import Permission as P
from hotline.receipts import services as receipts
from hotline.shell import number_in
from hotline.waiting.busy import Busy
from matters import byhand, proposing, totals
from matters.models import Alert, Deed, Proposal, Standing
from matters.together.doing import MOST_AT_ONCE, counts
from tickets.choices import OPEN_STATUSES
from tickets.models import Matter, Ticket
from tickets.reading import matter_name, read
from tickets.workflow.performing import InvalidInput, NotAllowed, Refused, Stale
from tickets.workflow.table import ACTIONS

TABS = {
    "alerting": _("Alerted to"),
    "growing": _("Growing"),
    "open": _("Under way"),
    "back": _("Came back"),
    "proposed": pgettext_lazy("of matters", "Proposed"),
    "all": _("All"),
}
ORDERS = {"newest": ("-last_at", "-matter")}
SHOWN = 50  # proposals
PERHAPS = 10  # of what is perhaps one matter
DEEDS = 30  # of a matter, the latest


class MatterForm(forms.Form):
    """What a person writes to change a matter as a whole."""

    title = forms.CharField(label=_("Name of the matter"), max_length=byhand.LONGEST_NAME, required=False)
    lead = forms.ModelChoiceField(
        label=_("lead department"), queryset=Department.objects.filter(is_open=True), required=False,
        empty_label=_("the one that holds most of it"),
    )  # fmt: skip
    other = forms.CharField(
        label=_("Number of a ticket of the other matter"), max_length=40, required=False,
    )  # fmt: skip
    reason = forms.CharField(label=_("Reason"), max_length=500, required=False)


@requires(P.MANAGE_MATTERS)
@require_GET
def matters_page(request: HttpRequest) -> HttpResponse:
    """Matters of more than one ticket, the latest call first: by tab, and what is proposed."""
    user = person(request)
    tab = request.GET.get("tab", "alerting")
    tab = tab if tab in TABS else "alerting"
    context: dict[str, Any] = {"tabs": TABS, "tab": tab, "alerts": _open_alerts()}
    if tab in ("alerting", "proposed"):
        context["perhaps"] = _perhaps(user)
    if tab == "proposed":
        context["proposals"] = _proposals(_about(request), user)
        return render(request, "matters/list.html", context)
    page, _order = keyset.paginate(request, _standings(tab), ORDERS, "newest")
    rows: list[Standing] = list(page.rows)
    alerts = Alert.objects.filter(matter__in=[row.pk for row in rows], ended_at=None)
    raised = {alert.matter_id: alert for alert in alerts}
    context |= {
        "page": page, "surges": Alert.objects.filter(category__isnull=False, ended_at=None).select_related("category"),
        "rows": [(row, matter_name(row.matter, user), raised.get(row.pk)) for row in rows],
    }  # fmt: skip
    return render(request, "matters/list.html", context)


def _perhaps(user: User) -> list[tuple[Alert, str]]:
    """What is perhaps one matter and waits for a word, most callers first, with the title of its first call."""
    rows = Alert.objects.filter(kind=Alert.Kind.PERHAPS, ended_at=None, first__in=Ticket.objects.visible_to(user))
    found = rows.select_related("first__category").order_by("-why__callers", "-raised_at", "-pk")[:PERHAPS]
    return [(alert, read(alert.first, user).title) for alert in found if alert.first]


def _about(request: HttpRequest) -> Q:
    """The proposals that are asked for: those of one alert, or all."""
    wanted = next(iter(number_in(request.GET.get("perhaps"))), None)
    alert = Alert.objects.filter(pk=wanted, kind=Alert.Kind.PERHAPS).first() if wanted else None
    if alert is None:
        return Q()
    tickets = alert.why["tickets"]
    return Q(ticket__in=tickets, other__in=tickets)


def _open_alerts() -> int:
    return Alert.objects.filter(matter__isnull=False, ended_at=None).count()


def _standings(tab: str) -> Any:
    rows = Standing.objects.filter(tickets__gt=0).select_related(
        "matter__named_after", "region__parent", "category", "lead"
    )  # fmt: skip
    if tab == "alerting":
        return rows.filter(Exists(Alert.objects.filter(matter=OuterRef("matter"), ended_at=None)))
    if tab == "growing":
        return rows.filter(Q(callers_lately__gt=F("callers_before")), callers_lately__gt=1)
    if tab == "open":
        return rows.filter(open__gt=0, tickets__gt=1)
    if tab == "back":
        return rows.filter(came_back_open__gt=0)
    return rows.filter(tickets__gt=1)


def _proposals(about: Q, user: User) -> list[Proposal]:
    """What waits for a person's word, the surest first; of tickets that the reader may know."""
    found = Proposal.objects.filter(about, state=Proposal.State.WAITING).select_related(
        "ticket__category", "ticket__region__parent", "other__category", "other__region__parent"
    )  # fmt: skip
    if not user.may(P.SEE_ALL_TICKETS):
        known = Ticket.objects.visible_to(user)
        found = found.filter(Exists(known.filter(pk=OuterRef("ticket"))), Exists(known.filter(pk=OuterRef("other"))))
    return list(found.order_by("-probability", "-id")[:SHOWN])


@require_GET
def matter_page(request: HttpRequest, pk: int) -> HttpResponse:
    """A matter with those of its tickets that the person may see; 404 where there is none."""
    matter = get_object_or_404(Matter, pk=pk)
    return _shown(request, matter, MatterForm())


def _shown(request: HttpRequest, matter: Matter, form: MatterForm, *, status: int = 200) -> HttpResponse:
    user = person(request)
    visible = Ticket.objects.visible_to(user).filter(matter=matter)
    page, _order = keyset.paginate(request, visible.for_list(), {"oldest": ("registered_at", "id")}, "oldest")
    standing = totals.standing_of(matter)
    if not page.rows and not request.GET.get("after"):
        if standing.merged_into and user.may(P.MANAGE_MATTERS):
            messages.info(request, _t("This matter has been merged into another one, which is shown here."))
            return redirect(standing.merged_into)
        raise Http404
    rows: list[Ticket] = list(page.rows)
    sees_all = user.may(P.SEE_ALL_TICKETS)
    may_change = user.may(P.MANAGE_MATTERS)
    context: dict[str, Any] = {
        "matter": matter, "name": matter_name(matter, user, rows), "page": page, "form": form,
        "may_change": may_change, "together": counts(matter, user), "most_together": MOST_AT_ONCE,
        "shown": visible.count() if not sees_all else standing.tickets,
    }  # fmt: skip
    if sees_all:
        context |= {
            "standing": standing, "holders": _holders(matter),
            "alert": Alert.objects.filter(matter=matter, ended_at=None).first(),
            "ended": Alert.objects.filter(matter=matter, ended_at__isnull=False).order_by("-ended_at", "-pk")[:3],
            "deeds": _deeds(matter),
            "may_go": user.may(P.SUPERVISE) and visible.filter(status__in=OPEN_STATUSES).exists(),
        }  # fmt: skip
    if may_change:
        context["proposals"] = _proposals(Q(ticket__matter=matter) | Q(other__matter=matter), user)
    return render(request, "matters/matter.html", context, status=status)


def _deeds(matter: Matter) -> list[tuple[Deed, str]]:
    """What was done with a matter, the latest first, each with what is to be said of it."""
    rows = Deed.objects.filter(matter=matter).select_related("by").order_by("-pk")[:DEEDS]
    return [(deed, _taken_together(deed) if deed.what == Deed.What.TOGETHER else deed.note) for deed in rows]


def _taken_together(deed: Deed) -> str:
    action = ACTIONS.get(deed.data["action"])
    said = _t("%(action)s, %(count)d tickets")
    return said % {"action": action.label if action else deed.data["action"], "count": deed.data["tickets"]}


def _holders(matter: Matter) -> list[str]:
    open_ones = Ticket.objects.filter(matter=matter, status__in=OPEN_STATUSES, department__isnull=False)
    ids = open_ones.order_by().values_list("department", flat=True).distinct()  # few, of which the names are asked then
    return list(Department.objects.filter(pk__in=list(ids)).order_by("name").values_list("name", flat=True)[:6])


@requires(P.MANAGE_MATTERS)
@require_POST
def change(request: HttpRequest, pk: int, deed: str) -> HttpResponse:
    """Names a matter, gives it a lead department, merges another into it, or splits tickets off."""
    user, matter = person(request), get_object_or_404(Matter, pk=pk)
    if deed not in CHANGES:
        raise Http404
    form = MatterForm(request.POST)
    if not form.is_valid():
        return _shown(request, matter, form, status=422)
    version = next(iter(number_in(request.POST.get("version"))), None)

    def do() -> str:
        return CHANGES[deed](request, matter, form.cleaned_data, user, version).get_absolute_url()

    try:
        done = receipts.once_for(request, do, person=user)
    except NotAllowed as refused:
        raise PermissionDenied from refused
    except (Refused, Stale) as refused:
        form.add_error(FIELDS[deed], refused.message)
        return _shown(request, matter, form, status=422)
    except Busy as busy:
        form.add_error(None, busy.message)
        return _shown(request, matter, form, status=503)
    messages.success(request, DONE[deed] if done.now else receipts.SENT_BEFORE)
    return redirect(done.outcome)


def _name(request: HttpRequest, matter: Matter, given: dict[str, Any], user: User, version: int | None) -> Matter:
    byhand.name(matter, given["title"], actor=user, version=version)
    return matter


def _lead(request: HttpRequest, matter: Matter, given: dict[str, Any], user: User, version: int | None) -> Matter:
    byhand.give_lead(matter, given["lead"], actor=user, version=version)
    return matter


def _merge(request: HttpRequest, matter: Matter, given: dict[str, Any], user: User, version: int | None) -> Matter:
    ticket = Ticket.objects.visible_to(user).filter(number=given["other"].strip().upper()).first()
    if ticket is None:
        raise Refused(_t("No ticket has the number %(number)s.") % {"number": given["other"][:40] or "—"})
    if ticket.matter is None:
        raise Refused(_t("That ticket belongs to no matter; join it on its own page."))
    byhand.merge(matter, ticket.matter, actor=user, reason=given["reason"], version=version)
    return matter


def _split(request: HttpRequest, matter: Matter, given: dict[str, Any], user: User, version: int | None) -> Matter:
    numbers = [number for number in request.POST.getlist("number") if number.isalnum()]
    return byhand.split(
        matter, numbers, actor=user, reason=given["reason"], title=given["title"], version=version
    )  # fmt: skip


CHANGES: dict[str, Callable[[HttpRequest, Matter, dict[str, Any], User, int | None], Matter]] = {
    "name": _name, "lead": _lead, "merge": _merge, "split": _split,
}  # fmt: skip
FIELDS = {"name": "title", "lead": "lead", "merge": "other", "split": "reason"}
DONE = {
    "name": _("The matter is named."),
    "lead": _("The lead department is set."),
    "merge": _("The other matter is part of this one now."),
    "split": _("The chosen tickets are a matter of their own now, which is shown here."),
}


@requires(P.MANAGE_MATTERS)
@require_POST
def decide(request: HttpRequest, pk: int, word: str) -> HttpResponse:
    """Takes or refuses what the machine proposes."""
    user, proposal = person(request), get_object_or_404(Proposal, pk=pk)
    if word not in WORDS:
        raise Http404

    def do() -> str:
        WORDS[word](proposal, actor=user)
        return word

    try:
        receipts.once_for(request, do, person=user)
    except NotAllowed as refused:
        raise PermissionDenied from refused
    except (Refused, Busy) as refused:
        messages.error(request, refused.message)
    except InvalidInput as invalid:
        messages.error(request, invalid.details)
    else:
        said = _t("Joined: one matter.") if word == "take" else _t("Two things; that is not proposed again.")
        messages.success(request, said)
    back = next(iter(number_in(request.POST.get("matter"))), None)
    return redirect("matter", pk=back) if back else redirect(f"{reverse('matters')}?tab=proposed")


WORDS: dict[str, Callable[..., None]] = {"take": proposing.take, "refuse": proposing.refuse}
