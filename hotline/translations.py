"""The Chinese catalogue: what the source asks for, what the catalogue has, and compiling it, all without gettext.

Babel reads Python; for templates Django itself turns a template into something like Python (`templatize`), from
which the marked texts are picked. So a newcomer's machine needs no system package.
"""

from __future__ import annotations

import ast
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import templatize

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

LOCALE = "zh_Hans"
PO = settings.BASE_DIR / "locale" / LOCALE / "LC_MESSAGES" / "django.po"
KEYWORDS: Any = {
    "gettext": None, "gettext_lazy": None, "_": None, "_t": None, "ngettext": (1, 2), "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2),
}  # fmt: skip
ROOMS = ("hotline", "tickets", "dispatch", "knowledge", "matters", "supervision", "reports", "demo", "templates")
TEMPLATE_CALL = re.compile(r"(gettext|ngettext|pgettext)\(((?:[^()\"']|u?'(?:[^'\\]|\\.)*'|u?\"(?:[^\"\\]|\\.)*\")*)\)")
Message = tuple[str | None, str, str | None]  # context, text, plural


def wanted() -> dict[Message, list[str]]:
    """Every text that source and templates mark, with the files it stands in."""
    found: dict[Message, list[str]] = {}
    for room in ROOMS:
        for path in sorted((settings.BASE_DIR / room).rglob("*")):
            if path.suffix == ".py" and "migrations" not in path.parts:
                messages = _in_python(path)
            elif path.suffix == ".html":
                messages = _in_template(path)
            else:
                continue
            for message in messages:
                found.setdefault(message, []).append(str(path.relative_to(settings.BASE_DIR)))
    return found


def _in_python(path: Path) -> Iterator[Message]:
    from babel.messages.extract import extract_python

    for _line, function, texts, _comments in extract_python(
        io.BytesIO(path.read_bytes()), KEYWORDS, [], {"encoding": "utf-8"}
    ):
        parts = [texts] if isinstance(texts, str) else [text for text in texts if isinstance(text, str)]
        yield from _message(str(function), parts)


def _in_template(path: Path) -> Iterator[Message]:
    for call in TEMPLATE_CALL.finditer(templatize(path.read_text(encoding="utf-8"), origin=str(path))):
        parts = [_unquote(text) for text in re.findall(r"u?'(?:[^'\\]|\\.)*'|u?\"(?:[^\"\\]|\\.)*\"", call[2])]
        yield from _message(call[1], parts)


def _unquote(text: str) -> str:
    return str(ast.literal_eval(text))


def _message(function: str, parts: list[str]) -> Iterator[Message]:
    if function.startswith("pgettext") and len(parts) >= 2:
        yield parts[0], parts[1], None
    elif function.startswith("ngettext") and len(parts) >= 2:
        yield None, parts[0], parts[1]
    elif parts and parts[0]:
        yield None, parts[0], None


def read() -> Catalog:
    from babel.messages.pofile import read_po  # Babel takes a moment to load, and most starts need none of it

    with PO.open("rb") as file:
        return read_po(file, locale=LOCALE)


def faults() -> list[str]:
    """What is wrong with the catalogue: texts missing, empty, fuzzy or no longer asked for."""
    catalogue, asked = read(), wanted()
    problems = []
    for (context, text, _plural), places in asked.items():
        message = catalogue.get(text, context)
        if message is None:
            problems.append(f"missing: {text!r} ({places[0]})")
        elif message.fuzzy or not all(message.string if isinstance(message.string, tuple) else [message.string]):
            problems.append(f"not translated: {text!r}")
    known = {(context, text) for context, text, _plural in asked}
    for message in catalogue:
        key: Any = message.id[0] if isinstance(message.id, tuple) else message.id
        if key and (message.context, key) not in known:
            problems.append(f"no longer used: {key!r}")
    return problems


def update() -> int:
    """Adds missing texts to the catalogue and takes out unused ones; returns how many wait for a translation."""
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import write_po

    old, asked = read(), wanted()
    new = Catalog(locale=LOCALE, header_comment=old.header_comment, fuzzy=False)
    waiting = 0
    for (context, text, plural), places in sorted(asked.items(), key=lambda item: (item[0][1], item[0][0] or "")):
        known = old.get(text, context)
        string: Any = known.string if known else ""
        if plural:
            string = string if isinstance(string, tuple) else (string,)
        locations: Any = [(places[0], None)]  # without line numbers, which change with every edit
        new.add((text, plural) if plural else text, string, context=context, locations=locations)
        waiting += not all(string if isinstance(string, tuple) else [string])
    with PO.open("wb") as file:
        write_po(file, new, width=100, omit_header=False, include_lineno=False)
    return waiting


def compile_if_older() -> None:
    """Writes the compiled catalogue beside the source where it is missing or older; called at every start."""
    target = PO.with_suffix(".mo")
    if target.exists() and target.stat().st_mtime >= PO.stat().st_mtime:
        return
    from babel.messages.mofile import write_mo

    buffer = io.BytesIO()
    write_mo(buffer, read())
    fresh = target.with_suffix(f".{os.getpid()}")
    fresh.write_bytes(buffer.getvalue())
    fresh.replace(target)  # whole or not at all: several processes may start at once
