"""How lists are narrowed; pages and API use the same filter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.db.models.signals import post_delete, post_save
from django.utils.translation import gettext_lazy as _

from hotline import instants
from hotline.accounts.models import Department, Region
from hotline.fields import DayField
from hotline.remembered import Remembered
from tickets import search
from tickets.choices import Channel, Kind, Status, Urgency
from tickets.models import Category, Ticket

DAY = forms.DateInput(attrs={"type": "date"})
DEPARTMENTS, REGIONS, CATEGORIES = (
    Department.objects.all(), Region.objects.all(), Category.objects.filter(parent__isnull=True)
)  # fmt: skip


class DayFilter(django_filters.DateFilter):
    field_class = DayField


class WordsField(forms.CharField):
    """Words to search for; refused where nothing in them can be searched for."""

    def clean(self, value: Any) -> str:
        words: str = super().clean(value)
        if words and search.ask(words).query is None:
            raise ValidationError(_("Nothing in this can be searched for: write words, a name or a number."))
        return words


class WordsFilter(django_filters.CharFilter):
    field_class = WordsField


# What the city is divided into, as everybody who filters is shown it: rarely changed, and drawn on every list.
SECONDS = 30


def _names_of(rows: QuerySet[Any]) -> Remembered[list[tuple[int, str]]]:
    return Remembered(lambda: [(row.pk, str(row)) for row in rows.all()], seconds=SECONDS)


departments, regions, categories = map(_names_of, (DEPARTMENTS, REGIONS, CATEGORIES))


def forget(**kwargs: object) -> None:
    for names in (departments, regions, categories):
        names.forget()


for _model in (Department, Region, Category):
    post_save.connect(forget, sender=_model)
    post_delete.connect(forget, sender=_model)


class _Names(django_filters.fields.ModelChoiceIterator):
    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        yield "", self.field.empty_label
        yield from self.field.names()


class NamesField(django_filters.fields.ModelChoiceField):
    """A row of a table, chosen among `names` that are remembered; what was chosen is looked for in the table."""

    iterator = _Names

    def __init__(self, *args: Any, names: Callable[[], list[tuple[int, str]]], **kwargs: Any) -> None:
        self.names = names
        super().__init__(*args, **kwargs)


class NamesFilter(django_filters.ModelChoiceFilter):
    field_class = NamesField


class TicketFilter(django_filters.FilterSet):
    q = WordsFilter(label=_("Search"), method="search")
    status = django_filters.ChoiceFilter(label=_("Status"), choices=Status.choices)
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=Kind.choices)
    channel = django_filters.ChoiceFilter(label=_("Channel"), choices=Channel.choices)
    urgency = django_filters.ChoiceFilter(label=_("Urgency"), choices=Urgency.choices)
    department = NamesFilter(
        label=_("Department"), queryset=DEPARTMENTS, names=departments, method="within_department"
    )  # fmt: skip
    region = NamesFilter(label=_("Region"), queryset=REGIONS, names=regions, method="within_region")
    category = NamesFilter(label=_("Category"), queryset=CATEGORIES, names=categories, method="within_category")
    recorded_from = DayFilter(label=_("Recorded from"), method="since", widget=DAY)
    recorded_to = DayFilter(label=_("Recorded to"), method="until", widget=DAY)

    class Meta:
        model = Ticket
        fields: tuple[str, ...] = ()

    def filter_queryset(self, queryset: Any) -> QuerySet[Ticket]:
        """What cannot be looked for finds nothing: the whole list must not look like what was found."""
        if self.errors:
            return queryset.none()
        given = self.form.cleaned_data
        for name in sorted(given, key=lambda name: name == "q"):  # words last: how rare they are with all the rest
            queryset = self.filters[name].filter(queryset, given[name])
        return queryset

    def search(self, queryset: Any, name: str, value: str) -> QuerySet[Ticket]:
        return queryset.matching(value, self.request.user)

    def within_department(self, queryset: Any, name: str, value: Department) -> QuerySet[Ticket]:
        return queryset.filter(department__in=value.subtree())

    def within_region(self, queryset: Any, name: str, value: Region) -> QuerySet[Ticket]:
        return queryset.filter(region__in=value.subtree())

    def within_category(self, queryset: Any, name: str, value: Category) -> QuerySet[Ticket]:
        return queryset.filter(category__in=value.subtree())

    # Days as the instants they begin at: a column that is cast to a day has no index.

    def since(self, queryset: Any, name: str, value: date) -> QuerySet[Ticket]:
        return queryset.filter(registered_at__gte=instants.midnight(value))

    def until(self, queryset: Any, name: str, value: date) -> QuerySet[Ticket]:
        return queryset.filter(registered_at__lt=instants.midnight(value + timedelta(days=1)))

    @property
    def left_out(self) -> str:
        """What of the words that were typed was not searched for."""
        return search.ask(self.form.cleaned_data.get("q") or "").left_out if self.is_valid() else ""

    @property
    def is_narrowed(self) -> bool:
        """Whether anything beside the search box narrows the list."""
        return any(self.data.get(name) for name in self.filters)
