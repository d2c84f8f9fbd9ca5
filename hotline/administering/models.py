"""Changes of roles that one administrator asks for and another decides, and sessions in which administrators work."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hotline import roles
from hotline.accounts.models import Department, User
from hotline.accounts.permissions import Role

REASON = 200  # characters


@roles.kept(but=("decision", "decided_by_id", "decided_at", "note"))
class RoleRequest(models.Model):
    """What an account shall be, what it was when that was asked, and who decided; see `role_requests`."""

    class Decision(models.TextChoices):
        GRANTED = "granted", pgettext_lazy("change of role", "Granted")
        REFUSED = "refused", pgettext_lazy("change of role", "Refused")
        WITHDRAWN = "withdrawn", pgettext_lazy("change of role", "Withdrawn")
        LAPSED = "lapsed", pgettext_lazy("change of role", "Lapsed")

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="role_requests")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    reason = models.CharField(max_length=REASON)
    was_role = models.CharField(max_length=15, choices=Role)
    was_department = models.ForeignKey(Department, null=True, on_delete=models.PROTECT, related_name="+")
    was_active = models.BooleanField()
    role = models.CharField(max_length=15, choices=Role)
    department = models.ForeignKey(Department, null=True, on_delete=models.PROTECT, related_name="+")
    is_active = models.BooleanField()
    decision = models.CharField(max_length=10, choices=Decision, blank=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=REASON, blank=True)

    class Meta:
        verbose_name = _("change of a role")
        verbose_name_plural = _("changes of roles")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["person"], condition=models.Q(decided_at=None), name="one_open_role_request_a_person"
            )
        ]

    @property
    def what(self) -> str:
        """From what to what, in words."""
        parts = []
        if self.was_role != self.role:
            parts.append(f"{self.get_was_role_display()} → {self.get_role_display()}")
        if self.was_department_id != self.department_id:
            parts.append(f"{self.was_department or '—'} → {self.department or '—'}")
        if self.was_active != self.is_active:
            use, none = str(pgettext_lazy("account", "Enabled")), str(pgettext_lazy("account", "Disabled"))
            parts.append(f"{self.get_role_display()}: {use if self.is_active else none}")
        return _t("; ").join(parts)


@roles.kept(but=("ended_at", "ended_because"))
class WorkSession(models.Model):
    """For how long and what for an administrator changes things; see `working`."""

    class End(models.TextChoices):
        HAND = "hand", pgettext_lazy("working session", "Ended by hand")
        OUT = "out", pgettext_lazy("working session", "Signed out")
        TIME = "time", pgettext_lazy("working session", "Its time ran out")

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="work_sessions")
    reason = models.CharField(max_length=REASON)
    begun_at = models.DateTimeField(db_index=True)
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_because = models.CharField(max_length=10, choices=End, blank=True)

    class Meta:
        verbose_name = _("working session")
        verbose_name_plural = _("working sessions")

    @property
    def is_open(self) -> bool:
        return self.ended_at is None and self.ends_at > timezone.now()

    @property
    def last(self) -> datetime:
        """Until when it lasted, or lasts at most."""
        return self.ended_at or self.ends_at

    @property
    def how(self) -> str:
        """How it ended; nobody need write down that its time ran out."""
        return self.get_ended_because_display() if self.ended_at else str(self.End.TIME.label)
