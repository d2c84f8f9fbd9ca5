"""How the common widgets of forms are drawn: as Django's templates draw them, letter by letter, but in Python.

A select box of a city's regions is hundreds of options, each of which Django draws by a template within a template. All
others are drawn by their templates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.forms.renderers import TemplatesSetting
from django.utils.formats import localize
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

AT = "django/forms/widgets/"
SELECT = f"{AT}select.html"
INPUTS = ("text", "hidden", "number", "date", "datetime", "time", "email", "password", "url", "checkbox", "input")


class Renderer(TemplatesSetting):
    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        if draw := DRAWN.get(template_name):
            return SafeString(draw(context["widget"]))  # each part of it is escaped where it is put in
        return super().render(template_name, context, request)


def _text(value: Any) -> str:
    """A value as a template shows it."""
    return conditional_escape(value if isinstance(value, str) else localize(value))


def _attributes(attributes: Mapping[str, Any]) -> str:
    return "".join(
        f" {_text(name)}" if value is True else f' {_text(name)}="{conditional_escape(value)}"'
        for name, value in attributes.items() if value is not False
    )  # fmt: skip


def _input(widget: Mapping[str, Any]) -> str:
    value = "" if widget["value"] is None else f' value="{conditional_escape(widget["value"])}"'
    return f'<input type="{_text(widget["type"])}" name="{_text(widget["name"])}"{value}{_attributes(widget["attrs"])}>'


def _textarea(widget: Mapping[str, Any]) -> str:
    value = _text(widget["value"]) if widget["value"] else ""
    return f'<textarea name="{_text(widget["name"])}"{_attributes(widget["attrs"])}>\n{value}</textarea>'


def _option(option: Mapping[str, Any]) -> str:
    attributes = _attributes(option["attrs"]) if option["attrs"] else ""
    return f'<option value="{conditional_escape(option["value"])}"{attributes}>{_text(option["label"])}</option>\n'


def _select(widget: Mapping[str, Any]) -> str:
    parts = [f'<select name="{_text(widget["name"])}"{_attributes(widget["attrs"])}>']
    for group, options, _index in widget["optgroups"]:
        if group:
            parts.append(f'\n  <optgroup label="{_text(group)}">')
        for option in options:
            parts += ("\n  ", _option(option))
        if group:
            parts.append("\n  </optgroup>")
    return "".join((*parts, "\n</select>"))


DRAWN: dict[str, Callable[[Mapping[str, Any]], str]] = {
    SELECT: _select, f"{AT}textarea.html": _textarea, **{f"{AT}{kind}.html": _input for kind in INPUTS},
}  # fmt: skip
