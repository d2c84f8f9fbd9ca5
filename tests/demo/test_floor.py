"""A page is measured beside its floor, and asking leaves nothing behind."""

from __future__ import annotations

import pytest

from demo import floor
from hotline.accounts.models import Region
from tests import scene
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


def test_what_lies_above_the_floor_is_told_and_nothing_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floor, "ROUNDS", 3)
    scene.call()
    call = {
        "caller_phone": "10012345678", "channel": "phone", "kind": "complaint", "urgency": "normal", "then": "dispatch",
        "description": "小区门口路灯不亮", "region": Region.objects.get(name="书院街道").pk,
    }  # fmt: skip
    before = Ticket.objects.count()
    measured = {
        "all_tickets": floor._beside_its_floor(scene.OPERATOR, "/tickets/", None),
        "create_ticket": floor._beside_its_floor(scene.OPERATOR, "/tickets/new/", call),
    }
    assert Ticket.objects.count() == before
    for one in measured.values():
        assert one["work_ms"] > one["floor_ms"] > 0
    assert measured["create_ticket"]["queries"] > measured["all_tickets"]["queries"] > 1, "recording writes"
    page = floor.written(
        {
            "day": "2026-11-27",
            "tickets": 1,
            "processors": 2,
            "load": 1.0,
            "pages": measured,
            "a_second": {"ticket": {"a_second": 7.5, "again": 0.5}},
        }
    )
    assert f"| All tickets | {measured['all_tickets']['work_ms']} |" in page
    assert "| A ticket | 7.5 | 0.5 | 100 |" in page
