"""Every indicator: name, formula in words, unit, and the rows that it counts.

A rate is the share of its base's rows that are also in its part; a count has no base; a measure is a percentile or the
mean of a column over its base. Rows are tickets, spans (limits and openings), follow-up calls, requests to return: what
somebody did or owed at that time, so that a unit answers for what it did (docs/decisions/0088).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from django.db.models import Count, Exists, F, FloatField, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast, Coalesce, Extract, Round
from django.db.models.lookups import GreaterThanOrEqual
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from dispatch.models import Return, Suggestion
from hotline.accounts.models import User
from matters.models import Alert, Recurrence
from supervision.models import CoordinationTask, Flag
from tickets import limits
from tickets.choices import SATISFIED, Contacted, Duty, FlagKind, ReturnGround, RuleKey, Solved
from tickets.models import Answer, Call, FollowUp, MissedCall, Span, Ticket, TicketEvent, TicketQuerySet

from . import facts
from .windows import Condition, Done, Happened, Window

ALL = Q()
DAYS_OF_A_REPEAT = 30  # within which somebody who calls again counts as one who called before
BEIJING = _("Beijing's regulation on complaints (2021): contacted, solved, satisfied")
EVALUATION = _("GB/T 33357-2016")
# What of the rows of each kind says to whom and where they belong.
_OF_TICKET = {
    "region": "ticket__region", "category": "ticket__category", "kind": "ticket__kind", "channel": "ticket__channel",
}  # fmt: skip
_BY_DEPARTMENT = {"department": "department", **_OF_TICKET}
COLUMNS: dict[type[Model], dict[str, str]] = {
    Ticket: {"region": "region", "category": "category", "kind": "kind", "channel": "channel"},
    Span: _BY_DEPARTMENT, FollowUp: _BY_DEPARTMENT, Return: _BY_DEPARTMENT, Answer: _BY_DEPARTMENT,
    TicketEvent: _BY_DEPARTMENT, CoordinationTask: _BY_DEPARTMENT, Flag: _OF_TICKET, Alert: {},
    Suggestion: {"department": "chosen", **_OF_TICKET}, Call: {}, MissedCall: {},
}  # fmt: skip


@dataclass(frozen=True)
class Indicator:
    """Its base are the rows of `of` that lie `within` the window and for which `among` is true.

    `part` says which of them count. Where `measure` is given the figure is the percentile `share` of it over the base,
    or its mean where `share` is None. `better` says whether more ("up") or less ("down") is better, or neither.
    `standard` is the paper that has the figure, where there is one. `now` is what it is called where the window goes up
    to this moment, since nothing has come to its end then.
    """

    name: str
    label: Any
    formula: Any
    group: str
    within: Condition
    of: type[Model] = Ticket
    among: Q | Condition = ALL
    part: Condition | None = None
    measure: Any = None
    share: float | None = None
    measured_in: str = ""
    better: str = ""
    standard: Any = ""
    now: Any = ""
    columns: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", MappingProxyType(COLUMNS[self.of]))

    @property
    def base_in_words(self) -> Any:
        """Of what the share or the measure is taken; a count has no base."""
        return BASES[self.name][0] if self.name in BASES else ""

    @property
    def without(self) -> Any:
        """What is not counted."""
        return BASES[self.name][1] if self.name in BASES else WITHOUT.get(self.name, "")

    @property
    def called_now(self) -> Any:
        return self.now or self.label

    @property
    def is_rate(self) -> bool:
        return self.part is not None

    @property
    def unit(self) -> str:
        """In what it is said: a share (rate), seconds, hours, a mean, or a number."""
        return "share" if self.is_rate else self.measured_in or "number"

    def among_rows(self, window: Window) -> Q:
        return self.among if isinstance(self.among, Q) else self.among(window)

    def rows(self, window: Window, which: str = "base") -> QuerySet[Any]:
        """What is behind the figure: its base, its part, or the base without the part (`rest`)."""
        found = self.of._default_manager.filter(self.within(window)).filter(self.among_rows(window))
        if self.part is None or which == "base":
            return found
        part = self.part(window)
        return found.filter(part) if which == "part" else found.exclude(pk__in=found.filter(part).values("pk"))

    def tickets(self, window: Window, which: str = "base", among: Q = ALL) -> TicketQuerySet:
        """The tickets that the rows are about; `among` narrows the rows. Of calls there are none."""
        rows = self.rows(window, which).filter(among)
        if self.of is Ticket:
            assert isinstance(rows, TicketQuerySet)
            return rows
        if self.of is Alert:
            about = Q(matter__in=rows.values("matter")) | Q(pk__in=rows.values("first"))
            found = Ticket.objects.filter(about)
        else:
            found = Ticket.objects.filter(pk__in=rows.values("ticket"))
        assert isinstance(found, TicketQuerySet)
        return found


# -- bases --------------------------------------------------------------------------------------------------

_OF_RECORDED = _("Tickets recorded in the period.")
_OF_CLOSED = _("Closings of dispatched tickets in the period, each closing of a reopened one by itself.")
_NOT_DISPATCHED = _("Direct answers and refusals, which were never dispatched.")
_OF_LIMITS = _("Limits that fell due in the period.")
# Said once for all of them, beside their tables.
ABOUT_LIMITS = _(
    "Of limits counts the one in force when it passed, each by itself: one extended before the period's end by its new "
    "day, each round of a redo by its own, what was met early by the day it was due."
)
_NO_LIMITS = _("What was passed on, returned, recalled or suspended before; what imported messages do not say.")
_OF_CALLS = _("Follow-up calls of the period in which the caller said it, each round by itself.")
_NOT_SAID = _("Calls in which nobody was reached, or nothing was said of it.")
# Of each rate and measure: what it is taken of, and what is left out.
BASES: dict[str, tuple[Any, Any]] = {
    "direct_rate": (_OF_RECORDED, ""),
    "refused_rate": (_OF_RECORDED, ""),
    "overall_closing_rate": (_OF_RECORDED, _("Those refused by the period's end.")),
    "due_closing_rate": (
        _("Tickets open at some time of the period with an answer limit since they were opened that passes before the "
          "period's end, in this period or an earlier one. A limit extended before the period's end counts by its new "
          "day; of several rounds it is enough that the limit of one has passed."),
        _("Tickets that were never dispatched, which have no answer limit; limits of before a reopening."),
    ),
    "due_answer_rate": (
        _("Tickets open at some time of the period with an answer that was owed in it and whose limit passes before "
          "the period's end, in this period or an earlier one. A limit extended before the period's end counts by its "
          "new day."),
        _("What was answered before the period began, and tickets that were never dispatched."),
    ),
    "closed_on_time_rate": (_OF_LIMITS, _NO_LIMITS),
    **{
        f"{duty}_on_time_rate": (_OF_LIMITS, _NO_LIMITS)
        for duty in ("accept", "dispatch", "review", "ruling", "progress", "part", "order", "directive", "follow_up")
    },
    "on_time_rate": (_OF_LIMITS, _NO_LIMITS),
    "hours_to_accept": (_("Acceptances of the period."), ""),
    "hours_to_accept_p90": (_("Acceptances of the period."), ""),
    "hours_to_answer": (_("Answers of departments in the period."), _("Those sent back by the period's end.")),
    "hours_to_answer_p90": (_("Answers of departments in the period."), _("Those sent back by the period's end.")),
    "return_rate": (
        _("Times that a ticket was given to a department in the period, by dispatch, dispatch anew, ruling, "
          "determination or handing over; each time counts for itself."),
        _("Sending down within the department, new rounds, dispatches that were undone. Requests of this period to "
          "return what was given before it count in no base of this period."),
    ),
    "return_granted_rate": (
        _("Requests to return that were granted or refused in the period, whenever asked."),
        _("Requests that were not ruled on or were withdrawn."),
    ),
    "right_first_rate": (_("Tickets first dispatched in the period."), ""),
    "hops": (_("Answers of departments in the period."), _("Those sent back by the period's end.")),
    "auto_dispatch_rate": (_("Dispatches of the period, by people and by the machine."), ""),
    "suggestion_rate": (
        _("Dispatches by people in the period for which a department was proposed."),
        _("Automatic dispatches, and those without a proposal."),
    ),
    "extension_granted_rate": (
        _("Extensions granted or refused in the period, whenever asked."), _("Requests that were not ruled on.")
    ),
    "redo_rate": (_OF_CLOSED, _NOT_DISPATCHED),
    "evasive_rate": (
        _("Answers of departments in the period that were looked at."), _("Those sent back by the period's end.")
    ),
    "follow_up_rate": (_OF_CLOSED, _NOT_DISPATCHED),
    "contacted_rate": (_OF_CALLS, _NOT_SAID),
    "solved_rate": (_OF_CALLS, _NOT_SAID),
    "satisfied_rate": (_OF_CALLS, _NOT_SAID),
    "rated_rate": (_OF_CLOSED, _NOT_DISPATCHED),
    "site_settled_rate": (_("Coordinations called in the period."), ""),
    "joined_rate": (_OF_RECORDED, ""),
    "repeat_rate": (_OF_RECORDED, _("Tickets whose caller's number is not known.")),
    "came_back_rate": (_OF_CLOSED, _NOT_DISPATCHED),
    "seconds_to_record": (_OF_RECORDED, _("Those that were not timed, and further tickets of one call.")),
    "recording_return_rate": (_OF_RECORDED, _("Tickets that were never dispatched.")),
    "call_back_on_time_rate": (
        _("Missed calls that were to be returned in the period."),
        _("Those whose caller got through before, who withheld the number, or whose call was picked up after all."),
    ),
}  # fmt: skip
WITHOUT: dict[str, Any] = {
    "assigned": _("Sending down within the department, new rounds, dispatches that were undone."),
    "answered": _("Answers sent back by the period's end, and direct answers of the hotline."),
    "closed": _("Refused tickets."),
    "missed": _("Calls that were picked up after all."),
}


# -- conditions ---------------------------------------------------------------------------------------------


def _duty(duty: Duty, **more: Any) -> Q:
    return Q(duty=duty, **more)


def _came_back(window: Window) -> Q:
    again = Recurrence.objects.filter(
        earlier=OuterRef("ticket"), refuted_at=None, ticket__registered_at__lt=window.known,
        ticket__registered_at__gte=OuterRef("ended_at"),
    )  # fmt: skip
    return Q(Exists(again))


def _rated(window: Window) -> Q:
    rated = FollowUp.objects.filter(ticket=OuterRef("ticket"), round=OuterRef("round"), at__lte=OuterRef("ended_at"))
    return Q(Exists(rated.exclude(satisfaction="")))


def _called_before(window: Window) -> Q:
    """Whether somebody of the same number had a ticket in the 30 days before."""
    earlier = Ticket.objects.filter(
        caller=OuterRef("caller"), registered_at__lt=OuterRef("registered_at"),
        registered_at__gte=OuterRef("registered_at") - timedelta(days=DAYS_OF_A_REPEAT),
    )  # fmt: skip
    return Q(Exists(earlier))


def _stayed_where_sent(window: Window) -> Q:
    """Of tickets: no department was granted to return it, nor was it recalled, by the window's end."""
    granted = Return.objects.filter(ticket=OuterRef("pk"), ruling=Return.Ruling.GRANTED, ruled_at__lt=window.known)
    recalled = TicketEvent.objects.filter(ticket=OuterRef("pk"), action="recall", at__lt=window.known)
    return ~Q(Exists(granted)) & ~Q(Exists(recalled))


