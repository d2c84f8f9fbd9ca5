"""A token for a password, and its end."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext as _t
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hotline.accounts import tokens
from hotline.accounts.forms import SignInForm, TokenForm
from hotline.accounts.models import ApiToken, User
from hotline.accounts.safety import second_factor
from hotline.accounts.safety.forms import WRONG, CodeForm
from hotline.addresses import client_address
from hotline.incoming import Misfit, as_typed

ASKED = inline_serializer(
    "TokenInput",
    {
        "username": serializers.CharField(max_length=150),
        "password": serializers.CharField(),
        "code": serializers.CharField(
            max_length=20, required=False, help_text="Code of the app, of whoever signs in with a second factor."
        ),
        "name": serializers.CharField(max_length=60, required=False, help_text="What the token is for."),
    },
)
GIVEN = inline_serializer(
    "Token",
    {
        "token": serializers.CharField(help_text="Shown this once. Send it as `Authorization: Token KEY`."),
        "name": serializers.CharField(),
        "expires_at": serializers.DateTimeField(),
    },
)
REFUSED = inline_serializer("TokenRefused", {"detail": serializers.CharField()})


class TokenView(APIView):
    """Tokens also come from the page "API tokens", which lists and revokes them."""

    authentication_classes = (tokens.TokenAuthentication,)

    def get_permissions(self) -> list[BasePermission]:
        return [IsAuthenticated() if self.request.method == "DELETE" else AllowAny()]

    @extend_schema(
        request=ASKED, auth=[],
        responses={200: GIVEN, **dict.fromkeys((400, 403, 429, 503), REFUSED)},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """A token for a user name and a password. Wrong passwords lock out as at the sign-in (429)."""
        try:
            asked = as_typed(request.data, SignInForm.base_fields | TokenForm.base_fields | CodeForm.base_fields)
        except Misfit as misfit:
            said = " ".join(f"{name}: {reasons[0]}" for name, reasons in misfit.errors.items())
            return Response({"detail": said}, status=status.HTTP_400_BAD_REQUEST)
        form = SignInForm(_request(request), data=asked)
        if not form.is_valid():
            return _refusal(form)
        user = form.get_user()
        assert isinstance(user, User)
        if user.owes_new_password:
            said = _t("Sign in and choose a password of your own first.")
            return Response({"detail": said}, status=status.HTTP_403_FORBIDDEN)
        if second_factor.of(user) and not authenticate(
            _request(request), username=user.username, code=asked.get("code")
        ):
            return Response({"detail": str(WRONG)}, status=status.HTTP_403_FORBIDDEN)
        if second_factor.is_owed_by(user):
            said = _t("Sign in and set up the second factor first.")
            return Response({"detail": said}, status=status.HTTP_403_FORBIDDEN)
        name = TokenForm({"name": asked.get("name") or "API"})
        if not name.is_valid():
            return Response({"detail": name.errors["name"][0]}, status=status.HTTP_400_BAD_REQUEST)
        token, key = tokens.issue(user, name.cleaned_data["name"], address=client_address(_request(request)))
        return Response({"token": key, "name": token.name, "expires_at": token.expiry})

    @extend_schema(request=None, responses={204: None, 401: REFUSED})
    def delete(self, request: Request) -> Response:
        """Ends the token that is sent."""
        assert isinstance(request.user, User)
        assert isinstance(request.auth, ApiToken)
        tokens.revoke(request.auth, by=request.user, address=client_address(_request(request)))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _request(request: Request) -> HttpRequest:
    """Django's own request, which the lockout marks."""
    return request._request


def _refusal(form: Any) -> Response:
    said = [str(error) for errors in form.errors.values() for error in errors]
    is_busy = form.has_error("__all__", code="busy")
    code = status.HTTP_503_SERVICE_UNAVAILABLE if is_busy else status.HTTP_400_BAD_REQUEST
    return Response({"detail": " ".join(said)}, status=code)
