"""Delivering notices: gathered for each addressee, sent in working time, at most once, with what came of it.

1. Take what waits, a batch, what is urgent first; skip what another worker holds.
2. Gather it by addressee; leave those who were told within the last half hour, and outside working time all but what
   is urgent.
3. Write a delivery for each and bind the notices to it; commit. From here on nothing of it is sent a second time.
4. Send each by the department's channel, and write down whether it arrived. The messages page always has it.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _t

from hotline import channels
from hotline.accounts.models import User
from hotline.backup import holding
from hotline.numbers import counted
from hotline.worktime import calendar
from knowledge.models import Article
from supervision.models import Delivery, Notice, Step
from tickets.models import Ticket
from tickets.reading import Reading, read
from tickets.workflow.timeline import Entry, also, stored_text

GATHER = timedelta(minutes=30)  # between two messages to the same addressee
LOST_AFTER = timedelta(minutes=10)  # a message that has been on its way so long is given up
BATCH = 500
SHOWN = 12  # tickets written out in one message
logger = logging.getLogger(__name__)
Addressee = tuple[int | None, int | None]  # user, department


def deliver(now: datetime | None = None) -> int:
    """Delivers what waits and may go out; returns how many messages were sent. While messages are held nothing does."""
    if holding.is_on():
        return 0
    now = now or timezone.now()
    give_up_lost(now)
    deliveries = _claim(now)
    for delivery in deliveries:
        _send(delivery)
    return len(deliveries)


def _claim(now: datetime) -> list[Delivery]:
    with transaction.atomic():
        waiting = Notice.objects.filter(delivery__isnull=True).order_by("-is_urgent", "made_at", "pk")
        if not _is_office_time(now):
            waiting = waiting.filter(is_urgent=True)
        gathered: dict[Addressee, list[Notice]] = defaultdict(list)
        for notice in waiting.select_for_update(skip_locked=True, of=("self",), no_key=True)[:BATCH]:
            gathered[notice.to_user_id, notice.to_department_id].append(notice)
        claimed = []
        for (user_id, department_id), notices in gathered.items():
            told = Delivery.objects.filter(to_user=user_id, to_department=department_id, made_at__gt=now - GATHER)
            if told.exists() and not any(notice.is_urgent for notice in notices):
                continue
            delivery = Delivery.objects.create(to_user_id=user_id, to_department_id=department_id, made_at=now)
            Notice.objects.filter(pk__in=[notice.pk for notice in notices]).update(delivery=delivery)
            claimed.append(delivery)
    return claimed


def _is_office_time(now: datetime) -> bool:
    return calendar.current().minutes_between(now, now + timedelta(minutes=1)) > 0


def _send(delivery: Delivery) -> None:
    """Sends one message; a channel that fails is written down and holds nobody up."""
    address = _address(delivery)
    delivery.channel = address.partition(":")[0][:20]
    try:
        delivery.state = Delivery.State.ARRIVED if _by_channel(address, delivery) else Delivery.State.FAILED
    except Exception as error:
        logger.exception("delivery %s failed", delivery.pk)
        delivery.state, delivery.error = Delivery.State.FAILED, str(error)[:200]
    delivery.done_at = timezone.now()
    delivery.save(update_fields=["channel", "state", "error", "done_at"])


def _address(delivery: Delivery) -> str:
    """The addressee's channel; empty where there is only the messages page."""
    if delivery.to_department:
        return delivery.to_department.channel
    return delivery.to_user.department.channel if delivery.to_user and delivery.to_user.department else ""


def _by_channel(address: str, delivery: Delivery) -> bool:
    if not address:
        return True
    title, body = written(delivery)
    delivery.error = channels.send(address, title, body)[:200]
    return not delivery.error


def written(delivery: Delivery) -> tuple[str, str]:
    """Title and text of a message. Names of callers and what was asked stay inside: channels are not ours."""
    notices = list(_with_what_they_are_about(delivery.notices.all()).order_by("made_at", "pk"))
    known = _known_to(delivery, notices)
    lines = [_line(notice, is_known=notice.ticket_id in known) for notice in notices[:SHOWN]]
    if left := notices[SHOWN:]:
        lines.append(_t("… and %(count)d more.") % {"count": len(left)})
    return _title(notices), "\n".join(lines)


def _title(notices: list[Notice]) -> str:
    of_tickets = sum(notice.ticket_id is not None for notice in notices)
    if of_tickets:
        return _t("12345 %(city)s: %(count)d tickets need you") % {"city": settings.CITY_NAME, "count": of_tickets}
    of_articles = sum(notice.article_id is not None for notice in notices)
    if not of_articles:
        return _t("12345 %(city)s: %(title)s") % {"city": settings.CITY_NAME, "title": notices[0].title}
    said = _t("12345 %(city)s: %(count)d articles of the knowledge base need you")
    return said % {"city": settings.CITY_NAME, "count": of_articles}