def _by_themselves() -> Q:
    """Missed calls whose caller got through before the call back was due, so that nobody had to call."""
    again = MissedCall.Outcome.CALLED_AGAIN
    return Q(outcome=again, called_back_at__isnull=True, settled_at__lte=F("due_at"))


def _asked_to_return(window: Window) -> Q:
    asked = Return.objects.filter(
        ticket=OuterRef("ticket"), department=OuterRef("department"), asked_at__gte=OuterRef("begun_at"),
        asked_at__lt=window.known,
    )  # fmt: skip
    return Q(Exists(asked))


# Grounds of a return that speak of how a ticket was recorded: something was not asked, or not looked for.
RECORDING_GROUNDS = (ReturnGround.INCOMPLETE, ReturnGround.DUPLICATE)


def returned_for_recording() -> Exists:
    """Whether a department was granted to return the ticket because of how it was recorded."""
    granted = Return.objects.filter(ruling=Return.Ruling.GRANTED, ground__in=RECORDING_GROUNDS)
    return Exists(granted.filter(ticket=OuterRef("pk")))


# Whole seconds from picking up to the ticket; where no telephone system told of it, for which its form was worked on.
SECONDS_TO_RECORD = Round(
    Coalesce(
        Extract(F("registered_at") - F("intake__call__answered_at"), "epoch", output_field=FloatField()),
        Cast("intake__form_seconds", FloatField()),
    )
)
WAS_TIMED = Q(intake__is_first=True) & (
    Q(intake__call__answered_at__lte=F("registered_at"))
    | Q(intake__call__answered_at__isnull=True, intake__form_seconds__isnull=False)
)
HOURS = Cast("minutes", FloatField()) / 60.0

