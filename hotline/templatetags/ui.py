"""The few components that pages are made of. `/design/` (debug only) shows each in every state."""

from __future__ import annotations

import uuid
from datetime import datetime
from functools import cache
from typing import Any

from django import forms, template
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _t
from django.utils.translation import ngettext
from heroicons.templatetags.heroicons import heroicon_mini

from hotline import telephone as telephones
from hotline.drafts import MADE_FOR
from hotline.receipts.services import KEY_FIELD
from hotline.worktime import calendar

register = template.Library()


@register.simple_tag
def icon(name: str, size: int = 18) -> str:
    """A pictogram beside a word; never the only bearer of a meaning."""
    return _drawn(name, size)


@cache  # as many as templates name
def _drawn(name: str, size: int) -> str:
    return heroicon_mini(name, size=size, aria_hidden="true")


@register.simple_tag
def badge(text: Any, tone: str = "neutral") -> SafeString:
    return format_html('<span class="badge-tone tone-{}">{}</span>', tone, text)


@register.simple_tag
def status_badge(ticket: Any) -> SafeString:
    """Where a ticket stands."""
    return badge(ticket.get_status_display(), ticket.status_tone)


@register.simple_tag
def due(moment: datetime | None, done: bool = False) -> SafeString:
    """A deadline as somebody at a desk reads it: when, and how far off."""
    if moment is None:
        return mark_safe('<span class="muted">—</span>')
    text, tone = _distance(moment)
    if done:
        return format_html("<span>{}</span>", _short(moment))
    title = timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")
    if calendar.current().is_provisional(timezone.localdate(moment)):
        title = _t("%(moment)s, provisional: the holidays of that year are not announced yet") % {"moment": title}
        text = f"{text}*"
    return format_html('<span class="due due-{}" title="{}">{}<small>{}</small></span>', tone, title,
                       _short(moment), text)  # fmt: skip


def _short(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return local.strftime("%m-%d %H:%M" if local.year == timezone.localtime().year else "%Y-%m-%d")


def _distance(moment: datetime) -> tuple[str, str]:
    seconds = (moment - timezone.now()).total_seconds()
    hours = abs(seconds) / 3600
    if hours < 1:
        minutes = int(hours * 60)
        amount = ngettext("%d minute", "%d minutes", minutes) % minutes
    elif hours < 48:
        amount = ngettext("%d hour", "%d hours", int(hours)) % int(hours)
    else:
        days = int(hours / 24)
        amount = ngettext("%d day", "%d days", days) % days
    if seconds < 0:
        return _t("%(amount)s late") % {"amount": amount}, "late"
    return _t("%(amount)s left") % {"amount": amount}, "soon" if hours < 8 else "fine"


@register.simple_tag
def when(moment: datetime | None) -> str:
    """An instant in the city's time, to the minute."""
    return _short(moment) if moment else "—"


@register.inclusion_tag("components/field.html")
def field(bound: forms.BoundField, css: str = "") -> dict[str, Any]:
    """A field with its label, help and errors; errors are tied to the field for screen readers."""
    widget = bound.field.widget
    attrs: dict[str, Any] = {}
    if isinstance(widget, forms.CheckboxInput):
        attrs["class"] = "form-check-input"
    elif isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        if bound.errors:
            attrs["aria-describedby"] = f"{bound.auto_id}_error"  # of all other fields Django says it itself
    elif isinstance(widget, forms.Select):
        attrs["class"] = "form-select"
    else:
        attrs["class"] = "form-control"
    if bound.errors:
        attrs["class"] = f"{attrs.get('class', '')} is-invalid".strip()
    return {
        "field": bound,
        "widget": bound.as_widget(attrs=attrs),
        "is_checkbox": isinstance(widget, forms.CheckboxInput),
        "is_radio": isinstance(widget, forms.RadioSelect),
        "css": css,
    }


@register.simple_tag
def keys(combination: str) -> SafeString:
    """The keys that press a button, shown at it; `aria-keyshortcuts` of the button says them to a screen reader."""
    return format_html('<kbd aria-hidden="true">{}</kbd>', combination)


@register.simple_tag
def form_key() -> SafeString:
    """What tells this form from every other that was ever shown, so that sending it twice does no more than once."""
    return format_html('<input type="hidden" name="{}" value="{}">', KEY_FIELD, uuid.uuid4())


@register.filter
def masked(kept: str) -> str:
    """A telephone number with its middle hidden: 138****5678."""
    return telephones.masked(kept)


@register.filter
def telephone(kept: str) -> str:
    """A telephone number as people write it: 0712-2888888转801."""
    return telephones.shown(kept)


@register.filter
def get(mapping: dict[Any, Any], key: Any) -> Any:
    return mapping.get(key)


BUTTONS = {"primary": "btn-primary", "danger": "btn-outline-danger"}


@register.filter
def button(tone: str) -> str:
    """The class of a button that performs an action of this tone."""
    return BUTTONS.get(tone, "btn-outline-secondary")


@register.simple_tag
def action_link(ticket: Any, name: str, label: Any, tone: str = "secondary", key: str = "") -> SafeString:
    """A button that opens the form of an action of this ticket; `key` is the letter that presses it in a list."""
    address = reverse("ticket-action", args=[ticket.number, name])
    if not key:
        return format_html('<a class="btn btn-sm {}" href="{}">{}</a>', button(tone), address, label)
    return format_html(
        '<a class="btn btn-sm {0}" href="{1}" data-key="{2}" aria-keyshortcuts="{2}">{3} {4}</a>',
        button(tone), address, key, label, keys(key),
    )  # fmt: skip


@register.filter
def percent(share: float | None) -> str:
    """A share between 0 and 1 as it is printed everywhere: 97.3%, or a dash where there is none."""
    return "—" if share is None else f"{share:.1%}"


@register.filter
def fullest(lines: list[Any]) -> str:
    """Of the sentences of several flags, which mostly say the same, the one that says most."""
    return max((line.sentence for line in lines), key=len, default="")


@register.simple_tag
def filter_widget(bound: forms.BoundField) -> str:
    """A filter's field in the compact size of a filter bar."""
    css = "form-select" if isinstance(bound.field.widget, forms.Select) else "form-control"
    return bound.as_widget(attrs={"class": css})


@register.simple_tag(takes_context=True)
def csrf_token(context: template.Context) -> SafeString:
    """Django's token, and for whom the form was made: what one person typed is not shown to the next."""
    token, mark = context.get("csrf_token"), context.get("draft_mark")
    if not token or token == "NOTPROVIDED":  # noqa: S105 - how Django says that there is none
        return SafeString("")
    field = '<input type="hidden" name="{}" value="{}">'
    fields = [("csrfmiddlewaretoken", token), (MADE_FOR, mark)] if mark else [("csrfmiddlewaretoken", token)]
    return format_html_join("", field, fields)
