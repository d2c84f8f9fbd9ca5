"""The sentences of reports: each number stands in a table, a city has its own words, and broken ones are refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from reports.content import cells, monthly, sentences, summary
from reports.content.frames import Frame
from reports.models import ReportSentence
from reports.periods import parse
from tests import scene
from tests.scene import at
from tickets.choices import Status

pytestmark = pytest.mark.django_db
NUMBER = re.compile(r"[+-]?\d[\d,]*(?:\.\d+)?%?")


@pytest.fixture
def may(monday: time_machine.Traveller) -> time_machine.Traveller:
    for status in (Status.CLOSED, Status.CLOSED, Status.WORKING, Status.DISPATCHED):
        scene.ticket_in(status, caller_phone="")
    monday.move_to(at(30, 9).replace(month=5))
    return monday


def numbers_of(texts: list[str], period: str) -> set[str]:
    return {found for text in texts for found in NUMBER.findall(text.replace(period, ""))}


def test_each_number_of_a_sentence_stands_in_a_table(may: time_machine.Traveller) -> None:
    ReportSentence.objects.create(
        name="callers", text="群众满意率{满意率}，{联系率件数}人称已联系，{solved_rate_base}人作答。"
    )
    frame = Frame(parse("monthly", "2026-04"))
    sections = monthly.sections(frame.period)
    told = [text for section in sections for text in section["paragraphs"]]
    printed = {cells.text(cell) for section in sections for row in section["rows"] for cell in row}
    numbers = numbers_of(told, frame.period.name)
    assert len(numbers) > 4
    assert numbers <= printed
    assert any("人称已联系" in text for text in told)


def test_a_city_writes_its_own_and_what_is_wrong_with_one_is_said(
    may: time_machine.Traveller, signed_in: Callable[[str], Client]
) -> None:
    admin = signed_in(scene.ADMIN)
    address = reverse("set-up-add", args=["report-sentences"])
    begun = admin.get(f"{address}?name=volume").content.decode()
    assert "共受理诉求{受理量}件" in begun, "one begins with the sentence of the system"
    assert "{按时答复率基数}" in begun

    def keep(text: str, name: str = "volume") -> Any:
        return admin.post(address, {"name": name, "text": text, "is_used": "on"})

    for text, said in (
        ("本市受理{受礼量}件。", "“受礼量”不是该语句的字段"),
        ("本市受理{受理量件。", "单个“{”"),
        ("本市受理300件。", "“300”：语句中的数字不手工填写"),
    ):
        answer = keep(text)
        assert answer.status_code == 422, text
        assert said in answer.content.decode()
        assert text in answer.content.decode(), "what was typed stays"
    assert keep("受理量变化不大。", "change").status_code == 422
    assert keep("{时期}，12345热线受理{受理量}件。").status_code == 302
    frame = Frame(parse("monthly", "2026-04"))
    assert summary.section(frame)["paragraphs"][0] == "2026年4月，12345热线受理4件。"
    ReportSentence.objects.update(text="{gone}")  # a field that a later version has no more
    assert summary.section(frame)["paragraphs"][0].startswith("2026年4月，共受理诉求4件")
    assert signed_in(scene.MANAGER).get(address).status_code == 403


def test_our_own_sentences_do(may: time_machine.Traveller) -> None:
    for key in sentences.SENTENCES:
        sentences.check(key, str(sentences.SENTENCES[key].ours))
        sentences.check(key, sentences.in_chinese(key))
