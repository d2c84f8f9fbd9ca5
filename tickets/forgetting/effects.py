"""What is forgotten with a ticket: who called, in its columns, beside its events, in texts and in names of files."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _t

from tickets import forgotten_words, limits
from tickets.choices import RuleKey
from tickets.forgetting.writings import Writings
from tickets.models import Attachment, EventCaller, SecondConcern, Ticket
from tickets.workflow.performing import Performance, effect
from tickets.workflow.stores import index_for_search


@effect("forget_caller")
def forget_caller(p: Performance) -> None:
    """Once and for good. `about` is what was written about the ticket, where it was read for many at once."""
    ticket: Ticket = p.ticket
    about = p.given.get("about") or Writings([ticket])
    ticket.forgotten_words = forgotten_words.made(*about.forget(ticket))
    ticket.caller_name = ticket.caller_phone = ticket.contact_phone = ""
    ticket.earlier_callers = []
    ticket.forgotten_at = p.at
    Ticket.objects.filter(pk=ticket.pk).update(title=ticket.title, description=ticket.description)
    EventCaller.objects.filter(event__ticket=ticket).update(corrected={}, salt=b"")
    SecondConcern.objects.filter(first=ticket).delete()
    for number, file in enumerate(p.store.all(Attachment, ticket), 1):
        ending = re.search(r"\.\w{1,8}$", file.name)
        file.called = f"{_t('file')}{number}{ending[0] if ending else ''}"
        p.store.change(file)
    index_for_search(ticket)
    p.data["years"] = limits.rule(RuleKey.FORGET_YEARS)
    if "about" not in p.given:
        about.write()
