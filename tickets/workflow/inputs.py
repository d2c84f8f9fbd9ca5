"""What must be given with each action: one Django form an action, used by pages, API and importers.

A field named after a model is a choice from that table. The texts are what a person reads beside the field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from hotline import instants
from hotline.accounts.models import Department, Region, User
from hotline.fields import InstantField, TelephoneField
from hotline.picking import PickedField, PickedManyField
from tickets import limits
from tickets.choices import (
    NOT_SATISFIED,
    SATISFIED,
    Cause,
    ClosingReason,
    Contacted,
    ExtensionGround,
    Kind,
    NotReached,
    Principle,
    RefusalGround,
    ReturnGround,
    RuleKey,
    Satisfaction,
    Solved,
    Urgency,
)
from tickets.disclosure import Detail
from tickets.models import Category, Ticket
from tickets.reading import read

MAP_POINT = re.compile(r"(-?\d{1,2}(?:\.\d{1,6})?)\s*[,，]\s*(-?\d{1,3}(?:\.\d{1,6})?)")
MAX_TEXT = 5000


class ActionInput(forms.Form):
    """Base of all action forms. `ticket` and `user` let choices and checks depend on both."""

    use_required_attribute = True

    def __init__(self, *args: Any, ticket: Ticket | None = None, user: User | None = None, **kwargs: Any) -> None:
        self.ticket = ticket
        self.user = user
        super().__init__(*args, **kwargs)


def text(label: Any, *, required: bool = True, rows: int = 3, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=MAX_TEXT,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


NO_SUCH_DEPARTMENT: dict[str, Any] = {"no_such": _("There is no department “%(text)s”.")}
NO_SUCH_CATEGORY: dict[str, Any] = {"no_such": _("There is no category “%(text)s”.")}
NO_SUCH_REGION: dict[str, Any] = {"no_such": _("There is no region “%(text)s”.")}


class DepartmentField(PickedField):
    """One department that takes tickets."""

    default_error_messages = NO_SUCH_DEPARTMENT
    tells_what_is_gone = True

    def __init__(self, label: Any, *, required: bool = True, **kwargs: Any) -> None:
        queryset = Department.objects.filter(is_open=True).select_related("parent")
        super().__init__(queryset, label=label, required=required, empty_label=_("Type to choose"), **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        return obj.name


class LoadedDepartmentField(DepartmentField):
    """One department with what lies with it beside its name."""

    def label_from_instance(self, obj: Any) -> str:
        from tickets.load import by_department  # counts tickets, whose module is not ready when this one is read

        return _t("%(department)s (%(count)d unanswered)") % {
            "department": obj.name,
            "count": by_department().get(obj.pk, 0),
        }


class DepartmentsField(PickedManyField):
    """Any number of departments that take tickets."""

    default_error_messages = NO_SUCH_DEPARTMENT

    def __init__(self, label: Any, *, required: bool = False, **kwargs: Any) -> None:
        super().__init__(Department.objects.filter(is_open=True), label=label, required=required, **kwargs)


class CategoryField(PickedField):
    """A third-level category, grouped under its upper two."""

    default_error_messages = NO_SUCH_CATEGORY
    tells_what_is_gone = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            Category.objects.filter(is_used=True, children__isnull=True, parent__parent__isnull=False)
            .select_related("parent__parent")
            .order_by("code"),
            empty_label=_("Type to choose"),
            **kwargs,
        )

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} — {obj.parent.parent.name}/{obj.parent.name}"

    @staticmethod
    def words_of(row: Any) -> str:
        """Its keywords: what callers say finds it as well as what it is called."""
        return str(row.keywords)


class RegionField(PickedField):
    """A region of the city, by the name with which an address begins, or by a place of the place book in it."""

    default_error_messages = NO_SUCH_REGION

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Region.objects.select_related("parent"), **kwargs)
        self.widget.attrs["data-find"] = reverse_lazy("regions-of-places")

    def label_from_instance(self, obj: Any) -> str:
        return obj.full_name


class Nothing(ActionInput):
    """Nothing need be given."""


class Remark(ActionInput):
    note = text(_("Remark"), required=False, rows=2)


class Reason(ActionInput):
    note = text(_("Reason"), rows=2)


class AnswerDirectly(ActionInput):
    answer = text(_("Answer given to the caller"), rows=4)
    # the article of the knowledge base that it was taken from, which that room keeps
    article = forms.IntegerField(
        label=_("Article"), required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput
    )


class Refuse(ActionInput):
    ground = forms.ChoiceField(label=_("Ground"), choices=RefusalGround)
    note = text(_("What the caller was told"))


class ToDepartments(ActionInput):
    """One department is responsible, others may assist it."""

    department = LoadedDepartmentField(_("Responsible department"))
    assisting = DepartmentsField(_("Assisting departments"))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("department") and given["department"] in (given.get("assisting") or ()):
            self.add_error("assisting", _("The responsible department cannot assist itself."))
        return given


class Dispatch(ToDepartments):
    note = text(_("Instruction"), required=False, rows=2)


class DispatchAutomatically(ToDepartments):
    confidence = forms.FloatField(label=_("Confidence"), min_value=0, max_value=1)
    note = text(_("Reason"), required=False, rows=2)


class SendDown(ActionInput):
    department = DepartmentField(_("Unit below"))
    note = text(_("Instruction"), required=False, rows=2)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.ticket and self.ticket.department:
            field: Any = self.fields["department"]
            below = self.ticket.department.subtree().filter(is_open=True).exclude(pk=self.ticket.department.pk)
            field.queryset = below


class AskReturn(ActionInput):
    ground = forms.ChoiceField(label=_("Ground"), choices=ReturnGround)
    note = text(_("Basis"), help_text=_("Which rule or fact shows that it is not yours."))
    proposed = DepartmentField(_("Proposed department"), required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        needs_proposal = given.get("ground") in (ReturnGround.NOT_OUR_DUTY, ReturnGround.WRONG_AREA)
        if needs_proposal and not given.get("proposed") and "proposed" not in self.errors:
            self.add_error("proposed", _("Say which department should take it."))
        if self.ticket and given.get("proposed") and given["proposed"].pk == self.ticket.department_id:
            self.add_error("proposed", _("Name another department than your own."))
        return given


class AskRuling(Reason):
    departments = DepartmentsField(_("Departments to be heard"))


class Rule(ToDepartments):
    principle = forms.ChoiceField(label=_("Principle"), choices=Principle)
    note = text(_("Ruling"), help_text=_("It binds: the department cannot return the ticket."))


class AnswerInput(ActionInput):
    answer = text(_("Answer"), rows=5, help_text=_("What was done and what came of it, as the caller will hear it."))


class AnswerPart(AnswerInput):
    answer = text(
        _("Answer for our part"), rows=4, help_text=_("The responsible department sums up what all have done.")
    )


class Opinion(ActionInput):
    department = DepartmentField(_("Who should be responsible"))
    principle = forms.ChoiceField(label=_("Principle"), choices=Principle)
    note = text(_("Basis"), help_text=_("Which rule or fact shows it."))


class Progress(ActionInput):
    note = text(_("Progress"))


class AskExtension(ActionInput):
    ground = forms.ChoiceField(
        label=_("Ground of the extension"), choices=ExtensionGround, initial=ExtensionGround.MORE_TIME
    )
    days = forms.IntegerField(label=_("Working days asked for"), min_value=1)
    plan = text(
        _("Plan"),
        required=False,
        rows=2,
        help_text=_("Needed for a long extension; only for matters that take long, such as land or road building."),
    )
    note = text(_("Circumstances"), rows=2)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        days, least = given.get("days") or 0, limits.rule(RuleKey.EXTENSION_DAYS)
        most = limits.rule(RuleKey.PLANNED_DAYS)
        if days > most:
            self.add_error("days", _("At most %(days)d working days, and with a plan.") % {"days": most})
        elif days > least and not given.get("plan"):
            self.add_error("plan", _("More than %(days)d working days need a plan.") % {"days": least})
        return given


class Suspend(ActionInput):
    note = text(_("Why it cannot be solved now"))


class Urge(ActionInput):
    note = text(_("Words of the urging"), rows=2)


class CallersWords(ActionInput):
    note = text(_("What the caller says"), rows=3)


class Supervise(ActionInput):
    due = InstantField(label=_("Deadline"), validators=[instants.check_ahead])
    note = text(_("Requirement"))


class Escalate(ActionInput):
    lead = forms.CharField(label=_("Led by"), max_length=80, help_text=_("Such as the city operation centre."))
    place = forms.CharField(label=_("Place"), max_length=200)
    point = forms.CharField(
        label=_("Map point"), max_length=40, required=False,
        help_text=_("Latitude and longitude, such as 30.924568,113.916957."),
    )  # fmt: skip
    meets_at = InstantField(label=_("Time"), validators=[instants.check_ahead])
    departments = DepartmentsField(_("Departments invited"))
    others = text(
        _("Others invited"),
        required=False,
        rows=3,
        help_text=_("One a line: community, property manager, contractor; a telephone may follow."),
    )
    question = text(_("What is to be settled"), rows=2)

    def clean_point(self) -> tuple[Decimal, Decimal] | None:
        typed = self.cleaned_data["point"].strip()
        if not typed:
            return None
        if found := MAP_POINT.fullmatch(typed):
            latitude, longitude = Decimal(found[1]), Decimal(found[2])
            if abs(latitude) <= 90 and abs(longitude) <= 180:
                return latitude, longitude
        raise ValidationError(_("This is no map point: latitude and longitude, parted by a comma."))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not given.get("departments") and not given.get("others"):
            self.add_error("departments", _("Invite at least one party."))
        return given


class Findings(ActionInput):
    note = text(_("Findings on the spot"), rows=4)


class Determine(ToDepartments):
    principle = forms.ChoiceField(label=_("Principle"), choices=Principle)
    findings = text(_("Findings on the spot"), rows=4)
    note = text(_("Directive"), rows=2, help_text=_("What is to be done. It binds and cannot be returned."))
    due = InstantField(label=_("To be done by"), validators=[instants.check_ahead])


NOT_ASKED = ("", _("Does not apply"))
TRIED_WITHIN = timedelta(days=30)  # nobody is promised a call later than this


# What of the caller's answers asks for more, by question; one of them is enough.
ASKS_CAUSE = {"contacted": (Contacted.NO,), "solved": (Solved.NO,), "satisfaction": NOT_SATISFIED}
ASKS_REASON = {"solved": (Solved.PARTLY, Solved.NO), "satisfaction": NOT_SATISFIED}


def asks_cause(given: Mapping[str, Any]) -> bool:
    """Whether what the caller said asks why: not contacted, not solved at all, or dissatisfied."""
    return any(given.get(name) in values for name, values in ASKS_CAUSE.items())


def asks_reason(given: Mapping[str, Any]) -> bool:
    """Whether what the caller said lets a ticket be closed only with a reason: not wholly solved, or dissatisfied."""
    return any(given.get(name) in values for name, values in ASKS_REASON.items())


class FollowUpInput(ActionInput):
    """What the caller said, in the order in which they are asked."""

    contacted = forms.ChoiceField(
        label=_("Did the department contact you?"), choices=Contacted, widget=forms.RadioSelect
    )
    solved = forms.ChoiceField(label=_("Is it solved?"), choices=Solved, widget=forms.RadioSelect)
    satisfaction = forms.ChoiceField(
        label=_("How satisfied are you?"),
        choices=[("", _("Not rated")), *Satisfaction.choices],
        required=False,
        widget=forms.RadioSelect,
    )
    cause = forms.ChoiceField(
        label=_("Why not?"),
        choices=[NOT_ASKED, *Cause.choices],
        required=False,
        widget=forms.RadioSelect,
        help_text=_("Asked where the caller was not contacted, nothing is solved, or they are dissatisfied."),
    )
    closing_reason = forms.ChoiceField(
        label=_("Why it is closed all the same"),
        choices=[NOT_ASKED, *ClosingReason.choices],
        required=False,
        widget=forms.RadioSelect,
        help_text=_("Needed where it is not wholly solved or the caller is dissatisfied; else have it redone."),
    )
    note = text(_("What the caller said"), required=False, rows=2)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not asks_cause(given):
            given["cause"] = ""
        elif not given.get("cause") and "cause" not in self.errors:
            self.add_error("cause", _("Ask why: the caller was not contacted, sees nothing solved or is dissatisfied."))
        if "closing_reason" in self.fields:
            self._check_may_be_closed(given)
        other = Cause.OTHER in (given.get("cause"), given.get("closing_reason"))
        if other and not given.get("note") and "note" not in self.errors:
            self.add_error("note", _("Say in words what “other” is."))
        return given

    def _check_may_be_closed(self, given: dict[str, Any]) -> None:
        """What is closed with a caller who is content has no reason; else it is never closed without one."""
        if not asks_reason(given):
            given["closing_reason"] = ""
        elif not given.get("closing_reason") and "closing_reason" not in self.errors:
            self.add_error(
                "closing_reason",
                _("It is not solved, or the caller is dissatisfied: have it redone, or say why it is closed."),
            )


class MissFollowUp(ActionInput):
    """Why nobody was spoken to; `again_at` is when they are tried again, where the usual time of the reason is not."""

    why = forms.ChoiceField(label=_("Why not reached"), choices=NotReached, widget=forms.RadioSelect)
    again_at = InstantField(
        label=_("Next try"), required=False, validators=[instants.check_ahead],
        help_text=_("Needed where another time was agreed; else the reason says it."),
    )  # fmt: skip
    note = text(_("Remark"), required=False, rows=2)

    def clean_again_at(self) -> datetime | None:
        again: datetime | None = self.cleaned_data["again_at"]
        if again and again > timezone.now() + TRIED_WITHIN:
            raise ValidationError(_("At most %(days)d days ahead.") % {"days": TRIED_WITHIN.days})
        return again

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("why") == NotReached.LATER and not given.get("again_at") and "again_at" not in self.errors:
            self.add_error("again_at", _("Say which time was agreed."))
        return given


class Redo(FollowUpInput):
    closing_reason = None  # type: ignore[assignment]  # it is not closed
    note = text(_("What is still to be done"), rows=2)
    note.error_messages["required"] = _("Write down what the caller says: the department does it anew by these words.")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("solved") == Solved.YES and given.get("satisfaction") in (*SATISFIED, ""):
            self.add_error("solved", _("What is solved and not complained of needs no new round."))
        return given


class Split(ActionInput):
    title = forms.CharField(label=_("Title of the second concern"), max_length=80)
    description = text(_("What the second concern is"), rows=4)
    kind = forms.ChoiceField(label=_("Kind"), choices=Kind)
    category = CategoryField(label=_("Category"), required=False)
    note = text(_("What stays with this ticket"), required=False, rows=2)


class Correct(ActionInput):
    """What was recorded of a call, as it should have been. What is not sent stays as it is.

    `changes` holds after cleaning what is to be another: the ticket's columns with their new values.
    """

    MAY_BE_EMPTY = ("caller_name", "contact_phone", "address", "category", "happened", "plate", "amount")
    WHO_CALLED = (
        ("caller_phone", Detail.CALLER_NUMBER), ("contact_phone", Detail.CALLER_NUMBER),
        ("caller_name", Detail.CALLER_NAME),
    )  # fmt: skip

    caller_phone = TelephoneField(label=_("caller's telephone"), required=False)
    caller_name = forms.CharField(label=_("Caller's name"), max_length=40, required=False)
    contact_phone = TelephoneField(label=_("number to call back"), required=False)
    region = RegionField(label=_("Region"), required=False)
    address = forms.CharField(label=_("address"), max_length=200, required=False)
    happened = forms.CharField(label=_("when it happened"), max_length=60, required=False)
    plate = forms.CharField(label=_("number plate"), max_length=60, required=False)
    amount = forms.CharField(label=_("sum of money"), max_length=60, required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=Kind, required=False)
    category = CategoryField(label=_("Category"), required=False)
    urgency = forms.ChoiceField(label=_("Urgency"), choices=Urgency, required=False)
    note = text(_("Why it is corrected"), rows=2)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.changes: dict[str, Any] = {}
        if self.ticket is None:
            return
        reading = read(self.ticket, self.user) if self.user else None
        for name, detail in self.WHO_CALLED:
            if reading and not reading.may(detail):
                del self.fields[name]
        if self.ticket.is_anonymous:
            self.fields.pop("caller_name", None)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        ticket = self.ticket
        assert ticket is not None
        sent = [name for name in self.fields if name != "note" and name in self.data and name not in self.errors]
        for name in sent:
            if given[name] in ("", None) and name not in self.MAY_BE_EMPTY:
                self._check_may_be_empty(name, ticket)
        self.changes = {
            name: given[name] for name in sent if name not in self.errors and given[name] != getattr(ticket, name)
        }
        if not self.changes and not self.errors:
            raise ValidationError(_("Nothing has been changed."))
        return {"note": given.get("note", ""), "changes": self.changes}

    def _check_may_be_empty(self, name: str, ticket: Ticket) -> None:
        if name != "caller_phone":
            self.add_error(name, self.fields[name].error_messages["required"])
        elif not ticket.is_anonymous:
            self.add_error(name, _("Without a number nobody can be called back; else mark it anonymous."))


class NameCaller(Reason):
    field_order = ("name", "note")
    name = forms.CharField(label=_("Caller's name"), max_length=40, required=False)


class Recalculate(ActionInput):
    answer_due = InstantField(label=_("Answer due"), required=False)
    stage_due = InstantField(label=_("Next step due"), required=False)
    note = text(_("Reason"))


class Praise(ActionInput):
    number = forms.CharField(label=_("Number of the praised ticket"), max_length=20)

    def clean_number(self) -> str:
        number: str = self.cleaned_data["number"].strip().upper()
        praised = Ticket.objects.visible_to(self.user) if self.user else Ticket.objects.all()
        if self.ticket is not None:
            praised = praised.exclude(pk=self.ticket.pk)
        if not praised.filter(number=number).exists():
            raise ValidationError(_("No ticket has this number."))
        return number


class JoinMatter(ActionInput):
    numbers = forms.CharField(
        label=_("Numbers of the other tickets"), max_length=2000, help_text=_("Parted by blanks or commas.")
    )
    title = forms.CharField(label=_("Name of the matter"), max_length=120, required=False)

    def clean_numbers(self) -> list[str]:
        numbers = [part for part in re.split(r"[\s,，、;；]+", self.cleaned_data["numbers"].upper()) if part]
        tickets = Ticket.objects.visible_to(self.user) if self.user else Ticket.objects.all()
        known = set(tickets.filter(number__in=numbers).values_list("number", flat=True))
        if unknown := [number for number in numbers if number not in known]:
            raise ValidationError(_("No ticket has the number %(number)s.") % {"number": unknown[0]})
        if self.ticket is not None and self.ticket.number in numbers:
            raise ValidationError(_("Name other tickets than this one."))
        return numbers
