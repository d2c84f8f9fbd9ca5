"""Callers that are one, since their numbers are, become one; numbers are kept as hotline.telephone keeps them.

1. Batch by batch, callers whose number is kept in another way now: the first of a number gets it; the tickets of the
   others go to them, with name and note where the first has none, and the others go.
2. Then the numbers that stand in tickets, by the ranges of their keys.

An extension that was glued to a landline is parted from it again. What is no number stays as it is, the accounts by
which imported messages name their writers too. It may be stopped and run again.
"""

import re

from django.core.exceptions import ValidationError
from django.db import migrations, transaction

from hotline import telephone

BATCH = 2000
RANGE = 20_000  # keys of tickets that one statement looks at
PLAIN = r"^1[0-9]{10}$"  # a mobile number, kept so before and after
SHORTEST = 10  # digits; below it what an import took as a name is the number of an account
GLUED = re.compile(r"(0(?:10|2\d|[3-9]\d\d)\d{7,8})(\d{3,6})")


def kept(old):
    """How a number that was kept as `old` is kept now; `old` where it is none."""
    try:
        return telephone.kept(old)
    except ValidationError:
        pass
    if glued := GLUED.fullmatch(old):
        for length in (len(glued[1]), len(glued[1]) - 1):
            try:
                return telephone.kept(f"{old[:length]}-{old[length:]}")
            except ValidationError:
                continue
    return old


def join_callers(apps, schema_editor):
    callers = apps.get_model("tickets", "Caller").objects
    last = 0
    while batch := list(callers.filter(pk__gt=last).exclude(phone__regex=PLAIN).order_by("pk")[:BATCH]):
        last = batch[-1].pk
        changed = [(one, new) for one in batch if (new := _of_caller(one)) != one.phone]
        with transaction.atomic():
            _join(callers, changed)


def _of_caller(caller):
    is_account = caller.name == caller.phone and len(caller.phone) < SHORTEST
    return caller.phone if is_account else kept(caller.phone)


def _join(callers, changed):
    known = {one.phone: one for one in callers.filter(phone__in=[new for _one, new in changed])}
    moved = []
    for one, new in changed:
        if new in known:
            moved.append((one, known[new]))
        else:
            callers.filter(pk=one.pk).update(phone=new)
            known[new] = one
    for one, first in moved:
        first.name, first.note = first.name or one.name, first.note or one.note
        callers.filter(pk=first.pk).update(name=first.name, note=first.note)
    _give_tickets([(one.pk, first.pk) for one, first in moved])
    callers.filter(pk__in=[one.pk for one, _first in moved]).delete()


def _give_tickets(pairs):
    """Tickets of the one caller of each pair go to the other; the clocks count that caller's calls anew."""
    with transaction.get_connection().cursor() as cursor:
        cursor.execute(
            "UPDATE tickets_ticket SET caller_id = new.first FROM unnest(%s::bigint[], %s::bigint[]) AS new(one, first)"
            " WHERE caller_id = new.one",
            [[one for one, _first in pairs], [first for _one, first in pairs]],
        )
        cursor.execute(
            "UPDATE tickets_ticket SET next_due_at = now() WHERE caller_id = ANY(%s::bigint[])"
            " AND next_due_at IS NOT NULL AND registered_at > now() - interval '7 days'",
            [[first for _one, first in pairs]],
        )


def write_numbers_anew(apps, schema_editor):
    tickets = apps.get_model("tickets", "Ticket").objects
    end = tickets.order_by("-pk").values_list("pk", flat=True).first() or 0
    for start in range(0, end + 1, RANGE):
        rows = tickets.filter(pk__gte=start, pk__lt=start + RANGE).exclude(caller_phone="")
        old = rows.exclude(caller_phone__regex=PLAIN).values_list("pk", "caller_phone")
        changed = [(pk, new) for pk, phone in old if (new := kept(phone)) != phone]
        if changed:
            with transaction.get_connection().cursor() as cursor:
                cursor.execute(
                    "UPDATE tickets_ticket SET caller_phone = new.phone"
                    " FROM unnest(%s::bigint[], %s::text[]) AS new(id, phone) WHERE tickets_ticket.id = new.id",
                    [[pk for pk, _phone in changed], [phone for _pk, phone in changed]],
                )


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("tickets", "0010_orders_have_indices")]

    operations = [
        migrations.RunPython(join_callers, migrations.RunPython.noop),
        migrations.RunPython(write_numbers_anew, migrations.RunPython.noop),
    ]
