"""The city's own place book (地名库): what people say a place is called, and in which street it lies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hotline.accounts.models import Region, User


class Place(models.Model):
    """A place that callers name, and the region it lies in. One name may stand for places in several streets."""

    class Kind(models.TextChoices):
        ESTATE = "estate", _("Housing estate")
        ROAD = "road", _("Road")
        MARKET = "market", _("Market")
        SCHOOL = "school", _("School")
        VILLAGE = "village", _("Village")
        SHOPPING = "shopping", _("Shopping area")
        UNIT = "unit", _("Public place or organization")
        OTHER = "other", pgettext_lazy("kind of place", "Other place")

    class Source(models.TextChoices):
        TYPED = "typed", _("Typed in")
        IMPORTED = "imported", _("Read in from a sheet")
        LEARNED = "learned", _("Learned from calls")

    name = models.CharField(_("place name"), max_length=60)
    kind = models.CharField(_("kind of place"), max_length=10, choices=Kind)
    region = models.ForeignKey(Region, verbose_name=_("region"), on_delete=models.PROTECT, related_name="places")
    community = models.CharField(_("community"), max_length=40, blank=True)
    aliases = ArrayField(
        models.CharField(max_length=60), verbose_name=_("other and old names"), default=list, blank=True
    )
    source = models.CharField(
        pgettext_lazy("of a place", "source"), max_length=10, choices=Source, default=Source.TYPED
    )
    # How sure it is that the name means this region, in percent.
    confidence = models.PositiveSmallIntegerField(_("confidence"), default=100, validators=[MaxValueValidator(100)])
    note = models.CharField(_("remark on the place"), max_length=200, blank=True)
    added_by = models.ForeignKey(
        User, verbose_name=_("added by"), null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    added_at = models.DateTimeField(_("added at"), auto_now_add=True)
    changed_by = models.ForeignKey(
        User, verbose_name=_("changed by"), null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    changed_at = models.DateTimeField(_("changed at"), auto_now=True, db_index=True)
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True, editable=False)
    merged_into: models.ForeignKey[Any, Any] = models.ForeignKey(
        "self", verbose_name=_("merged into"), null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )

    class Meta:
        verbose_name = pgettext_lazy("of the place book", "place")
        verbose_name_plural = _("place book")
        ordering = ("name", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["name", "region"], condition=models.Q(retired_at__isnull=True), name="place_name_in_region",
                violation_error_message=_("This region has a place of this name already."),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("place", args=[self.pk])

    def answer_to(self, names: Iterable[str], *, by: User | None) -> None:
        """Has it be found by these names too from now on."""
        self.aliases = [name for name in dict.fromkeys([*self.aliases, *names]) if name != self.name]
        self.changed_by = by
        self.save(update_fields=["aliases", "changed_by", "changed_at"])


class PlaceProposal(models.Model):
    """A name that calls were placed by and the book does not know: a place of its own, or another name of `place`.

    It waits for who keeps the book. `place` is also the place that was made of it.
    """

    class State(models.TextChoices):
        OPEN = "open", _("To be decided")
        LEARNED = "learned", _("Taken in by itself")
        RELEASED = "released", pgettext_lazy("of a place", "Taken in")
        REFUSED = "refused", pgettext_lazy("of a place", "Not taken in")

    name = models.CharField(_("place name"), max_length=60)
    kind = models.CharField(_("kind of place"), max_length=10, choices=Place.Kind, default=Place.Kind.OTHER)
    region = models.ForeignKey(Region, verbose_name=_("region"), on_delete=models.PROTECT, related_name="+")
    place = models.ForeignKey(
        Place, verbose_name=_("other name of"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    is_alias = models.BooleanField(default=False)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    last_at = models.DateTimeField(_("last said at"))
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["name", "region"], name="one_proposal_of_a_name_in_a_region")
        ]
        indexes: ClassVar = [models.Index(fields=["state", "-last_at"], name="place_proposal_waiting")]

    def __str__(self) -> str:
        return self.name


class PlaceSaying(models.Model):
    """One ticket by which somebody placed a name: it counts once, and the same person once."""

    proposal = models.ForeignKey(PlaceProposal, on_delete=models.CASCADE, related_name="sayings")
    ticket = models.ForeignKey("tickets.Ticket", on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["proposal", "ticket"], name="one_saying_of_a_ticket")]


class PlaceSheet(models.Model):
    """A sheet of places that was read and is looked at before it is taken into the book."""

    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    name = models.CharField(max_length=200)  # of the file, without its ending
    rows = models.JSONField(default=list)  # as `dispatch.places.sheet.Entry`, as lists
    heading = models.JSONField(default=list)
    rejected = models.JSONField(default=list)  # row number, cells, reason
    taken_at = models.DateTimeField(null=True)

    def get_absolute_url(self) -> str:
        return reverse("place-sheet", args=[self.pk])
