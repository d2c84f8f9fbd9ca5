"""How the cells of a report stand on a page."""

from __future__ import annotations

from django import template

from reports.content import cells

register = template.Library()
register.filter("cell", cells.text)
register.filter("is_number", cells.is_number)
