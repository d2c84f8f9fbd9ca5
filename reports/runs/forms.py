"""What is typed of a report: remarks, and reasons."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

MOST = 2000


class RemarkForm(forms.Form):
    """A remark on the whole report or on one of its sections."""

    section = forms.ChoiceField(label=_("On"), required=False)
    text = forms.CharField(
        label=pgettext_lazy("on a report", "Remark"),
        min_length=2,
        max_length=MOST,
        widget=forms.Textarea(attrs={"rows": 3}),
        strip=True,
    )

    def __init__(self, *args: Any, sections: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["section"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("The whole report")), *sections]


class ReasonForm(forms.Form):
    """Why an approval is taken back."""

    text = forms.CharField(label=_("Reason"), min_length=4, max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
