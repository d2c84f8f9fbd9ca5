"""Who called: the person behind a telephone number, who may have several."""

from __future__ import annotations

from contextlib import nullcontext

from django.db.models import Q
from django.utils import timezone

from hotline.accounts.models import User
from hotline.locks import one_at_a_time
from hotline.vault import keys
from tickets.choices import OPEN_STATUSES
from tickets.models import Caller, SamePerson, Ticket


def caller_for(phone: str, name: str) -> Caller | None:
    """The caller with this number, made on the first call; None without a number.

    Their row stays locked until the transaction ends: two calls of one caller at once go one after the other, since
    each looks at the caller's earlier tickets.
    """
    if not phone:
        return None
    locked = Caller.objects.select_for_update(no_key=True)
    with one_at_a_time(f"number {phone}") if len(keys.ring()) > 1 else nullcontext():
        # While keys are changed one number may be written in two ways, and the index would take it for two.
        caller, _made = locked.get_or_create(phone=phone, defaults={"name": name})
    if name and not caller.name:
        caller.name = name
        caller.save(update_fields=["name"])
    return caller


def take_name_from(caller: Caller, name: str, *, but: Ticket) -> None:
    """The number of `caller` was written by mistake, with `name`, who is somebody else: who calls from it next is not
    greeted so. It is called what its other tickets than `but` say, the latest first.
    """
    caller = Caller.objects.select_for_update(no_key=True).get(pk=caller.pk)
    if not name or caller.name != name:
        return
    others = Ticket.objects.filter(caller=caller).exclude(pk=but.pk).exclude(caller_name="")
    names = list(others.order_by("-registered_at", "-pk").values_list("caller_name", flat=True)[:1])
    caller.name = names[0] if names else ""
    caller.save(update_fields=["name"])


def numbers_of(caller: Caller) -> list[Caller]:
    """All numbers of the person behind one of them, as it was read, the first one known first."""
    first = caller.person_id or caller.pk
    return list(Caller.objects.filter(Q(pk=first) | Q(person=first)).order_by("pk"))


def decide(one: Caller, other: Caller, *, is_same: bool, by: User) -> None:
    """Says that two numbers are one person's, or that they are not; the latest word stands.

    Where it is said of two of one person's numbers that they are not, `other` stands alone again.
    """
    with one_at_a_time("persons"):
        families = [[row.pk for row in numbers_of(Caller.objects.get(pk=caller.pk))] for caller in (one, other)]
        together = sorted({*families[0], *families[1]})
        SamePerson.objects.create(one=one, other=other, is_same=is_same, by=by)
        if is_same:
            _make_one(together)
        elif other.pk in families[0]:
            _make_one([other.pk])
            _make_one([pk for pk in together if pk != other.pk])
        # Which of their calls count together has changed: the next sweep looks at them.
        Ticket.objects.filter(caller__in=together, status__in=OPEN_STATUSES).update(next_due_at=timezone.now())


def _make_one(callers: list[int]) -> None:
    """Has these numbers be one person's, the first of them the one that they are known by."""
    first, *rest = callers
    Caller.objects.filter(pk=first).update(person=None)
    Caller.objects.filter(pk__in=rest).update(person=first)
