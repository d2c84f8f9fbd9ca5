"""The sentences of a report: ours, or in the words of the city, with figures in place of their fields.

A sentence of the city is checked when it is kept: a field that is none is named, and a number is not typed into it, so
that each number in a report stands in one of its tables. Should a kept one not do any more after an upgrade, ours is
used and the log says why: a Monday without a report is worse than other words.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from hotline.setting_up.changing import RowForm
from hotline.setting_up.tables import Column, Table, Unset, register
from reports.indicators import INDICATORS, Figure
from reports.models import REPORT_LANGUAGE, ReportSentence

FIELD = re.compile(r"[{｛]\s*([^{}｛｝]*?)\s*[}｝]")  # {received}, ｛受理量｝
BRACES = re.compile(r"[{}｛｝]")
OF_THE_HOTLINE = "12345"  # the only number that may be typed
LONGEST = 500
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sentence:
    """What it says, ours in full, and its fields beside the figures: their names, in Chinese and in English."""

    label: Any
    ours: Any
    fields: Mapping[str, str]
    has_figures: bool = True


_PERIOD = {"period": "时期"}
SENTENCES: dict[str, Sentence] = {
    "volume": Sentence(
        _("In short: what came in"),
        _("{period}: {received} tickets were recorded, {direct_rate_part} of them answered directly ({direct_rate}); "
          "{closed} were closed, and {open_at_end} open at the end."),
        _PERIOD,
    ),
    "change": Sentence(
        _("In short: change on the period before"), _(" Recorded tickets changed by {change} on the period before."),
        {**_PERIOD, "change": "受理量环比"},
    ),
    "volume_of_department": Sentence(
        _("In short, of a department: what it took on"),
        _("{period}: {assigned} tickets were taken on and {closed} closed; at the end {overdue_at_end} were overdue."),
        _PERIOD,
    ),
    "limits": Sentence(
        _("In short: limits"),
        _("{on_time_rate_base} answers fell due, {on_time_rate_part} of them were given in time ({on_time_rate}); the "
          "closing rate of those due is {due_closing_rate}; {accept_on_time_rate} were accepted in time; "
          "{overdue_at_end} are overdue at the end."),
        _PERIOD,
    ),
    "callers": Sentence(
        _("In short: what callers say"),
        _("Of the callers who rated, {satisfied_rate} were satisfied ({satisfied_rate_part} of {satisfied_rate_base}); "
          "{solved_rate} said that it was wholly solved."),
        _PERIOD,
    ),
    "too_few": Sentence(_("In short: too few ratings"), _(" Too few rated to judge by."), _PERIOD),
    "late_units": Sentence(
        _("Advice: units that are often late"), _("Often late: {units}. Talk to them about their tickets."),
        {**_PERIOD, "units": "单位名单"}, has_figures=False,
    ),
    "growing": Sentence(
        _("Advice: where complaints grow"),
        _("{category} in {place}: {now} tickets after {before}. Look for the cause behind them."),
        {**_PERIOD, "category": "事项分类", "place": "地点", "now": "本期件数", "before": "上期件数"},
        has_figures=False,
    ),
}  # fmt: skip


# -- fields -------------------------------------------------------------------------------------------------


@cache
def _figures() -> dict[str, str]:
    """The fields of figures with what they are called in Chinese: each figure of the table of figures, and of a rate
    how many it counts and of how many."""
    from .tables import HEADLINES

    found = {}
    with translation.override(REPORT_LANGUAGE):
        for one in (INDICATORS[name] for name in HEADLINES):
            label = re.sub(r"[（）]", "", str(one.label))
            found[one.name] = label
            if one.is_rate:
                found |= {f"{one.name}_part": f"{label}件数", f"{one.name}_base": f"{label}基数"}
    return found


def fields_of(key: str) -> dict[str, str]:
    """The fields that a sentence may have, in English, with what they are called in Chinese."""
    sentence = SENTENCES[key]
    return {**sentence.fields, **(_figures() if sentence.has_figures else {})}


def said_by(figures: Mapping[str, Figure]) -> dict[str, str]:
    """What the fields of figures say."""
    said: dict[str, str] = {}
    for name, figure in figures.items():
        said |= {name: figure.text, f"{name}_part": f"{figure.part or 0:,}", f"{name}_base": f"{figure.base:,}"}
    return said


def named_in(key: str, text: str) -> list[str]:
    """The fields of a sentence, in English. Raises KeyError with one that is none."""
    known = fields_of(key)
    chinese = {label: name for name, label in known.items()}
    found = [chinese.get(name, name) for name in FIELD.findall(text)]
    if wrong := next((name for name in found if name not in known), None):
        raise KeyError(wrong)
    return found


def figures_of(keys: Iterable[str]) -> list[str]:
    """The indicators that these sentences tell of."""
    found = [name for key in keys for name in named_in(key, text_of(key))]
    names = [name.removesuffix("_part").removesuffix("_base") for name in found]
    return list(dict.fromkeys(name for name in names if name in INDICATORS))


# -- filling in ---------------------------------------------------------------------------------------------


def text_of(key: str) -> str:
    """A sentence with its fields: the city's where it has one that does, else ours."""
    own = ReportSentence.objects.filter(name=key, is_used=True).values_list("text", flat=True).first()
    if own is not None:
        try:
            check(key, own)
        except ValidationError as fault:
            logger.warning("the sentence %s of the city does not do any more, ours is used: %s", key, fault.messages)
        else:
            return own
    return str(SENTENCES[key].ours)


