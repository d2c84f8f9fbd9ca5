"""Somebody must be left who can set the city up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from hotline.accounts.models import User
from hotline.accounts.permissions import Permission, roles_with


@contextmanager
def one_remains() -> Iterator[None]:
    """Around a change of people, in a transaction. Raises ValidationError where it leaves no administrator in use.

    Two who take each other's account away at once wait for each other here, so that one of them is refused.
    """
    rows = User.objects.filter(role__in=roles_with(Permission.SET_UP), is_active=True).order_by("pk")
    before = list(rows.select_for_update(no_key=True).values_list("pk", flat=True))
    yield
    if before and not rows.exists():
        raise ValidationError(_("This is the last administrator in use. Make another one first."))
