"""What `get_…_display` says, found by the value.

Django makes a dictionary of all labels for each call, and each label is translated to be put into it: on a list of
tickets four hundred translations for fifty words.
"""

from __future__ import annotations

from functools import partialmethod
from typing import Any

from django.apps import apps
from django.db.models import Field, Model
from django.utils.choices import CallableChoiceIterator
from django.utils.encoding import force_str


def look_up() -> None:
    """Has every model look its labels up, where Django's own way would be taken and the choices stay the same."""
    for model in apps.get_models():
        for field in model._meta.fields:
            said = f"get_{field.name}_display"
            if field.choices and not isinstance(field.choices, CallableChoiceIterator) and _is_djangos(model, said):
                setattr(model, said, _by_value(field))


def _is_djangos(model: type[Model], said: str) -> bool:
    by = next((vars(one)[said] for one in model.__mro__ if said in vars(one)), None)
    return isinstance(by, partialmethod) and by.func is Model._get_FIELD_display  # type: ignore[attr-defined]


def _by_value(field: Field[Any, Any]) -> Any:
    name, labels = field.attname, dict(field.flatchoices)

    def display(self: Model) -> Any:
        value = getattr(self, name)
        return force_str(labels.get(value, value), strings_only=True)

    return display
