"""The page where a department keeps its templates of answers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from hotline.accounts.access import person, requires
from hotline.accounts.models import Department, User
from hotline.accounts.permissions import Permission as P
from hotline.receipts import services as receipts
from hotline.shell import number_in
from tickets.models import AnswerTemplate
from tickets.wording import fields, keeping
from tickets.workflow.inputs import DepartmentField

LONGEST = 2000  # characters
SHOWN = 300


class TemplateForm(forms.ModelForm):
    """A template; its department is one of the person's own."""

    department = DepartmentField(_("Department"))
    text = forms.CharField(
        label=_("Text of the template"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 6})
    )

    class Meta:
        model = AnswerTemplate
        fields = ("department", "name", "text")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["department"]
        field.queryset = Department.objects.filter(pk__in=user.department_ids)
        field.initial = user.department_id
        field.tells_what_is_gone = False  # of others not even that they are there

    def clean_text(self) -> str:
        text = str(self.cleaned_data["text"])
        fields.check(text)
        return text


@requires(P.HANDLE)
def templates(request: HttpRequest) -> HttpResponse:
    """The templates that the person answers with; a new one is added on the same page."""
    user = person(request)
    form = TemplateForm(request.POST or None, user=user)
    if request.method != "POST":
        return _page(request, form)

    def save() -> str:
        if not form.is_valid():
            raise _Refused
        keeping.save(form.instance, by=user, seen=None)
        return form.instance.name

    try:
        done = receipts.once_for(request, save, person=user)
    except _Refused:
        return _page(request, form, status=422)
    except keeping.Changed as refused:
        form.add_error(None, refused.message)
        return _page(request, form, status=409)
    messages.success(request, _t("The template “%(name)s” is kept.") % {"name": done.outcome})
    return redirect("answer-templates")


class _Refused(Exception):
    """What was given does not do; the form says why."""


@requires(P.HANDLE)
def template(request: HttpRequest, pk: int) -> HttpResponse:
    """One template of the person's department, to be changed or removed."""
    user = person(request)
    one = get_object_or_404(keeping.kept_by(user), pk=pk)
    if request.method != "POST":
        return _page(request, TemplateForm(instance=one, user=user), one=one)
    seen = next(iter(number_in(request.POST.get("version"))), 0)
    form = TemplateForm(request.POST, instance=one, user=user)
    is_removed = request.POST.get("then") == "remove"
    if not is_removed and not form.is_valid():
        return _page(request, form, one=one, seen=seen, status=422)

    def do() -> str:
        if is_removed:
            keeping.remove(one, seen=seen)
        else:
            keeping.save(one, by=user, seen=seen)
        return one.name

    try:
        done = receipts.once_for(request, do, person=user)
    except keeping.Changed as refused:
        form.full_clean()
        form.add_error(None, refused.message)
        now = AnswerTemplate.objects.filter(pk=pk).values_list("version", flat=True).first()
        return _page(request, form, one=one, seen=now or seen, status=409)  # seen now, it may be sent again
    said = _t("The template “%(name)s” is removed.") if is_removed else _t("The template “%(name)s” is kept.")
    messages.success(request, said % {"name": done.outcome})
    return redirect("answer-templates")


def _page(
    request: HttpRequest, form: TemplateForm, *, one: AnswerTemplate | None = None, seen: int | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    user = person(request)
    context = {
        "form": form, "one": one, "version": seen if seen is not None else one.version if one else 0,
        "fields": fields.FIELDS.values(),
        "templates": [] if one else keeping.used_by(user)[:SHOWN],
        "mine": set(user.department_ids),
    }  # fmt: skip
    return render(request, "tickets/answer_templates.html", context, status=status)
