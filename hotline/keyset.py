"""Keyset pages for lists and API alike: next and previous, never a count of the whole table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

PAGE_SIZE = 25


class KeysetPagination(CursorPagination):
    """DRF's cursor pages, with the order asked for in the address among those that have an index."""

    page_size = PAGE_SIZE
    ordering = ("-registered_at", "-id")
    cursor_query_param = "after"

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        self.model = queryset.model
        return super().paginate_queryset(queryset, request, view)

    def decode_cursor(self, request: Request) -> Any:
        """The place in the list that an address names. Raises NotFound where it is no place in this order."""
        cursor: Any = super().decode_cursor(request)
        if cursor is None or cursor.position is None:
            return cursor
        try:
            return cursor._replace(position=self._comparable(cursor.position))
        except (ValidationError, ValueError, OverflowError):
            raise NotFound(self.invalid_cursor_message) from None

    def _comparable(self, position: str) -> str:
        """`position` as the column that the list is in order of can be compared with it. Raises where it cannot."""
        value = self.model._meta.get_field(self.ordering[0].lstrip("-")).to_python(position)
        if not isinstance(value, datetime):
            return str(value)
        if timezone.is_naive(value):
            raise ValueError("an instant without a zone")
        return str(value.astimezone(UTC))


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