def _known_to(delivery: Delivery, notices: list[Notice]) -> set[int]:
    """Those of the tickets that the addressee may know of: a notice to all goes to many who may not."""
    tickets = Ticket.objects.filter(pk__in=[notice.ticket_id for notice in notices if notice.ticket_id])
    if delivery.to_department:
        tickets = tickets.concerning(list(delivery.to_department.subtree().values_list("pk", flat=True)))
    else:
        assert delivery.to_user is not None
        tickets = tickets.visible_to(delivery.to_user)
    return set(tickets.values_list("pk", flat=True))


def _line(notice: Notice, *, is_known: bool) -> str:
    if notice.article:  # released, and so no secret
        return f"{notice.get_step_display()}：{notice.article.question} {notice.text}"
    if notice.link:
        return f"{notice.get_step_display()}：{notice.title} {notice.text}"
    assert notice.ticket is not None
    number = f" {notice.ticket.number}" if is_known else ""
    text = stored_text(notice.text, read(notice.ticket, None))
    return f"{notice.get_step_display()}{number}：{text}"


def give_up_lost(now: datetime) -> int:
    """Marks messages whose sender was killed on the way; whether they arrived is not known."""
    lost = Delivery.objects.filter(state=Delivery.State.SENDING, made_at__lt=now - LOST_AFTER)
    return lost.update(
        state=Delivery.State.FAILED, error=_t("The sender was interrupted; not sent again."), done_at=now
    )


# -- reading ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """A notice as one person may read it; of a ticket that they may not know of (`is_known`) no number is shown."""

    notice: Notice
    text: str
    is_known: bool


def for_person(user: User) -> QuerySet[Notice]:
    """What was delivered to a person, or to their department and is for them, the newest first.

    An article is told of to who may read it.
    """
    mine = reduce(or_, _addressed(user))
    found = Notice.objects.filter(mine, _readable(user), delivery__isnull=False)
    return _with_what_they_are_about(found).order_by("-made_at", "-pk")


def unread(user: User) -> int:
    """How many of `for_person` nobody has read. By each address on its own: each has an index of what is unread."""
    found = Notice.objects.filter(_readable(user), delivery__isnull=False, read_at__isnull=True)
    return sum(counted(found.filter(address)) for address in _addressed(user))


def _addressed(user: User) -> list[Q]:
    """What makes a notice this person's: it is to them, or to their department and not for its leads alone.

    No notice is to both.
    """
    if not user.department_id:
        return [Q(to_user=user)]
    ours = Q(to_department=user.department_id)
    return [Q(to_user=user), ours if user.is_lead else ours & Q(for_leads=False)]


def _readable(user: User) -> Q:
    return Q(article__isnull=True) | Q(article__in=Article.objects.visible_to(user))


def _with_what_they_are_about(notices: QuerySet[Notice]) -> QuerySet[Notice]:
    found = notices.select_related("ticket__category", "article")
    return found.defer("ticket__search", "ticket__caller_search", "article__search", "article__answer")


def as_told(notices: Iterable[Notice], user: User) -> list[Told]:
    """Notices of `for_person` as that person may read them."""
    notices = list(notices)
    of_tickets = {one.ticket_id for one in notices if one.ticket_id}
    known = set(Ticket.objects.visible_to(user).filter(pk__in=of_tickets).values_list("pk", flat=True))
    return [_as_told(one, user, is_known=one.ticket_id in known) for one in notices]


def _as_told(notice: Notice, user: User, *, is_known: bool) -> Told:
    if notice.ticket is None:
        return Told(notice, notice.text, is_known=False)
    return Told(notice, stored_text(notice.text, read(notice.ticket, user if is_known else None)), is_known=is_known)


def mark_read(user: User, ids: list[int]) -> int:
    unread = for_person(user).filter(pk__in=ids, read_at__isnull=True)
    return Notice.objects.filter(pk__in=unread.values("pk")).update(read_at=timezone.now(), read_by=user)


@also
def on_the_timeline(reading: Reading) -> list[Entry]:
    """What was sent about a ticket, to whom, by which way, and whether it arrived and was read.

    Of a notice to all only what its own department got: that all were told is the event of the notice itself.
    """
    ticket = reading.ticket
    to_others = Q(step=Step.CIRCULAR) & ~Q(to_department=ticket.department_id)
    told = Notice.objects.filter(ticket=ticket, delivery__isnull=False).exclude(to_others)
    found = []
    for notice in told.select_related("delivery", "to_user", "to_department", "read_by").order_by("pk"):
        delivery = notice.delivery
        assert delivery is not None
        facts = [(_t("To"), str(notice.to_user or notice.to_department)), (_t("Told by"), delivery.way),
                 (_t("State"), f"{delivery.get_state_display()} {delivery.error}".strip())]  # fmt: skip
        if notice.read_at and notice.read_by:
            facts.append((_t("Read"), f"{notice.read_by} {timezone.localtime(notice.read_at):%m-%d %H:%M}"))
        found.append(
            Entry(
                label=_t("Told: %(step)s") % {"step": notice.get_step_display()}, tone="secondary", at=delivery.made_at,
                who=_t("System"), note=stored_text(notice.text, reading), facts=facts,
            )
        )  # fmt: skip
    return found
