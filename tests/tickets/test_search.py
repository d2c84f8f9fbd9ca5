"""Search finds two-character Chinese words, numbers, names, phones and addresses."""

from __future__ import annotations

import pytest

from tests import scene
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket() -> Ticket:
    scene.call(
        title="别的事",
        description="路灯不亮，请维修。",
        address="长征路8号",
        caller_name="王先生",
        caller_phone="10098760000",
    )
    return scene.call(caller_name="欧阳静怡", caller_phone="10055667788", address="凤凰天仙城3栋B座")


@pytest.mark.parametrize(
    "words",
    [
        "钢板",
        "异响",
        "钢板异响",
        "没有固定",
        "凤凰 钢板",
        "天仙城",
        "3栋",
        "b座",
        "欧阳",
        "静怡",
        "10055667788",
        "7788",
        "响",
    ],
)
def test_found(ticket: Ticket, words: str) -> None:
    found = Ticket.objects.matching(words, scene.user(scene.OPERATOR))
    assert list(found) == [ticket]


def test_by_its_number_whole_or_in_part(ticket: Ticket) -> None:
    user = scene.user(scene.OPERATOR)
    assert list(Ticket.objects.matching(ticket.number, user)) == [ticket]
    assert ticket in Ticket.objects.matching(ticket.number[-6:], user)


@pytest.mark.parametrize("words", ["钢铁", "板钢", "欧阳娜", "99999", "钢板 路灯"])
def test_not_found(ticket: Ticket, words: str) -> None:
    assert not Ticket.objects.matching(words, scene.user(scene.OPERATOR)).exists()


@pytest.mark.parametrize("words", ["", "  ", "！？，。", "'", "a' | 'b", "&|!():*<->", "\\", "%", "😀"])
def test_odd_input_is_harmless(ticket: Ticket, words: str) -> None:
    list(Ticket.objects.matching(words, scene.user(scene.OPERATOR)))
