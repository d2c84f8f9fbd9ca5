"""Callers, matters, tickets, and what other departments owe to them."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Coalesce, Least
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hotline.accounts.models import Department, Region, User
from hotline.accounts.permissions import Permission
from hotline.vault.fields import EncryptedCharField, EncryptedJSONField, MarkField
from tickets import disclosure, search
from tickets.choices import (
    OPEN_STATUSES,
    STATUS_TONES,
    UNANSWERED_STATUSES,
    Cause,
    Channel,
    Closing,
    ClosingReason,
    Contacted,
    Kind,
    Part,
    Principle,
    RefusalGround,
    Satisfaction,
    Solved,
    Status,
    Urgency,
)
from tickets.disclosure import Detail
from tickets.models.catalogue import Category

FORGOTTEN = _("made anonymous after the period")  # what stands in place of a caller whom the city has forgotten
NUMBER, NAME = "number", "name"  # what an encrypted column holds; a number has one digest wherever it stands


class Caller(models.Model):
    """A person who called. The telephone number is who they are to a hotline, until somebody says that two are one.

    `person` is then the first number of theirs that was known; itself it has none. `callers.book` sets it.
    """

    phone = EncryptedCharField(_("telephone"), max_length=30, purpose=NUMBER, found_by="phone_mark")
    phone_mark = MarkField(of="phone", unique=True)
    name = EncryptedCharField(_("name"), max_length=40, blank=True, purpose=NAME)
    note = EncryptedCharField(_("note"), max_length=200, blank=True)
    person: models.ForeignKey[Any, Any] = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="numbers", editable=False
    )
    forgotten_at = models.DateTimeField(null=True, editable=False)  # since then the row says nothing of anybody

    class Meta:
        verbose_name = _("caller")
        verbose_name_plural = _("callers")

    def __str__(self) -> str:
        return self.name or self.phone or str(FORGOTTEN)

    def get_absolute_url(self) -> str:
        return reverse("caller", args=[self.pk])


# Of a ticket: the person behind its caller's number, whom callers are counted by; none without a number.
PERSON = Coalesce("caller__person", "caller")


class Matter(models.Model):
    """Tickets about one and the same thing (同一事项)."""

    title = models.CharField(_("title"), max_length=120)
    # The ticket whose title is the name; none where people named it. `disclosure.matter_name` says who reads it.
    named_after: models.ForeignKey[Any, Any] = models.ForeignKey(
        "tickets.Ticket", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    created_at = models.DateTimeField(_("made at"), default=timezone.now)
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("matter")
        verbose_name_plural = _("matters")

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("matter", args=[self.pk])


class TicketQuerySet(models.QuerySet["Ticket"]):
    gathers = False

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]
        clone.gathers = self.gathers
        return clone

    def gathered(self) -> Self:
        """The same tickets; a list of them gathers all before it puts them in order.

        PostgreSQL would else follow the order's index until it has met enough of them, from the beginning of history
        where they all lie at its end.
        """
        gathered = self._clone()
        gathered.gathers = True
        return gathered

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
            return self.concerning(user.department_ids)
        return self.none()

    def concerning(self, departments: list[int]) -> Self:
        """The tickets that these departments hold, assist with, or are heard on."""
        # As an array, so that both halves of the OR are looked up in an index.
        contributed = search.is_one_of(_contributed_by(departments))
        return self.filter(models.Q(department_id__in=departments) | models.Q(contributed))

    def matching(self, words: str, user: User) -> Self:
        """Full-text search by what is asked, number, address and, where `user` may see the caller, name and phone."""
        asked = search.ask(words)
        if asked.query is None:  # nothing was asked for, or nothing that can be found
            return self.none() if words.strip() else self
        by_caller = models.Q(caller_search=asked.hidden)
        if (readable := disclosure.where_readable(user, Detail.CALLER_NUMBER)) is not None:
            by_caller &= readable
        return search.narrow(self, models.Q(search=asked.query) | by_caller)

    def for_list(self) -> Self:
        """With what a row of a list shows, and without the long columns it does not show.

        Few joins on purpose: PostgreSQL stops looking for a good order of more than eight tables.
        """
        joined = self.select_related("category", "region__parent", "department", "matter")
        return joined.defer("search", "caller_search", "description")


def _contributed_by(departments: list[int]) -> models.QuerySet[Any]:
    """Ids of the tickets that these departments assist with, or are heard on until the ruling."""
    heard = models.Q(part=Part.OPINION, ticket__status=Status.RULING)
    parts = Contribution.objects.filter(models.Q(part=Part.ASSIST) | heard, withdrawn_at__isnull=True)
    return parts.filter(department__in=departments).values("ticket_id")


# What lists are put in order by and narrowed by. The index of each order carries it: a row is a kilobyte wide, and what
# a list passes over on its way to what it shows is told apart in the index. So does the index of each instant that
# figures go by, with what they count.
ORDERED_BY = ("registered_at", "answer_due_at", "stage_due_at", "risk")
NARROWED_BY = ("registered_by", "department", "category", "region", "kind", "channel", "urgency", "status")


def _by(name: str, *columns: str, **options: Any) -> models.Index:
    """An index of an order, with all that lists are put in order by and narrowed by."""
    others = [column for column in (*ORDERED_BY, *NARROWED_BY) if column not in columns]
    return models.Index(*columns, *others, name=name, **options)


def _when(name: str, instant: str, *counted: str) -> models.Index:
    """The index of an instant that figures go by, with what they count and the tickets behind them in every order."""
    columns = (instant, "id", *ORDERED_BY, "department", "kind", *counted)
    return models.Index(*columns, name=name, condition=models.Q(**{f"{instant}__isnull": False}))


# The limits that hold while nobody has answered, as in supervision.clocks; while it is suspended they stand still.
_WHILE_UNANSWERED = models.Case(
    models.When(status__in=UNANSWERED_STATUSES, then=Least("answer_due_at", "order_due_at", "task_due_at"))
)


class Ticket(models.Model):
    """One request of one caller, from the call to the close.

    Changed by `workflow.performing.perform` and by nothing else. The instants of its clocks and its risk are kept by
    supervision.clocks: `next_due_at` is the next instant at which a flag can become true. Where an index below begins
    with a foreign key, the key has none of its own: every change of a ticket writes to every index.
    """

    number = models.CharField(_("number"), max_length=20, unique=True)
    title = models.CharField(_("title"), max_length=80)
    description = models.TextField(_("what is asked"))
    kind = models.CharField(_("kind"), max_length=15, choices=Kind)
    channel = models.CharField(_("channel"), max_length=15, choices=Channel, default=Channel.PHONE)
    urgency = models.CharField(_("urgency"), max_length=10, choices=Urgency, default=Urgency.NORMAL)
    category = models.ForeignKey(
        Category, verbose_name=_("category"), null=True, blank=True, on_delete=models.PROTECT, related_name="tickets",
        db_index=False,
    )  # fmt: skip
    region = models.ForeignKey(
        Region, verbose_name=_("region"), on_delete=models.PROTECT, related_name="tickets", db_index=False
    )
    address = models.CharField(_("address"), max_length=200, blank=True)

    caller = models.ForeignKey(
        Caller, verbose_name=_("caller"), null=True, blank=True, on_delete=models.PROTECT, related_name="tickets",
        db_index=False,
    )  # fmt: skip
    caller_name = EncryptedCharField(_("caller's name"), max_length=40, blank=True, purpose=NAME)
    caller_phone = EncryptedCharField(_("caller's telephone"), max_length=30, blank=True, purpose=NUMBER)
    # Names and numbers that stood here before a correction: where the caller may not be known, these may not either.
    earlier_callers = EncryptedJSONField(default=list, blank=True, editable=False)
    # Since when nobody knows who called, and what still has to be hidden in texts (tickets.forgotten_words).
    forgotten_at = models.DateTimeField(null=True, editable=False)
    forgotten_words = EncryptedJSONField(default=dict, blank=True, editable=False)
    # What the words say of the event (要素), each in one way of writing; tickets.facts reads them.
    happened = models.CharField(_("when it happened"), max_length=60, blank=True)
    contact_phone = EncryptedCharField(_("number to call back"), max_length=30, blank=True, purpose=NUMBER)
    plate = models.CharField(_("number plate"), max_length=60, blank=True)
    amount = models.CharField(_("sum of money"), max_length=60, blank=True)
    is_anonymous = models.BooleanField(_("anonymous"), default=False)
    is_secret = models.BooleanField(_("secrecy asked for"), default=False)

    status = models.CharField(_("status"), max_length=15, choices=Status, default=Status.REGISTERED)
    version = models.PositiveIntegerField(_("version"), default=0)
    round = models.PositiveSmallIntegerField(_("round"), default=1)
    department = models.ForeignKey(
        Department,
        verbose_name=_("responsible department"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="tickets",
        db_index=False,
    )
    is_binding = models.BooleanField(_("binding dispatch"), default=False)
    hops = models.PositiveSmallIntegerField(_("dispatches"), default=0)
    returns = models.PositiveSmallIntegerField(_("granted returns"), default=0)
    urges = models.PositiveSmallIntegerField(_("urgings"), default=0)
    matter = models.ForeignKey(
        Matter, verbose_name=_("matter"), null=True, blank=True, on_delete=models.SET_NULL, related_name="tickets"
    )
    praises = models.ForeignKey(
        "self", verbose_name=_("praises"), null=True, blank=True, on_delete=models.PROTECT, related_name="praised_by"
    )

    split_from = models.ForeignKey(
        "self", verbose_name=_("split from"), null=True, blank=True, on_delete=models.PROTECT, related_name="split_into"
    )

    registered_by = models.ForeignKey(
        User, verbose_name=_("recorded by"), null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        db_index=False,
    )  # fmt: skip
    registered_at = models.DateTimeField(_("recorded at"))
    dispatched_at = models.DateTimeField(_("first dispatched at"), null=True, blank=True)
    assigned_at = models.DateTimeField(_("last dispatched at"), null=True, blank=True)
    accept_due_at = models.DateTimeField(_("to be accepted by"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)
    progress_at = models.DateTimeField(_("last progress at"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    status_since = models.DateTimeField(_("in this status since"))

    answer_due_at = models.DateTimeField(_("answer due"), null=True, blank=True)
    clock_from = models.DateTimeField(_("answer clock started"), null=True, blank=True)
    half_at = models.DateTimeField(_("first warning from"), null=True, blank=True)
    warn_at = models.DateTimeField(_("last warning from"), null=True, blank=True)
    stage_due_at = models.DateTimeField(_("next step due"), null=True, blank=True)
    stage_from = models.DateTimeField(_("clock of the next step started"), null=True, blank=True)
    contribution_due_at = models.DateTimeField(null=True, blank=True, editable=False)  # the nearest of its open ones
    order_due_at = models.DateTimeField(null=True, blank=True, editable=False)  # of the supervision order in force
    task_due_at = models.DateTimeField(null=True, blank=True, editable=False)  # of the directive given on the spot
    next_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Whichever limit of who holds it comes first; where it has none, when it was recorded. The database computes it.
    first_due_at = models.GeneratedField(
        expression=Coalesce(Least("stage_due_at", _WHILE_UNANSWERED), "registered_at"),
        output_field=models.DateTimeField(), db_persist=True, verbose_name=_("due first"),
    )  # fmt: skip
    risk = models.PositiveSmallIntegerField(_("risk"), default=0)

    closing = models.CharField(_("way of closing"), max_length=15, choices=Closing, blank=True)
    refusal_ground = models.CharField(_("ground of refusal"), max_length=20, choices=RefusalGround, blank=True)
    contacted = models.CharField(_("contacted"), max_length=5, choices=Contacted, blank=True)
    solved = models.CharField(_("solved"), max_length=10, choices=Solved, blank=True)
    satisfaction = models.CharField(_("satisfaction"), max_length=20, choices=Satisfaction, blank=True)
    cause = models.CharField(_("cause"), max_length=15, choices=Cause, blank=True)
    closing_reason = models.CharField(_("reason of closing"), max_length=15, choices=ClosingReason, blank=True)

    import_key = models.CharField(max_length=80, null=True, blank=True, unique=True, editable=False)
    search = SearchVectorField(null=True, editable=False)
    caller_search = SearchVectorField(null=True, editable=False)

    objects: ClassVar[models.Manager[Ticket]] = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(is_anonymous=True) | models.Q(caller_name=""), name="anonymous_has_no_name"
            ),
            models.CheckConstraint(
                condition=~models.Q(status=Status.CLOSED) | models.Q(closed_at__isnull=False),
                name="closed_has_instant",
            ),
        ]
        indexes: ClassVar = [
            # the sweep: whatever is due now
            models.Index("next_due_at", name="ticket_next_due", condition=models.Q(next_due_at__isnull=False)),
            # which of the tickets that a report tells of are secret by now
            models.Index("id", name="ticket_secret", condition=models.Q(is_secret=True)),
            # lists in the orders of tickets.lists.listing: by when recorded, by the answer's limit, by the next step's,
            # by risk; the first two with what is counted of a month's tickets
            _by("ticket_by_age", "registered_at", "id", "closing", "closed_at"),
            _by("ticket_by_due", "answer_due_at", "id", "answered_at", condition=models.Q(answer_due_at__isnull=False)),
            _by("ticket_by_step", "stage_due_at", "id", condition=models.Q(stage_due_at__isnull=False)),
            _by("ticket_by_risk", "risk", "registered_at", "id"),
            # lists of one status, queues of open tickets by deadline and by risk
            models.Index("status", "registered_at", name="ticket_status_registered"),
            models.Index(
                "status", "answer_due_at", name="ticket_open_due", condition=models.Q(status__in=OPEN_STATUSES)
            ),
            models.Index(
                fields=["status", "-risk", "-registered_at", "-id"],
                name="ticket_open_risk",
                condition=models.Q(status__in=OPEN_STATUSES),
            ),
            # a department's inbox, by whatever limit comes first, and its history
            _by("ticket_by_first_due", "first_due_at", "id", condition=models.Q(status__in=OPEN_STATUSES)),
            models.Index("department", "status", "registered_at", name="ticket_department_status"),
            models.Index(
                "department",
                "registered_at",
                "kind",
                "channel",
                "urgency",
                "status",
                "category",
                "region",
                name="ticket_of_department",
            ),
            # an operator's own list
            models.Index("registered_by", "registered_at", "id", "kind", "status", name="ticket_of_registrar"),
            # the caller's history while the telephone rings
            models.Index("caller", "registered_at", name="ticket_caller"),
            # figures of a month, and measures of the last days
            _when(
                "ticket_closed",
                "closed_at",
                "status",
                "dispatched_at",
                "round",
                "closing",
                "contacted",
                "solved",
                "satisfaction",
            ),
            _when("ticket_dispatched", "dispatched_at"),
            _when("ticket_to_accept", "accept_due_at", "accepted_at"),
            models.Index(
                "answered_at",
                "id",
                "department",
                "category",
                "dispatched_at",
                "hops",
                name="ticket_answered",
                condition=models.Q(answered_at__isnull=False),
            ),
            # whose caller is forgotten in time, without a caller's row to go by
            models.Index(
                "id",
                "status_since",
                name="ticket_not_forgotten",
                condition=models.Q(caller__isnull=True, forgotten_at__isnull=True),
            ),
            # of one category, of one region
            models.Index("category", "registered_at", name="ticket_category"),
            models.Index("region", "registered_at", name="ticket_region"),
            GinIndex("search", name="ticket_search"),
            # what is open and like a call, while it is typed: rare words of open tickets alone
            # (each of sixty look-ups would read the list of what is not yet in its place)
            GinIndex(
                "search", name="ticket_search_open", condition=models.Q(status__in=OPEN_STATUSES), fastupdate=False
            ),
            GinIndex("caller_search", name="ticket_caller_search"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("ticket", args=[self.number])

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    @property
    def hides_caller(self) -> bool:
        """Whether the caller asked that it be not known who called."""
        return self.is_secret or self.is_anonymous

    @property
    def status_tone(self) -> str:
        """The colour of the status badge."""
        return STATUS_TONES[Status(self.status)]

    @property
    def answered_late(self) -> bool:
        """Whether the answer came, or is still missing, after its limit."""
        if self.answer_due_at is None:
            return False
        return (self.answered_at or timezone.now()) > self.answer_due_at

    @property
    def place(self) -> str:
        """Region and address as one line."""
        return f"{self.region.full_name}{self.address}"


class ContributionQuerySet(models.QuerySet["Contribution"]):
    def owed(self) -> Self:
        """Those that have still to be given."""
        return self.filter(given_at__isnull=True, withdrawn_at__isnull=True)

    def owed_by(self, departments: list[int]) -> Self:
        """Those that these departments have still to give."""
        return self.owed().filter(department__in=departments).select_related("department")


class Contribution(models.Model):
    """What a department other than the responsible one owes to a ticket: an own answer within an own limit.

    An assisting department (协办) answers for its part before the responsible one sums up; a department named in a
    dispute says before the ruling who should be responsible.
    """

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="contributions")
    department = models.ForeignKey(
        Department, verbose_name=_("department"), on_delete=models.PROTECT, related_name="contributions"
    )
    part = models.CharField(_("part"), max_length=10, choices=Part)
    round = models.PositiveSmallIntegerField(default=1)
    asked_at = models.DateTimeField(_("asked at"))
    due_at = models.DateTimeField(_("due"))
    given_at = models.DateTimeField(_("given at"), null=True, blank=True)
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(_("answer"), blank=True)
    names = models.ForeignKey(
        Department, verbose_name=_("should be responsible"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    principle = models.CharField(_("principle"), max_length=12, choices=Principle, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[ContributionQuerySet] = ContributionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ("ticket", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["ticket", "department", "part"],
                condition=models.Q(given_at__isnull=True, withdrawn_at__isnull=True),
                name="one_open_contribution_of_a_department",
            )
        ]
        indexes: ClassVar = [
            # what a department owes, and which tickets it sees because it owed something
            models.Index(
                "department", "part", name="contribution_standing", condition=models.Q(withdrawn_at__isnull=True)
            ),
            # what it owes still, the soonest due first
            models.Index(
                "department",
                "due_at",
                "id",
                name="contribution_owed",
                condition=models.Q(given_at__isnull=True, withdrawn_at__isnull=True),
            ),
        ]

    @property
    def is_open(self) -> bool:
        return self.given_at is None and self.withdrawn_at is None

    @property
    def is_late(self) -> bool:
        """Whether it came, or is still missing, after its limit."""
        return (self.given_at or timezone.now()) > self.due_at


class NumberCounter(models.Model):
    """The last number given on a day. Locked while one is taken, so numbers have no gaps."""

    day = models.DateField(primary_key=True)
    last = models.PositiveIntegerField(default=0)
