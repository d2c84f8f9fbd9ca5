"""Django's set-up pages, held to decision 0004: whoever sets up learns of no ticket and acts as nobody else.

Every table's pages inherit `SetUpAdmin`; the site takes no others, so that none can forget.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.text import capfirst
from django.utils.translation import gettext as _t

from hotline import roles

COUNTED = 1000  # rows; more are told as "1000 or more", since counting a million is no help to anybody


class SetUpAdmin(admin.ModelAdmin):
    # What Django's pages take from an address or a form without looking at it is looked at here, so that it finds
    # nothing instead of breaking.

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        try:
            return super().to_field_allowed(request, to_field)
        except AttributeError:  # the name of what points here from another table
            return False

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        return super().get_object(request, object_id, from_field or None)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        for chosen in request.POST.getlist(ACTION_CHECKBOX_NAME):
            try:
                self.opts.pk.to_python(chosen)
            except ValidationError as error:
                raise BadRequest("a row is chosen by its key") from error
        return super().changelist_view(request, extra_context)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What goes with these rows and what forbids it, told by kind and number.

        Django would name each row that hangs on them, and what hangs on a department are tickets.
        """
        named = [f"{capfirst(self.opts.verbose_name)}: {one}" for one in objs]
        goes, forbids = _hanging_on(self.model._default_manager.filter(pk__in=[one.pk for one in objs]))
        counts = {self.opts.verbose_name_plural: len(named)} | dict(goes)
        return named, counts, set(), [_counted(kind, number) for kind, number in forbids]


def _hanging_on(rows: models.QuerySet[Any]) -> tuple[list[tuple[Any, int]], list[tuple[Any, int]]]:
    """What is deleted with `rows`, and what forbids deleting them: kinds with numbers."""
    goes: list[tuple[Any, int]] = []
    forbids: list[tuple[Any, int]] = []
    for relation in _relations(rows.model):
        hanging = relation.related_model._base_manager.filter(**{f"{relation.field.name}__in": rows})
        number = hanging[:COUNTED].count()
        if not number:
            continue
        kind = relation.related_model._meta.verbose_name_plural
        is_kept = relation.related_model._meta.db_table in roles.KEPT
        if is_kept or relation.on_delete in (models.PROTECT, models.RESTRICT):
            forbids.append((kind, number))
        elif relation.on_delete is models.CASCADE:
            goes.append((kind, number))
            deeper = _hanging_on(hanging)
            goes += deeper[0]
            forbids += deeper[1]
    return goes, forbids


def _relations(model: type[models.Model]) -> Iterator[Any]:
    """Foreign keys of other tables that point here."""
    for field in model._meta.get_fields(include_hidden=True):
        if isinstance(field, models.ManyToOneRel) and not field.related_model._meta.auto_created:
            yield field


def _counted(kind: Any, number: int) -> str:
    if number >= COUNTED:
        return _t("%(kind)s: %(number)d or more") % {"kind": capfirst(kind), "number": number}
    return f"{capfirst(kind)}: {number}"


class SetUpSite(admin.AdminSite):
    """One door: signing in, out, and changing the password happen on the hotline's own pages."""

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Takes pages that keep decision 0004. Those that other apps bring along (tokens, groups) stay out."""
        if admin_class and issubclass(admin_class, SetUpAdmin):
            super().register(model_or_iterable, admin_class, **options)

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if request.user.is_authenticated:  # of another role: signing in again would lead here once more
            return redirect("home")
        return redirect_to_login(request.GET.get("next", "/admin/"), "sign-in")

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("sign-out", preserve_request=True)  # the form is sent on, so that it does sign out

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("password")
