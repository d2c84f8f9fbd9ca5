"""What splitting off a second concern leaves behind."""

from __future__ import annotations

from tickets.workflow.performing import Performance, effect


@effect("split")
def split(p: Performance) -> None:
    """Records the second concern as a ticket of its own, of the same caller and call."""
    from tickets.calls import recording  # which performs actions, whose effects these are

    first, given = p.ticket, p.given
    same = {
        name: getattr(first, name)
        for name in (
            "channel",
            "urgency",
            "region",
            "address",
            "caller_name",
            "caller_phone",
            "is_anonymous",
            "is_secret",
        )
    }
    second = {name: given[name] for name in ("title", "description", "kind", "category")}
    other = recording.register(
        actor=p.actor, details={**same, **second, "split_from": first}, at=first.registered_at
    )  # fmt: skip
    p.data["split_off"] = other.number
    p.note = p.note or given["title"]
