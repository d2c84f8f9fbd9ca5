"""People, departments and regions as administrators set them up, and what happened to accounts."""

from __future__ import annotations

from copy import copy
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from hotline.accounts import administrators, journal
from hotline.accounts.access import person
from hotline.accounts.forms import OneTimePasswordForm
from hotline.accounts.models import AccountEvent, Department, Region, User
from hotline.accounts.permissions import GUARDED, Role
from hotline.set_up import SetUpAdmin


@admin.register(User)
class PersonAdmin(SetUpAdmin, UserAdmin):
    """People. A password given here is good for one sign-in, and its owner is told who gave it."""

    list_display = ("username", "full_name", "role", "department", "is_active")
    list_filter = ("role", "is_active")
    search_fields = ("username", "full_name", "phone")
    ordering = ("username",)
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password", "is_active")}),
        (_("Person"), {"fields": ("full_name", "role", "department", "is_lead", "phone", "extension", "email")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")
    add_fieldsets = (
        (None, {"fields": ("username", "password1", "password2", "full_name", "role", "department", "is_lead")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """A role is changed by two administrators (`hotline.administering.role_requests`), on the page of people."""
        fixed: tuple[str, ...] = ("role",) if obj else ()
        if obj and (obj == request.user or obj.role in GUARDED):
            fixed = ("role", "department", "is_active")
        return (*super().get_readonly_fields(request, obj), *fixed)

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Administrators and auditors are made by two, on the page of people, and not offered here."""
        if db_field.name == "role":
            kwargs["choices"] = [("", "---------"), *(one for one in Role.choices if one[0] not in GUARDED)]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.give_one_time_password(by=person(request))
        with administrators.one_remains():
            super().save_model(request, obj, form, change)
        if not change:
            journal.record(AccountEvent.Kind.PASSWORD_RESET, obj, by=person(request))

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except ValidationError as refused:  # the last administrator
            self.message_user(request, " ".join(refused.messages), messages.ERROR)
            return redirect(request.path)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """People are disabled: what they did stays in their name."""
        return False

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        pages = copy(self)  # Django asks the page's class for the form, which cannot know who is giving the password
        pages.change_password_form = partial(OneTimePasswordForm, by=person(request))
        return UserAdmin.user_change_password(pages, request, id, form_url)


@admin.register(Department)
class DepartmentAdmin(SetUpAdmin):
    list_display = ("name", "level", "parent", "region", "phone", "is_open")
    list_filter = ("level", "is_open")
    search_fields = ("name",)


@admin.register(Region)
class RegionAdmin(SetUpAdmin):
    list_display = ("name", "level", "parent", "code")
    list_filter = ("level",)
    search_fields = ("name", "code")


@admin.register(AccountEvent)
class AccountEventAdmin(SetUpAdmin):
    """Who gave whom a password, issued and revoked tokens: to be read only."""

    list_display = ("at", "kind", "person", "by", "detail", "address")
    list_filter = ("kind",)
    list_select_related = ("person", "by")
    search_fields = ("person__username", "person__full_name")
    date_hierarchy = "at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AccountEvent | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AccountEvent | None = None) -> bool:
        return False
