"""What must hold whatever was done: each question once, with the words in which it stands in docs/reliability.md.

A question returns what is wrong, a sentence each. The first ones compare the journal of what people were told with the
database, by the mark that stands in the words of everything that was sent.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from django.core.files.storage import default_storage
from django.db.models import Count, F
from PIL import Image

from demo import shift
from demo.chaos.journal import MARKED, Journal, Told
from supervision.models import Delivery, Flag, Notice
from tickets.choices import Duty
from tickets.models import Answer, Attachment, Span, Ticket, TicketEvent

Got = list[tuple[int, str, str]]  # department, title and text of each message that went out
ONLY_NOW = ("accept",)  # actions that take no words and so bear no mark
Manage = Callable[..., tuple[int, str]]


@dataclass
class Evidence:
    """What is compared with the database: what people were told since when, and what messages went out."""

    journal: Journal
    since: datetime
    got: Got = field(default_factory=list)
    manage: Manage | None = None  # runs a command of manage.py: its exit code and what it said

    def found(self) -> dict[str, list[tuple[str, str]]]:
        """By mark, the number of each ticket at which it stands, with who wrote it."""
        places: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for number, who, words in self._words():
            for mark in MARKED.findall(words):
                places[mark].append((number, who))
        calls = Ticket.objects.filter(registered_at__gte=self.since, registered_by__username__startswith=shift.PERSON)
        for number, who, words in calls.values_list("number", "registered_by__username", "description"):
            places[words[-len(shift.MARK.format(0)) :]].append((number, who))
        return places

    def _words(self) -> Iterator[tuple[str, str, str]]:
        events = TicketEvent.objects.filter(at__gte=self.since)
        events = events.exclude(action__in=("register", "answer"))  # whose words stand where they are read below
        yield from events.values_list("ticket__number", "actor__username", "note")
        recorded = Ticket.objects.filter(registered_at__gte=self.since)
        yield from recorded.values_list("number", "registered_by__username", "description")
        yield from Answer.objects.filter(at__gte=self.since).values_list("ticket__number", "by__username", "text")
        for file in Attachment.objects.filter(at__gte=self.since).select_related("ticket", "by"):
            yield file.ticket.number, file.by.username if file.by else "", file.name


# -- what people were told --------------------------------------------------------------------------------------


def lost(evidence: Evidence) -> Iterator[str]:
    places = evidence.found()
    for one in evidence.journal.writes:
        if one.mark and one.told is Told.ACKNOWLEDGED and not places.get(one.mark):
            yield f"{one.mark}: {one.action} of {one.who} at {one.number} was acknowledged and is not there"
    yield from (
        f"{place}: {said} accepted and {kept} there" for place, said, kept in _accepted(evidence) if kept < said
    )


def doubled(evidence: Evidence) -> Iterator[str]:
    places = evidence.found()
    for one in evidence.journal.writes:
        if one.mark and len(places.get(one.mark, ())) > 1:
            yield f"{one.mark}: {one.action} of {one.who} was sent {one.tries} times and stands at {places[one.mark]}"
    numbers = Counter(Ticket.objects.filter(registered_at__gte=evidence.since).values_list("number", flat=True))
    yield from (f"number {number} was given twice" for number, times in numbers.items() if times > 1)


def false(evidence: Evidence) -> Iterator[str]:
    """What was refused is there all the same, or stands elsewhere than where it was sent, or under another's name."""
    places = evidence.found()
    for one in evidence.journal.writes:
        for number, who in places.get(one.mark, ()) if one.mark else ():
            if one.told is Told.REFUSED:
                yield f"{one.mark}: {one.action} of {one.who} was refused and stands at {number}"
            elif who != one.who or one.number not in ("", number):
                yield f"{one.mark}: sent by {one.who} to {one.number}, stands at {number} by {who}"


def _accepted(evidence: Evidence) -> Iterator[tuple[str, int, int]]:
    """By ticket and person: how often they were told that they had accepted it, and how often it is there."""
    said = Counter(
        (one.number, one.who)
        for one in evidence.journal.writes
        if one.action in ONLY_NOW and one.told is Told.ACKNOWLEDGED
    )
    events = TicketEvent.objects.filter(action__in=ONLY_NOW, ticket__number__in={number for number, _who in said})
    kept = Counter(events.values_list("ticket__number", "actor__username"))
    for (number, who), times in said.items():
        yield f"{number} by {who}", times, kept[number, who]


def torn_files(evidence: Evidence) -> Iterator[str]:
    """A file that is there is whole: as long as its row says, and a picture that opens."""
    for one in Attachment.objects.filter(at__gte=evidence.since).order_by("pk"):
        try:
            if one.file.size != one.size:
                yield f"{one.file.name}: {one.file.size} bytes of {one.size}"
                continue
            with default_storage.open(str(one.file.name)) as file, Image.open(file) as picture:
                picture.load()
        except OSError as error:
            yield f"{one.file.name}: {error}"


# -- what no fault may lead to ----------------------------------------------------------------------------------


