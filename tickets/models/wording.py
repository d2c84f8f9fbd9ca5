"""Texts that a department keeps for its answers."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from hotline.accounts.models import Department, User

NAME_TAKEN = _("The department has a template of this name already.")


class AnswerTemplate(models.Model):
    """A text of a department that its answers begin with; fields in it, such as {number}, are filled in by a ticket.

    `tickets.wording` says which fields there are. `version` counts its changes.
    """

    department = models.ForeignKey(
        Department, verbose_name=_("department"), on_delete=models.PROTECT, related_name="answer_templates"
    )
    name = models.CharField(_("Name of the template"), max_length=40)
    text = models.TextField(_("Text of the template"))
    version = models.PositiveIntegerField(default=1)
    by: models.ForeignKey[Any, Any] = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("answer template")
        verbose_name_plural = _("answer templates")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["department", "name"], name="answer_template_of_department",
                violation_error_message=NAME_TAKEN,
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name
