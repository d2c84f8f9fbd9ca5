"""`/design/`: every component in every state, for whoever builds the next page. Only with DEBUG, and in tests."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from hotline.accounts.models import Department
from tickets.choices import STATUS_TONES, Status
from tickets.workflow import inputs

LONG_TEXT = "某小区门前道路改造，路面铺设的钢板未固定，车辆经过时异响严重，夜间尤甚，多位居民来电反映。" * 2


def design(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    department = Department.objects.first()
    wrong = inputs.Dispatch({"department": "x", "assisting": [department.pk] if department else []})
    wrong.add_error(None, "An error of the whole form.")
    return render(
        request,
        "design.html",
        {
            "statuses": [(status.label, STATUS_TONES[status]) for status in Status],
            "tones": ("primary", "success", "info", "warning", "danger", "neutral"),
            "button_tones": ("primary", "secondary", "danger"),
            "deadlines": [
                ("late", now - timedelta(days=3), False),
                ("soon", now + timedelta(minutes=50), False),
                ("fine", now + timedelta(days=3), False),
                ("met", now, True),
                ("none", None, False),
            ],
            "forms": [inputs.Dispatch(), wrong, inputs.FollowUpInput(), inputs.FollowUpInput({"solved": "x"})],
            "long_text": LONG_TEXT,
        },
    )
