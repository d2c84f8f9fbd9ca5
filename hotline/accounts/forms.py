"""Forms of signing in, changing the password and asking for a token."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AdminPasswordChangeForm, AuthenticationForm, PasswordChangeForm, UsernameField
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hotline.accounts import journal
from hotline.accounts.hashing import TooBusy
from hotline.accounts.models import AccountEvent, User
from hotline.addresses import client_address

LONGEST_PASSWORD = 256  # characters: a password is typed, and hashing a book would be work for nothing
BUSY = ValidationError(_("Many people are signing in just now. Try again in a moment."), code="busy")


def sendable(text: str) -> None:
    """Refuses halves of characters, as a faulty program sends them: they are no text and can be kept nowhere."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValidationError(_("This is no readable text.")) from error


class SignInForm(AuthenticationForm):
    username = UsernameField(
        label=pgettext_lazy("sign in", "User name"), max_length=150, validators=[sendable],
        widget=forms.TextInput(attrs={"autofocus": True}),
    )  # fmt: skip
    password = forms.CharField(
        label=pgettext_lazy("sign in", "Password"), strip=False, max_length=LONGEST_PASSWORD, validators=[sendable],
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        try:
            return super().clean()
        except TooBusy as busy:
            raise BUSY from busy


class OwnPasswordForm(PasswordChangeForm):
    """The owner's own change. Wrong guesses at the old password count like wrong guesses at the sign-in."""

    def __init__(self, user: User, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        self.request = request
        for field in self.fields.values():
            assert isinstance(field, forms.CharField)
            field.validators += [sendable, MaxLengthValidator(LONGEST_PASSWORD)]

    def clean_old_password(self) -> str:
        given = self.cleaned_data["old_password"]
        try:
            known = authenticate(self.request, username=self.user.get_username(), password=given)
        except TooBusy as busy:
            raise BUSY from busy
        if known is None:
            raise ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return str(given)

    def clean_new_password1(self) -> str:
        chosen = self.cleaned_data["new_password1"]
        if chosen == self.cleaned_data.get("old_password"):
            raise ValidationError(_("Choose another one than the one you had."))
        return str(chosen)

    def save(self, commit: bool = True) -> User:
        person = self.user
        assert isinstance(person, User)
        person.reset_at = person.reset_by = None
        super().save(commit=commit)
        journal.record(
            AccountEvent.Kind.PASSWORD_CHANGED, person, by=person, address=client_address(self.request)
        )  # fmt: skip
        return person


class OneTimePasswordForm(AdminPasswordChangeForm):
    """A password that an administrator gives: it is good for one sign-in."""

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by

    def save(self, commit: bool = True) -> User:
        assert isinstance(self.user, User)
        self.user.give_one_time_password(by=self.by)
        person = super().save(commit=commit)
        journal.record(AccountEvent.Kind.PASSWORD_RESET, self.user, by=self.by)
        return person


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("What it is for"), max_length=60, validators=[sendable],
        help_text=_("Such as the program that will use it."),
    )  # fmt: skip
