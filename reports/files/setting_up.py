"""The page on which an administrator loads the city's own template of reports, tries it, and goes back to ours."""

from __future__ import annotations

import logging
from pathlib import PurePath
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from hotline import disk
from hotline.accounts.access import person, requires
from hotline.accounts.permissions import Permission as P
from hotline.downloads import download
from hotline.receipts import services as receipts
from hotline.setting_up.changing import log
from hotline.text import one_line
from reports.models import REPORT_LANGUAGE, ReportTemplate

from . import example, shipped, template, word

logger = logging.getLogger(__name__)
ACCEPTED = ".docx"
MOST_SHOWN = 50  # faults


class TemplateForm(forms.Form):
    file = forms.FileField(
        label=_("Word template (.docx)"), allow_empty_file=True, widget=forms.FileInput(attrs={"accept": ACCEPTED})
    )


@requires(P.SET_UP)
def report_template(request: HttpRequest) -> HttpResponse:
    """Which template is in use, what may stand in one, and the form that loads another.

    A template is tried before it is kept; one with a fault is refused with all its faults, and nothing changes.
    """
    form, faults = TemplateForm(request.POST or None, request.FILES or None), []
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        if getattr(file, "found_no_room", False) or not disk.has_room_for(file.size):
            faults = [template.Fault(str(disk.FULL))]
        elif file.size > template.LARGEST:
            faults = [template.too_large()]
        else:
            content = file.read()
            faults = tried(content)
        if not faults:
            _keep(request, content, one_line(PurePath(file.name).name)[:200])
            return redirect("report-template")
    context = {
        "form": form, "faults": faults[:MOST_SHOWN], "in_use": ReportTemplate.in_use(),
        "fields": [(name, says, is_needed) for name, (says, is_needed) in template.FIELDS.items()],
        "condition": ("{%p if 签发人 %}", "{%p endif %}"), "most": template.LARGEST // 2**20,
    }  # fmt: skip
    return render(request, "set_up/report_template.html", context, status=422 if form.is_bound else 200)


def tried(content: bytes) -> list[template.Fault]:
    """What is wrong with a template; it is filled in with an example report, as a draft and as an issue."""
    try:
        with translation.override(REPORT_LANGUAGE):
            for paper in (example.paper(), example.paper(issue_number=None, approver="", is_partial=False, version=1)):
                word.as_docx(paper, example.sections(), by_template=content)
    except template.Broken:
        return template.faults(content) or [template.unfit()]
    except Exception:  # a file made up so that a library stumbles over it
        logger.warning("A report template cannot be filled in", exc_info=True)
        return [template.unfit()]
    return []


def _keep(request: HttpRequest, content: bytes | None, name: str) -> None:
    user = person(request)

    def keep() -> str:
        made = ReportTemplate.objects.create(name=name, content=content, loaded_by=user)
        log([made], by=user, is_new=True)
        return str(made.pk)

    receipts.once_for(request, keep, person=user)
    if content is None:
        messages.success(request, _t("Reports are made by the template that is shipped again."))
    else:
        messages.success(request, _t("The template is in use: reports are made by it from now on."))


@requires(P.SET_UP)
@require_POST
def back_to_shipped(request: HttpRequest) -> HttpResponse:
    """The template that is shipped is used again; the city's own stays kept."""
    if (found := ReportTemplate.in_use()) and found.content is not None:
        _keep(request, None, "")
    return redirect("report-template")


@requires(P.SET_UP)
@require_GET
def report_template_file(request: HttpRequest, which: str) -> HttpResponse:
    """A template as a file, or an example report made by the one in use."""
    own: Any = ReportTemplate.content_in_use()
    if which == "example":
        with translation.override(REPORT_LANGUAGE):
            return download(word.as_docx(example.paper(), example.sections()), _t("Example report") + ".docx")
    if which not in ("current", "shipped"):
        raise Http404
    content = own if which == "current" and own is not None else shipped.PATH.read_bytes()
    return download(content, _t("Report template") + ".docx")
