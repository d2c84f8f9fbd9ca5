"""Who calls: all numbers of one person, what they call about, and which other numbers may be theirs.

The machine proposes, a person decides: two numbers count as one person's once somebody has said so, and are never
proposed again where somebody has said that they are not. A call under anonymity or secrecy tells of its caller only
whom the rule of `tickets.disclosure` lets read their number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min, Q
from django.utils import timezone
from django.utils.translation import gettext as _t

from hotline.accounts.models import User
from matters.callers import copies
from matters.callers.copies import Copy
from tickets import limits
from tickets.callers.book import numbers_of
from tickets.choices import RuleKey
from tickets.disclosure import Detail, where_readable
from tickets.models import Caller, SamePerson, Ticket, TicketQuerySet
from tickets.reading import matter_name, read

LATEST = 60  # calls that are looked at for what they are about; all are counted and listed
MONTH = timedelta(days=30)
LOOKED_AT = 200  # calls of others that are looked at for the same number or name
PERHAPS, MOST_NAMES = 6, 3  # numbers proposed; names by which they are looked for
LEAST_NAME = 2  # characters of a name that tells anything; 王女士 is no name
NO_NAMES = ("先生", "女士", "小姐", "同志", "师傅", "老师", "阿姨", "大爷", "大妈")


@dataclass
class Subject:
    """One thing that a person called about: the tickets of one matter, near copies of one text, or a single ticket."""

    title: str
    tickets: list[Ticket] = field(default_factory=list)

    @property
    def last(self) -> Ticket:
        return self.tickets[0]

    @property
    def open(self) -> int:
        return sum(1 for ticket in self.tickets if ticket.is_open)


@dataclass
class Perhaps:
    """Another number that may be the same person's, and why."""

    caller: Caller
    why: list[str]
    calls: int


@dataclass
class Person:
    """What is known of one person before one reader."""

    numbers: list[Caller]
    tickets: TicketQuerySet  # all calls that the reader may know as theirs
    names: list[str]
    calls: int
    lately: int
    first_at: datetime
    last_at: datetime
    subjects: list[Subject]

    @property
    def open(self) -> list[Ticket]:
        return [ticket for subject in self.subjects for ticket in subject.tickets if ticket.is_open]

    @property
    def is_frequent(self) -> bool:
        return self.lately >= limits.rule(RuleKey.FREQUENT_CALLER)


def calls_known_to(user: User, callers: Iterable[Caller]) -> TicketQuerySet:
    """The tickets of these callers of which `user` may read who called."""
    found = Ticket.objects.visible_to(user).filter(caller__in=[caller.pk for caller in callers])
    readable = where_readable(user, Detail.CALLER_NUMBER)
    return found if readable is None else found.filter(readable)


def person_of(caller: Caller, user: User) -> Person | None:
    """The person behind a number as `user` may know them; None where no call of theirs may be known."""
    numbers = numbers_of(caller)
    tickets = calls_known_to(user, numbers)
    counted = tickets.aggregate(
        calls=Count("pk"), first_at=Min("registered_at"), last_at=Max("registered_at"),
        lately=Count("pk", filter=Q(registered_at__gte=timezone.now() - MONTH)),
    )  # fmt: skip
    if not counted["calls"]:
        return None
    latest = list(
        tickets.select_related("category", "department", "matter__named_after").order_by("-registered_at", "-pk")[
            :LATEST
        ]
    )
    names = [ticket.caller_name for ticket in latest if ticket.caller_name]
    return Person(numbers, tickets, list(dict.fromkeys(names)), subjects=_subjects(latest, user), **counted)


def _subjects(tickets: list[Ticket], user: User) -> list[Subject]:
    """What these tickets, the latest first, are about: what was called about most first."""
    found: list[Subject] = []
    by_matter: dict[int, Subject] = {}
    for ticket in tickets:
        if ticket.matter_id and ticket.matter_id in by_matter:
            by_matter[ticket.matter_id].tickets.append(ticket)
            continue
        like = next((one for one in found if not ticket.matter_id and copies.are_copies(one.last, ticket)), None)
        if like:
            like.tickets.append(ticket)
            continue
        name = matter_name(ticket.matter, user, [ticket]) if ticket.matter else read(ticket, user).title
        found.append(Subject(name, [ticket]))
        if ticket.matter_id:
            by_matter[ticket.matter_id] = found[-1]
    return sorted(found, key=lambda subject: -len(subject.tickets))


def texts_of_others(person: Person, user: User) -> list[Copy]:
    """Calls under other numbers whose words are nearly the same as one of the person's."""
    own = [number.pk for number in person.numbers]
    readable = where_readable(user, Detail.CALLER_NUMBER)
    found = copies.copies_of([subject.last for subject in person.subjects[:5]], user, but=own)
    if readable is not None:  # who may not know every caller is not told that somebody else's words are the same
        of = [copy.ticket.pk for copy in found]
        known = set(Ticket.objects.filter(readable, pk__in=of).values_list("pk", flat=True))
        found = [copy for copy in found if copy.ticket.pk in known]
    return sorted(found, key=lambda copy: -copy.share)[:PERHAPS]


