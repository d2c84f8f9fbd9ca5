"""How many changes of roles wait for an administrator's word, for the number beside their door."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.administering.models import RoleRequest
from hotline.numbers import counted, number


@number("set-up", "role-requests", _("changes of roles that wait for your word"), P.SET_UP)
def role_requests(user: User) -> int:
    waiting = RoleRequest.objects.filter(decided_at=None)
    return counted(waiting.exclude(asked_by=user).exclude(person=user))
