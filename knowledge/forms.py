"""What is typed of an article."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hotline import instants
from hotline.accounts.models import User
from knowledge.models import Article
from tickets.workflow.inputs import CategoryField, DepartmentField, text

MIN_ANSWER = 10  # characters


def _day(label: Any, *, required: bool = True, help_text: Any = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(
        label=label, required=required, widget=widget, help_text=help_text, validators=[instants.check_day]
    )


class ArticleForm(forms.ModelForm):
    """An article as it is drafted; people of a department draft for it and for those below it alone."""

    answer = text(_("What to tell the caller"), rows=8)
    department = DepartmentField(_("Department that vouches for it"))
    category = CategoryField(label=_("Category"), required=False)
    valid_from = _day(_("Valid from"))
    valid_until = _day(_("Last day valid"), required=False, help_text=_("Empty: until it is withdrawn."))
    seen = forms.IntegerField(required=False, min_value=0, max_value=2**30, widget=forms.HiddenInput)

    class Meta:
        model = Article
        fields = ("question", "answer", "department", "category", "valid_from", "valid_until", "source")

    def __init__(self, *args: Any, user: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["question"].widget.attrs["data-focus"] = "1"
        field = self.fields["department"]
        assert isinstance(field, DepartmentField)
        if user and user.department_id and field.queryset is not None:
            field.queryset = field.queryset.filter(pk__in=user.department_ids)
        self.initial.setdefault("seen", self.instance.edits)
        if self.instance.pk is None:
            self.initial.setdefault("valid_from", timezone.localdate())
            self.initial.setdefault("department", user.department_id if user else None)

    def clean_question(self) -> str:
        question = " ".join(self.cleaned_data["question"].split())
        if len(question) < 4:
            raise ValidationError(_("Write the question as a caller would ask it."))
        return question

    def clean_answer(self) -> str:
        answer: str = self.cleaned_data["answer"].strip()
        if len(answer) < MIN_ANSWER:
            raise ValidationError(_("Write the answer in at least 10 characters."))
        return answer

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        first, last = given.get("valid_from"), given.get("valid_until")
        if first and last and last < first:
            self.add_error("valid_until", _("The last day lies before the first."))
        elif last and last < timezone.localdate():
            self.add_error("valid_until", _("This day has passed: nobody could use the article."))
        return given

    @property
    def details(self) -> dict[str, Any]:
        """The columns of an article, as `editing.draft` takes them."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


class ReasonForm(forms.Form):
    """Why an article is sent back or withdrawn."""

    note = forms.CharField(label=_("Reason"), min_length=4, max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
