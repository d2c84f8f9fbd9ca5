"""The form in which an operator records a call."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from hotline.fields import TelephoneField
from tickets.calls.recording import Desk
from tickets.choices import Kind
from tickets.models import Elsewhere, Ticket
from tickets.models.calls import LONGEST_ID
from tickets.workflow.inputs import MAX_TEXT, CategoryField, RegionField, text
from tickets.workflow.performing import objection
from tickets.workflow.table import ACTIONS

SEND_ON, ANSWERED = "dispatch", "answer"  # how the recording of a call ends
ANSWER_DIRECTLY = ACTIONS["answer_directly"]
LONGEST_FORM = 2 * 3600  # seconds
LEAST_WORDS = 5  # characters by which somebody else knows what is asked
WITHOUT_HISTORY = ("caller_name", "happened", "plate", "amount")  # a browser would offer what other callers said
TITLE_LENGTH = 30  # characters taken from the text where no title was typed
TAGS = re.compile(r"<(script|style)\b.*?</\1\s*>|</?[a-zA-Z][^<>]*>", re.DOTALL)
ENDS_NO_TITLE = " ，,、；;：:。"


def beginning(words: str) -> str:
    """The title of a call where none was typed: no tags of a page that was pasted, no comma where it is cut off."""
    begin = re.sub(r"\s+", " ", TAGS.sub(" ", words).strip() or words).strip()[:TITLE_LENGTH]
    return begin.rstrip(ENDS_NO_TITLE) or begin


class CallForm(forms.ModelForm):
    """A call as it is typed while the caller is on the line."""

    caller_phone = TelephoneField(label=_("caller's telephone"), required=False)
    contact_phone = TelephoneField(label=_("another number to call back"), required=False)
    category = CategoryField(label=_("Category"), required=False)
    region = RegionField(label=_("Region"))
    title = forms.CharField(
        label=_("Title"), max_length=80, required=False, help_text=_("Empty: the beginning of what is asked.")
    )
    # Of a call with two concerns the words of the second, which becomes a ticket of its own after this one.
    rest = text(_("Second concern: opened as a ticket of its own after this one"), required=False, rows=2)
    second_of = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)
    answer = text(_("Answer given to the caller"), required=False, rows=2)
    # The line of the table by which the call is not accepted: it belongs to others.
    elsewhere = forms.ModelChoiceField(Elsewhere.objects.filter(is_used=True), required=False, widget=forms.HiddenInput)
    # The article of the knowledge base that the answer was taken from.
    article = forms.IntegerField(required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput)
    then = forms.ChoiceField(
        choices=[(SEND_ON, _("Record and send on")), (ANSWERED, _("Record as answered"))], required=False
    )
    # What the telephone system calls the call, where it opened the form.
    call_id = forms.CharField(required=False, max_length=LONGEST_ID, widget=forms.HiddenInput)
    # The missed call that is being called back.
    called_back = forms.IntegerField(required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput)
    # How long it was worked on, in seconds, as the browser says (static/desk.js).
    form_seconds = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)
    # One form, one ticket: a second click or a resent page finds the ticket that the first one made.
    form_key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Ticket
        fields = (
            "caller_phone", "caller_name", "is_anonymous", "is_secret", "channel", "kind", "urgency", "title",
            "description", "region", "address", "category", "happened", "plate", "amount", "contact_phone",
        )  # fmt: skip
        widgets = {
            "description": forms.Textarea(attrs={"rows": 4}),
            **{name: forms.TextInput(attrs={"autocomplete": "off"}) for name in WITHOUT_HISTORY},
        }

    def clean_description(self) -> str:
        text: str = self.cleaned_data["description"].strip()
        if len(text) < LEAST_WORDS:
            raise ValidationError(_("Write down what is asked in at least 5 characters."))
        return text

    def clean_second_of(self) -> Ticket | None:
        """The ticket of the first concern of the same call."""
        return Ticket.objects.filter(number=self.cleaned_data["second_of"]).first()

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("contact_phone") == given.get("caller_phone"):
            given["contact_phone"] = ""  # it is no other one
        if given.get("is_anonymous"):
            given["caller_name"] = ""
        elif not given.get("caller_phone") and "caller_phone" not in self.errors and not given.get("elsewhere"):
            self.add_error("caller_phone", _("Without a number nobody can be called back; else mark it anonymous."))
        if not given.get("title") and given.get("description"):
            given["title"] = beginning(given["description"])
        if given.get("kind") == Kind.REPORT and "is_secret" in self.fields and not given.get("is_secret"):
            given["is_secret"] = bool(given.get("is_anonymous"))
        self._check_answer(given)
        return given

    def _check_answer(self, given: dict[str, Any]) -> None:
        """An answer that was given on the telephone is recorded as one, or refused: it never gets lost on the way."""
        if "answer" in self.errors or given.get("elsewhere"):
            return  # what else was said is part of what the caller was told
        is_answered = given.get("then") == ANSWERED
        if is_answered and not given.get("answer"):
            self.add_error("answer", _("Write down the answer that was given, or send the ticket on."))
        elif is_answered and (reason := objection(ANSWER_DIRECTLY, Ticket(kind=given.get("kind", "")))):
            self.add_error("answer", reason)
        elif given.get("answer") and not is_answered:
            self.add_error(
                "answer", _("An answer stands here: record the call as answered, or clear it to send it on.")
            )

    def clean_form_seconds(self) -> int | None:
        """A form that was left open for hours says nothing of how long its call took."""
        given: int | None = self.cleaned_data["form_seconds"]
        return given if given is not None and given <= LONGEST_FORM else None

    @property
    def desk(self) -> Desk:
        """How the call came in, as `recording.register` takes it."""
        given = self.cleaned_data
        return Desk(given["call_id"], given["called_back"], given["form_seconds"])

    @property
    def recorded(self) -> dict[str, Any]:
        """What `recording.register` takes of the form."""
        given = self.cleaned_data
        whole = {"details": self.details, "desk": self.desk}
        if line := given.get("elsewhere"):
            told = "\n".join(part for part in (line.words, given["answer"]) if part)
            return whole | {"refusal": {"ground": line.ground, "note": told[:MAX_TEXT]}}
        return whole | {"answer": given["answer"], "article": given["article"] if given["answer"] else None}

    @property
    def details(self) -> dict[str, Any]:
        """The columns of the ticket, as `recording.register` takes them."""
        columns = {name: value for name, value in self.cleaned_data.items() if name in self.Meta.fields}
        return columns | {"split_from": self.cleaned_data.get("second_of")}
