"""What a value is called is looked up, and is what Django says."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db.models import Model
from django.utils import translation
from django.utils.choices import CallableChoiceIterator

from hotline.accounts.models import Department, Region
from tickets.lists.filters import TicketFilter
from tickets.models import Category, Ticket


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_value_is_called_what_django_calls_it(language: str) -> None:
    looked_up = 0
    with translation.override(language):
        for model in apps.get_models():
            for field in model._meta.fields:
                if not field.choices or isinstance(field.choices, CallableChoiceIterator):
                    continue
                for value in (*dict(field.flatchoices), None, "", "no such", 7):
                    row = model(**{field.attname: value})
                    said = getattr(row, f"get_{field.name}_display")()
                    assert said == Model._get_FIELD_display(row, field)  # type: ignore[attr-defined]
                    assert type(said) in (str, int, type(None))
                    looked_up += 1
    assert looked_up > 500
    assert not hasattr(vars(Ticket)["get_status_display"], "func"), "it is ours"


@pytest.mark.django_db
def test_a_filter_offers_what_the_city_is_divided_into_as_it_is_now(django_assert_num_queries: Any) -> None:
    """Remembered between two pages, and read again once a row of it was written or deleted."""

    def offered(name: str) -> list[str]:
        return [label for value, label in TicketFilter({}).form.fields[name].choices if value]

    for name, model in (("department", Department), ("region", Region), ("category", Category)):
        rows = model.objects.filter(parent__isnull=True) if model is Category else model.objects.all()
        assert offered(name) == [str(row) for row in rows]
    with django_assert_num_queries(0):
        assert all(offered(name) for name in ("department", "region", "category"))
    new = Department.objects.create(name="新设的科室", level=Department.Level.CITY, region=Region.objects.all()[0])
    assert new.name in offered("department")
    new.name = "改名的科室"
    new.save()
    assert "改名的科室" in offered("department")
    assert "新设的科室" not in offered("department")
    assert TicketFilter({"department": str(new.pk)}).form.is_valid()
    new.delete()
    assert "改名的科室" not in offered("department")
    assert not TicketFilter({"department": str(new.pk)}).form.is_valid()
