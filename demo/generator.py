"""Tickets as a city's year would leave them: seeded, in all states, with repeats, returns and stuck ones.

Every step goes through `workflow.apply`, the same as on the pages; only the rows are gathered and written in
bulk. What is drawn at random: who calls when about what, how long each step takes, and how it ends. A life stops
at the first step that would lie after `now`, so the open tickets stand where real ones would stand.
"""

from __future__ import annotations

import contextlib
import random
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from demo.places import Speaking
from dispatch import returned_for
from dispatch.directory.book import Book, holding, lines_of
from dispatch.returned_for import Want
from hotline.accounts.models import Department, Region, User
from hotline.accounts.permissions import Role
from hotline.worktime import calendar
from tickets import facts
from tickets.calls.numbers import NumberBook
from tickets.choices import (
    Cause,
    Channel,
    ClosingReason,
    Contacted,
    Kind,
    NotReached,
    Principle,
    ReturnGround,
    Satisfaction,
    Solved,
    Status,
    Urgency,
)
from tickets.models import Caller, Category, Matter, Ticket
from tickets.workflow.inputs import asks_cause, asks_reason
from tickets.workflow.performing import apply
from tickets.workflow.stores import BulkStore
from tickets.workflow.table import ACTIONS

from . import sentences

CHUNK = 5000  # tickets held in memory before they are written
PHONE_PREFIX = "100"  # no Chinese mobile number begins so: nobody can be rung by mistake
# Measured shares of channels in a prefecture's month (domain-details.md 3.3), rounded.
CHANNELS = {
    Channel.PHONE: 88,
    Channel.WECHAT: 7,
    Channel.PROVINCE: 2,
    Channel.POLICE_110: 1,
    Channel.WEB: 1,
    Channel.APP: 1,
}
KIND_WEIGHTS = {"consultation": 5.0, "help": 2.0, "complaint": 1.6, "report": 0.8, "suggestion": 0.7, "praise": 0.25}
HOUR_WEIGHTS = (1, 1, 1, 1, 1, 2, 4, 8, 14, 16, 15, 12, 8, 8, 12, 14, 13, 11, 8, 8, 7, 6, 4, 2)
# Why callers are dissatisfied, why such a call is closed, why nobody was reached: the common ones more often.
CAUSES = (Cause.NOT_DONE, Cause.NOT_DONE, Cause.NOT_DONE, Cause.CAME_BACK, Cause.CAME_BACK, Cause.SLOW, Cause.SLOW,
          Cause.EMPTY_ANSWER, Cause.EMPTY_ANSWER, Cause.MANNER, Cause.NOT_TOLD, Cause.DENIED)  # fmt: skip
CLOSING_REASONS = (ClosingReason.UNREASONABLE, ClosingReason.POLICY, ClosingReason.POLICY, ClosingReason.PROMISED,
                   ClosingReason.PROMISED, ClosingReason.AGREED, ClosingReason.AGREED, ClosingReason.OTHER_WAY)  # fmt: skip
NOT_REACHED = (NotReached.NO_ANSWER, NotReached.NO_ANSWER, NotReached.NO_ANSWER, NotReached.BUSY,
               NotReached.SWITCHED_OFF, NotReached.REJECTED, NotReached.NO_SUCH_NUMBER)  # fmt: skip


class TooLate(Exception):
    """The next step of a life would lie after now."""


@dataclass
class Life:
    """One ticket being lived through: its clock moves on with each step."""

    ticket: Ticket
    at: datetime
    now: datetime
    store: BulkStore

    def wait(self, *, minutes: float = 0, work_minutes: float = 0) -> None:
        later = self.at + timedelta(minutes=minutes)
        if work_minutes:
            later = calendar.current().add_minutes(later, work_minutes)
        if later > self.now:
            raise TooLate
        self.at = later

    def do(self, name: str, actor: User | None, **given: Any) -> None:
        apply(ACTIONS[name], self.ticket, actor=actor, given=given, at=self.at, store=self.store)


