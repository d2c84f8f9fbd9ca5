"""The people of the city: found, added, changed, disabled, enabled, given one-time passwords."""

from __future__ import annotations

import csv
import io
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import IntegrityError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from hotline.accounts import administrators, one_time
from hotline.accounts.access import person, requires
from hotline.accounts.models import Department, User
from hotline.accounts.permissions import GUARDED, Role
from hotline.accounts.permissions import Permission as P
from hotline.accounts.safety import second_factor
from hotline.addresses import client_address
from hotline.administering import role_requests
from hotline.administering.models import REASON
from hotline.downloads import download
from hotline.formulas import harmless
from hotline.ledger.writing import note
from hotline.receipts import services as receipts
from hotline.setting_up.changing import SEEN, Invalid, Outdated, RowForm, check_mark, log, mark, save
from hotline.setting_up.finding import found, words_of
from hotline.setting_up.tables import AnyDepartmentField
from hotline.text import one_line
from hotline.unified.models import Identity

PAGE_SIZE = 50
OWN = ("role", "department")  # what a colleague changes, not oneself
STATES = {
    "used": _("In use"), "unused": pgettext_lazy("account", "Disabled"), "without": _("Without a password"),
    "waiting": _("One-time password not used yet"), "demo": _("demo account"),
}  # fmt: skip
FILTERS: dict[str, Q] = {
    "used": Q(is_active=True), "unused": Q(is_active=False),
    "without": Q(is_active=True, password__startswith=UNUSABLE_PASSWORD_PREFIX),
    "waiting": Q(is_active=True, reset_at__isnull=False, last_login__isnull=True),
    "demo": Q(is_active=True, is_demo=True),
}  # fmt: skip
ASKED = _("Another administrator decides on it; until then the account stays as it is.")
GIVEN_AT_ONCE = ("without", "waiting")  # states in which all can be given passwords


class PersonForm(RowForm):
    also = ("is_staff", "is_superuser")
    department = AnyDepartmentField(pgettext_lazy("of a person", "department"))

    class Meta:
        model = User
        fields = ("username", "full_name", "role", "department", "is_lead", "phone", "extension")

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by, self.is_own = by, self.instance.pk == by.pk
        self.wish: role_requests.Wish | None = None  # what another administrator decides on
        self.fields["reason"] = forms.CharField(
            label=_("Reason of a change of role"), required=False, max_length=REASON,
            help_text=_("Where the role changes, or it is an administrator or auditor: another administrator decides."),
        )  # fmt: skip
        self.was = {name: getattr(self.instance, name) for name in OWN}
        self.fields["full_name"].required = True
        if self.is_own:
            for name in OWN:
                self.fields[name].help_text = _("Your own is changed by another administrator.")

    def clean_username(self) -> str:
        name = one_line(self.cleaned_data["username"])
        if User.objects.filter(username__iexact=name).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("Somebody has this user name already."))
        return name

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        for name in OWN if self.is_own else ():
            if name in given and given[name] != self.was[name]:
                self.add_error(name, _("Your own is changed by another administrator."))
        if "role" in given and not self.is_own:
            self._leave_to_another(given)
        return given

    def _leave_to_another(self, given: dict[str, Any]) -> None:
        """Where two decide on the role, it stays as it is, with the department that goes with it."""
        is_new, role, department = self.instance.pk is None, given["role"], given.get("department")
        was = "" if is_new else str(self.was["role"])
        if not role_requests.needs_a_second(was, role, opens_or_closes=False):
            return
        if role == Role.STAFF and department is None:
            self.add_error("department", _("Department staff need a department."))
        if not given.get("reason"):
            self.add_error("reason", _("Say why: another administrator decides on it."))
        try:
            role_requests.check_that_somebody_decides(self.by, None if is_new else self.instance)
        except ValidationError as refused:
            self.add_error("role", refused)
        self.wish = role_requests.Wish(role, department, is_active=is_new or self.instance.is_active)
        if is_new:
            self.instance.is_active = False
        else:
            given |= self.was

    @property
    def changed_data(self) -> list[str]:
        left = ("reason", *(OWN if self.wish and self.instance.pk else ()))
        return [name for name in super().changed_data if name not in left]

    def ask(self, one: User) -> None:
        """Asks for what another administrator decides on; to be called with the row that was saved."""
        if self.wish:
            role_requests.ask(one, self.wish, by=self.by, reason=self.cleaned_data["reason"])


