"""Keyset pages for lists and API alike: next and previous, never a count of the whole table."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, Model, OrderBy, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination, _reverse_ordering
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

PAGE_SIZE = 25


class KeysetPagination(CursorPagination):
    """DRF's pages by cursor, with the order asked for in the address among those that have an index.

    A place in a list is the whole key of the row before it, as in `(risk, id) < (0, 4711)`, so that a page costs the
    same however deep it lies and however many rows share their first column. A page's rows are found by their keys
    and then read: what an index says of the rows that are passed over need not be read with them.
    """

    page_size = PAGE_SIZE
    ordering = ("-registered_at", "-id")
    cursor_query_param = "after"

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """The rows of the page that the address names. Raises NotFound where it names no place in this order."""
        self.base_url = request.build_absolute_uri()
        columns = [name.lstrip("-") for name in self.ordering]
        descending = self.ordering[0].startswith("-")
        place, backwards = self._place(request, [queryset.model._meta.get_field(name) for name in columns])
        order = _reverse_ordering(self.ordering) if backwards else self.ordering
        queryset = queryset.order_by(*order)
        if place:
            beyond = TupleLessThan if descending != backwards else TupleGreaterThan
            queryset = queryset.filter(beyond(Tuple(*map(F, columns)), place))
        keys = queryset.order_by(*map(_unlike_an_index, order)) if getattr(queryset, "gathers", False) else queryset
        rows = list(_read(keys[: self.page_size + 1]).order_by(*order))
        has_more, rows = len(rows) > self.page_size, rows[: self.page_size]
        self.page = rows[::-1] if backwards else rows
        self.has_next = bool(place) if backwards else has_more
        self.has_previous = has_more if backwards else bool(place)
        return self.page

    def get_next_link(self) -> str | None:
        return self._link(self.page[-1], backwards=False) if self.has_next and self.page else None

    def get_previous_link(self) -> str | None:
        return self._link(self.page[0], backwards=True) if self.has_previous and self.page else None

    def _link(self, row: Model, *, backwards: bool) -> str:
        return str(
            replace_query_param(str(self.base_url), self.cursor_query_param, cursor(row, self.ordering, backwards))
        )

    def _place(self, request: Request, columns: list[Any]) -> tuple[tuple[Any, ...], bool]:
        """The key that the address carries, and whether the page lies before it; an empty key where it begins."""
        encoded = request.query_params.get(self.cursor_query_param)
        if not encoded:
            return (), False
        try:
            backwards, *values = json.loads(urlsafe_b64decode(encoded.encode()))
            place = tuple(_value(column, value) for column, value in zip(columns, values, strict=True))
        except (ValueError, TypeError, OverflowError, RecursionError, ValidationError):
            raise NotFound(self.invalid_cursor_message) from None
        return place, backwards is True


def _unlike_an_index(column: str) -> OrderBy:
    """The same order, written so that no index has it: what it orders is gathered by another way and sorted."""
    name = column.lstrip("-")
    return OrderBy(Coalesce(name, name), descending=column.startswith("-"))


def _read(found: QuerySet[Any]) -> QuerySet[Any]:
    """The rows of `found` with all that it reads, in no order; in the same statement, so that nothing has changed."""
    assert not found.query.annotations, "what is computed for a row would have to be read again"
    rows = found.model._base_manager.filter(pk__in=found.values("pk"))
    rows.query.select_related = found.query.select_related
    rows.query.deferred_loading = found.query.deferred_loading
    return rows.prefetch_related(*found._prefetch_related_lookups)  # type: ignore[attr-defined]


def cursor(row: Model, ordering: Sequence[str], backwards: bool = False) -> str:
    """The place just after `row` in an order, or just before it, as an address carries it."""
    key = [row.serializable_value(name.lstrip("-")) for name in ordering]
    return urlsafe_b64encode(json.dumps([backwards, *key], default=datetime.isoformat).encode()).decode()


def _value(column: Any, written: Any) -> Any:
    """A part of a key as the column holds it. Raises ValueError or ValidationError where the column holds no such."""
    value = column.to_python(written)
    column.run_validators(value)
    if value is None or (isinstance(value, datetime) and timezone.is_naive(value)):
        raise ValueError(written)
    return value.astimezone(UTC) if isinstance(value, datetime) else value


class Page:
    """One page of a list: its rows, and the addresses of the pages beside it."""

    def __init__(self, rows: list[Any], next_url: str | None, previous_url: str | None) -> None:
        self.rows = rows
        self.next_url = next_url
        self.previous_url = previous_url

    def __iter__(self) -> Any:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def paginate(
    request: HttpRequest, queryset: QuerySet[Any, Any], orders: Mapping[str, tuple[str, ...]], default: str
) -> tuple[Page, str]:
    """The page of `queryset` that the address asks for, and the name of the order it is in.

    `orders` maps names, as `?sort=` carries them, to columns; rows where the first column is empty are left out
    of an order by it, since a keyset cannot step over them.
    """
    name = request.GET.get("sort", default)
    columns = orders.get(name) or orders[default]
    name = name if name in orders else default
    column = columns[0].lstrip("-")
    if queryset.model._meta.get_field(column).null:
        queryset = queryset.filter(**{f"{column}__isnull": False})
    pagination = KeysetPagination()
    pagination.ordering = columns  # type: ignore[assignment]
    try:
        rows: list[Model] = pagination.paginate_queryset(queryset.order_by(*columns), Request(request)) or []
    except NotFound:
        # An address kept from long ago or cut in copying: begin at the start rather than refuse.
        kept = request.GET.copy()
        kept.pop("after", None)
        request.GET = kept  # type: ignore[assignment]
        rows = pagination.paginate_queryset(queryset.order_by(*columns), Request(request)) or []
    return Page(rows, pagination.get_next_link(), pagination.get_previous_link()), name