@dataclass
class Generator:
    """Makes tickets between `start` and `now`; the same `seed` makes the same tickets."""

    now: datetime
    days: int
    seed: int = 12345
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.reasons = random.Random(self.seed)  # of its own: what came later leaves the tickets as they were
        people = list(User.objects.filter(is_active=True).order_by("username"))
        self.by_role: dict[str, list[User]] = defaultdict(list)
        self.staff: dict[int, list[User]] = defaultdict(list)
        for person in people:
            self.by_role[person.role].append(person)
            if person.role == Role.STAFF and person.department_id:
                self.staff[person.department_id].append(person)
        self.departments = {department.pk: department for department in Department.objects.filter(is_open=True)}
        today = timezone.localdate(self.now)
        self.directory = Book(lines_of(holding(today)), today)
        self.regions = list(
            Region.objects.filter(children=None).select_related("parent")
        )  # a caller stands in a street
        self.speaking = Speaking()
        self.themes = self._themes()
        self.minutes_a_day = calendar.current().day_minutes
        self.numbers = NumberBook()

    def _themes(self) -> list[tuple[float, list[Category], tuple[str, str, str]]]:
        leaves = defaultdict(list)
        for category in Category.objects.exclude(keywords="").select_related("parent"):
            if category.parent:
                leaves[category.parent.name].append(category)
        return [
            (KIND_WEIGHTS[call[0]], leaves[name], call)
            for name, calls in sentences.CALLS.items()
            for call in calls
            if name in leaves
        ]

    # -- what is asked ----------------------------------------------------------------------------------

    def make(self, count: int) -> int:
        """Writes `count` tickets; returns how many were written."""
        instants = sorted(self._instant() for _ in range(count))
        callers = self._callers(max(1, int(count * 0.8)))
        written = 0
        for begin in range(0, count, CHUNK):
            store = BulkStore()
            for at in instants[begin : begin + CHUNK]:
                self._live(self.call(at, self.rng.choice(callers)), at, store)
            self._flush(store)
            written += len(instants[begin : begin + CHUNK])
        return written

    def make_hot_matters(self, matters: int) -> None:
        """Things that several people call about within a few days, most joined to one matter."""
        store = BulkStore()
        callers = self._callers(matters * 8)
        groups: list[list[Ticket]] = []
        for _ in range(matters):
            first = self.now - timedelta(days=self.rng.uniform(1.5, self.days - 5))
            model = self.call(first, self.rng.choice(callers))
            group = []
            for _ in range(self.rng.randint(3, 8)):
                at = min(first + timedelta(hours=self.rng.uniform(0.2, 70)), self.now - timedelta(minutes=5))
                ticket = self.call(at, self.rng.choice(callers))
                for column in ("title", "description", "kind", "category", "region", "address", "is_secret"):
                    setattr(ticket, column, getattr(model, column))
                self._live(ticket, at, store)
                group.append(ticket)
            groups.append(group)
        named: list[Matter] = []
        for group in groups[: len(groups) * 2 // 3]:
            matter = Matter.objects.create(title=group[0].title, created_at=group[0].registered_at)
            matter.named_after = group[0]
            named.append(matter)
            for ticket in group:
                ticket.matter = matter
        self._flush(store)
        for matter in named:
            matter.named_after = matter.named_after  # its id is known only now
        Matter.objects.bulk_update(named, ["named_after"])

    def make_frequent_callers(self, people: int) -> None:
        """Callers who ring again and again within a week."""
        store = BulkStore()
        for caller in self._callers(people):
            first = self.now - timedelta(days=self.rng.uniform(3, self.days - 7))
            for _ in range(self.rng.randint(3, 6)):
                at = first + timedelta(hours=self.rng.uniform(0, 90))
                if at < self.now:
                    self._live(self.call(at, caller), at, store)
        self._flush(store)

    def _instant(self) -> datetime:
        day = timezone.localdate(self.now) - timedelta(days=self.rng.randrange(self.days))
        if not calendar.current().is_working_day(day) and self.rng.random() < 0.5:
            day -= timedelta(days=self.rng.randint(1, 3))
        hour = self.rng.choices(range(24), HOUR_WEIGHTS)[0]
        at = timezone.make_aware(
            datetime.combine(day, time(hour, self.rng.randrange(60), self.rng.randrange(60)))
        )  # fmt: skip
        return min(at, self.now - timedelta(minutes=self.rng.uniform(3, 90)))

    def _callers(self, count: int) -> list[Caller]:
        phones = {f"{PHONE_PREFIX}{self.rng.randrange(10**8):08d}" for _ in range(count)}
        rows = [Caller(phone=phone, name=self._name()) for phone in sorted(phones)]
        Caller.objects.bulk_create(rows, ignore_conflicts=True, batch_size=5000)
        return sorted(Caller.objects.filter(phone__in=list(phones)), key=lambda caller: caller.phone)

    def _name(self) -> str:
        return self.rng.choice(sentences.SURNAMES) + self.rng.choice(("先生", "女士"))

    def call(self, at: datetime, caller: Caller) -> Ticket:
        _weight, categories, (kind, title, text) = self.rng.choices(self.themes, [t[0] for t in self.themes])[0]
        region = self.rng.choice(self.regions)
        spot = self.speaking.of(region, self.rng)
        days = self.rng.choice((2, 3, 5, 7, 10, 15, 30))
        anonymous = kind == Kind.REPORT and self.rng.random() < 0.4
        description = text.format(place=f"{region.full_name}{spot}", days=days)
        return Ticket(
            title=title.format(place=spot, days=days)[:80],
            description=description,
            **asdict(facts.read(description, at)),
            kind=kind,
            channel=self.rng.choices(list(CHANNELS), list(CHANNELS.values()))[0],
            urgency=Urgency.URGENT if self.rng.random() < 0.02 else Urgency.NORMAL,
            category=self._category(categories, title + text),
            region=region,
            address=spot,
            caller=None if anonymous else caller,
            caller_name="" if anonymous else caller.name,
            caller_phone="" if anonymous else caller.phone,
            is_anonymous=anonymous,
            is_secret=kind == Kind.REPORT and self.rng.random() < 0.7,
            registered_at=at,
            registered_by=self.rng.choice(self.by_role[Role.OPERATOR]),
        )

    def _category(self, categories: list[Category], text: str) -> Category:
        """The category whose keywords the sentence holds, else any of the group."""
        hits = [category for category in categories if any(word in text for word in category.keywords.split())]
        return self.rng.choice(hits or categories)

    # -- what becomes of it -----------------------------------------------------------------------------

    def _live(self, ticket: Ticket, at: datetime, store: BulkStore) -> None:
        ticket.number = self.numbers.take(timezone.localdate(at))
        life = Life(ticket, at, self.now, store)
        life.do("register", ticket.registered_by)
        with contextlib.suppress(TooLate):
            self._begin(life)

    def _begin(self, life: Life) -> None:
        ticket, rng = life.ticket, self.rng
        operator = ticket.registered_by
        if ticket.kind == Kind.CONSULTATION and rng.random() < 0.8:
            life.wait(minutes=rng.uniform(2, 9))
            life.do("answer_directly", operator, answer=rng.choice(sentences.DIRECT_ANSWERS))
            return
        if rng.random() < 0.015:
            life.wait(minutes=rng.uniform(1, 6))
            ground, note = rng.choice(sentences.REFUSALS)
            life.do("refuse", operator, ground=ground, note=note)
            return
        department = self._responsible(ticket)
        self._dispatch(life, department)
        if rng.random() < 0.07:
            department = self._bounce(life, department)
        if ticket.status == Status.DISPATCHED:
            self._handle(life)

    def _responsible(self, ticket: Ticket) -> Department:
        assert ticket.category is not None
        if line := self.directory.find(ticket.category.ancestor_ids, ticket.region.ancestor_ids):
            return self.departments[line.department]
        return self.rng.choice(list(self.departments.values()))

    def _dispatch(self, life: Life, department: Department) -> None:
        urgent = life.ticket.urgency == Urgency.URGENT
        if urgent:
            life.wait(minutes=self.rng.uniform(1, 14))
        else:
            life.wait(work_minutes=self.rng.expovariate(1 / 45))
        life.do("dispatch", self.rng.choice(self.by_role[Role.DISPATCHER]), department=department, assisting=[])

    def _bounce(self, life: Life, department: Department) -> Department:
        """The department returns the ticket; it goes to another, or in the end to a ruling."""
        rng = self.rng
        for _ in range(2):
            life.wait(work_minutes=rng.uniform(10, 350))
            other = rng.choice([found for found in self.departments.values() if found.pk != department.pk])
            ground, basis = rng.choice(ReturnGround.values[:3]), rng.choice(sentences.RETURN_BASES)
            if rng.random() < 0.15:
                ground, basis = ReturnGround.INCOMPLETE, rng.choice(self._lacking(life.ticket))
            life.do("ask_return", self._clerk(department), ground=ground, note=basis, proposed=other)
            life.wait(work_minutes=rng.uniform(15, 300))
            dispatcher = rng.choice(self.by_role[Role.DISPATCHER])
            if rng.random() < 0.3:
                life.do("refuse_return", dispatcher, note="依据派单目录，该事项属你单位职责，请办理。")
                return department
            life.do("grant_return", dispatcher, note="同意退单。")
            if life.ticket.status == Status.RULING:
                life.wait(work_minutes=rng.uniform(60, 900))
                life.do("rule", rng.choice(self.by_role[Role.MANAGER]), department=department, assisting=[],
                        principle=rng.choice(Principle.values), note="经会商，由你单位牵头办理，不得再退。")  # fmt: skip
                return department
            department = other
            self._dispatch(life, department)
            if rng.random() < 0.65:
                return department
        return department

    @staticmethod
    def _lacking(ticket: Ticket) -> list[str]:
        """What a department may write that a ticket lacks."""
        names = returned_for.names_above(ticket.category)
        wants = [want for name in names for want in returned_for.FLOOR.get(name, ())] or [Want.DOOR, Want.CONTACT]
        return [sentences.LACKING[want.value] for want in wants]

    def _clerk(self, department: Department | None) -> User | None:
        people = self.staff.get(department.pk) if department else None
        return self.rng.choice(people) if people else None

    def _handle(self, life: Life) -> None:
        """Accept, work, answer and follow up; some sit, some stall, some are late, some are redone."""
        ticket, rng = life.ticket, self.rng
        clerk = self._clerk(ticket.department)
        urgent = ticket.urgency == Urgency.URGENT
        if urgent:
            life.wait(minutes=rng.uniform(3, 40))
        else:
            sits = rng.random() < 0.05
            life.wait(work_minutes=rng.uniform(1.2, 6) * self.minutes_a_day if sits else rng.expovariate(1 / 90))
        life.do("accept", clerk)
        pace = rng.lognormvariate(0, 0.45)
        if urgent:
            life.wait(minutes=300 * pace)
        else:
            days = {"consultation": 0.7, "praise": 0.5}.get(ticket.kind, 1.9) * pace
            for _ in range(int(days) if rng.random() < 0.75 else 0):
                life.wait(work_minutes=self.minutes_a_day * 0.8)
                life.do("progress", clerk, note=rng.choice(sentences.PROGRESS_NOTES))
                days = max(0.2, days - 0.8)
            if rng.random() < 0.04 and ticket.answer_due_at and life.at < ticket.answer_due_at:
                life.do(
                    "ask_extension",
                    clerk,
                    days=3,
                    ground="more_time",
                    plan="",
                    note="涉及多家单位，需现场核实，申请延期。",
                )
                life.wait(work_minutes=rng.uniform(20, 200))
                life.do("grant_extension", rng.choice(self.by_role[Role.MANAGER]), note="同意延期，请告知来电人。")
                days += 2
            life.wait(work_minutes=days * self.minutes_a_day)
        life.do("answer", clerk, answer=rng.choice(sentences.ANSWERS))
        self._follow_up(life)

    def _follow_up(self, life: Life) -> None:
        ticket, rng = life.ticket, self.rng
        operator = rng.choice(self.by_role[Role.OPERATOR])
        if ticket.caller is None:
            life.wait(work_minutes=rng.uniform(30, 400))
            supervisor = rng.choice(self.by_role[Role.SUPERVISOR])
            life.do("close", supervisor, note="匿名来电，无法回访，经审核予以办结。")
            return
        for _ in range(3):
            life.wait(work_minutes=rng.uniform(40, 500))
            if rng.random() > 0.1:
                break
            life.do("miss_follow_up", operator, why=self.reasons.choice(NOT_REACHED), note="")
            if ticket.status == Status.CLOSED:
                return
        good = rng.random()
        if good < 0.05 and ticket.round == 1:
            life.do("redo", operator, contacted=Contacted.YES, solved=Solved.NO, satisfaction=Satisfaction.DISSATISFIED,
                    cause=self.reasons.choice(CAUSES), note="来电人表示问题没有解决，要求重新办理。")  # fmt: skip
            self._handle(life)
            return
        solved = Solved.YES if good > 0.14 else rng.choice((Solved.PARTLY, Solved.NO))
        happy = (
            Satisfaction.VERY_SATISFIED,
            Satisfaction.SATISFIED,
            Satisfaction.SATISFIED,
            Satisfaction.FAIRLY_SATISFIED,
        )
        sad = (Satisfaction.DISSATISFIED, Satisfaction.FAIRLY_SATISFIED, Satisfaction.VERY_DISSATISFIED)
        rating = "" if rng.random() < 0.15 else rng.choice(happy if solved == Solved.YES else sad)
        contacted = Contacted.YES if rng.random() < 0.96 else Contacted.NO
        said = {"contacted": contacted, "solved": solved, "satisfaction": rating}
        cause = Cause.NOT_TOLD if contacted == Contacted.NO else self.reasons.choice(CAUSES)
        life.do(
            "follow_up", operator, **said, cause=cause if asks_cause(said) else "",
            closing_reason=self.reasons.choice(CLOSING_REASONS) if asks_reason(said) else "", note="",
        )  # fmt: skip

    # -- writing ----------------------------------------------------------------------------------------

    def _flush(self, store: BulkStore) -> None:
        with transaction.atomic():
            store.flush()
            self.numbers.close()
