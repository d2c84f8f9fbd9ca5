"""One ticket, or the name of a matter, as a reader may read it; `tickets.disclosure` has the rule."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _t

from hotline import telephone as telephones
from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from tickets import forgotten_words
from tickets.disclosure import RULE, Detail, Reader, Standing, Wish, standing_of
from tickets.models import Matter, MissedCall, Ticket
from tickets.models.ticket import FORGOTTEN

D = Detail
LEAST_NAME = 2  # characters


def wish_of(ticket: Ticket) -> Wish:
    """What the caller of a ticket asked for."""
    if ticket.is_secret:
        return Wish.SECRECY
    return Wish.ANONYMITY if ticket.is_anonymous else Wish.NOTHING


@dataclass(frozen=True)
class Reading:
    """One ticket as one reader may read it."""

    ticket: Ticket
    standing: Standing
    details: frozenset[Detail]

    def may(self, detail: Detail) -> bool:
        return detail in self.details

    @property
    def title(self) -> str:
        return self.name(self.ticket.title) if self.may(D.TITLE) else self.stand_in

    @property
    def description(self) -> str:
        return self.text(self.ticket.description) if self.may(D.DESCRIPTION) else self.stand_in

    @property
    def place(self) -> str:
        return self.text(self.ticket.place) if self.may(D.PLACE) else "—"

    @property
    def address(self) -> str:
        return self.text(self.ticket.address) if self.may(D.PLACE) else ""

    @property
    def caller_name(self) -> str:
        return self.ticket.caller_name if self.may(D.CALLER_NAME) else ""

    @property
    def caller_phone(self) -> str:
        return self.ticket.caller_phone if self.may(D.CALLER_NUMBER) else ""

    @property
    def happened(self) -> str:
        return self.text(self.ticket.happened) if self.may(D.DESCRIPTION) else ""

    @property
    def plate(self) -> str:
        return self.text(self.ticket.plate) if self.may(D.DESCRIPTION) else ""

    @property
    def amount(self) -> str:
        return self.text(self.ticket.amount) if self.may(D.DESCRIPTION) else ""

    @property
    def contact_phone(self) -> str:
        return self.ticket.contact_phone if self.may(D.CALLER_NUMBER) else ""

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What is known of the event, each with what it is called."""
        known = {_t("when it happened"): self.happened, _t("number plate"): self.plate, _t("sum of money"): self.amount}
        return [(label, value) for label, value in known.items() if value]

    @property
    def knows_caller(self) -> bool:
        return self.may(D.CALLER_NAME) and self.may(D.CALLER_NUMBER)

    @property
    def caller(self) -> str:
        """The caller in one line, the number masked, or why they are not named."""
        if self.ticket.forgotten_at:
            return str(FORGOTTEN)
        if not self.knows_caller:
            return _t("withheld: secrecy was asked for") if self.ticket.is_secret else _t("anonymous")
        name = _t("anonymous") if self.ticket.is_anonymous else self.caller_name
        return " ".join(part for part in (name, telephones.masked(self.caller_phone)) if part) or "—"

    @property
    def numbers(self) -> list[str]:
        """The numbers by which the caller is reached, in full: for an act that needs them."""
        return list(dict.fromkeys(number for number in (self.contact_phone, self.caller_phone) if number))

    @property
    def stand_in(self) -> str:
        """What stands in place of a title that may not be read."""
        return f"{_t('(secret)')}{self.ticket.category or ''}"

    def name(self, written: str) -> str:
        """A title as `text` has it; one that was cut off amid the caller's name or number ends before it."""
        written, ticket = self.text(written), self.ticket
        if not self.may(D.CALLER_NAME):
            for name in (ticket.caller_name, *ticket.earlier_callers):
                beginnings = (name[:length] for length in range(len(name) - 1, 1, -1))
                if found := next((begin for begin in beginnings if written.endswith(begin)), ""):
                    written = written.removesuffix(found) + "***"
        if not self.may(D.CALLER_NUMBER):
            for phone in (ticket.caller_phone, ticket.contact_phone, *ticket.earlier_callers):
                written = telephones.without_beginning(written, phone)
        return written

    def text(self, written: str) -> str:
        """What somebody wrote, without the caller's name and number where these may not be read.

        Once they are forgotten nobody may: what stands where it cannot be changed is hidden by its marks.
        """
        ticket = self.ticket
        if ticket.forgotten_words:
            written = forgotten_words.covered(written, ticket.forgotten_words)
        if not self.may(D.CALLER_NAME):
            for name in (ticket.caller_name, *ticket.earlier_callers):
                written = without_name(written, name)
        if not self.may(D.CALLER_NUMBER):
            for phone in (ticket.caller_phone, ticket.contact_phone, *ticket.earlier_callers):
                written = telephones.without(written, phone)
        return written


def without_name(written: str, name: str) -> str:
    """`written` without a name, also where blanks stand in it; a single character is no name."""
    if len(name) < LEAST_NAME or name[0] not in written:
        return written
    return re.sub(r"\s?".join(map(re.escape, name)), forgotten_words.PUT, written)


def read(ticket: Ticket, reader: Reader) -> Reading:
    """What `reader` may read of a ticket that is visible to them."""
    standing = standing_of(reader)
    return Reading(ticket, standing, RULE[standing][wish_of(ticket)])


def as_worked_on(ticket: Ticket) -> Reading:
    """What whoever works on a ticket may read of it."""
    return Reading(ticket, Standing.CONCERNED, RULE[Standing.CONCERNED][wish_of(ticket)])


def missed_number(missed: MissedCall, reader: Reader) -> str:
    """The number of somebody whose call was missed, where `reader` may read it.

    Nobody has asked them whether they may be known: it is read as if they had asked for secrecy; whole by who
    calls back, for as long as there is somebody to call.
    """
    if D.CALLER_NUMBER not in RULE[standing_of(reader)][Wish.SECRECY]:
        return ""
    to_be_called = missed.settled_at is None and isinstance(reader, User) and reader.may(P.CALL_BACK)
    return missed.phone if to_be_called else telephones.masked(missed.phone)


def matter_name(matter: Matter, reader: Reader, at_hand: Iterable[Ticket] = ()) -> str:
    """What a matter is called before `reader`; `at_hand` are tickets of it that they see anyway.

    A name that people gave is everybody's. One that is a ticket's title is read by whoever may read that title.
    """
    if matter.named_after_id is None:
        return matter.title
    standing = standing_of(reader)
    if standing == Standing.HOTLINE:
        return matter.title
    known = [ticket for ticket in at_hand if matter.title == ticket.title]
    if not known and standing in (Standing.PAPER, Standing.OVERSIGHT):
        known = [matter.named_after]
    readings = [read(ticket, reader) for ticket in known]
    if not any(reading.may(D.TITLE) for reading in readings):
        return _t("Same matter")
    name = matter.title
    for reading in readings:  # it may name the caller of any of them
        name = reading.name(name)
    return name