RECORDED, CLOSINGS, DUE = Happened("registered_at"), facts.ended, facts.fell_due
CLOSED_AFTER_DISPATCH = _duty(Duty.OPEN, ended_by__in=facts.CLOSED_AFTER_DISPATCH)
ANSWERED = _duty(Duty.ANSWER, is_met=True, department__isnull=False)
GIVEN = _duty(Duty.ANSWER, begun_by__in=facts.ASSIGNING, department__isnull=False) & ~Q(ended_by="undo_dispatch")
VOLUME, TIME, FLOW, RESULT, WATCH, MATTERS, DESK = "volume", "time", "flow", "result", "watch", "matters", "desk"
GROUPS = {
    VOLUME: _("Volume"), TIME: _("Limits"), FLOW: _("Flow"), RESULT: _("What callers say"), WATCH: _("Supervision"),
    MATTERS: _("Matters and callers"), DESK: _("The desk"),
}  # fmt: skip


def _limit(name: str, duty: Duty, label: Any, formula: Any, **more: Any) -> Indicator:
    """The share of the limits of a duty that were met of those that fell due."""
    return Indicator(
        name, label, formula, TIME, DUE, of=Span, among=_duty(duty), part=facts.on_time, better="up", **more
    )  # fmt: skip


def _events(name: str, label: Any, formula: Any, group: str, *actions: str, better: str = "down") -> Indicator:
    return Indicator(name, label, formula, group, Done(actions), of=TicketEvent, better=better)


