"""Administrators change things in working sessions: opened with a reason, for a limited time, and listed.

What is changed is known by the tables: whatever an administrator sends to an address that is open to people who set up
(`hotline.reach`). Without an open session it is not done: a page asks for the reason, carries what was sent, and does
it once the reason is given. Everything that is written into the audit log meanwhile bears the number of the session and
its reason (`hotline.ledger.writing`). A session belongs to one sign-in; it ends by hand, by signing out, or by time.

`HOTLINE_ADMIN_MINUTES` says how long one lasts; 0 asks for none.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_out
from django.core.exceptions import ValidationError
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from hotline import drafts, errors, reach
from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.administering.models import REASON, WorkSession
from hotline.ledger.deeds import Deed, Of
from hotline.ledger.writing import record
from hotline.text import one_line

KEY = "work"  # in the session of a sign-in: which working session is open
FIELD = "work_reason"  # of the page that asks for a reason in between
FAMILY = frozenset({P.SET_UP, P.KEEP_DIRECTORY, P.KEEP_PLACES})  # by which an administrator changes the city
FREE = frozenset({"work-sessions", "admin:logout"})
ASKED = _("You change how the city is set up: say what for. What you sent is kept and done once the reason is given.")


def asks_for_one(user: Any, address: str) -> bool:
    """Whether what this person sends to the address of this name is done within a working session."""
    row = reach.of(address) if settings.ADMIN_MINUTES > 0 else None
    if row is None or not isinstance(user, User) or not user.may(P.SET_UP) or address in FREE:
        return False
    return isinstance(row.sends, tuple) and not FAMILY.isdisjoint(row.sends)


def open_one(request: HttpRequest) -> WorkSession | None:
    """The session that is open at this sign-in."""
    pk = request.session.get(KEY)
    if pk is None or not isinstance(request.user, User):
        return None
    rows = WorkSession.objects.filter(pk=pk, person=request.user, ended_at=None, ends_at__gt=timezone.now())
    return rows.select_related("person").first()


def begin(request: HttpRequest, reason: str) -> WorkSession:
    """Opens one, in place of one that is open. Raises ValidationError."""
    reason, user = one_line(reason), request.user
    assert isinstance(user, User)
    if len(reason) < 2 or len(reason) > REASON:
        raise ValidationError(_t("Say what for, in 2 to %(most)d characters.") % {"most": REASON})
    end(request, WorkSession.End.HAND)
    now = timezone.now()
    made = WorkSession.objects.create(
        person=user, reason=reason, begun_at=now, ends_at=now + timedelta(minutes=settings.ADMIN_MINUTES)
    )
    request.session[KEY] = made.pk
    request.work = made  # type: ignore[attr-defined]
    record(Deed.CHANGED, user=user, request=request, of=Of.WORK, key=made.pk, page="work-sessions", told="begun")
    return made


def end(request: HttpRequest, because: str) -> bool:
    """Ends the one that is open at this sign-in; returns whether there was one."""
    found = open_one(request)
    request.session.pop(KEY, None)
    if found is None:
        return False
    WorkSession.objects.filter(pk=found.pk).update(ended_at=timezone.now(), ended_because=because)
    record(
        Deed.CHANGED, user=request.user, request=request, of=Of.WORK, key=found.pk, page="work-sessions",
        told=f"ended {because}",
    )  # fmt: skip
    request.work = None  # type: ignore[attr-defined]
    return True


@receiver(user_logged_out)
def signed_out(sender: Any, request: Any, **kwargs: Any) -> None:
    if request is not None and request.session.get(KEY):
        end(request, WorkSession.End.OUT)


class Working:
    """Middleware: what an administrator changes is done within a working session, or kept until one is open."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if not settings.ADMIN_MINUTES or not isinstance(request.user, User) or not request.user.may(P.SET_UP):
            return None
        request.work = open_one(request)  # type: ignore[attr-defined]
        address = request.resolver_match.view_name if request.resolver_match else ""
        if request.method in ("GET", "HEAD", "OPTIONS") or not asks_for_one(request.user, address):
            return None
        return None if request.work else _begun_or_asked(request)  # type: ignore[attr-defined]


def _begun_or_asked(request: HttpRequest) -> HttpResponse | None:
    given, error = request.POST.get(FIELD), ""
    if given is not None:
        try:
            begin(request, given)
        except ValidationError as refused:
            error = " ".join(refused.messages)
        else:
            return None
    own = ("csrfmiddlewaretoken", drafts.MADE_FOR, FIELD)
    fields = [(name, value) for name, values in request.POST.lists() for value in values if name not in own]
    is_carried = not request.FILES and not any("password" in name for name, _value in fields)
    return errors.page(
        request, 428, ASKED, template="administering/reason.html", fields=fields if is_carried else [],
        is_carried=is_carried, address=request.get_full_path(), form_page=errors.came_from(request), reason=given or "",
        error=error, most=REASON, minutes=settings.ADMIN_MINUTES,
        typed=[] if is_carried else [one for one in errors.typed(request) if one.name != FIELD],
    )  # fmt: skip
