"""A restored copy tells nobody anything until a person says that it is the city's server now.

While messages are held, no step of the ladder is taken, notices wait undelivered, and no channel is spoken to; the
clocks, reports and everything that people do go on. What waited goes out after `resume`.
"""

from __future__ import annotations

from datetime import datetime

from django.db import DatabaseError, transaction
from django.utils import timezone

from hotline import health
from hotline.backup.models import Hold
from hotline.remembered import Remembered

REMEMBERED = 30  # seconds; pages ask by `shown`, who sends asks by `is_on`


def is_on() -> bool:
    """Whether messages are held now, asked of the database each time: nothing is sent by an old answer."""
    return Hold.objects.filter(ended_at__isnull=True).exists()


def _is_on_or_unknown() -> bool:
    try:
        return is_on()
    except DatabaseError:  # the page that tells so is not broken by it
        return False


shown: Remembered[bool] = Remembered(_is_on_or_unknown, seconds=REMEMBERED)


@transaction.atomic
def begin(*, taken_at: datetime | None = None) -> None:
    """Holds all messages from now on; what was held before goes on being held under the new date."""
    now = timezone.now()
    Hold.objects.filter(ended_at__isnull=True).update(ended_at=now)
    Hold.objects.create(at=now, taken_at=taken_at)
    shown.forget()


def end() -> bool:
    """Lets messages go out again; whether they were held."""
    ended = Hold.objects.filter(ended_at__isnull=True).update(ended_at=timezone.now())
    shown.forget()
    return bool(ended)


@health.notice
def messages_are_held() -> str:
    """For the health page: this is a restored copy that nobody has let speak yet."""
    if not is_on():
        return ""
    return "messages are held: this is a restored copy; manage.py resume_messages lets them go out"