def two_owners(evidence: Evidence) -> Iterator[str]:
    """Each ticket went one way: one event after another, each from where the last had led, one holder at a time."""
    rows = TicketEvent.objects.filter(ticket__events__at__gte=evidence.since).distinct()
    ways: dict[str, list[tuple[int, str, str, str]]] = defaultdict(list)
    told = rows.order_by("ticket", "sequence").values_list(
        "ticket__number", "sequence", "action", "from_status", "to_status"
    )
    for number, sequence, action, begins, leads in told:
        ways[number].append((sequence, action, begins, leads))
    for number, way in ways.items():
        for (before, _first, _from, led_to), (sequence, action, begins, _to) in pairwise(way):
            if sequence != before + 1 or begins != led_to:
                yield f"{number}: event {sequence} ({action}) from {begins} follows on event {before}, which led to {led_to}"
    held = Span.objects.filter(ended_at__isnull=True, duty__in=(Duty.ANSWER, Duty.ACCEPT)).values("ticket", "duty")
    for one in held.annotate(holders=Count("department", distinct=True)).filter(holders__gt=1):
        yield f"ticket {one['ticket']}: {one['holders']} departments owe {one['duty']} at once"


def flags_twice(evidence: Evidence) -> Iterator[str]:
    raised = Flag.objects.values("ticket", "kind", "since").annotate(times=Count("pk")).filter(times__gt=1)
    for one in raised.order_by("ticket", "kind"):
        yield f"ticket {one['ticket']}: {one['kind']} since {one['since']:%m-%d %H:%M:%S} was raised {one['times']} times"


def messages_twice(evidence: Evidence) -> Iterator[str]:
    """No more went out than was written down as sent, and what is said to have arrived did."""
    deliveries = Delivery.objects.filter(made_at__gte=evidence.since).exclude(channel="").annotate(
        of=F("to_user__department")
    )  # fmt: skip
    written, arrived = Counter[int](), Counter[int]()
    for department, through, state in deliveries.values_list("to_department", "of", "state"):
        written[department or through] += 1
        arrived[department or through] += state == Delivery.State.ARRIVED
    unmarked = Delivery.objects.filter(made_at__gte=evidence.since, channel="").exclude(state=Delivery.State.ARRIVED)
    for department, through in unmarked.annotate(of=F("to_user__department")).values_list("to_department", "of"):
        written[department or through] += 1  # its sender was killed before it could say by which channel
    got = Counter(department for department, _title, _text in evidence.got)
    for department in sorted({*written, *got} - {None}):
        if not arrived[department] <= got[department] <= written[department]:
            yield (
                f"department {department}: {got[department]} messages came,"
                f" {written[department]} were written down and {arrived[department]} of them as arrived"
            )
    for (department, _title, text), times in Counter(evidence.got).items():
        if times > 1:
            yield f"department {department}: came {times} times: {text[:80]}"
    same = ("ticket", "article", "link", "step", "to_user", "to_department", "for_leads", "text", "made_at")
    for one in Notice.objects.filter(made_at__gte=evidence.since).values(*same).annotate(times=Count("pk")):
        if one["times"] > 1:
            yield f"ticket {one['ticket'] or one['article'] or one['link']}: {one['step']} is told {one['times']} times"


def ledger(evidence: Evidence) -> Iterator[str]:
    yield from _said_by(evidence, "verify_ledger", "--seal", "--whole")


def spans(evidence: Evidence) -> Iterator[str]:
    assert evidence.manage is not None
    code, said = evidence.manage("rebuild_spans", "--check")
    if code or not said.rstrip().endswith(" 0 differ"):
        yield said[-1000:]


def _said_by(evidence: Evidence, *command: str) -> Iterator[str]:
    assert evidence.manage is not None
    code, said = evidence.manage(*command)
    if code:
        yield said[-1000:]


def broken_pages(evidence: Evidence) -> Iterator[str]:
    for what, times in Counter(evidence.journal.broken).items():
        yield f"{what}: answered {times} times with 500"


@dataclass(frozen=True)
class Check:
    """One thing that must hold, in words, and how it is asked."""

    name: str
    holds: str
    ask: Callable[[Evidence], Iterator[str]]


CHECKS = (
    Check("lost", "Every write that was acknowledged is there.", lost),
    Check("doubled", "Nothing is there twice, however often it was sent; no ticket number was given twice.", doubled),
    Check("false", "Nothing that was refused is there, and all else stands where and by whom it was sent.", false),
    Check("files", "Every file is whole: as long as its row says, every picture opens.", torn_files),
    Check("owners", "No ticket has two owners: its events follow on each other, one department owes at a time.",
          two_owners),
    Check("flags", "No flag was raised twice for one cause.", flags_twice),
    Check("messages", "No message went out twice, none more than was written down, and what is said to have arrived did.",
          messages_twice),
    Check("ledger", "`manage.py verify_ledger --whole` finds the audit log, all events and every ticket's state and"
                    " limits as they were written.", ledger),
    Check("spans", "`manage.py rebuild_spans --check`: all limits recomputed from events are equal.", spans),
    Check("errors", "No answer was 500: who could not be served was told so (503) and asked to try again.", broken_pages),
)  # fmt: skip


def ask_all(evidence: Evidence) -> dict[str, list[str]]:
    """What is wrong by the name of each check; empty lists where all holds."""
    return {check.name: list(check.ask(evidence)) for check in CHECKS}
