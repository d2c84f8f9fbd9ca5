"""The fields of a template of answers, and how a ticket fills them in.

A field gives what whoever answers may read of the ticket (`tickets.reading`), and none gives who called: what a caller
wants to have kept to themselves enters no answer through a field.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from hotline.accounts.models import Department
from tickets.disclosure import Detail
from tickets.reading import Reading

FIELD = re.compile(r"[{｛]\s*([^{}｛｝]*?)\s*[}｝]")  # {number}, ｛工单编号｝


@dataclass(frozen=True)
class Field:
    """A field: what it is called in Chinese, what it is, and what it says of a ticket; empty where that is not said."""

    chinese: str
    label: Any
    value: Callable[[Reading, Department | None], str]


def _moment(reading: Reading) -> str:
    local = timezone.localtime(reading.ticket.registered_at)
    return f"{local.month}月{local.day}日{local:%H:%M}"


FIELDS: dict[str, Field] = {
    "number": Field("工单编号", _("the ticket's number"), lambda read, _ours: read.ticket.number),
    "title": Field("标题", _("what it is about"), lambda read, _ours: read.title if read.may(Detail.TITLE) else ""),
    "address": Field("地址", _("region and address"), lambda read, _ours: read.place if read.may(Detail.PLACE) else ""),
    "call_time": Field("来电时间", _("when the call was recorded"), lambda read, _ours: _moment(read)),
    "department": Field("承办单位", _("the department that answers"), lambda _read, ours: str(ours or "")),
    "category": Field("事项分类", _("category"), lambda read, _ours: str(read.ticket.category or "")),
    "today": Field("今天", _("the day of the answer"), lambda _read, _ours: _today()),
}
_BY_CHINESE = {field.chinese: name for name, field in FIELDS.items()}


def _today() -> str:
    day = timezone.localdate()
    return f"{day.year}年{day.month}月{day.day}日"


def field_of(name: str) -> Field | None:
    """The field that a template calls so, in English or in Chinese; None where it is none."""
    return FIELDS.get(_BY_CHINESE.get(name, name))


def check(text: str) -> None:
    """Raises ValidationError with the names of what is written as a field and is none."""
    unknown = [name for name in dict.fromkeys(FIELD.findall(text)) if field_of(name) is None]
    if unknown:
        said = _t("There is no field %(names)s. The fields are: %(fields)s.")
        raise ValidationError(
            said,
            code="unknown",
            params={
                "names": _t(", ").join(f"{{{name}}}" for name in unknown),
                "fields": " ".join(f"{{{field.chinese}}}" for field in FIELDS.values()),
            },
        )
    if re.search(r"[{}｛｝]", FIELD.sub("", text)):
        raise ValidationError(_t("A brace stands alone; a field is written as {工单编号}."), code="brace")


def filled(text: str, reading: Reading, ours: Department | None) -> str:
    """`text` with its fields filled in by a ticket; what is not said of it stays in brackets, to be written by hand."""

    def value(found: re.Match[str]) -> str:
        field = field_of(found[1])
        if field is None:  # one that there was when the template was saved
            return found[0]
        return field.value(reading, ours) or f"〔{field.chinese}〕"

    return FIELD.sub(value, text)
