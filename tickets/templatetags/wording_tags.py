"""The templates of a department, offered above the answer that is being written."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.translation import gettext_lazy as _

from hotline.picking import NOT_CHOSEN
from hotline.sounds import sounds_of
from tickets.models import Ticket
from tickets.wording import keeping
from tickets.workflow.table import Action

register = template.Library()
NO_SUCH_TEMPLATE = _("There is no template “%(text)s”.")
ANSWERS = ("answer", "assist")  # the actions that say to the caller what was done


@register.inclusion_tag("tickets/_answer_templates.html", takes_context=True)
def answer_templates(context: template.Context, ticket: Ticket, action: Action) -> dict[str, Any]:
    """What can be chosen for this answer, with what finds it while one types; nothing where none is written."""
    if action.name not in ANSWERS:
        return {"is_offered": False}
    user = context["user"]
    ours = user.department if action.name == "assist" else ticket.department
    offered = [(one, text, sounds_of(one.name, "")) for one, text in keeping.for_ticket(ticket, user, ours)]
    return {
        "is_offered": True, "offered": offered, "say_none": NO_SUCH_TEMPLATE, "say_several": NOT_CHOSEN["several"],
    }  # fmt: skip
