"""What spans say of a period, as of its end: what fell due, what was done in time, what was open.

A span is never changed once it has ended but for `undone_at`, so each of these gives the same rows whenever it is asked
about a period that is over (docs/decisions/0088).
"""

from __future__ import annotations

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from supervision.clocks.spans import CLOSING, MOVING
from tickets.choices import Duty
from tickets.models import Span

from .windows import Condition, Happened, Window

# By which a ticket is given to a department; within one it is sent down.
ASSIGNING = ("dispatch", "dispatch_automatically", "rule", "determine", "hand_over")
CLOSED = tuple(name for name in CLOSING if name != "refuse")
CLOSED_AFTER_DISPATCH = tuple(name for name in CLOSED if name != "answer_directly")


def fell_due(window: Window) -> Q:
    """Limits that fell due in the window while they were in force."""
    return window.within("due_at") & _passed(window)


def _passed(window: Window) -> Q:
    """Limits that are in force when they pass.

    One that was met before counts; one that was owed no longer, or was owed by somebody else by then, does not; one
    that was moved before the window's end counts where it was moved to; what was taken back before it fell due is not
    met.
    """
    was_in_force = Q(ended_at=None) | Q(ended_at__gt=F("due_at")) | Q(is_met=True)
    was_moved = Q(ended_by__in=MOVING, ended_at__lt=window.known)
    was_taken_back = Q(is_met=True, undone_at__isnull=False, undone_at__lte=F("due_at"))
    began_before = Q(begun_at__lte=F("due_at"))
    return began_before & was_in_force & ~was_moved & ~was_taken_back


def on_time(window: Window) -> Q:
    """Of limits: met by when they fell due, and not taken back by the window's end."""
    return Q(is_met=True, ended_at__lte=F("due_at")) & _stands(window)


def _stands(window: Window) -> Q:
    return Q(undone_at=None) | Q(undone_at__gte=window.known)


def met(window: Window) -> Q:
    """Limits that were met in the window."""
    return window.within("ended_at") & Q(is_met=True) & _stands(window)


def ended(window: Window) -> Q:
    return window.within("ended_at")


begun = Happened("begun_at")


def in_force_at_end(window: Window) -> Q:
    """In force at the end of the window: the stock (期末)."""
    return Q(begun_at__lt=window.known) & (Q(ended_at=None) | Q(ended_at__gte=window.known))


def in_force_at_start(window: Window) -> Q:
    """In force when the window begins: the stock that is carried over (期初)."""
    return Q(begun_at__lt=window.start) & (Q(ended_at=None) | Q(ended_at__gte=window.start))


def in_force_within(window: Window) -> Q:
    """In force at some instant of the window."""
    return Q(begun_at__lt=window.known) & (Q(ended_at=None) | Q(ended_at__gte=window.start))


def _answers_due(window: Window) -> QuerySet[Span]:
    """The answers of a row's ticket whose limit passes before the window's end, as it is when it passes."""
    return Span.objects.filter(_passed(window), ticket=OuterRef("ticket"), duty=Duty.ANSWER, due_at__lt=window.end)


def owed_and_due(window: Window) -> Q:
    """Of open tickets: those with an answer that was owed within the window and due before its end, carried-over ones
    included."""
    return in_force_within(window) & Q(Exists(_answers_due(window).filter(in_force_within(window))))


def answered_by_end(window: Window) -> Q:
    """Of these: no such answer is owed any more at the window's end."""
    return ~Q(Exists(_answers_due(window).filter(in_force_at_end(window))))


def due_to_be_closed(window: Window) -> Q:
    """Of open tickets: open within the window, and their answer fell due before its end, in this window or before."""
    return in_force_within(window) & Q(Exists(_answers_due(window).filter(begun_at__gte=OuterRef("begun_at"))))


def closed_by_end(window: Window) -> Q:
    return Q(ended_at__lt=window.known, ended_by__in=CLOSED)


def closed_in_time(window: Window) -> Q:
    """Of answers that fell due: given in time, and the ticket closed by the window's end."""
    closing = Span.objects.filter(
        ticket=OuterRef("ticket"), duty=Duty.OPEN, ended_by__in=CLOSED, ended_at__gte=OuterRef("ended_at"),
        ended_at__lt=window.known,
    )  # fmt: skip
    return on_time(window) & Q(Exists(closing))


def ticket_ended(*by: str) -> Condition:
    """Of tickets recorded in the window: closed, by one of these actions, by its end, and not open again by then."""

    def ended_so(window: Window) -> Q:
        # No limit is older than its ticket: history is not gone through. One condition within the other can be denied
        # as a whole, so that the database joins instead of asking for each ticket.
        spans = Span.objects.filter(duty=Duty.OPEN, begun_at__gte=window.start)
        is_open = spans.filter(in_force_at_end(window), ticket=OuterRef("ticket"))
        ended = spans.filter(ended_by__in=by, ended_at__gte=window.start, ended_at__lt=window.known)
        return Q(Exists(ended.filter(~Exists(is_open), ticket=OuterRef("pk"))))

    return ended_so
