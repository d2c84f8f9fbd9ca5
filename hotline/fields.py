"""Fields of forms for what the hotline takes within bounds of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from hotline import instants, telephone


class DayField(forms.DateField):
    """A day within the bounds of hotline.instants."""

    default_validators = [instants.check_day]


LATEST = "9999-12-31T23:59"  # without it a browser takes years of six digits, and types the hour into the year


class InstantField(forms.DateTimeField):
    """An instant in the city's time, typed in the browser's own picker, within the bounds of hotline.instants."""

    default_validators = [instants.check]
    FORMATS = ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z")

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local", "max": LATEST}, format="%Y-%m-%dT%H:%M")
        super().__init__(widget=widget, input_formats=self.FORMATS, **kwargs)

    def to_python(self, value: Any) -> datetime | None:
        """In UTC: the database knows fewer time zones than Python reads."""
        moment = super().to_python(value)
        try:
            return moment and moment.astimezone(UTC)
        except (OverflowError, ValueError):
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None


class TelephoneField(forms.CharField):
    """A telephone number, written in any way; its value is how the number is kept."""

    LONGEST_WRITTEN = 60  # characters, with a label and blanks

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"})
        super().__init__(max_length=self.LONGEST_WRITTEN, widget=widget, **kwargs)

    def clean(self, value: Any) -> str:
        return telephone.kept(super().clean(value))
