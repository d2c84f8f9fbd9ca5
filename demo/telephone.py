"""What the demo city's telephone system told of the last days: calls with their tickets, and missed calls of each kind.

The operators are those who recorded the tickets. As in `generator`, the same tickets make the same calls.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from hotline.accounts.models import User
from hotline.accounts.permissions import Role
from tickets.choices import Channel
from tickets.models import Call, Caller, Intake, MissedCall, Ticket
from tickets.telephony import events, missed
from tickets.telephony.missed import End

DAYS = timedelta(days=3)
SLOWEST = 240  # seconds from picking up to the ticket
MINUTE = timedelta(minutes=1)
# Minutes since a missed call, and what became of it: minutes until it was called back, and how that ended.
STORIES: tuple[tuple[float, float | None, str], ...] = (
    (1580, 9, End.REACHED), (1500, 21, End.NOT_REACHED), (1440, 52, End.REACHED), (1320, 14, End.REACHED),
    (410, 17, End.REACHED), (385, 44, End.NOT_REACHED), (350, 12, End.REACHED), (300, None, "again"),
    (240, 26, End.REACHED), (180, None, "withheld"), (95, 18, End.AGAIN), (44, None, ""), (21, None, "taken"),
    (13, None, ""), (11, None, "twice"), (4, None, ""),
)  # fmt: skip
NOTES = {End.REACHED: "已告知办理进度", End.NOT_REACHED: "关机", End.AGAIN: "无人接听"}


def stand(now: datetime, seed: int = 12345) -> None:
    """Lays in the calls of the last days' tickets and the missed calls; call it after the tickets."""
    rng = random.Random(seed)
    _answered(now, rng)
    operators = list(User.objects.filter(role=Role.OPERATOR, is_active=True).order_by("username"))
    lately = Call.objects.exclude(phone_mark=None).values("phone_mark")
    phones = sorted(Caller.objects.exclude(phone_mark__in=lately).values_list("phone", flat=True)[:200])
    rng.shuffle(phones)
    for number, (ago, back_after, story) in enumerate(STORIES):
        _missed(number, now - ago * MINUTE, phones[number], operators[number % len(operators)], back_after, story, now)


def _answered(now: datetime, rng: random.Random) -> None:
    """A call for each ticket that was recorded on the telephone."""
    tickets = list(Ticket.objects.filter(channel=Channel.PHONE, registered_at__gte=now - DAYS).order_by("pk"))
    calls = []
    for ticket in tickets:
        taken = ticket.registered_at - timedelta(seconds=rng.triangular(35, SLOWEST, 85))
        calls.append(
            Call(
                call_id=f"demo-{ticket.number}", phone=ticket.caller_phone, operator=ticket.registered_by,
                began_at=taken - timedelta(seconds=6), ringing_at=taken - timedelta(seconds=6), answered_at=taken,
                hung_up_at=ticket.registered_at + timedelta(seconds=rng.uniform(-30, 25)),
            )
        )  # fmt: skip
    Call.objects.bulk_create(calls)
    Intake.objects.bulk_create(Intake(ticket=ticket, call=call) for ticket, call in zip(tickets, calls, strict=True))


def _missed(
    number: int, at: datetime, phone: str, operator: User, back_after: float | None, story: str, now: datetime
) -> None:
    def tell(kind: str, minutes: float, call_id: str = f"demo-missed-{number}") -> Call:
        number_told = "" if story == "withheld" else phone
        return events.take(events.Event(call_id, kind, at + minutes * MINUTE, number_told), now=now).call

    tell("ringing", -0.5)
    one = MissedCall.objects.filter(call=tell("missed", 0)).first()
    assert one is not None
    if back_after is not None:
        missed.take(one, by=operator, now=at + back_after * MINUTE)
        missed.end(one, by=operator, how=story, note=NOTES[End(story)], now=at + (back_after + 1) * MINUTE)
    elif story == "taken":
        missed.take(one, by=operator, now=now - MINUTE)
    elif story in ("again", "twice"):
        tell("answered" if story == "again" else "missed", 6, f"demo-missed-{number}-again")
