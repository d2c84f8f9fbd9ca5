"""Signing in and out."""

from typing import Any

from django.conf import settings
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from .models import User
from .permissions import Role

DEMO_PASSWORD = "xiaogan-12345"  # noqa: S105 - printed on the sign-in page, and only in demo mode


class SignInView(LoginView):
    template_name = "accounts/sign_in.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        people: list[User] = []
        if settings.DEMO:
            order = {role: rank for rank, role in enumerate(Role.values)}
            people = list(User.objects.filter(is_demo=True, is_active=True).select_related("department"))
            people.sort(key=lambda person: (order[person.role], person.username))
        return super().get_context_data(demo_people=people, demo_password=DEMO_PASSWORD, **kwargs)


def locked_out(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """Shown after too many wrong passwords; the account opens again by itself."""
    minutes = round(settings.AXES_COOLOFF_TIME * 60)
    return render(request, "accounts/locked_out.html", {"minutes": minutes}, status=429)
