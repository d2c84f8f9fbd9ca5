"""Messages played through the desk: what it would have offered while they were typed."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from hotline.accounts.models import User
from tests import scene
from tickets.models import Matter, NumberCounter, Ticket

pytestmark = pytest.mark.django_db
REAL = Path(__file__).resolve().parent.parent.parent.parent / "shared" / "data"
MESSAGES = """message_id,user,title,created,body
1,U1,凤凰天仙城门口钢板响,2019-05-20 09:00:00,道路改造铺的钢板没有固定，车一压就响。
2,U2,请问老年证在哪里办理,2019-05-20 10:00:00,父亲今年七十岁，请问老年证在哪里办理，要带什么材料？
3,U3,天仙城铁板整夜响,2019-05-21 09:00:00,天仙城门前的铁板一直响，根本没法睡。
4,U4,公交车等很久,2019-05-22 09:00:00,3路公交车早高峰半小时都等不到一班。
"""
MATTERS = "message_id,matter\n1,plates\n3,plates\n"


def played(file: Path, *options: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("replay_desk", str(file), *options, stdout=out)
    return dict(json.loads(out.getvalue()))


def test_the_true_matter_is_offered_and_nothing_stays(tmp_path: Path) -> None:
    (tmp_path / "messages.csv").write_text(MESSAGES, encoding="utf-8")
    (tmp_path / "matters.csv").write_text(MATTERS, encoding="utf-8")
    people = User.objects.count()
    result = played(tmp_path / "messages.csv")
    assert (result["messages"], result["refused"]) == (4, 0)
    assert (result["of_a_known_matter"], result["hit_at_3"]) == (1, 1.0)
    assert result["rows_offered"] == 0.25, "to nobody else anything is offered"
    assert set(result["p95_ms"]) == {"like", "category", "place", "answers", "record", "join"}
    assert not Ticket.objects.exists()
    assert not Matter.objects.exists()
    assert not NumberCounter.objects.exists()
    assert User.objects.count() == people


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "messages.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(CommandError):
        played(tmp_path / "messages.csv")


def test_real_messages_are_offered_their_matter() -> None:
    if not REAL.exists():
        pytest.skip(f"NOT MEASURED: {REAL} is not on this machine")
    result = played(REAL / "messages.csv", "--only-matters", "--first", "30")
    assert result["of_a_known_matter"] >= 15
    assert result["hit_at_3"] >= 0.85
    scene.forget()
