"""Who called: the person behind a telephone number."""

from __future__ import annotations

from tickets.models import Caller, Ticket


def caller_for(phone: str, name: str) -> Caller | None:
    """The caller with this number, made on the first call; None without a number.

    Their row stays locked until the transaction ends: two calls of one caller at once go one after the other, since
    each looks at the caller's earlier tickets.
    """
    if not phone:
        return None
    locked = Caller.objects.select_for_update(no_key=True)
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
    names = list(others.order_by("-registered_at").values_list("caller_name", flat=True)[:1])
    caller.name = names[0] if names else ""
    caller.save(update_fields=["name"])
