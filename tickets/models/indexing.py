"""How far the search vectors of old tickets have been brought up to how text is cut now."""

from __future__ import annotations

from django.db import models


class SearchIndex(models.Model):
    """One row: by which way (tickets.search.CUT) all tickets are cut, and up to which key by the present way."""

    ONLY = 1  # its key

    cut = models.PositiveSmallIntegerField(default=1)
    done_to = models.BigIntegerField(default=0)
