"""What is said to whoever performed an action: the deed itself, with the department or the number it concerns."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from tickets.choices import Status
from tickets.models import Ticket
from tickets.workflow.table import Action

# Every action that a person performs. %(number)s is the ticket's number, %(department)s who is responsible now.
DONE: dict[str, Any] = {
    "register": _("Recorded as %(number)s."),
    "answer_directly": _("%(number)s: answered directly and closed."),
    "refuse": _("%(number)s: not accepted."),
    "dispatch": _("Dispatched to %(department)s."),
    "split": _("The second concern is a ticket of its own now."),
    "recall": _("Recalled; it waits to be dispatched again."),
    "undo_dispatch": _("The dispatch is undone."),
    "ask_ruling": _("A ruling has been asked for."),
    "rule": _("Ruled: dispatched to %(department)s, bindingly."),
    "give_opinion": _("The opinion has been given."),
    "accept": _("Accepted."),
    "send_down": _("Sent down to %(department)s."),
    "ask_return": _("The return has been asked for; a dispatcher reviews it."),
    "grant_return": _("The return is granted."),
    "refuse_return": _("The return is refused; %(department)s goes on with it."),
    "progress": _("The progress has been noted."),
    "ask_extension": _("The extension has been asked for; a manager rules on it."),
    "grant_extension": _("The extension is granted."),
    "refuse_extension": _("The extension is refused; the old limit stands."),
    "answer": _("Answered; the caller will be called back."),
    "assist": _("The answer for your part has been given to the responsible department."),
    "send_back": _("The answer has been sent back to %(department)s."),
    "suspend": _("Suspended; it is looked at again after the time set for it."),
    "resume": _("Resumed."),
    "urge": _("%(department)s has been urged."),
    "pass_on": _("The caller's urging has been passed on to %(department)s."),
    "supplement": _("What the caller says has been added to %(number)s."),
    "supervise": _("The supervision order has been issued to %(department)s."),
    "circulate": _("All have been told."),
    "escalate": _("The coordination on the spot is called; the parties are told."),
    "record_findings": _("The findings have been recorded."),
    "determine": _("Determined: dispatched to %(department)s, bindingly."),
    "call_off": _("The coordination is called off; it waits to be dispatched."),
    "follow_up": _("The follow-up call has been recorded; %(number)s is closed."),
    "miss_follow_up": _("Recorded that the caller was not reached."),
    "redo": _("Sent back to %(department)s to be redone."),
    "close": _("%(number)s is closed without a call."),
    "reopen": _("Reopened; %(department)s handles it again."),
    "link_praise": _("Linked to the praised ticket."),
    "join_matter": _("Joined to one matter."),
    "part_matter": _("Parted from its matter."),
    "correct": _("%(number)s has been corrected."),
    "mark_secret": _("The caller is kept secret from now on."),
    "lift_secrecy": _("The secrecy is lifted."),
    "make_anonymous": _("The caller is anonymous from now on."),
    "lift_anonymity": _("The anonymity is lifted."),
    "remark": _("The remark has been added."),
}
_PLAIN = _("%(action)s: done.")


def done(action: Action, ticket: Ticket) -> str:
    """What `action` has come to, for the person who performed it; `ticket` as it is now."""
    facts = {"action": action.label, "number": ticket.number, "department": ticket.department or ""}
    said = str(DONE.get(action.name, _PLAIN)) % facts
    return said + _next_try(ticket) if action.name == "miss_follow_up" else said


def _next_try(ticket: Ticket) -> str:
    """When a caller who was not reached is tried again, or that nobody tries any more."""
    if ticket.status != Status.FOLLOW_UP:
        return _t(" It was the last try: %(number)s is closed, not rated.") % {"number": ticket.number}
    last = ticket.follow_ups.order_by("-pk").values_list("again_at", flat=True).first()
    return _t(" Next try: %(when)s.") % {"when": timezone.localtime(last).strftime("%m-%d %H:%M")} if last else ""
