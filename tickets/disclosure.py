"""What of a ticket each reader may read (知悉范围): the one rule, asked by page, fragment, file, message, API, search.

Whether somebody may know of a ticket at all is asked of the database, by `visible_to`. What they may then read of it
depends on two things: how they stand to it, and what its caller asked for. `RULE` says it for each pair, and
docs/permissions.md is written from it. `tickets.reading` applies it to one ticket.
"""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from hotline.accounts.models import User
from hotline.accounts.permissions import Permission

Reader = User | AnonymousUser | None  # None is paper: nobody knows who will read it


class Standing(models.TextChoices):
    """How a reader stands to a ticket."""

    HOTLINE = "hotline", _("The hotline: who may see protected callers")
    OVERSIGHT = "oversight", _("Who sees every ticket and no protected caller")
    CONCERNED = "concerned", _("A department that holds it, assists or is heard")
    PAPER = "paper", _("A report, minutes, a wall screen, a message by another channel")
    OTHERS = "others", _("Anybody else, also a department of the same matter")


class Wish(models.TextChoices):
    """What the caller asked for; who asked for both asked for secrecy."""

    NOTHING = "nothing", _("Nothing asked for")
    ANONYMITY = "anonymity", _("Anonymity asked for")
    SECRECY = "secrecy", _("Secrecy asked for")


class Detail(models.TextChoices):
    """What there is to be read of a ticket."""

    EXISTENCE = "existence", _("number and state")
    TITLE = "title", _("title")
    DESCRIPTION = "description", _("what is asked")
    PLACE = "place", _("place")
    CALLER_NAME = "caller_name", _("caller's name")
    CALLER_NUMBER = "caller_number", _("caller's telephone")
    MASKED_NUMBER = "masked_number", _("the telephone with its middle hidden")
    CALLS = "calls", _("how often the caller calls")


D = Detail
EVERYTHING = frozenset(Detail)
WHAT_IS_ASKED = frozenset({D.EXISTENCE, D.TITLE, D.DESCRIPTION, D.PLACE})
# Whoever settles or works on a ticket must know what it is about and where; who called is no business of theirs once
# the caller has asked that it be not. On paper a secret ticket is a number: nobody knows who will read it.
RULE: dict[Standing, dict[Wish, frozenset[Detail]]] = {
    Standing.HOTLINE: dict.fromkeys(Wish, EVERYTHING),
    Standing.OVERSIGHT: {
        Wish.NOTHING: EVERYTHING, Wish.ANONYMITY: WHAT_IS_ASKED, Wish.SECRECY: WHAT_IS_ASKED,
    },
    Standing.CONCERNED: {
        Wish.NOTHING: EVERYTHING, Wish.ANONYMITY: WHAT_IS_ASKED, Wish.SECRECY: WHAT_IS_ASKED,
    },
    Standing.PAPER: {
        Wish.NOTHING: WHAT_IS_ASKED | {D.MASKED_NUMBER}, Wish.ANONYMITY: WHAT_IS_ASKED,
        Wish.SECRECY: frozenset({D.EXISTENCE}),
    },
    Standing.OTHERS: dict.fromkeys(Wish, frozenset()),
}  # fmt: skip


def standing_of(reader: Reader) -> Standing:
    """How a reader stands to the tickets that are visible to them."""
    if reader is None:
        return Standing.PAPER
    if not isinstance(reader, User):
        return Standing.OTHERS
    if reader.may(Permission.SEE_ALL_TICKETS):
        return Standing.HOTLINE if reader.may(Permission.SEE_PROTECTED_CALLERS) else Standing.OVERSIGHT
    return Standing.CONCERNED if reader.may(Permission.SEE_DEPARTMENT_TICKETS) else Standing.OTHERS


# Which tickets a wish is about, as a condition on tickets.
WITH_WISH: dict[Wish, models.Q] = {
    Wish.NOTHING: models.Q(is_secret=False, is_anonymous=False),
    Wish.ANONYMITY: models.Q(is_secret=False, is_anonymous=True),
    Wish.SECRECY: models.Q(is_secret=True),
}


def where_readable(reader: Reader, detail: Detail) -> models.Q | None:
    """A condition on the tickets visible to `reader`: those of which they may read `detail`; None where of all."""
    wishes = [wish for wish, details in RULE[standing_of(reader)].items() if detail in details]
    if len(wishes) == len(Wish):
        return None
    condition = models.Q(pk__in=[])
    for wish in wishes:
        condition |= WITH_WISH[wish]
    return condition
