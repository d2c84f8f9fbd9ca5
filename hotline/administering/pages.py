"""The pages on which administrators decide on each other's changes of roles, and open and end working sessions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hotline import keyset
from hotline.accounts.access import person, requires
from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.administering import role_requests, working
from hotline.administering.models import REASON, RoleRequest, WorkSession
from hotline.ledger.writing import note
from hotline.receipts import services as receipts
from hotline.shell import back, number_in

SHOWN = 30  # that were decided, the latest
Decision = RoleRequest.Decision
TONES = {
    Decision.GRANTED: "success", Decision.REFUSED: "danger", Decision.WITHDRAWN: "neutral", Decision.LAPSED: "warning"
}  # fmt: skip


class DecisionForm(forms.Form):
    note = forms.CharField(
        label=pgettext_lazy("change of role", "Remark"), required=False, max_length=REASON,
        help_text=_("Kept with the decision."),
    )  # fmt: skip


@requires(P.SET_UP)
def role_request_page(request: HttpRequest) -> HttpResponse:
    """What waits, with the word that this administrator may give, and what was decided of late."""
    own, form, pk = person(request), None, ""
    if request.method == "POST":
        form, pk = DecisionForm(request.POST), request.POST.get("which", "")
        if form.is_valid():
            _settle(request, pk, form.cleaned_data["note"])
            return redirect("role-requests")
    waiting = [(one, role_requests.why_not(one, own), _form_of(one, form, pk)) for one in role_requests.waiting()]
    decided = RoleRequest.objects.exclude(decided_at=None).order_by("-decided_at", "-pk")[:SHOWN]
    decided = decided.select_related("person", "asked_by", "decided_by", "was_department", "department")
    context = {
        "waiting": waiting, "decided": [(one, TONES[Decision(one.decision)]) for one in decided], "own": own,
        "is_alone": _is_alone(own),
    }  # fmt: skip
    return render(request, "administering/role_requests.html", context, status=422 if form else 200)


def _form_of(one: RoleRequest, sent: DecisionForm | None, pk: str) -> DecisionForm:
    return sent if sent is not None and pk == str(one.pk) else DecisionForm(prefix=None, auto_id=f"id_{one.pk}_%s")


def _is_alone(own: User) -> bool:
    try:
        role_requests.check_that_somebody_decides(own, None)
    except ValidationError:
        return True
    return False


def _settle(request: HttpRequest, which: str, said: str) -> None:
    """What was posted, done once; what stands against it is told."""
    own, then, found = person(request), request.POST.get("then", ""), number_in(which)
    pk = found[0] if found else 0
    done: list[RoleRequest] = []

    def do() -> str:
        if then == "withdraw":
            done.append(role_requests.withdraw(pk, by=own))
        elif then in ("grant", "refuse"):
            done.append(role_requests.decide(pk, by=own, is_granted=then == "grant", note=said))
        return str(pk)

    try:
        receipts.once_for(request, do, person=own)
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
        return
    for one in done:
        note(request, key=one.person_id, why=one.reason, told=f"{then} {one.person.username} {one.what}")
        told: Any = messages.warning if one.decision == Decision.LAPSED else messages.success
        words = _t("“%(name)s”, %(what)s: %(decision)s. %(note)s")
        told(request, words % {
            "name": one.person, "what": one.what, "decision": one.get_decision_display(), "note": one.note,
        })  # fmt: skip


# -- working sessions -----------------------------------------------------------------------------------------


class WorkForm(forms.Form):
    work_reason = forms.CharField(
        label=_("What for"), max_length=REASON,
        help_text=_("It stands in the audit log beside everything that you change."),
    )  # fmt: skip


@requires(P.SET_UP, P.READ_LEDGER)
def work_session_page(request: HttpRequest) -> HttpResponse:
    """When administrators changed things and what for; an administrator opens and ends their own here."""
    form = WorkForm(request.POST if request.POST.get("then") == "begin" else None)
    if request.POST.get("then") == "end":
        if working.end(request, WorkSession.End.HAND):
            messages.success(request, _t("The working session is ended."))
        return back(request, "work-sessions")
    if settings.ADMIN_MINUTES and form.is_valid():
        try:
            working.begin(request, form.cleaned_data["work_reason"])
        except ValidationError as refused:
            form.add_error("work_reason", refused)
        else:
            return back(request, "work-sessions")
    page, _order = keyset.paginate(
        request, WorkSession.objects.select_related("person"), {"newest": ("-begun_at", "-id")}, "newest"
    )
    context = {
        "page": page, "form": form, "minutes": settings.ADMIN_MINUTES, "may_read": person(request).may(P.READ_LEDGER),
        "may_begin": settings.ADMIN_MINUTES and person(request).may(P.SET_UP) and not getattr(request, "work", None),
    }  # fmt: skip
    return render(request, "administering/work_sessions.html", context, status=422 if form.errors else 200)