def filled(key: str, said: Mapping[str, str]) -> str:
    """A sentence with what its fields say."""
    chinese = {label: name for name, label in fields_of(key).items()}
    return FIELD.sub(lambda found: said[chinese.get(found[1], found[1])], text_of(key))


def check(key: str, text: str) -> None:
    """Raises ValidationError with what is wrong with a sentence of the city."""
    try:
        named = named_in(key, text)
    except KeyError as error:
        raise ValidationError(_t("“%(name)s” is no field of this sentence.") % {"name": error.args[0]}) from None
    rest = FIELD.sub("", text)
    if brace := BRACES.search(rest):
        raise ValidationError(_t("A single %(brace)s: a field has one before it and one behind.") % {"brace": brace[0]})
    if typed := re.search(r"[0-9０-９]+", rest.replace(OF_THE_HOTLINE, "")):
        said = _t("“%(number)s”: numbers are not typed in a sentence, but filled in by fields, so that each stands in "
                  "a table too.")  # fmt: skip
        raise ValidationError(said % {"number": typed[0]})
    if key in ("change", "late_units", "growing") and not set(named) & set(SENTENCES[key].fields) - {"period"}:
        raise ValidationError(_t("This sentence says nothing without one of its own fields."))


def in_chinese(key: str) -> str:
    """Our sentence with its fields as they are called in Chinese: what the city's own begins with."""
    known = fields_of(key)
    with translation.override(REPORT_LANGUAGE):
        return FIELD.sub(lambda found: "{" + known[found[1]] + "}", str(SENTENCES[key].ours))


# -- setting up ---------------------------------------------------------------------------------------------


class SentenceForm(RowForm):
    name = forms.ChoiceField(label=_("Sentence"), choices=[(key, one.label) for key, one in SENTENCES.items()])
    text = forms.CharField(label=_("Its words"), max_length=LONGEST, strip=False, widget=forms.Textarea)

    class Meta:
        model = ReportSentence
        fields = ("name", "text", "is_used")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        key = self.instance.name or self.initial.get("name") or self.data.get(self.add_prefix("name")) or ""
        self.fields["name"].disabled = bool(self.instance.pk)
        if key in SENTENCES:
            self.fields["text"].help_text = _t("Fields: %(fields)s") % {
                "fields": " ".join("{" + label + "}" for label in fields_of(key).values())
            }  # fmt: skip
            if not self.instance.pk:
                self.initial.setdefault("text", in_chinese(key))

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("name") in SENTENCES and given.get("text"):
            try:
                check(given["name"], given["text"])
            except ValidationError as fault:
                self.add_error("text", fault)
        return given


def _unset() -> list[Unset]:
    own = set(ReportSentence.objects.values_list("name", flat=True))
    return [Unset(one.label, in_chinese(key), f"name={key}") for key, one in SENTENCES.items() if key not in own]


register(Table(
    "report-sentences", ReportSentence, _("Sentences of reports"),
    _("The summary and the advice in the city's own words; figures stand in them as fields."),
    _("New sentence"), SentenceForm,
    (Column(_("Sentence"), lambda row: SENTENCES[row.name].label if row.name in SENTENCES else row.name),
     Column(_("Its words"), lambda row: row.text)),
    order=("name",), used="is_used", unset=_unset,
))  # fmt: skip
