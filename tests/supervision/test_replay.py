"""What the clocks would have seen of recorded messages, by the true times of their replies."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from dispatch.importing import Message
from supervision.clocks.replaying import Replay, replay
from tests.scene import at
from tickets.models import Ticket, TicketEvent

pytestmark = pytest.mark.django_db
SHARED = Path(__file__).resolve().parent.parent.parent.parent / "shared" / "data" / "replies.csv"


def message(serial: int, created: datetime, replied: datetime | None, user: str = "") -> Message:
    reply = "已核实并整改。" if replied else ""
    return Message(f"import:{serial}", user, "路灯不亮", "门口路灯坏了，请尽快维修。", created, reply, replied)


def lived(*messages: Message, accepts: timedelta | None = None) -> Replay:
    return replay(messages, until=at(30, 9), accepts=accepts)


def test_flags_come_when_the_clocks_say() -> None:
    found = lived(message(1, at(20, 9), at(27, 15)))
    flags = {kind: at(20, 9) + after[0] for kind, after in found.by_flag.items()}
    assert flags == {"half_time": at(22, 14, 45), "due_soon": at(24, 9), "overdue": at(27, 9)}
    assert (found.messages, found.flagged, found.late, dict(found.first_by)) == (1, 1, 1, {"half_time": 1})


def test_what_is_answered_in_time_is_not_flagged() -> None:
    found = lived(message(1, at(20, 9), at(21, 9)), message(2, at(20, 9), at(20, 10)))
    assert (found.messages, found.flagged, found.late) == (2, 0, 0)
    assert found.as_dict()["median_days_to_answer"] == pytest.approx(0.52, abs=0.01)


def test_acceptance_plays_a_part_only_where_it_is_said_when() -> None:
    slow = message(1, at(20, 9), at(24, 9))
    assert "unclaimed" not in lived(slow).by_flag
    assert "unclaimed" in lived(slow, accepts=timedelta(days=2)).by_flag
    prompt = lived(slow, accepts=timedelta(hours=1))
    assert "unclaimed" not in prompt.by_flag
    assert prompt.by_flag["stalled"] == [timedelta(days=2, hours=1)]


def test_one_who_writes_often_and_a_message_without_a_reply() -> None:
    found = lived(*[message(n, at(20, 9 + n), at(20, 10 + n), user="A1") for n in range(3)])
    assert len(found.by_flag["frequent_caller"]) == 1
    open_one = lived(message(9, at(20, 9), None))
    assert (open_one.answered, open_one.late) == (0, 1)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_the_command_prints_json_and_keeps_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = (
        "message_id,user,title,created,body,reply,replied\n"
        "1,u,路灯不亮,2026-04-20 09:00:00,门口路灯坏了。,已修复。,2026-04-28 09:00:00\n"
        "2,u,路灯不亮,someday,门口路灯坏了。,,\n"
    )
    call_command("replay", str(write(tmp_path / "a.csv", rows)))
    result = json.loads(capsys.readouterr().out)
    assert (result["messages"], result["rejected"], result["answered_late"]) == (1, 1, 1)
    assert not Ticket.objects.exists()
    assert not TicketEvent.objects.exists()


@pytest.mark.parametrize("content", ["", "title\nx\n"])
def test_a_file_that_is_none_is_one_line(content: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("replay", str(write(tmp_path / "a.csv", content)))
    assert refused.value.returncode == 2


def test_the_real_replies(capsys: pytest.CaptureFixture[str]) -> None:
    """2,816 messages with their true reply times; most were answered after the limit of five working days."""
    if not SHARED.exists():
        pytest.skip(f"REAL REPLIES NOT TESTED: {SHARED} is not here")
    call_command("replay", str(SHARED))
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (result["messages"], result["rejected"]) == (2816, 0)
    assert result["median_days_to_answer"] == pytest.approx(11.2, abs=0.1)
    assert 0.6 < result["answered_late"] / 2816 < 0.85
    assert result["flags"]["overdue"]["messages"] == result["answered_late"]
