"""How lists are narrowed; pages and API use the same filter."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from hotline import instants
from hotline.accounts.models import Department, Region
from hotline.fields import DayField
from tickets import search
from tickets.choices import Channel, Kind, Status, Urgency
from tickets.models import Category, Ticket

DAY = forms.DateInput(attrs={"type": "date"})


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


class TicketFilter(django_filters.FilterSet):
    q = WordsFilter(label=_("Search"), method="search")
    status = django_filters.ChoiceFilter(label=_("Status"), choices=Status.choices)
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=Kind.choices)
    channel = django_filters.ChoiceFilter(label=_("Channel"), choices=Channel.choices)
    urgency = django_filters.ChoiceFilter(label=_("Urgency"), choices=Urgency.choices)
    department = django_filters.ModelChoiceFilter(
        label=_("Department"), queryset=Department.objects.all(), method="within_department"
    )
    region = django_filters.ModelChoiceFilter(
        label=_("Region"), queryset=Region.objects.all(), method="within_region"
    )  # fmt: skip
    category = django_filters.ModelChoiceFilter(
        label=_("Category"), queryset=Category.objects.filter(parent__isnull=True), method="within_category"
    )
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
