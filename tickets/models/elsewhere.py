"""What belongs to others than this city's departments, and what a caller is told of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from tickets.choices import RefusalGround


class Elsewhere(models.Model):
    """One line of the table by which calls are not accepted (不予受理).

    A line speaks where one of its cues stands in a sentence of the call and none of its `unless`. Cues are parted by
    blanks; one of several words with + between them asks for all of them, in any order. `number` is the one to give.
    """

    name = models.CharField(_("what it is"), max_length=40, unique=True)
    ground = models.CharField(_("ground of refusal"), max_length=20, choices=RefusalGround)
    number = models.CharField(_("number to give"), max_length=20, blank=True)
    is_emergency = models.BooleanField(_("emergency: shown first and loud"), default=False)
    cues = models.TextField(_("words by which it is known"), help_text=_("Parted by blanks; 信访+答复 asks for both."))
    unless = models.TextField(_("not where one of these words stands"), blank=True)
    words = models.TextField(_("what the caller is told"), max_length=600)
    is_used = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("matter of others")
        verbose_name_plural = _("matters of others")
        ordering: ClassVar = ["-is_emergency", "pk"]

    def __str__(self) -> str:
        return self.name
