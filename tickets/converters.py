"""What a ticket's number looks like in an address: letters and digits, so that nothing else reaches the database."""

from __future__ import annotations

from django.urls import register_converter


class TicketNumber:
    regex = "[A-Za-z0-9]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(TicketNumber, "ticket")