def _heard(name: str, label: Any, formula: Any, asked: str, **good: Any) -> Indicator:
    """The share of follow-up calls with a good word among those in which anything was said of it."""
    return Indicator(
        name, label, formula, RESULT, Happened("at"), of=FollowUp, among=~Q(**{asked: ""}), part=lambda w: Q(**good),
        better="up", standard=BEIJING,
    )  # fmt: skip


def _late(*duties: Duty) -> Condition:
    """Limits of these duties that have passed."""
    return lambda w: Q(duty__in=duties, due_at__lt=w.end)


def _undispatched(window: Window) -> Q:
    return _late(Duty.DISPATCH)(window) | _duty(Duty.RULING)


def _bounced(window: Window) -> Q:
    granted = Return.objects.filter(ticket=OuterRef("ticket"), ruling=Return.Ruling.GRANTED, ruled_at__lt=window.known)
    times = granted.order_by().values("ticket").annotate(times=Count("pk")).values("times")
    found = GreaterThanOrEqual(Subquery(times), limits.rule(RuleKey.RETURNS_TO_RULING))
    return _duty(Duty.ANSWER) & Q(found)


def _redone(window: Window) -> Q:
    return _duty(Duty.ANSWER, round__gt=limits.rule(RuleKey.REDONE))


def _returned_to(window: Window) -> Q:
    again = Recurrence.objects.filter(Q(refuted_at=None) | Q(refuted_at__gte=window.known), ticket=OuterRef("ticket"))
    return _duty(Duty.ANSWER) & Q(Exists(again))