class PeopleFilter(forms.Form):
    q = forms.CharField(label=_("Name, user name, telephone, pinyin"), required=False, max_length=40)
    role = forms.ChoiceField(label=_("role"), required=False, choices=[("", _("All")), *Role.choices])
    department = AnyDepartmentField(pgettext_lazy("of a person", "department"))
    state = forms.ChoiceField(label=_("Account"), required=False, choices=[("", _("All")), *STATES.items()])

    def rows(self) -> QuerySet[User]:
        """The people who are asked for; a field that says nothing readable asks for nothing."""
        self.is_valid()
        given = getattr(self, "cleaned_data", {})
        rows = User.objects.select_related("department").order_by("username")
        if given.get("role"):
            rows = rows.filter(role=given["role"])
        if given.get("department"):
            rows = rows.filter(department__path__startswith=given["department"].path)
        if given.get("state"):
            rows = rows.filter(FILTERS[given["state"]])
        return found(rows, words_of(given.get("q", "")), ("username", "full_name", "phone", "extension"), "full_name")


@requires(P.SET_UP)
@require_GET
def people(request: HttpRequest) -> HttpResponse:
    form = PeopleFilter(request.GET)
    page = Paginator(form.rows(), PAGE_SIZE).get_page(request.GET.get("page"))
    state = request.GET.get("state", "")
    context = {
        "form": form, "page": page, "is_narrowed": any(request.GET.get(name) for name in form.fields), "state": state,
        "may_give": state in GIVEN_AT_ONCE and page.paginator.count > 0,
    }  # fmt: skip
    return render(request, "set_up/people.html", context)


@requires(P.SET_UP)
def new_person(request: HttpRequest) -> HttpResponse:
    form = PersonForm(request.POST or None, by=person(request))
    if request.method == "POST":
        form.instance.set_unusable_password()
        passwords: dict[str, str] = {}

        def give(one: User) -> None:
            if form.wish:
                form.ask(one)
                return
            passwords.update(one_time.give([one], one_time.draw([one]), by=person(request)))

        try:
            done = save(request, form, after=give)
        except Invalid:
            pass
        except IntegrityError:  # two at once
            form.add_error("username", _t("Somebody has this user name already."))
        else:
            if form.wish:
                messages.success(request, str(ASKED))
                return redirect("role-requests")
            return _given(request, User.objects.get(pk=done.outcome), passwords)
    context = {"form": form, "is_new": True}
    return render(request, "set_up/person.html", context, status=422 if form.is_bound else 200)


def _given(request: HttpRequest, one: User, passwords: dict[str, str]) -> HttpResponse:
    """The page that shows a one-time password, this once."""
    if not passwords:  # the same form, sent again
        messages.info(request, _t("Sent before, and not done twice. The password is not shown again; give another."))
        return redirect("person", one.pk)
    return render(request, "set_up/given.html", {"one": one, "password": passwords[one.username]})


@requires(P.SET_UP)
def one_person(request: HttpRequest, pk: int) -> HttpResponse:
    """One person: changed, disabled or enabled, given a one-time password."""
    one = get_object_or_404(User.objects.select_related("department"), pk=pk)
    then = request.POST.get("then", "")
    form = PersonForm(request.POST if then == "change" else None, instance=one, by=person(request))
    status = 200
    if request.method == "POST":
        try:
            return _done(request, one, form, then)
        except Invalid:
            status = 422
        except Outdated as outdated:
            status = 409
            if then == "change":
                form.tell_outdated(outdated.row)
            else:
                messages.error(request, _t("Somebody else has changed this account in the meantime. Look at it again."))
                return redirect("person", one.pk)
        except ValidationError as refused:
            status = 422
            if then == "change":
                form.add_error(None, refused)
            else:
                messages.error(request, " ".join(refused.messages))
                return redirect("person", one.pk)
        except IntegrityError:  # two at once
            form.add_error(None, _t("Somebody else has just saved the same."))
    context = {
        "form": form, "one": User.objects.select_related("department", "reset_by").get(pk=pk), "mark": mark(one, STATE),
        "is_own": form.is_own, "is_new": False, "second_factor": second_factor.of(one),
        "is_unified": Identity.objects.filter(user=pk).exists(),
        "waits": role_requests.waiting().filter(person=pk).first(), "is_guarded": one.role in GUARDED,
    }  # fmt: skip
    return render(request, "set_up/person.html", context, status=status)


STATE = ("is_active",)  # what the buttons beside the form change


def _done(request: HttpRequest, one: User, form: PersonForm, then: str) -> HttpResponse:
    """What was asked for, done. Raises Invalid, Outdated and ValidationError."""
    if then == "change":
        return _changed(request, form)
    if then == "password":
        return _password(request, one)
    if then in ("disable", "enable"):
        return _switched(request, one, then == "enable")
    if then == "second-factor":
        return _without_second_factor(request, one)
    raise Invalid


def _changed(request: HttpRequest, form: PersonForm) -> HttpResponse:
    was = User.objects.select_related("department").get(pk=form.instance.pk)
    save(request, form, around=administrators.one_remains, after=form.ask)
    now = User.objects.select_related("department").get(pk=was.pk)
    messages.success(request, _t("“%(name)s” is saved.") % {"name": now})
    if form.wish:
        note(request, why=form.cleaned_data["reason"])
        messages.info(request, str(ASKED))
    _tell_left_alone(request, was, now)
    return redirect("people")


