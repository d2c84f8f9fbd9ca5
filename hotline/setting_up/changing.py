"""Changing a row that others may be changing: the second to save is told, and who did what is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.db import models
from django.forms.models import model_to_dict
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _t

from hotline.accounts.access import person
from hotline.accounts.models import User
from hotline.receipts import services as receipts
from hotline.receipts.services import Done

SEEN = "seen"  # the field in which a form carries the mark of the row as it was shown


class Outdated(Exception):
    """Somebody else has changed the row since it was shown; it now stands as `row`."""

    def __init__(self, row: models.Model) -> None:
        super().__init__(str(row))
        self.row = row


class Invalid(Exception):
    """A form that says what is wrong."""


def mark(row: models.Model, names: Iterable[str]) -> str:
    """A short text that differs wherever one of these fields of a row does."""
    values = model_to_dict(row, list(names))
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()[:16]


class RowForm(forms.ModelForm):
    """One row of a table that a city fills. Fields in `wide` take the whole width of the page.

    A change writes the fields of the form alone, and those in `also`, which follow from them.
    """

    wide: Sequence[str] = ()
    also: Sequence[str] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names = list(self.fields)
        self.fields[self.names[0]].widget.attrs["data-focus"] = "1"  # typing begins there
        if self.instance.pk:
            self.fields[SEEN] = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)
            self.initial[SEEN] = mark(self.instance, self.names)
        for field in self.fields.values():
            if isinstance(field.widget, forms.Textarea):
                field.widget.attrs["rows"] = 3

    def laid_out(self) -> list[tuple[forms.BoundField, str]]:
        """The fields to be filled in, each with how wide it is."""
        wide = {name for name in self.names if isinstance(self.fields[name].widget, forms.Textarea)} | {*self.wide}
        return [(self[name], "span-6" if name in wide else "span-3") for name in self.names]

    def tell_outdated(self, row: models.Model) -> None:
        """Says what stands now; sent once more, the form overwrites it knowingly."""
        differing = [
            _t("%(label)s: %(value)s") % {"label": self[name].label, "value": shown(row, name) or "—"}
            for name in self.names if _differs(self.cleaned_data.get(name), getattr(row, name, None))
        ]  # fmt: skip
        self.data = MultiValueDict(dict(self.data.lists())) if isinstance(self.data, MultiValueDict) else {**self.data}
        self.data[self.add_prefix(SEEN)] = mark(row, self.names)
        said = _t("Somebody else has changed this in the meantime. Now stands: %(values)s. Saving again overwrites it.")
        self.add_error(None, said % {"values": _t("; ").join(differing) or _t("the same as you typed")})


def _differs(typed: Any, stands: Any) -> bool:
    return (typed or None) != (stands or None)


def shown(row: Any, name: str) -> str:
    """The value of a field as people read it."""
    value = getattr(row, name, None)
    if isinstance(value, bool):
        return _t("yes") if value else _t("no")
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    labels = dict(row._meta.get_field(name).flatchoices)
    return "" if value is None else str(labels.get(value, value))


def save(
    request: HttpRequest, form: RowForm, *,
    around: Callable[[], AbstractContextManager[None]] = nullcontext, after: Callable[[Any], None] | None = None,
) -> Done:  # fmt: skip
    """Adds or changes the row of a form, once; its outcome is the row's id.

    `around` is entered and `after` called with the row in the same transaction. Raises Invalid where the form says why
    not, Outdated, or what these raise. A form that is sent again is not looked at again: its own row stands in its way.
    """
    is_new = form.instance.pk is None

    def do() -> str:
        if not form.is_valid():
            raise Invalid
        with around():
            if not is_new:
                check_mark(form.instance, form.names, form.cleaned_data[SEEN])
            row = form.save(commit=False)
            row.save(**({} if is_new else {"update_fields": [*form.names, *form.also]}))
        if after:
            after(row)
        labels = [str(form.fields[name].label) for name in form.changed_data if name != SEEN]
        log([row], by=person(request), is_new=is_new, labels=labels)
        return str(row.pk)

    return receipts.once_for(request, do, person=person(request))


def check_mark(row: models.Model, names: Iterable[str], seen: str) -> None:
    """Locks a row, and raises Outdated where it is not as it was shown."""
    now = type(row)._default_manager.select_for_update(no_key=True).get(pk=row.pk)
    if mark(now, names) != seen:
        raise Outdated(now)


def log(rows: Sequence[Any], *, by: User, is_new: bool, labels: Sequence[str] = (), note: str = "") -> None:
    """Keeps who added or changed rows, where Django's set-up keeps it too."""
    if not rows:
        return
    message: Any = note or json.dumps([{"added": {}} if is_new else {"changed": {"fields": list(labels)}}])
    flag = ADDITION if is_new else CHANGE
    if len(rows) == 1:
        LogEntry.objects.log_actions(by.pk, rows, flag, message, single_object=True)
    else:
        LogEntry.objects.log_actions(by.pk, rows, flag, message)