# What is stuck (卡点) by cause: told from what was owed then, so that it is true of weeks that nobody looked at. The
# same causes as those of flags, but for warnings.
STUCK: dict[FlagKind, tuple[Any, Condition]] = {
    FlagKind.OVERDUE: (_("Answers owed at the end of the period whose limit had passed."), _late(Duty.ANSWER)),
    FlagKind.UNPLACEABLE: (
        _("Tickets at the end of the period that were not dispatched in time, or waited for a ruling."), _undispatched
    ),
    FlagKind.UNCLAIMED: (
        _("Tickets at the end of the period that were not accepted, and should have been."), _late(Duty.ACCEPT)
    ),
    FlagKind.STALLED: (
        _("Tickets at the end of the period of which word of progress, or a ruling on a return or a dispute, was "
          "late."),
        _late(Duty.PROGRESS, Duty.REVIEW, Duty.RULING),
    ),
    FlagKind.BOUNCED: (
        _("Tickets with an answer owed at the end of the period that had been returned so often that it calls for a "
          "ruling."),
        _bounced,
    ),
    FlagKind.TASK_LATE: (
        _("Coordinations and directives on the spot at the end of the period whose limit had passed."),
        _late(Duty.COORDINATION, Duty.DIRECTIVE),
    ),
    FlagKind.ORDER_LATE: (
        _("Supervision orders at the end of the period whose limit had passed."), _late(Duty.ORDER)
    ),
    FlagKind.REDONE: (
        _("Tickets with an answer owed at the end of the period in more rounds than one should need."), _redone
    ),
    FlagKind.CAME_BACK: (
        _("Tickets with an answer owed at the end of the period about what had been closed shortly before."),
        _returned_to,
    ),
    FlagKind.PART_LATE: (
        _("Parts of assisting departments at the end of the period whose limit had passed."), _late(Duty.ASSIST)
    ),
    FlagKind.FOLLOW_UP_LATE: (
        _("Follow-up calls at the end of the period whose limit had passed."), _late(Duty.FOLLOW_UP)
    ),
    FlagKind.REVIEW_DUE: (
        _("Suspensions at the end of the period that should have been reviewed."), _late(Duty.SUSPENSION)
    ),
}  # fmt: skip


