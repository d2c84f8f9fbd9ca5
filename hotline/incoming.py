"""Where text enters by a request: what an address, a form, the name of a file and a JSON body carry is cleaned here.

No form, serializer or view has to think of it, so none can forget it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import IO, Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _t
from rest_framework import parsers
from rest_framework.exceptions import ParseError

from hotline import text

SECRET = "password"  # noqa: S105 - in the name of each field that holds one: it is compared as it was typed
NAMELESS = "file"


def cleaned(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: cleans what a request carries before any view reads it; no page has an address that is not clean."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if text.clean(request.path_info) != request.path_info:
            raise Http404
        request.GET = clean_query(request.GET)  # type: ignore[assignment]
        if request.method == "POST":
            request.POST = clean_query(request.POST)  # type: ignore[assignment]
            for _name, uploads in request.FILES.lists():
                for upload in uploads:
                    upload.name = clean_file_name(upload.name)
        return answer(request)

    return middleware


def clean_query(given: QueryDict) -> QueryDict:
    """The same names and values, cleaned."""
    kept = QueryDict(mutable=True, encoding=given.encoding)
    for name, values in given.lists():
        way = text.as_typed if SECRET in name else text.clean
        for value in values:
            kept.appendlist(text.clean(name), way(value))
    return kept


def clean_file_name(name: str | None) -> str:
    """The name under which a file is shown; a browser may send one that is none."""
    kept = text.one_line(name or "").replace("/", " ").strip(" .")
    return kept or NAMELESS


class JSONParser(parsers.JSONParser):
    """JSON, with its texts cleaned; refused where it is nested too deep or holds a number that nothing can hold."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            sent = super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError(_t("This is nested too deep.")) from None
        except ParseError as error:
            raise ParseError(_unreadable(error.__context__)) from error
        if not isinstance(sent, dict):
            raise ParseError(_t("Send an object of names and values."))
        return _clean_json(sent)


def _unreadable(why: BaseException | None) -> str:
    """What is wrong with a text that is no JSON, where the library says it in English."""
    if isinstance(why, json.JSONDecodeError):
        place = {"line": why.lineno, "column": why.colno}
        return _t("This is no JSON: it cannot be read from line %(line)d, character %(column)d on.") % place
    if isinstance(why, UnicodeDecodeError):
        return _t("This is no JSON in UTF-8.")
    return _t("This is no JSON: a value is none that JSON knows, such as NaN.")


def _clean_json(value: Any, name: str = "") -> Any:
    if isinstance(value, str):
        return text.as_typed(value) if SECRET in name else text.clean(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ParseError(_t("A number is too large."))
    if isinstance(value, list):
        return [_clean_json(one, name) for one in value]
    if isinstance(value, dict):
        return {text.clean(key): _clean_json(one, key) for key, one in value.items()}
    return value


class FormParser(parsers.FormParser):
    """A form sent to the API, cleaned."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        return clean_query(super().parse(stream, media_type, parser_context))


# -- values of JSON for forms ----------------------------------------------------------------------------------


def as_typed(data: Any, fields: Mapping[str, forms.Field]) -> dict[str, Any]:
    """What was sent as a form takes it: a text for each name, a list of texts where the field takes several.

    Names that are no field's are left out. Raises Misfit where a value is of a kind that a form would make something
    else of: it would be kept as a text that nobody wrote, or as no value at all.
    """
    sent = data
    if isinstance(data, QueryDict):
        sent = {name: values if len(values) > 1 else values[0] for name, values in data.lists()}
    typed, wrong = {}, {}
    for name, value in sent.items():
        try:
            if name in fields:
                typed[name] = _as_typed(value, fields[name])
        except ValueError as error:
            wrong[name] = [str(error)]
    if wrong:
        raise Misfit(wrong)
    return typed


class Misfit(Exception):
    """Values of the wrong kind; `errors` maps fields to messages."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(errors)
        self.errors = errors


def _as_typed(value: Any, field: forms.Field) -> Any:
    """A value as a browser would have sent it, which is all that forms read. Raises ValueError with the reason."""
    if value is None:
        return ""
    if isinstance(field, forms.BooleanField):
        if isinstance(value, list | dict) or value not in YES_OR_NO:
            raise ValueError(_t("Send true or false."))
        return YES_OR_NO[value]
    if isinstance(field, forms.MultipleChoiceField | forms.ModelMultipleChoiceField):
        return [_one(one) for one in (value if isinstance(value, list) else [value])]
    return _one(value)


def _one(value: Any) -> str:
    if isinstance(value, bool | list | dict):
        raise ValueError(_t("Send a text or a number, one value."))
    return str(value)


# As JSON has it, and as forms and other programs write it.
YES_OR_NO: dict[Any, bool] = {
    True: True, "true": True, "True": True, "1": True, "on": True,
    False: False, "false": False, "False": False, "0": False, "off": False, "": False,
}  # fmt: skip
