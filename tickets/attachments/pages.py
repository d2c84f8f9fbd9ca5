"""Adding a file to a ticket, and opening it."""

from __future__ import annotations

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _t
from django.views.decorators.http import require_GET, require_POST

from hotline.accounts.access import person
from hotline.shell import back
from tickets.attachments import keeping
from tickets.models import Attachment, Ticket
from tickets.workflow.pages import find_ticket
from tickets.workflow.performing import Refused


@require_POST
def attach(request: HttpRequest, number: str) -> HttpResponse:
    ticket = find_ticket(request, number)
    upload = request.FILES.get("file")
    try:
        if upload is None:
            raise Refused(_t("Choose a file first."))
        keeping.attach(ticket, upload, actor=person(request))
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _t("Attached."))
    return back(request, ticket)


@require_GET
def attachment(request: HttpRequest, pk: int) -> FileResponse:
    """A file, for whoever may see its ticket; pictures open, everything else is saved."""
    visible = Ticket.objects.visible_to(request.user)
    found = get_object_or_404(Attachment.objects.filter(ticket__in=visible), pk=pk)
    response = FileResponse(found.file.open("rb"), as_attachment=not found.is_image, filename=found.name)
    response["Content-Type"] = found.content_type
    response["Content-Security-Policy"] = "sandbox"
    return response
