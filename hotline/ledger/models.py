"""The audit log (审计日志): entries of who did what, and the blocks that seal them and every other kept row."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import pgettext_lazy

from hotline import roles
from hotline.accounts.permissions import Role
from hotline.ledger.deeds import Deed, Of


@roles.kept()
class Entry(models.Model):
    """Who did what, when, from where. Names are as they were then and point at no other row, so that they stay true.

    The key grows with time (see `hotline.ledger.writing`). `mark` is the keyed digest of all the rest.
    """

    id = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField(pgettext_lazy("audit log", "When"))
    deed = models.CharField(pgettext_lazy("audit log", "What was done"), max_length=12, choices=Deed)
    person = models.BigIntegerField(null=True)  # the number of an account; none where nobody is signed in
    who = models.CharField(pgettext_lazy("audit log", "Who"), max_length=200, blank=True)
    role = models.CharField(pgettext_lazy("audit log", "Role"), max_length=15, choices=Role, blank=True)
    department = models.CharField(pgettext_lazy("audit log", "Department"), max_length=80, blank=True)
    address = models.CharField(pgettext_lazy("audit log", "From address"), max_length=45, blank=True)
    of = models.CharField(pgettext_lazy("audit log", "Of what"), max_length=12, choices=Of, blank=True)
    key = models.CharField(pgettext_lazy("audit log", "Row"), max_length=80, blank=True)  # of the row that it is about
    number = models.CharField(pgettext_lazy("audit log", "Ticket"), max_length=20, blank=True)
    page = models.CharField(pgettext_lazy("audit log", "Page"), max_length=60, blank=True)  # the name of the address
    words = models.CharField(pgettext_lazy("audit log", "Words searched for"), max_length=200, blank=True)
    why = models.CharField(pgettext_lazy("audit log", "Reason"), max_length=200, blank=True)
    told = models.CharField(pgettext_lazy("audit log", "Details"), max_length=300, blank=True)
    key_name = models.CharField(max_length=8)
    mark = models.BinaryField()

    class Meta:
        verbose_name = pgettext_lazy("audit log", "entry of the audit log")
        verbose_name_plural = pgettext_lazy("audit log", "entries of the audit log")
        ordering = ("-id",)
        indexes: ClassVar = [
            models.Index("person", models.F("id").desc(), name="ledger_of_person"),
            models.Index("of", "key", models.F("id").desc(), name="ledger_of_row"),
            models.Index(
                "number", models.F("id").desc(), condition=~models.Q(number=""), name="ledger_of_ticket"
            ),
            models.Index("deed", models.F("id").desc(), name="ledger_of_deed"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.id} {self.who} {self.deed} {self.of} {self.key or self.number}"


@roles.kept()
class Block(models.Model):
    """A seal over rows of one kept table: their keys, the keyed digest of each, and the seal of the block before."""

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    source = models.CharField(max_length=63)  # the table
    columns = ArrayField(models.CharField(max_length=63))
    rows = ArrayField(models.BigIntegerField())  # their keys, ascending
    digests = models.BinaryField()  # of each row in turn, WIDTH bytes each
    last = models.BigIntegerField()  # the highest key
    key_name = models.CharField(max_length=8)
    seal = models.BinaryField()

    class Meta:
        ordering = ("number",)
        indexes: ClassVar = [models.Index("source", "last", name="ledger_block_of_source")]

    def __str__(self) -> str:
        return f"{self.number} {self.source} {len(self.rows)}"
