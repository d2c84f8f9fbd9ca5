"""The state of the clocks: whether the sweep runs, how late it is, what it set aside, and what was not delivered."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from hotline import disk, health
from hotline.accounts.access import requires
from hotline.accounts.permissions import Permission as P
from supervision.clocks import sweeping
from supervision.models import Delivery, Notice, SetAside, SweepRun

SHOWN = 30


@requires(P.SEE_CLOCKS)
@require_GET
def state(request: HttpRequest) -> HttpResponse:
    failed = Delivery.objects.filter(state=Delivery.State.FAILED).select_related("to_user", "to_department")
    context = {
        "disk_megabytes": disk.free_bytes() // 2**20,
        "disk_is_full": disk.state() != "ok",
        "last": sweeping.last_run(),
        "broker_is_away": health.report()["broker"] != "ok",
        "lag": sweeping.lag(),
        "late_after": sweeping.LATE_AFTER,
        "runs": SweepRun.objects.order_by("-started_at", "-pk")[:SHOWN],
        "set_aside": SetAside.objects.filter(cleared_at__isnull=True)
        .select_related("ticket")
        .order_by("first_at", "pk")[:SHOWN],
        "waiting": Notice.objects.filter(delivery__isnull=True).count(),
        "failed": failed.order_by("-made_at", "-pk")[:SHOWN],
    }
    return render(request, "supervision/sweeper.html", context)