def _switched(request: HttpRequest, one: User, is_active: bool) -> HttpResponse:
    if one.pk == person(request).pk:
        raise ValidationError(_t("Your own account is disabled by another administrator."))
    if role_requests.needs_a_second(one.role, one.role, opens_or_closes=True):
        return _switch_asked(request, one, is_active)
    was = User.objects.select_related("department").get(pk=one.pk)

    def do() -> str:
        with administrators.one_remains():
            check_mark(one, STATE, request.POST.get(SEEN, ""))
            one.is_active = is_active
            one.save(update_fields=["is_active", "is_staff", "is_superuser"])
        log([one], by=person(request), is_new=False, labels=[str(User._meta.get_field("is_active").verbose_name)])
        return str(one.pk)

    receipts.once_for(request, do, person=person(request))
    told = _t("“%(name)s” can sign in again.") if is_active else _t(
        "“%(name)s” can no longer sign in. What they did stays; what lay with their department still does."
    )  # fmt: skip
    messages.success(request, told % {"name": one})
    _tell_left_alone(request, was, User.objects.get(pk=one.pk))
    return redirect("person", one.pk)


def _switch_asked(request: HttpRequest, one: User, is_active: bool) -> HttpResponse:
    """Administrators and auditors are disabled and enabled by two."""
    reason = one_line(request.POST.get("reason", ""))[:REASON]

    def do() -> str:
        check_mark(one, STATE, request.POST.get(SEEN, ""))
        role_requests.ask(
            one, role_requests.Wish(one.role, one.department, is_active), by=person(request), reason=reason
        )
        return str(one.pk)

    receipts.once_for(request, do, person=person(request))
    note(request, why=reason)
    messages.success(request, str(ASKED))
    return redirect("role-requests")


def _tell_left_alone(request: HttpRequest, was: User, now: User) -> None:
    """Says so where a department that takes tickets has nobody any more."""
    department: Department | None = was.department
    if department is None or was.role != Role.STAFF or not department.is_open:
        return
    if now.is_active and now.department_id == department.pk and now.role == Role.STAFF:
        return
    if not User.objects.filter(department=department, role=Role.STAFF, is_active=True).exists():
        words = _t("“%(name)s” takes tickets and has nobody in use now: give it somebody, or close it.")
        messages.warning(request, words % {"name": department})


def _password(request: HttpRequest, one: User) -> HttpResponse:
    if one.pk == person(request).pk:
        raise ValidationError(_t("You change your own password on its page."))
    passwords: dict[str, str] = {}
    drawn = one_time.draw([one])

    def do() -> str:
        check_mark(one, STATE, request.POST.get(SEEN, ""))
        passwords.update(one_time.give([one], drawn, by=person(request)))
        return str(one.pk)

    receipts.once_for(request, do, person=person(request))
    return _given(request, one, passwords)


def _without_second_factor(request: HttpRequest, one: User) -> HttpResponse:
    """For whoever has lost the app and the recovery codes: they set it up anew, by their password."""
    if one.pk == person(request).pk:
        raise ValidationError(_t("You end your own second factor under “Account security”."))

    def do() -> str:
        check_mark(one, STATE, request.POST.get(SEEN, ""))
        second_factor.end(one, by=person(request), address=client_address(request))
        return str(one.pk)

    receipts.once_for(request, do, person=person(request))
    words = _t("The second factor of “%(name)s” is taken away. They sign in with the password and set it up anew.")
    messages.success(request, words % {"name": one})
    return redirect("person", one.pk)


@requires(P.SET_UP)
@require_POST
def passwords(request: HttpRequest) -> HttpResponse:
    """A file with one-time passwords for all who have none, or have not used theirs yet. It is made this once."""
    state = request.POST.get("state", "")
    if state not in GIVEN_AT_ONCE:
        return redirect("people")
    rows = User.objects.filter(FILTERS[state]).exclude(pk=person(request).pk)
    drawn = one_time.draw(rows)
    given: list[tuple[str, str, str, str]] = []

    def do() -> str:
        chosen = list(
            rows.select_for_update(no_key=True, of=("self",)).prefetch_related("department").order_by("username")
        )
        chosen = [one for one in chosen if one.pk in drawn]
        new = one_time.give(chosen, drawn, by=person(request))
        given.extend((one.username, str(one), str(one.department or ""), new[one.username]) for one in chosen)
        return str(len(chosen))

    receipts.once_for(request, do, person=person(request))
    if not given:
        messages.info(request, _t("There is nobody to give a password to."))
        return redirect("people")
    out = io.StringIO()
    writer = csv.writer(out)
    heading = (_t("Username"), _t("full name"), pgettext_lazy("of a person", "department"), _t("One-time password"))
    writer.writerows([[harmless(str(cell)) for cell in row] for row in (heading, *given)])
    return download("\ufeff" + out.getvalue(), "passwords.csv")
