"""The code beside the password."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from hotline.accounts.forms import sendable
from hotline.accounts.models import User

WRONG = _("This code is not right, or was used before. Take the one that the app shows now.")


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code of the app"), max_length=40, validators=[sendable],
        help_text=_("Six digits, or one of your recovery codes."),
        widget=forms.TextInput(
            attrs={"autofocus": True, "autocomplete": "one-time-code", "inputmode": "text", "spellcheck": "false"}
        ),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs["autocapitalize"] = "none"


class ConfirmForm(CodeForm):
    """The first code of an app that is being set up: no recovery code stands in for it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = _("The six digits that the app shows.")


class SignInCodeForm(CodeForm):
    """A wrong code counts like a wrong password."""

    def __init__(self, *args: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._request, self._user = request, user

    def clean_code(self) -> str:
        given = str(self.cleaned_data["code"])
        if authenticate(self._request, username=self._user.get_username(), code=given) is None:
            raise ValidationError(WRONG)
        return given
