"""Who can sign in with a password, and stay signed in: asked here by page, API, live sessions and tokens alike."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend

from hotline.accounts.hashing import password_check
from hotline.accounts.models import User


class PersonBackend(ModelBackend):
    def authenticate(
        self, request: Any, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Any:
        """The person whose password this is; raises `TooBusy` while too many passwords are being checked."""
        if password is None:
            return None
        with password_check():
            return super().authenticate(request, username=username, password=password, **kwargs)

    def user_can_authenticate(self, user: Any) -> bool:
        """Whether the account is open: switched on, and no demo account of a hotline that has ceased to be a demo."""
        return super().user_can_authenticate(user) and is_open(user)


class CodeBackend(PersonBackend):
    """The second question: the code of whoever gave their password. Wrong ones count like wrong passwords."""

    def authenticate(  # type: ignore[override]
        self, request: Any, username: str | None = None, code: str | None = None, **kwargs: Any
    ) -> Any:
        from hotline.accounts.safety import second_factor  # which needs the models

        if username is None or code is None:
            return None
        user = User.objects.filter(username=username).first()
        if user is None or not self.user_can_authenticate(user):
            return None
        return user if second_factor.is_right(user, code) else None


def is_open(user: User) -> bool:
    """A demo account has a password that is printed on the sign-in page, so it is closed once the demo is off."""
    return bool(user.is_active) and (settings.DEMO or not user.is_demo)