def perhaps(person: Person, user: User, alike: Iterable[Copy] = ()) -> list[Perhaps]:
    """Other numbers that may be the same person's: one gave the other as the number to call back, the same name at the
    same address, or the same name under nearly the same words.
    """
    own = {number.pk for number in person.numbers}
    reasons: dict[int, dict[str, None]] = {}
    for ticket, why in _signs(person, _known(user).exclude(caller__in=own), user, alike):
        if ticket.caller_id and ticket.caller_id not in own:
            reasons.setdefault(ticket.caller_id, {})[why] = None
    callers = Caller.objects.in_bulk(reasons.keys() - _told_apart(own))
    counted = _known(user).filter(caller__in=callers).order_by().values("caller").annotate(calls=Count("pk"))
    calls = {row["caller"]: row["calls"] for row in counted}
    found = [Perhaps(caller, list(reasons[pk]), calls.get(pk, 0)) for pk, caller in callers.items()]
    return sorted(found, key=lambda one: (-len(one.why), -one.calls, one.caller.pk))[:PERHAPS]


def _signs(person: Person, others: TicketQuerySet, user: User, alike: Iterable[Copy]) -> Iterator[tuple[Ticket, str]]:
    """Calls of others that may be the person's, each with why."""

    def said(words: str) -> Iterable[Ticket]:
        return others.matching(words, user).order_by("-registered_at", "-pk")[:LOOKED_AT]

    for number in person.numbers:
        if not number.phone:  # forgotten
            continue
        for ticket in said(number.phone):
            if ticket.contact_phone == number.phone:
                yield ticket, _t("gave this number to be called back at")
    given = set(person.tickets.exclude(contact_phone="").values_list("contact_phone", flat=True)[:LOOKED_AT])
    for ticket in others.filter(caller__phone__in=given)[:LOOKED_AT]:
        yield ticket, _t("is the number to call back in a call of this person")
    places = {_place(ticket) for subject in person.subjects for ticket in subject.tickets} - {None}
    names = [name for name in person.names if _is_name(name)]
    for name in names[:MOST_NAMES]:
        for ticket in said(name):
            if ticket.caller_name == name and _place(ticket) in places:
                yield ticket, _t("the same name at the same address")
    for copy in alike:
        if copy.ticket.caller_name in names:
            yield copy.ticket, _t("the same name under nearly the same words")


def _known(user: User) -> TicketQuerySet:
    found = Ticket.objects.visible_to(user).filter(caller__isnull=False)
    readable = where_readable(user, Detail.CALLER_NUMBER)
    found = found if readable is None else found.filter(readable)
    return found.defer("search", "caller_search")


def _place(ticket: Ticket) -> tuple[int, str] | None:
    address = "".join(ticket.address.split())
    return (ticket.region_id, address) if address else None


def _is_name(name: str) -> bool:
    return len(name) >= LEAST_NAME and not name.endswith(NO_NAMES)


def _told_apart(own: Iterable[int]) -> set[int]:
    """Callers of whom the latest word is that they are somebody else than these."""
    own = set(own)
    latest: dict[int, bool] = {}
    for word in SamePerson.objects.filter(Q(one__in=own) | Q(other__in=own)).order_by("at", "pk"):
        latest[word.other_id if word.one_id in own else word.one_id] = word.is_same
    return {pk for pk, is_same in latest.items() if not is_same}


def words_for(person: Person, user: User) -> list[str]:
    """What to say to them first: where the thing stands that they called about most; they need not begin anew."""
    subject = person.subjects[0]
    running = next((ticket for ticket in subject.tickets if ticket.is_open), subject.last)
    told = {
        "calls": len(subject.tickets), "title": read(subject.last, user).title, "number": running.number,
        "department": running.department, "others": len(person.open) - subject.open,
    }  # fmt: skip
    said = []
    if len(subject.tickets) > 1:
        said.append(
            _t("You have called %(calls)d times about “%(title)s”; I see it all here, no need to tell it again.")
        )
    if not running.is_open:
        said.append(_t("%(number)s has been answered. If it is not solved, tell me how it is now and I pass it on."))
    elif running.department and running.answer_due_at:
        told["day"] = timezone.localtime(running.answer_due_at).strftime("%Y-%m-%d")
        said.append(_t("%(number)s lies with %(department)s, which answers you by %(day)s."))
    elif running.department:
        said.append(_t("%(number)s lies with %(department)s."))
    else:
        said.append(_t("%(number)s is being given to the department responsible."))
    if told["others"]:
        said.append(_t("Beside this you have %(others)d more under way; shall I go through them one by one?"))
    return [line % told for line in said]
