"""The words of the pages: one term for one thing, the terms of the field, and nothing borrowed from elsewhere."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import django_filters
import rest_framework
from babel.messages.pofile import read_po
from django import forms
from django.test import Client
from django.urls import reverse
from django.utils import translation

from hotline import translations
from tests import scene
from tickets.choices import Status
from tickets.workflow import saying
from tickets.workflow.table import ACTIONS, BY_SYSTEM

# A text that other packages translate otherwise and that means the same thing on our pages.
SAME_MEANING = {", ", "Add", "English", "Enter a whole number."}
# What civil servants would not write, with what stands instead; the exception is a term of its own.
NOT_OURS = {
    "责任单位": "承办单位", "主办单位": "承办单位", "部门": "单位", "诉求类别": "事项分类", "类别": "事项分类",
    "很不满意": "非常不满意", "下一步期限": "本环节期限", "总体办结率": "综合办结率", "到期办结率": "应办结率",
    "按时签收率": "签收及时率", "比上期": "环比", "比上年同期": "同比", "牵头人": "牵头单位",
}  # fmt: skip
A_TERM_OF_ITS_OWN = "首办责任单位"


def catalogue() -> dict[tuple[str | None, str], tuple[str, ...]]:
    """Context and text of each entry, with its translations."""
    found: dict[tuple[str | None, str], tuple[str, ...]] = {}
    for message in translations.read():
        if message.id:
            found[message.context, _first(message.id)] = tuple(_all(message.string))
    return found


def _all(text: Any) -> list[str]:
    """A text with its plural as babel keeps it, or a text alone."""
    return [str(one) for one in text] if isinstance(text, tuple | list) else [str(text)]


def _first(text: Any) -> str:
    return _all(text)[0]


def test_no_text_has_another_meaning_in_a_package_that_we_stand_on() -> None:
    """Our catalogue is asked before theirs: a text used here for one thing would rename theirs, as 密码 once was."""
    ours, clashes = catalogue(), []
    for package in (django, rest_framework, django_filters):
        for po in Path(str(package.__file__)).parent.rglob("locale/zh_Hans/LC_MESSAGES/django.po"):
            with po.open("rb") as file:
                theirs = read_po(file)
            for message in theirs:
                key, said = _first(message.id or ""), _first(message.string or "")
                mine = ours.get((message.context, key))
                if key and said and mine and mine[0] != said and key not in SAME_MEANING:
                    clashes.append((key, said, mine[0]))
    assert clashes == []


def test_one_term_for_one_thing() -> None:
    wrong = [
        (text, said, instead)
        for texts in catalogue().values()
        for said in texts
        for text, instead in NOT_OURS.items()
        if text in said.replace(A_TERM_OF_ITS_OWN, "")
    ]
    assert wrong == []


def test_the_sign_in_page_asks_for_a_password(db: None, client: Client) -> None:
    page = client.get(reverse("sign-in")).content.decode()
    assert "密码" in page
    assert "修改密码" not in page


def all_forms() -> Iterator[type[forms.BaseForm]]:
    """Every form class of ours."""
    for room in ("hotline", "tickets", "dispatch", "knowledge", "supervision", "reports"):
        package = importlib.import_module(room)
        for module in pkgutil.walk_packages(package.__path__, f"{room}."):
            if ".migrations" not in module.name and ".management" not in module.name:
                importlib.import_module(module.name)
    waiting: list[type[forms.BaseForm]] = [forms.Form, forms.ModelForm]
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        if one.__module__.split(".")[0] in ("hotline", "tickets", "dispatch", "knowledge", "supervision", "reports"):
            yield one


def test_no_form_has_two_fields_of_the_same_name() -> None:
    twice = []
    with translation.override("zh-hans"):
        for form in all_forms():
            labels: dict[str, list[str]] = defaultdict(list)
            for name, field in getattr(form, "base_fields", {}).items():
                if field.label:
                    labels[str(field.label)].append(name)
            twice += [(form.__name__, label, names) for label, names in labels.items() if len(names) > 1]
    assert twice == []


def test_every_deed_of_a_person_is_said_in_words_of_its_own() -> None:
    people_do = {name for name, action in ACTIONS.items() if action.permission != BY_SYSTEM and name != "hand_over"}
    assert people_do <= set(saying.DONE)


def test_a_dispatch_says_where_to(db: None) -> None:
    ticket = scene.ticket_in(Status.DISPATCHED)
    with translation.override("zh-hans"):
        assert saying.done(ACTIONS["dispatch"], ticket) == f"已派单至{ticket.department}。"


def test_no_text_has_holes_that_its_translation_lacks() -> None:
    hole = re.compile(r"%\(\w+\)|\{\w+\}")
    wrong = [
        (key, said)
        for (_context, key), texts in catalogue().items()
        for said in texts
        if not set(hole.findall(said)) <= set(hole.findall(key))
    ]
    assert wrong == []
