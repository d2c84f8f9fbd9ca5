"""Choosing by typing: fields whose select static/pick.js turns into a box that finds while one types.

An entry is found by any part of its label, by the further words that its field knows, and by the pinyin or the initials
of both, which stand at the option.

What was typed and chose nothing travels beside the choice as `<name>-typed`. It is refused in words and shown again;
the choice that stood before it is never taken in its stead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from hotline.sounds import sounds_of


@dataclass(frozen=True)
class Unchosen:
    """A text that was typed where something was to be chosen, and what stood chosen beside it."""

    text: str
    chosen: Any


class _PickWidget(forms.Select):
    words_of: Callable[[Any], str] = staticmethod(lambda _row: "")

    def create_option(self, name: str, value: Any, label: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, label, *args, **kwargs)
        row = getattr(value, "instance", None)
        if row is not None:
            words = self.words_of(row)
            option["attrs"] |= {"data-sounds": sounds_of(str(label), words.replace(" ", ""))}
            option["attrs"] |= {"data-words": words} if words else {}
        return option

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        chosen = super().value_from_datadict(data, files, name)
        text = str(data.get(f"{name}-typed") or "").strip()
        return Unchosen(text, chosen) if text else chosen

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        if isinstance(value, Unchosen):
            attrs = (attrs or {}) | {"data-typed": value.text}
            value = value.chosen
        return super().get_context(name, value, attrs)


class Pick(_PickWidget):
    """One of a long list."""


class PickMany(_PickWidget, forms.SelectMultiple):
    """Some of a long list."""


NOT_CHOSEN: dict[str, Any] = {
    "no_such": _("There is no such entry: “%(text)s”."),
    "several": _("“%(text)s” fits several: choose one of them."),
    "gone": _("“%(text)s” is no longer in use: choose another."),
}


class _PickedField(forms.ModelChoiceField):
    default_error_messages = NOT_CHOSEN
    tells_what_is_gone = False  # by its name, where everybody may know the names of the table

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.widget.words_of = self.words_of
        self.widget.attrs |= {
            "data-pick": "1",
            "data-say-type": _("Type to choose"),
            "data-say-none": self.error_messages["no_such"],
            "data-say-several": self.error_messages["several"],
        }

    @staticmethod
    def words_of(row: Any) -> str:
        """Further words by which an entry is found, parted by blanks."""
        return ""

    def clean(self, value: Any) -> Any:
        if isinstance(value, Unchosen):
            raise ValidationError(self.error_messages["no_such"], code="no_such", params={"text": value.text})
        try:
            return super().clean(value)
        except ValidationError as fault:
            if fault.code == "invalid_choice" and self.tells_what_is_gone and self.queryset is not None:
                gone = self.queryset.model._default_manager.filter(pk=value).first() if str(value).isdecimal() else None
                if gone:
                    raise ValidationError(
                        self.error_messages["gone"], code="gone", params={"text": gone.name}
                    ) from None
            raise


class PickedField(_PickedField):
    """One row of a long table."""

    widget = Pick


class PickedManyField(_PickedField, forms.ModelMultipleChoiceField):
    """Some rows of a long table."""

    widget = PickMany
