"""Exports are made by a worker, one at a time in the city, and withdrawn a day later.

1. Whoever asks has one in the making at most; the row says for what list.
2. The job claims it, writes the file under a name that nobody is given, and tells how far it is. Where it was cancelled
   meanwhile it stops; where it cannot go on the row says why, and nothing of the file stays.
3. What a killed worker leaves is taken up again when the broker gives the job out once more, or else marked as failed.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import QueryDict
from django.utils import timezone, translation
from django.utils.translation import gettext as _t

from hotline import disk, replica
from hotline.accounts.permissions import Permission as P
from hotline.ledger import pages as ledger
from hotline.locks import one_at_a_time
from hotline.waiting import patience
from tickets.exports import entry_rows, rows
from tickets.lists.filters import TicketFilter
from tickets.lists.listing import DEFAULT_ORDER, ORDERS
from tickets.models import Ticket, TicketExport, TicketQuerySet

State = TicketExport.State
FOLDER = "exports"
KEPT = timedelta(hours=24)
AGAIN = 5  # seconds until an export that has to wait looks again
SILENT = timedelta(minutes=5)  # after which a job that tells nothing is taken for dead
BYTES_A_ROW = 1500  # of the file and of what is written before it is packed, rather too much
LANGUAGE = "zh-hans"
logger = logging.getLogger(__name__)


class _Stopped(Exception):
    """Somebody cancelled it."""


class _Asker:
    """What a filter wants to know of a request."""

    def __init__(self, user: Any) -> None:
        self.user = user


def chosen(asked: dict[str, str], user: Any) -> TicketQuerySet:
    """The tickets of a list as `user` may know of them."""
    given = QueryDict(mutable=True)
    given.update(asked)
    found: Any = TicketFilter(given, queryset=Ticket.objects.visible_to(user), request=_Asker(user)).qs
    return found


def make(pk: int) -> None:
    """Makes an export that waits; does nothing where another job has it."""
    export = _claim(pk)
    if export is None:
        return
    try:
        with patience.of(patience.LONG), translation.override(LANGUAGE):
            _make(export)
    except _Stopped:
        logger.info("export %s: cancelled", pk)
    except OSError as error:
        _fail(export, str(disk.FULL) if disk.is_full(error) else _t("The file could not be written."))
        logger.warning("export %s: %s", pk, error)
    except Exception:
        _fail(export, _t("Something went wrong; ask for it again."))
        raise


def waits(pk: int) -> bool:
    """Whether an export has to wait for another: of the two workers of a small city one is left to the clocks."""
    others = TicketExport.objects.filter(state=State.RUNNING, seen_at__gt=timezone.now() - SILENT).exclude(pk=pk)
    if not others.exists():
        return False
    return bool(TicketExport.objects.filter(pk=pk, state=State.WAITING).update(seen_at=timezone.now()))


def _claim(pk: int) -> TicketExport | None:
    with one_at_a_time("tickets.exports"):
        found = TicketExport.objects.select_for_update(no_key=True).filter(pk=pk).first()
        if found is None or not found.is_open:
            return None
        if found.state == State.RUNNING and found.seen_at > timezone.now() - SILENT:
            return None
        found.state, found.done, found.seen_at = State.RUNNING, 0, timezone.now()
        found.save(update_fields=["state", "done", "seen_at"])
    return found


def _make(export: TicketExport) -> None:
    owner = export.owner
    if export.of == TicketExport.Of.LEDGER:
        return _make_of_ledger(export)
    if not (owner.is_active and owner.may(P.EXPORT_TICKETS)):
        return _fail(export, _t("You may not export tickets any more."))
    tickets = chosen(export.asked, owner)
    total = tickets.count()
    if total > rows.MOST_ROWS:
        said = _t("%(count)d tickets are more than %(most)d, the most of one file: narrow the list.")
        return _fail(export, said % {"count": total, "most": rows.MOST_ROWS})
    if not disk.has_room_for(total * BYTES_A_ROW):
        return _fail(export, str(disk.FULL))
    TicketExport.objects.filter(pk=export.pk).update(total=total)
    read = tickets.only(*rows.COLUMNS_READ)
    ordered = read.order_by(*ORDERS.get(export.order, ORDERS[DEFAULT_ORDER]))
    title = _t("%(city)s 12345 hotline: tickets") % {"city": settings.CITY_NAME}

    def write(path: Path, mark: str, told: rows.Told) -> int:
        read_in_turn: Any = ordered.iterator(chunk_size=rows.AT_ONCE)
        with closing(read_in_turn) as found:
            return rows.write(path, found, owner, title=title, mark=mark, told=told)

    _write(export, write)


def _make_of_ledger(export: TicketExport) -> None:
    if not (export.owner.is_active and export.owner.may(P.READ_LEDGER)):
        return _fail(export, _t("You may not export the audit log any more."))
    entries = ledger.found(export.asked)
    total = entries.count()
    if total > rows.MOST_ROWS:
        said = _t("%(count)d entries are more than %(most)d, the most of one file: narrow the list.")
        return _fail(export, said % {"count": total, "most": rows.MOST_ROWS})
    if not disk.has_room_for(total * BYTES_A_ROW):
        return _fail(export, str(disk.FULL))
    TicketExport.objects.filter(pk=export.pk).update(total=total)
    _write(export, lambda path, mark, told: entry_rows.write(path, entries, mark=mark, told=told))


@replica.reads
def _write(export: TicketExport, write: Callable[[Path, str, rows.Told], int]) -> None:
    """Has the file written in a folder of its own, and gives it its name once it is whole."""

    def told(done: int) -> None:
        still = TicketExport.objects.filter(pk=export.pk, state=State.RUNNING)
        if not still.update(done=done, seen_at=timezone.now()):
            raise _Stopped

    folder = Path(default_storage.path(FOLDER))
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="making-", dir=folder) as making:
        path = Path(making) / "export.xlsx"
        made = timezone.localtime()
        mark = _t("Made by %(who)s, %(when)s") % {"who": export.owner, "when": f"{made:%Y-%m-%d %H:%M}"}
        done = write(path, mark, told)
        name = f"{FOLDER}/{export.pk}-{made:%Y%m%d%H%M%S}.xlsx"
        path.replace(default_storage.path(name))
    ready = {"state": State.READY, "done": done, "total": done, "file": name, "finished_at": timezone.now()}
    if not TicketExport.objects.filter(pk=export.pk, state=State.RUNNING).update(**ready):
        default_storage.delete(name)


def _fail(export: TicketExport, said: str) -> None:
    TicketExport.objects.filter(pk=export.pk, state=State.RUNNING).update(
        state=State.FAILED, said=said, finished_at=timezone.now()
    )


def withdraw(export: TicketExport) -> None:
    """Takes the file away; that it was made stays known."""
    if name := export.file.name:
        default_storage.delete(name)
    TicketExport.objects.filter(pk=export.pk, state=State.READY).update(state=State.WITHDRAWN, file="", asked={})


def tidy(now: datetime | None = None) -> int:
    """Withdraws what is a day old, marks what a killed worker left, and takes leftovers off the disk; how many."""
    now = now or timezone.now()
    count = 0
    for export in TicketExport.objects.filter(state=State.READY, finished_at__lt=now - KEPT):
        withdraw(export)
        count += 1
    dead = TicketExport.objects.filter(state__in=[State.WAITING, State.RUNNING], seen_at__lt=now - 6 * SILENT)
    count += dead.update(state=State.FAILED, said=_t("It stopped; ask for it again."), finished_at=now)
    folder = Path(default_storage.path(FOLDER))
    known = set(TicketExport.objects.exclude(file="").values_list("file", flat=True))
    for path in folder.iterdir() if folder.exists() else ():
        is_old = path.stat().st_mtime < (now - KEPT).timestamp()
        if is_old and f"{FOLDER}/{path.name}" not in known:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            count += 1
    return count
