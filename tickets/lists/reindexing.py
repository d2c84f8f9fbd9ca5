"""Bringing the search vectors of old rows up to how text is cut now, batch by batch, going on where it was stopped.

Rows that come in while it runs are cut the new way already.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection, transaction
from psycopg2 import sql

from hotline.vault import blind, keys, rotating
from tickets import search
from tickets.models import SearchIndex, Ticket
from tickets.workflow.stores import searched

BATCH = 1000
TEXTS = (
    "number", "title", "description", "address", "plate", "amount", "caller_name", "caller_phone", "contact_phone",
    "earlier_callers", "forgotten_words",
)  # fmt: skip
WISHES = ("is_secret", "is_anonymous")


def reindex(*, step: Callable[[int], None] = lambda rows: None) -> int:
    """Cuts every ticket anew that was cut another way; returns how many. `step` is told of each batch written."""
    index, _made = SearchIndex.objects.get_or_create(pk=SearchIndex.ONLY)
    if index.cut == search.CUT:
        return 0
    last = Ticket.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    count = 0
    while index.done_to < last:
        with transaction.atomic():
            written = _next_batch(index, last)
        count += written
        step(written)
    SearchIndex.objects.filter(pk=index.pk).update(cut=search.CUT, done_to=0)
    return count


def _next_batch(index: SearchIndex, last: int) -> int:
    """Writes the vectors of the next tickets and how far it has come; returns how many they were."""
    rows = Ticket.objects.filter(pk__gt=index.done_to, pk__lte=last).order_by("pk").only(*TEXTS, *WISHES)
    batch = list(rows.select_for_update(no_key=True)[:BATCH])
    write(batch)
    index.done_to = batch[-1].pk if batch else last
    index.save(update_fields=["done_to"])
    return len(batch)


def write(batch: list[Ticket]) -> None:
    """Both vectors of each ticket of the batch."""
    told = [searched(ticket) for ticket in batch]
    _store(
        batch, search=[search.entries(*asked) for asked, _caller in told],
        caller_search=[search.hidden_entries(*caller) for _asked, caller in told],
    )  # fmt: skip


def _store(batch: list[Ticket], **vectors: list[list[str]]) -> None:
    """One statement for the batch; an entry holds no line feed, so the entries of a ticket go as lines of one text."""
    sets = sql.SQL(", ").join(
        sql.SQL("{0} = array_to_tsvector(string_to_array(made.{0}, E'\\n'))").format(sql.Identifier(name))
        for name in vectors
    )
    statement = sql.SQL(
        "UPDATE tickets_ticket SET {sets} FROM unnest(%s::bigint[], {given}) AS made(id, {names})"
        " WHERE tickets_ticket.id = made.id"
    ).format(
        sets=sets, given=sql.SQL(", ").join([sql.SQL("%s::text[]")] * len(vectors)),
        names=sql.SQL(", ").join(map(sql.Identifier, vectors)),
    )  # fmt: skip
    lines = [["\n".join(entries) for entries in found] for found in vectors.values()]
    with connection.cursor() as cursor:
        cursor.execute(statement, [[ticket.pk for ticket in batch], *lines])


@rotating.also
def by_another_key(key: keys.Key, step: rotating.Step) -> int:
    """Makes anew what callers are found by, of tickets where another key made it; returns how many they were."""
    stale = "caller_search <> ''::tsvector AND NOT caller_search @@ %s::tsquery"
    count, last = 0, 0
    while True:
        with transaction.atomic():
            rows = Ticket.objects.filter(pk__gt=last).extra(where=[stale], params=[f"'{blind.name_entry(key)}'"])  # noqa: S610
            batch = list(rows.order_by("pk").only(*TEXTS, *WISHES).select_for_update(no_key=True)[: rotating.BATCH])
            if not batch:
                return count
            _store(batch, caller_search=[search.hidden_entries(*searched(ticket)[1]) for ticket in batch])
        last = batch[-1].pk
        count += len(batch)
        step("tickets_ticket: what is found", len(batch))
