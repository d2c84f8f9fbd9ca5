"""The step between password and session, and a person's own page of account security."""

from __future__ import annotations

import time
from typing import Any

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _t
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from hotline.accounts.access import person
from hotline.accounts.lockout import remember_browser
from hotline.accounts.models import SignedIn, User
from hotline.accounts.safety import second_factor, sign_ins
from hotline.accounts.safety.forms import WRONG, CodeForm, ConfirmForm, SignInCodeForm
from hotline.addresses import client_address

HALF = "signing_in"  # in a session that is nobody's yet: whose password was right, when, and where to go
MAY_CHANGE = "may_change_app"  # in a session: a code of the app was given, so another may take its place
OWES = "owes_second_factor"  # in a session: it is to be set up before anything else
LONGEST_NUMBER = 19  # digits of what the database can count
WITHIN = 300  # seconds after the password the code is taken
BACKEND = "hotline.accounts.backend.PersonBackend"


def after_password(request: HttpRequest, user: User, to: str) -> HttpResponse | None:
    """Asks for the code of whoever has an app for it; None for whom the password is enough."""
    if second_factor.of(user) is None:
        return None
    request.session.cycle_key()
    request.session[HALF] = {"user": user.pk, "at": time.time(), "to": to, "password": user.get_session_auth_hash()}
    return redirect("sign-in-code")


def signed_in(request: HttpRequest, response: HttpResponse, user: User, *, is_strong: bool = False) -> None:
    """What is kept of everybody who has just signed in; `is_strong` where a second factor was asked for elsewhere."""
    remember_browser(request, response, user.username)
    sign_ins.begun(request, user)
    if not is_strong and second_factor.is_owed_by(user):
        request.session[OWES] = True


@login_not_required
@sensitive_post_parameters()
@never_cache
def sign_in_code(request: HttpRequest) -> HttpResponse:
    half = request.session.get(HALF, {})
    user = User.objects.filter(pk=half.get("user"), is_active=True).first()
    if user is None or not constant_time_compare(half["password"], user.get_session_auth_hash()):
        return redirect("sign-in")
    if time.time() - half["at"] > WITHIN:
        del request.session[HALF]
        return redirect(f"{reverse('sign-in')}?again=1")
    form = SignInCodeForm(request.POST if request.method == "POST" else None, request=request, user=user)
    if not form.is_valid():
        return render(request, "accounts/sign_in_code.html", {"form": form}, status=422 if form.is_bound else 200)
    del request.session[HALF]
    login(request, user, backend=BACKEND)
    to = half["to"]
    is_here = url_has_allowed_host_and_scheme(to, {request.get_host()}, require_https=request.is_secure())
    response = redirect(to if is_here else settings.LOGIN_REDIRECT_URL)
    signed_in(request, response, user)
    return response


@sensitive_post_parameters()
@never_cache
def account_security(request: HttpRequest) -> HttpResponse:
    """The second factor and where one is signed in; what is posted says in `then` what is asked."""
    user, then = person(request), request.POST.get("then", "")
    if request.method == "POST" and then in DONE:
        answer = DONE[then](request, user)
        if isinstance(answer, HttpResponse):
            return answer
        return _page(request, user, **answer)
    return _page(request, user)


def _page(request: HttpRequest, user: User, *, status: int = 200, **more: Any) -> HttpResponse:
    authenticator = second_factor.of(user)
    context = {
        "authenticator": authenticator, "codes_left": user.recovery_codes.count() if authenticator else 0,
        "is_obligatory": user.role in second_factor.obligatory_roles(), "signed_in": sign_ins.of(user),
        "own": sign_ins.own(request), "form": CodeForm(), "idle_minutes": settings.IDLE_MINUTES,
    }  # fmt: skip
    return render(request, "accounts/security.html", context | more, status=status)


def _begin(request: HttpRequest, user: User) -> dict[str, Any]:
    """Another app takes the place of one only by a code of that one: a desk left open gives nobody a way in."""
    if second_factor.of(user) is not None:
        form = SignInCodeForm(request.POST, request=request, user=user)
        if not form.is_valid():
            return {"form": form, "status": 422}
        request.session[MAY_CHANGE] = time.time()
    return _beginning(user)


def _may_change(request: HttpRequest, user: User) -> bool:
    return second_factor.of(user) is None or time.time() - request.session.get(MAY_CHANGE, 0) < WITHIN


def _beginning(user: User) -> dict[str, Any]:
    begun = second_factor.begin(user)
    picture = segno.make(second_factor.address(begun)).svg_inline(scale=4, border=3, dark="#000", light="#fff")
    drawn = mark_safe(picture)  # noqa: S308 - drawn by segno
    return {"picture": drawn, "secret": second_factor.written(begun), "form": ConfirmForm()}


def _confirm(request: HttpRequest, user: User) -> dict[str, Any]:
    form = ConfirmForm(request.POST)
    if not _may_change(request, user):
        return _begin(request, user)
    if form.is_valid():
        try:
            codes = second_factor.confirm(user, form.cleaned_data["code"], address=client_address(request))
        except second_factor.WrongCode:
            form.add_error("code", WRONG)
        else:
            request.session.pop(OWES, None)
            request.session.pop(MAY_CHANGE, None)
            return {"codes": codes}
    return _beginning(user) | {"form": form, "status": 422}


def _renew(request: HttpRequest, user: User) -> dict[str, Any]:
    form = CodeForm(request.POST)
    if form.is_valid():
        try:
            return {
                "codes": second_factor.renew_codes(user, form.cleaned_data["code"], address=client_address(request))
            }
        except second_factor.WrongCode:
            form.add_error("code", WRONG)
    return {"form": form, "status": 422}


def _stop(request: HttpRequest, user: User) -> dict[str, Any] | HttpResponse:
    form = CodeForm(request.POST)
    if user.role in second_factor.obligatory_roles():
        form.add_error(None, _t("Your role signs in with a second factor: it can be renewed, not ended."))
    elif form.is_valid():
        if second_factor.is_right(user, form.cleaned_data["code"]):
            second_factor.end(user, by=user, address=client_address(request))
            messages.success(request, _t("The second factor is ended. From now on the password alone is asked for."))
            return redirect("account-security")
        form.add_error("code", WRONG)
    return {"form": form, "status": 422}


def _end_one(request: HttpRequest, user: User) -> HttpResponse:
    which = request.POST.get("which", "")
    pk = int(which) if which.isascii() and which.isdigit() and len(which) < LONGEST_NUMBER else 0
    rows = SignedIn.objects.filter(user=user, pk=pk)
    if sign_ins.end(rows.exclude(pk=sign_ins.own(request)), SignedIn.End.OWNER):
        messages.success(request, _t("That sign-in is ended."))
    return redirect("account-security")


def _end_others(request: HttpRequest, user: User) -> HttpResponse:
    rows = SignedIn.objects.filter(user=user).exclude(pk=sign_ins.own(request))
    ended = sign_ins.end(rows, SignedIn.End.OWNER)
    messages.success(request, _t("%(count)d other sign-ins are ended.") % {"count": ended})
    return redirect("account-security")


DONE = {
    "begin": _begin, "confirm": _confirm, "renew": _renew, "stop": _stop, "end": _end_one, "end-others": _end_others
}  # fmt: skip