INDICATORS: dict[str, Indicator] = {
    indicator.name: indicator
    for indicator in (
        # -- volume
        Indicator("received", _("Received"), _("Tickets recorded in the period."), VOLUME, RECORDED),
        Indicator("direct_rate", _("Direct answer rate"),
                  _("Of the tickets recorded in the period: those answered directly by its end."),
                  VOLUME, RECORDED, part=facts.ticket_ended("answer_directly"), better="up"),
        Indicator("refused_rate", _("Refusal rate"),
                  _("Of the tickets recorded in the period: those that were not accepted, by its end."),
                  VOLUME, RECORDED, part=facts.ticket_ended("refuse")),
        Indicator("dispatched", _("Dispatched"), _("Tickets first dispatched in the period."),
                  VOLUME, Happened("dispatched_at")),
        Indicator("assigned", _("Taken on"),
                  _("Times that a ticket was given to a department in the period, without those sent down within it, "
                    "without new rounds, and without dispatches that were undone."),
                  VOLUME, facts.begun, of=Span, among=GIVEN),
        Indicator("sent_down", _("Sent down"), _("Times that a department sent a ticket down to a unit below it."),
                  VOLUME, facts.begun, of=Span,
                  among=_duty(Duty.ANSWER, begun_by="send_down", department__isnull=False)),
        Indicator("answered", _("Answered"),
                  _("Answers given by departments in the period and not sent back by its end."),
                  VOLUME, facts.met, of=Span, among=ANSWERED),
        Indicator("closed", _("Closed"), _("Tickets closed in the period, whenever recorded, direct answers included."),
                  VOLUME, CLOSINGS, of=Span, among=_duty(Duty.OPEN, ended_by__in=facts.CLOSED)),
        Indicator("reopened", _("Reopened"), _("Closed tickets that were opened again in the period."),
                  VOLUME, facts.begun, of=Span, among=_duty(Duty.OPEN, begun_by="reopen"), better="down"),
        Indicator("open_at_end", _("Open at the end"), _("Tickets open at the end of the period."),
                  VOLUME, facts.in_force_at_end, of=Span, among=_duty(Duty.OPEN), now=_("Open now")),
        Indicator("unanswered_at_end", _("Not yet answered"),
                  _("Tickets whose answer is owed at the end of the period, by who owes it; what was returned or waits "
                    "for a ruling is owed by no department."),
                  VOLUME, facts.in_force_at_end, of=Span, among=_duty(Duty.ANSWER), now=_("Unanswered now")),
        Indicator("overdue_at_end", _("Overdue at the end"),
                  _("Of these: those whose limit had passed by the end of the period, whenever it fell due."),
                  VOLUME, facts.in_force_at_end, of=Span, better="down", now=_("Overdue now"),
                  among=lambda w: _duty(Duty.ANSWER, due_at__lt=w.end)),
        # -- limits
        Indicator("overall_closing_rate", _("Overall closing rate"),
                  _("Of the tickets recorded in the period and not refused by its end: "
                    "those closed by its end, direct answers included."),
                  TIME, RECORDED, among=lambda w: ~facts.ticket_ended("refuse")(w),
                  part=facts.ticket_ended(*facts.CLOSED), better="up", standard=EVALUATION),
        Indicator("due_closing_rate", _("Closing rate of those due"),
                  _("Of the tickets whose answer fell due before the period's end and that were open in it, "
                    "carried-over ones included: those closed by its end."),
                  TIME, facts.due_to_be_closed, of=Span, among=_duty(Duty.OPEN), part=facts.closed_by_end, better="up"),
        Indicator("due_answer_rate", _("Answer rate of those due"),
                  _("Of the tickets with an answer that was owed in the period and due before its end, carried-over "
                    "ones included: those of which none is owed any more at its end."),
                  TIME, facts.owed_and_due, of=Span, among=_duty(Duty.OPEN), part=facts.answered_by_end, better="up"),
        Indicator("closed_on_time_rate", _("Closed in time"),
                  _("Of the answers that fell due in the period: those given in time whose ticket was closed by its "
                    "end."),
                  TIME, DUE, of=Span, among=_duty(Duty.ANSWER), part=facts.closed_in_time, better="up"),
        _limit("on_time_rate", Duty.ANSWER, _("Answered in time"),
               _("Of the answers that fell due in the period: those given by then, by who owed them when they fell "
                 "due. A late one stays late, whatever limit is set afterwards."), standard=EVALUATION),
        _limit("accept_on_time_rate", Duty.ACCEPT, _("Accepted in time"),
               _("Of the tickets to be accepted in the period: those accepted in time. "
                 "Those returned before they fell due are not counted.")),
        _limit("dispatch_on_time_rate", Duty.DISPATCH, _("Dispatched in time"),
               _("Of the tickets to be dispatched in the period: those dispatched in time.")),
        _limit("review_on_time_rate", Duty.REVIEW, _("Returns ruled on in time"),
               _("Of the requests to return that were to be ruled on in the period: those ruled on in time.")),
        _limit("ruling_on_time_rate", Duty.RULING, _("Disputes ruled on in time"),
               _("Of the disputes to be ruled on in the period: those ruled on in time.")),
        _limit("progress_on_time_rate", Duty.PROGRESS, _("Word of progress in time"),
               _("Of the words of progress that fell due in the period: those given in time.")),
        _limit("part_on_time_rate", Duty.ASSIST, _("Parts in time"),
               _("Of the parts that assisting departments owed in the period: those given in time.")),
        _limit("order_on_time_rate", Duty.ORDER, _("Orders met in time"),
               _("Of the supervision orders that fell due in the period: those whose ticket was answered by then.")),
        _limit("directive_on_time_rate", Duty.DIRECTIVE, _("Directives met in time"),
               _("Of the directives given on the spot that fell due in the period: those whose ticket was answered by "
                 "then.")),
        _limit("follow_up_on_time_rate", Duty.FOLLOW_UP, _("Follow-up calls in time"),
               _("Of the follow-up calls that fell due in the period: those made in time, reached or not.")),
        *(
            Indicator(f"hours_to_{verb}{suffix}", label, format_lazy("{what}{which}", what=formula, which=which), TIME,
                      facts.met, of=Span, among=_duty(duty, department__isnull=False), measure=HOURS, share=share,
                      measured_in="hours", better="down")
            for verb, duty, labels, formula in (
                ("accept", Duty.ACCEPT, (_("Hours to accept"), _("Hours to accept, 9 of 10")),
                 _("Of the tickets accepted in the period: office hours from the dispatch to the acceptance.")),
                ("answer", Duty.ANSWER, (_("Hours to answer"), _("Hours to answer, 9 of 10")),
                 _("Of the answers given in the period: office hours for which who gave it had the ticket, without the "
                   "time in which it was suspended.")),
            )
            for suffix, share, label, which in (
                ("", 0.5, labels[0], _(" The median: half of them took no longer.")),
                ("_p90", 0.9, labels[1], _(" The 90th percentile: nine of ten took no longer.")),
            )
        ),
        # -- flow
        Indicator("return_rate", _("Return rate"),
                  _("Of the times that a ticket was given to a department in the period: those of which it asked to "
                    "return it, after it was given it and before the period's end, whether that was granted or not."),
                  FLOW, facts.begun, of=Span, better="down", among=GIVEN, part=_asked_to_return),
        Indicator("return_granted_rate", _("Returns granted"),
                  _("Of the requests to return that were ruled on in the period: those granted, by who asked."),
                  FLOW, Happened("ruled_at"), of=Return,
                  among=Q(ruling__in=(Return.Ruling.GRANTED, Return.Ruling.REFUSED)),
                  part=lambda w: Q(ruling=Return.Ruling.GRANTED)),
        Indicator("right_first_rate", _("Right at first dispatch"),
                  _("Of the tickets first dispatched in the period: those neither returned nor recalled by its end."),
                  FLOW, Happened("dispatched_at"), part=_stayed_where_sent, better="up"),
        Indicator("hops", _("Dispatches a ticket"),
                  _("Mean number of dispatches, first and repeated, of the tickets answered in the period."),
                  FLOW, facts.met, of=Span, among=ANSWERED, measure=Cast("ticket__hops", FloatField()),
                  measured_in="mean", better="down"),
        Indicator("auto_dispatch_rate", _("Dispatched automatically"),
                  _("Of the dispatches of the period: those made by the machine."),
                  FLOW, Happened("at"), of=Suggestion, part=lambda w: Q(is_automatic=True)),
        Indicator("suggestion_rate", _("Proposals taken"),
                  _("Of the dispatches by people in the period for which a department was proposed: those that went "
                    "there."),
                  FLOW, Happened("at"), of=Suggestion, among=Q(is_automatic=False, suggested__isnull=False),
                  part=lambda w: Q(chosen=F("suggested")), better="up"),
        _events("extensions_asked", _("Extension requests"), _("Extensions asked for in the period, by who asked."),
                FLOW, "ask_extension"),
        Indicator("extension_granted_rate", _("Extensions granted"),
                  _("Of the extensions ruled on in the period: those granted."),
                  FLOW, Done(("grant_extension", "refuse_extension")), of=TicketEvent,
                  part=lambda w: Q(action="grant_extension")),
        _events("suspended", _("Suspensions"), _("Tickets suspended in the period."), FLOW, "suspend", better=""),
        Indicator("redo_rate", _("Redo rate"),
                  _("Of the dispatched tickets closed in the period: those that took more than one round."),
                  FLOW, CLOSINGS, of=Span, among=CLOSED_AFTER_DISPATCH, part=lambda w: Q(round__gt=1), better="down"),
        Indicator("evasive_rate", _("Answers that say nothing"),
                  _("Of the answers given in the period that stand and were looked at: those that say nothing that was "
                    "done, found or founded."),
                  FLOW, Happened("at"), of=Answer, part=lambda w: Q(is_evasive=True), better="down",
                  among=lambda w: Q(is_evasive__isnull=False, department__isnull=False)
                  & (Q(sent_back_at=None) | Q(sent_back_at__gte=w.known))),
        # -- what callers say
        Indicator("follow_up_rate", _("Follow-up rate"),
                  _("Of the dispatched tickets closed in the period: those whose caller was reached."),
                  RESULT, CLOSINGS, of=Span, among=CLOSED_AFTER_DISPATCH, part=lambda w: Q(ended_by="follow_up"),
                  better="up"),
        _heard("contacted_rate", _("Contacted rate"),
               _("Of the follow-up calls of the period in which the caller said: contacted by the department."),
               "contacted", contacted=Contacted.YES),
        _heard("solved_rate", _("Solved rate"),
               _("Of the follow-up calls of the period in which the caller said: wholly solved."),
               "solved", solved=Solved.YES),
        _heard("satisfied_rate", _("Satisfaction rate"),
               _("Of the follow-up calls of the period in which the caller rated: very satisfied, satisfied or fairly "
                 "satisfied. Each round counts when it was rated; not rated is not counted."),
               "satisfaction", satisfaction__in=SATISFIED),
        Indicator("rated_rate", _("Rated"),
                  _("Of the dispatched tickets closed in the period: those whose last round was rated."),
                  RESULT, CLOSINGS, of=Span, among=CLOSED_AFTER_DISPATCH, part=_rated, better="up"),
        # -- supervision
        *(
            Indicator(f"flagged_{kind.value}", kind.label, _("Times that a ticket was flagged so in the period."),
                      WATCH, Happened("raised_at"), of=Flag, among=Q(kind=kind), better="down")
            for kind in FlagKind
        ),
        *(
            Indicator(f"stuck_{kind.value}", format_lazy(_("{cause} at the end"), cause=kind.label), formula, WATCH,
                      facts.in_force_at_end, of=Span, among=condition, better="down")
            for kind, (formula, condition) in STUCK.items()
        ),
        _events("urged", _("Urged"), _("Times that a department was urged in the period, by supervisors or callers."),
                WATCH, "urge", "pass_on"),
        _events("orders", _("Supervision orders"), _("Supervision orders issued in the period."), WATCH, "supervise"),
        _events("circulars", _("Notices to all"), _("Notices to all about a department in the period."),
                WATCH, "circulate"),
        Indicator("site_tasks", _("On-site coordination"), _("Coordinations called in the period."),
                  WATCH, Happened("called_at"), of=CoordinationTask),
        Indicator("site_settled_rate", _("Settled on the spot"),
                  _("Of the coordinations called in the period: those in which it was settled by its end who is "
                    "responsible."),
                  WATCH, Happened("called_at"), of=CoordinationTask,
                  part=lambda w: Q(determined_at__lt=w.known), better="up"),
        # -- matters and callers
        Indicator("joined_rate", _("About one matter with others"),
                  _("Of the tickets recorded in the period: those that belong to a matter."),
                  MATTERS, RECORDED, part=lambda w: Q(matter__isnull=False)),
        Indicator("repeat_rate", _("Called before"),
                  _("Of the tickets of known callers recorded in the period: those whose number had a ticket in the 30 "
                    "days before."),
                  MATTERS, RECORDED, among=Q(caller__isnull=False), part=_called_before, better="down"),
        Indicator("came_back_rate", _("Recurrence rate"),
                  _("Of the dispatched tickets closed in the period: those about whose matter somebody called again, "
                    "by its end and within the days set for it, after all its tickets had been closed."),
                  MATTERS, CLOSINGS, of=Span, among=CLOSED_AFTER_DISPATCH, part=_came_back, better="down"),
        Indicator("alerts", _("Alerts"), _("Alerts about matters and categories raised in the period."),
                  MATTERS, Happened("raised_at"), of=Alert),
        # -- the desk
        Indicator("picked_up", _("Calls picked up"),
                  _("Incoming calls that operators picked up in the period, as the telephone system tells."),
                  DESK, Happened("answered_at"), of=Call),
        Indicator("missed", _("Missed calls"), _("Incoming calls of the period that nobody picked up."),
                  DESK, Happened("missed_at"), of=MissedCall, among=~Q(outcome=MissedCall.Outcome.PICKED_UP),
                  better="down"),
        Indicator("seconds_to_record", _("Time to record"),
                  _("Of the tickets recorded in the period: the median time from picking up to the ticket, in seconds. "
                    "Where no telephone system told of the call, from the first key in its form. Of several tickets of "
                    "one call the first."),
                  DESK, RECORDED, among=WAS_TIMED, measure=SECONDS_TO_RECORD, share=0.5, measured_in="seconds",
                  better="down"),
        Indicator("recording_return_rate", _("Returned because of the recording"),
                  _("Of the tickets recorded in the period and dispatched: those that a department was granted to "
                    "return because information was missing, or the ticket was a duplicate."),
                  DESK, RECORDED, among=Q(dispatched_at__isnull=False), part=lambda w: Q(returned_for_recording()),
                  better="down"),
        Indicator("call_back_on_time_rate", _("Missed calls returned in time"),
                  _("Of the missed calls to be returned in the period (within 30 minutes if the city has set nothing "
                    "else): those called back in time. Those never called back are not in time, also when "
                    "they have lapsed. Without those whose caller got through before, who withheld the "
                    "number, or whose call was picked up after all."),
                  DESK, Happened("due_at"), of=MissedCall, part=lambda w: Q(called_back_at__lte=F("due_at")),
                  among=~_by_themselves() & ~Q(outcome=MissedCall.Outcome.PICKED_UP), better="up"),
    )
}  # fmt: skip


def of_operator(indicator: Indicator, operator: User) -> Q:
    """The rows of an indicator that are an operator's: tickets that they recorded, calls that they picked up."""
    return Q(operator=operator) if indicator.of is Call else Q(registered_by=operator)
