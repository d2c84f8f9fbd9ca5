"""What a report is narrowed to, as it is kept and as it is said: department, region, category, kind and channel.

Kept as an address carries it, in one order: `category=3&department=7&kind=complaint`; empty is everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.utils.translation import gettext as _t

from hotline.accounts.models import Department, Region
from reports.indicators import Scope
from tickets.choices import Channel, Kind
from tickets.models import Category

ROWS: dict[str, Any] = {"department": Department, "region": Region, "category": Category}
CHOICES: dict[str, Any] = {"kind": Kind, "channel": Channel}


def key_of(given: Mapping[str, Any]) -> str:
    """How a choice is kept; what is not chosen is left out."""
    chosen = {name: getattr(given.get(name), "pk", given.get(name)) for name in (*ROWS, *CHOICES)}
    return urlencode(sorted((name, str(value)) for name, value in chosen.items() if value))


def scope_of(key: str) -> Scope:
    """What `key` narrows figures to: rows with all that lies below them."""
    found: dict[str, tuple[str, ...]] = {}
    for name, value in parse_qsl(key):
        if name in ROWS:
            found[PLURALS[name]] = (ROWS[name].objects.get(pk=value).path,)
        else:
            found[PLURALS[name]] = (value,)
    return Scope(**found)


PLURALS = {"department": "departments", "region": "regions", "category": "categories", "kind": "kinds",
           "channel": "channels"}  # fmt: skip


def words(key: str) -> str:
    """The choice as a title says it; empty where it is everything."""
    return _t(", ").join(_word(name, value) for name, value in parse_qsl(key))


def _word(name: str, value: str) -> str:
    if name in CHOICES:
        return str(CHOICES[name](value).label)
    row = ROWS[name].objects.get(pk=value)
    return row.full_name if isinstance(row, Region) else str(row)
