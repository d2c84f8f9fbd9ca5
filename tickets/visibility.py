"""Who sees which tickets: `visible_to`, used by every list, page, counter, search and download."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.contrib.auth.models import AnonymousUser
from django.db import models

from hotline.accounts.models import User
from hotline.accounts.permissions import Permission

from . import search
from .choices import Part, Status

if TYPE_CHECKING:
    from .models import Ticket


class TicketQuerySet(models.QuerySet["Ticket"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """The tickets that `user` may know of.

        Department staff: those of their department and the departments below it, as the responsible or as an
        assisting one, or while they are heard in a dispute; nothing else. Nobody sees a ticket without a permission
        that says so.
        """
        if not isinstance(user, User):
            return self.none()
        if user.may(Permission.SEE_ALL_TICKETS):
            return self
        if user.may(Permission.SEE_DEPARTMENT_TICKETS) and user.department_id:
            own = user.department_ids
            return self.filter(models.Q(department_id__in=own) | models.Q(pk__in=_contributed_by(own)))
        return self.none()

    def matching(self, words: str, user: User) -> Self:
        """Full-text search by what is asked, number, address and, where `user` may see the caller, name and phone."""
        query = search.query(words)
        if query is None:
            return self
        condition = models.Q(search=query)
        if user.may(Permission.SEE_PROTECTED_CALLERS):
            condition |= models.Q(caller_search=query)
        else:
            condition |= models.Q(caller_search=query, is_secret=False)
        return self.filter(condition)

    def for_list(self) -> Self:
        """With what a row of a list shows, and without the long columns it does not show.

        Few joins on purpose: PostgreSQL stops looking for a good order of more than eight tables.
        """
        joined = self.select_related("category", "region__parent", "department", "matter")
        return joined.defer("search", "caller_search", "description")


def _contributed_by(departments: list[int]) -> models.QuerySet[Any]:
    """Ids of the tickets that these departments assist with, or are heard on until the ruling."""
    from .models import Contribution

    heard = models.Q(part=Part.OPINION, ticket__status=Status.RULING)
    parts = Contribution.objects.filter(models.Q(part=Part.ASSIST) | heard, withdrawn_at__isnull=True)
    return parts.filter(department__in=departments).values("ticket_id")


def may_see_caller(ticket: Ticket, user: User | AnonymousUser) -> bool:
    """Whether `user`, who sees the ticket, may also see who called."""
    if not isinstance(user, User):
        return False
    return not ticket.is_secret or user.may(Permission.SEE_PROTECTED_CALLERS)
