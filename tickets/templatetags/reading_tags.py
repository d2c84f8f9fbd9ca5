"""Asking the rule of what may be read from a template, for the person who looks at the page."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context

from tickets import reading as rule
from tickets.disclosure import Reader
from tickets.reading import Reading

register = template.Library()


def _reader(context: Context, on_paper: bool) -> Reader:
    return None if on_paper else context["user"]


@register.simple_tag(takes_context=True)
def reading(context: Context, ticket: Any, on_paper: bool = False) -> Reading:
    """The ticket as the person may read it; `on_paper` where nobody knows who looks, as on a wall screen."""
    return rule.read(ticket, _reader(context, on_paper))


@register.simple_tag(takes_context=True)
def matter_name(context: Context, ticket: Any, on_paper: bool = False) -> str:
    """What the matter of `ticket`, which the person sees, is called before them."""
    return rule.matter_name(ticket.matter, _reader(context, on_paper), [ticket])


@register.filter
def as_read(written: Any, reading: Reading) -> str:
    """What somebody wrote about a ticket, without what its reader may not read."""
    return reading.text(str(written))
