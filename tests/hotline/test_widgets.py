"""Widgets are drawn as Django's own templates draw them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django import forms
from django.forms.renderers import TemplatesSetting
from django.utils import translation
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from hotline.widgets import DRAWN, Renderer

WICKED = "<b onclick=\"x('y')\">&amp; 路灯"
ATTRS = {
    "id": "id_a",
    "required": True,
    "disabled": False,
    "data-said": WICKED,
    "maxlength": 1200,
    "title": _("Search"),
}
CHOICES = [
    ("", "—"), (1, _("Search")), ("b", WICKED), (None, mark_safe("<i>")), (2345, 2345),
    (_("Status"), [("c", "in a group"), (WICKED, 7.5)]),
]  # fmt: skip
VALUES: list[Any] = [None, "", "b", 2345, WICKED, mark_safe("<i>"), date(2026, 11, 27), 0, True, 1234.5]
WIDGETS = [
    forms.TextInput, forms.NumberInput, forms.EmailInput, forms.URLInput, forms.PasswordInput, forms.HiddenInput,
    forms.DateInput, forms.DateTimeInput, forms.TimeInput, forms.Textarea, forms.CheckboxInput, forms.Select,
    forms.NullBooleanSelect, forms.SelectMultiple, forms.RadioSelect, forms.CheckboxSelectMultiple, forms.FileInput,
    forms.ClearableFileInput, forms.MultipleHiddenInput, forms.SplitDateTimeWidget,
]  # fmt: skip


@pytest.mark.parametrize("kind", WIDGETS)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_widget_is_drawn_as_its_template_draws_it(kind: Any, language: str) -> None:
    has_choices = issubclass(kind, forms.widgets.ChoiceWidget) and kind is not forms.NullBooleanSelect
    widget = kind(choices=CHOICES) if has_choices else kind()
    with translation.override(language):
        for value in VALUES:
            if issubclass(kind, forms.MultipleHiddenInput | forms.SelectMultiple | forms.CheckboxSelectMultiple):
                value = [value]
            if kind is forms.SplitDateTimeWidget:
                value = None
            drawn = [
                widget.render("n<a>me", value, dict(ATTRS), renderer=one) for one in (TemplatesSetting(), Renderer())
            ]
            assert drawn[0] == drawn[1]
            assert type(drawn[0]) is type(drawn[1])


def test_what_is_drawn_here_is_used() -> None:
    assert isinstance(forms.Form().renderer, Renderer)
    assert all(kind.template_name in DRAWN for kind in (forms.Select, forms.TextInput, forms.Textarea, forms.DateInput))
