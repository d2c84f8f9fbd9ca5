"""Signing in, the own password and the own tokens."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _t
from django.views.decorators.http import require_POST

from hotline import drafts
from hotline.accounts import tokens
from hotline.accounts.access import person, requires
from hotline.accounts.forms import OwnPasswordForm, SignInForm, TokenForm
from hotline.accounts.models import AccountEvent, SignedIn, User
from hotline.accounts.permissions import Permission as P
from hotline.accounts.permissions import Role
from hotline.accounts.safety import sign_ins
from hotline.accounts.safety.pages import after_password, signed_in
from hotline.addresses import client_address

DEMO_PASSWORD = "xiaogan-12345"  # noqa: S105 - printed on the sign-in page, and only in demo mode
SHOWN = 30  # latest events of an account


class SignInView(LoginView):
    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        people: list[User] = []
        if settings.DEMO:
            order = {role: rank for rank, role in enumerate(Role.values)}
            people = list(User.objects.filter(is_demo=True, is_active=True).select_related("department"))
            people.sort(key=lambda person: (order[person.role], person.username))
        unified = (settings.OIDC_NAME or _t("Unified identity")) if settings.OIDC_ISSUER else ""
        return super().get_context_data(unified=unified, demo_people=people, demo_password=DEMO_PASSWORD, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        asked = after_password(self.request, form.get_user(), self.get_success_url())
        if asked:
            return asked
        response = super().form_valid(form)
        signed_in(self.request, response, form.get_user())
        return response


class PasswordView(PasswordChangeView):
    """The owner's own change of password; also where whoever has a one-time password ends up."""

    template_name = "accounts/password.html"
    form_class = OwnPasswordForm
    success_url = reverse_lazy("home")

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"request": self.request}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(events=_events(self.request), **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, _t("Your password is changed. Your API tokens have ended with the old one."))
        return super().form_valid(form)


def _events(request: HttpRequest) -> Any:
    """What happened to the person's account of late."""
    return AccountEvent.objects.filter(person=person(request)).select_related("by").order_by("-at", "-pk")[:SHOWN]


@requires(P.USE_API)
def token_page(request: HttpRequest) -> HttpResponse:
    """The person's tokens; posting the form issues one, whose key this answer shows and no other ever will."""
    form, key = TokenForm(request.POST if request.method == "POST" else None), ""
    if form.is_valid():
        _token, key = tokens.issue(person(request), form.cleaned_data["name"], address=client_address(request))
        form = TokenForm()
    context = {
        "form": form, "key": key, "tokens": tokens.of(person(request)), "days": settings.REST_KNOX["TOKEN_TTL"].days
    }  # fmt: skip
    return render(request, "accounts/tokens.html", context, status=422 if form.errors else 200)


@requires(P.USE_API)
@require_POST
def revoke_token(request: HttpRequest, digest: str) -> HttpResponse:
    token = tokens.of(person(request)).filter(digest=digest).first()
    if token is None:
        raise Http404
    tokens.revoke(token, by=person(request), address=client_address(request))
    messages.success(request, _t("The token %(name)s opens nothing any more.") % {"name": token.name})
    return redirect("tokens")


class SignOutView(LogoutView):
    """Signs out, and makes unreadable what was typed on this desk and not sent."""

    def get_default_redirect_url(self) -> str:
        return reverse("sign-in")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        mark = drafts.mark(request.user) if isinstance(request.user, User) else ""
        if row := sign_ins.own(request):
            sign_ins.end(SignedIn.objects.filter(pk=row), SignedIn.End.OUT)
        response = super().post(request, *args, **kwargs)
        drafts.forget(response, mark)
        return response
