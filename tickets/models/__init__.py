"""What the hotline knows. Django finds models here; each module of this package has one subject."""

from tickets.models.attachments import Attachment
from tickets.models.callers import SamePerson
from tickets.models.calls import Call, Intake, MissedCall
from tickets.models.catalogue import Category
from tickets.models.elsewhere import Elsewhere
from tickets.models.exports import TicketExport
from tickets.models.history import Answer, EventCaller, FollowUp, FollowUpClaim, TicketEvent
from tickets.models.indexing import SearchIndex
from tickets.models.limits import CityRule, TimeLimit
from tickets.models.places import Place, PlaceProposal, PlaceSaying, PlaceSheet
from tickets.models.second import SecondConcern
from tickets.models.spans import Span
from tickets.models.ticket import PERSON, Caller, Contribution, Matter, NumberCounter, Ticket, TicketQuerySet
from tickets.models.wording import AnswerTemplate

__all__ = [
    "PERSON",
    "Answer",
    "AnswerTemplate",
    "Attachment",
    "Call",
    "Caller",
    "Category",
    "CityRule",
    "Contribution",
    "Elsewhere",
    "EventCaller",
    "FollowUp",
    "FollowUpClaim",
    "Intake",
    "Matter",
    "MissedCall",
    "NumberCounter",
    "Place",
    "PlaceProposal",
    "PlaceSaying",
    "PlaceSheet",
    "SamePerson",
    "SearchIndex",
    "SecondConcern",
    "Span",
    "Ticket",
    "TicketEvent",
    "TicketExport",
    "TicketQuerySet",
    "TimeLimit",
]
