"""The city's own place book (地名库): what people say a place is called, and in which street it lies."""

from __future__ import annotations

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
