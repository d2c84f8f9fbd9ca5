"""The page on which administrators decide on each other's changes of roles."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hotline.accounts.access import person, requires
from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.administering import role_requests
from hotline.administering.models import REASON, RoleRequest
from hotline.ledger.writing import note
from hotline.receipts import services as receipts
from hotline.shell import number_in

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
