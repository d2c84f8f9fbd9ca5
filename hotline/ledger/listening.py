"""What is written down where it is decided and not by an address: signing in and out, and what an account may do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import post_save, pre_save
from django.dispatch import receiver
from django.utils import timezone

from hotline import health
from hotline.accounts.models import User
from hotline.ledger import keys
from hotline.ledger.deeds import Deed, Of
from hotline.ledger.models import Block, Entry
from hotline.ledger.writing import acting, check_key, record

TOLD = ("role", "department_id", "is_active", "is_lead")  # by which it is decided what an account may do
LATE = timedelta(minutes=2)  # after which it is told that nothing is sealed


@receiver(user_logged_in)
def signed_in(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    if request.resolver_match is not None:  # of a browser, and no script that makes a session
        record(Deed.SIGNED_IN, user=user, request=request, of=Of.ACCOUNT, key=user.pk)


@receiver(user_logged_out)
def signed_out(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    if isinstance(user, User):
        record(Deed.SIGNED_OUT, user=user, request=request, of=Of.ACCOUNT, key=user.pk)


@receiver(user_login_failed)
def failed(sender: Any, credentials: dict[str, Any], request: Any = None, **kwargs: Any) -> None:
    """A wrong password. One that is given while the account is locked costs nothing, and is not written down."""
    if request is None or getattr(request, "axes_locked_out", False):
        return
    typed = str(credentials.get("username") or "")
    known = User.objects.filter(username=typed).first()  # what was typed may be a password in the wrong field
    record(
        Deed.REFUSED, user=known or "", request=request, of=Of.ACCOUNT, key=known.pk if known else "",
        page="sign-in", told="" if known else f"{len(typed)} characters, no account",
    )  # fmt: skip


@receiver(pre_save, sender=User)
def before_an_account_changes(sender: Any, instance: User, update_fields: Any = None, **kwargs: Any) -> None:
    asked = TOLD if update_fields is None else [name for name in TOLD if name.removesuffix("_id") in update_fields]
    was = User.objects.filter(pk=instance.pk).values(*TOLD).first() if instance.pk and asked else None
    instance.ledger_was = was  # type: ignore[attr-defined]


@receiver(post_save, sender=User)
def an_account_has_changed(sender: Any, instance: User, created: bool, **kwargs: Any) -> None:
    """What an account may do is written down with who changed it, whatever page or command did."""
    was = getattr(instance, "ledger_was", None) or {}
    changed = [name for name in TOLD if created or (was and was[name] != getattr(instance, name))]
    if not changed or kwargs.get("raw") or acting.get() is None:
        return
    told = " ".join(f"{name}: {was.get(name, '')} → {getattr(instance, name)}" for name in changed)
    by = getattr(acting.get(), "user", None)
    by = by if isinstance(by, User) else getattr(acting.get(), "speaks_for", "")  # what changes it where nobody is in
    record(Deed.CHANGED, user=by, of=Of.ACCOUNT, key=instance.pk, told=f"{instance.username} {told}")


@health.notice
def the_log_is_sealed() -> str:
    """For the health page: a key that does not fit, or a log that nobody seals."""
    try:
        check_key()
    except keys.LedgerClosed as closed:
        return str(closed)
    last = Block.objects.order_by("-number").values_list("at", flat=True).first()
    entry = Entry.objects.order_by("-id").values_list("at", flat=True).first()
    if entry and timezone.now() - LATE > entry and (last is None or last < entry):
        return "the audit log is not being sealed"
    return ""
