"""What a city may set about its working time. Without any row the national defaults hold."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _


class OfficeHours(models.Model):
    """One span of every working day, such as the morning. The spans of a day do not overlap."""

    opens = models.TimeField(_("opens"))
    closes = models.TimeField(_("closes"))

    class Meta:
        verbose_name = _("office hours")
        verbose_name_plural = _("office hours")
        ordering = ("opens",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(opens__lt=models.F("closes")),
                name="office_opens_before_it_closes",
                violation_error_message=_("An office opens before it closes."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}–{self.closes:%H:%M}"

    def clean(self) -> None:
        if self.opens is None or self.closes is None:  # refused for itself
            return
        others = OfficeHours.objects.exclude(pk=self.pk).filter(opens__lt=self.closes, closes__gt=self.opens)
        if others.exists():
            raise ValidationError(_("These hours overlap with %(hours)s.") % {"hours": others[0]})


class SpecialDay(models.Model):
    """A day on which this city departs from the national arrangement."""

    day = models.DateField(_("day"), unique=True)
    is_working = models.BooleanField(_("working day"))
    reason = models.CharField(_("reason"), max_length=100)

    class Meta:
        verbose_name = _("special day")
        verbose_name_plural = _("special days")
        ordering = ("-day",)

    def __str__(self) -> str:
        return f"{self.day} {self.reason}"


class Arrangement(models.Model):
    """A year whose arrangement of holidays and worked weekends (放假安排) is known, and since when deadlines go by it.

    Loaded by the city as special days, or known by the package that the calendar rests on. One `is_by_weekdays` is not
    known yet: it says that open deadlines were counted there when the holidays of the law were not taken off yet.
    """

    year = models.PositiveSmallIntegerField(_("year"), unique=True)
    is_loaded = models.BooleanField(_("loaded by the city"), default=False)
    since = models.DateTimeField(_("in force since"))
    is_by_weekdays = models.BooleanField(default=False, editable=False)
    moved = models.PositiveIntegerField(_("open deadlines moved"), default=0)

    class Meta:
        verbose_name = _("yearly arrangement")
        verbose_name_plural = _("yearly arrangements")
        ordering = ("year",)

    def __str__(self) -> str:
        return str(self.year)
