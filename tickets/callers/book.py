"""Who called: the person behind a telephone number."""

from __future__ import annotations

from tickets.models import Caller


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
