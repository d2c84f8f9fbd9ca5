"""Who called: the person behind a telephone number."""

from __future__ import annotations

from tickets.models import Caller


def caller_for(phone: str, name: str) -> Caller | None:
    """The caller with this number, made on the first call; None without a number."""
    if not phone:
        return None
    caller, _made = Caller.objects.get_or_create(phone=phone, defaults={"name": name})
    if name and not caller.name:
        caller.name = name
        caller.save(update_fields=["name"])
    return caller
