"""Who is told of an alert about a matter: every department with which an open ticket of it lies, and who leads it."""

from __future__ import annotations

from django.utils.translation import gettext as _t
from django.utils.translation import ngettext

from matters.alerts import tells
from matters.models import Alert
from supervision.ladder.steps import tell
from supervision.models import Step
from tickets.choices import OPEN_STATUSES
from tickets.models import Ticket


@tells
def holders(alert: Alert) -> list[str]:
    """Each is told by its own oldest ticket: of the others it may know nothing."""
    if alert.matter_id is None:
        return []
    found = Ticket.objects.filter(matter=alert.matter_id, status__in=OPEN_STATUSES, department__isnull=False)
    oldest = found.order_by("department_id", "registered_at", "pk").distinct("department").select_related("department")
    callers, days = alert.why.get("callers", 0), alert.why.get("days", 0)
    text = ngettext("%(count)d caller about one matter", "%(count)d callers about one matter", callers)
    text = text % {"count": callers} + _t(", within %(days)d days; this ticket is one of them.") % {"days": days}
    told = []
    for ticket in oldest:
        assert ticket.department is not None
        tell(Step.MATTER, ticket, ticket.department, text, at=alert.raised_at)
        told.append(ticket.department.name)
    return told
