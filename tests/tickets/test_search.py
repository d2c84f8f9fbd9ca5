"""Search finds two-character Chinese words, numbers, names, phones and addresses."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import scene
from tickets import search
from tickets.lists import reindexing
from tickets.models import SearchIndex, Ticket

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
        "鋼板異響",
        "歐陽靜怡",
        "３棟",
        "Ｂ座",
        "電話：100-5566-7788",
        "联系电话10055667788",
        "手机号 100 5566 7788",
        "+86 100 5566 7788",
        "8610055667788",
        "5566",
        "5566-7788",
        "钢板 😀",
        "\u200b钢\u202e板",
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


@pytest.mark.parametrize(
    "written",
    ["𠮷野家店", "㐂乐里", "〇号楼", "𪚥龘小区", "𫝆日新村", "𬱖号巷", "𰻝面馆", "𱍊村", "豈有里", "⼭路", "々木",
     "\ue5e5某", "꼬치집", "قۇرۇلۇش"],
)  # fmt: skip
def test_every_script_is_searched(written: str) -> None:
    ticket = scene.call(title=written)
    user = scene.user(scene.OPERATOR)
    assert list(Ticket.objects.matching(written, user)) == [ticket]
    assert list(Ticket.objects.matching(written[0], user)) == [ticket]


@pytest.mark.parametrize(
    ("label", "of"),
    [("工单号 {}", "number"), ("工单编号：{}", "number"), ("工单{}", "number"), ("编号:{}", "number"), ("{}", "number"),
     ("工单{}号", "number"), ("{} 号钢板", "number"),
     ("电话：{}", "caller_phone"), ("来电号码 {}", "caller_phone"), ("欧阳静怡 电话{}", "caller_phone")],
)  # fmt: skip
def test_a_number_with_its_label_is_found(ticket: Ticket, label: str, of: str) -> None:
    for value in (getattr(ticket, of), getattr(ticket, of).lower()):
        assert list(Ticket.objects.matching(label.format(value), scene.user(scene.OPERATOR))) == [ticket]


@pytest.mark.parametrize("words", ["0712-2888888转801", "2888888", "288-8888", "0712 288 8888", "+867122888888"])
def test_a_landline_however_it_is_written(words: str) -> None:
    by_caller = scene.call(caller_phone="0712-2888888-801")
    in_text = scene.call(description="请回电话 0712 288 8888 转 801，谢谢。", caller_phone="10012340009")
    found = Ticket.objects.matching(words, scene.user(scene.OPERATOR))
    assert {by_caller.pk, in_text.pk} == set(found.values_list("pk", flat=True))


@pytest.mark.parametrize("words", ["！？，。", "😀", "%", "&|!()", "\u200b", "—— ……"])
def test_what_cannot_be_searched_for_finds_nothing_and_says_so(
    ticket: Ticket, words: str, signed_in: Callable[[str], Client]
) -> None:
    assert not Ticket.objects.matching(words, scene.user(scene.OPERATOR)).exists() or not words.strip("\u200b")
    client = signed_in(scene.SUPERVISOR)
    page = client.get("/tickets/", {"q": words}).content.decode()
    answer = client.get("/api/v1/tickets/", {"q": words})
    if words == "\u200b":  # nothing was typed that anybody can see
        assert ticket.number in page
        return
    assert ticket.number not in page
    assert "没有可检索的内容" in page
    assert answer.status_code == 400
    assert "没有可检索的内容" in answer.json()["q"][0]


def test_what_was_left_out_is_said_beside_what_was_found(ticket: Ticket, signed_in: Callable[[str], Client]) -> None:
    page = signed_in(scene.SUPERVISOR).get("/tickets/", {"q": "钢板 😀＋"}).content.decode()
    assert ticket.number in page
    assert "未检索：😀 +" in page
    assert "未检索" not in signed_in(scene.SUPERVISOR).get("/tickets/", {"q": "钢板，异响！"}).content.decode()


@pytest.mark.parametrize("query", ["status=nonsense", "recorded_from=2026-13-45", "department=0", "region=%00x"])
def test_a_filter_that_is_none_does_not_show_everything(
    ticket: Ticket, query: str, signed_in: Callable[[str], Client]
) -> None:
    assert ticket.number not in signed_in(scene.SUPERVISOR).get(f"/tickets/?{query}").content.decode()


def test_old_rows_are_cut_anew(ticket: Ticket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reindexing, "BATCH", 1)
    user = scene.user(scene.OPERATOR)
    Ticket.objects.update(title="鋼板", search=None, caller_search=None)
    assert not Ticket.objects.matching("钢板", user).exists()
    SearchIndex.objects.all().delete()
    assert reindexing.reindex() == 2
    assert ticket in Ticket.objects.matching("钢板", user)
    assert ticket in Ticket.objects.matching("静怡", user)
    assert reindexing.reindex() == 0


def test_cutting_anew_goes_on_where_it_was_stopped(ticket: Ticket) -> None:
    Ticket.objects.update(search=None)
    SearchIndex.objects.update_or_create(pk=SearchIndex.ONLY, defaults={"cut": 1, "done_to": ticket.pk - 1})
    assert reindexing.reindex() == 1
    assert Ticket.objects.get(pk=ticket.pk) in Ticket.objects.matching("钢板", scene.user(scene.OPERATOR))


def rows_a_statement(words: str, monkeypatch: pytest.MonkeyPatch, **narrowed: str) -> tuple[list[str], list[str]]:
    """Numbers found, and the statements by which they were."""
    # Ten tickets are a million here: more than two of them are many.
    monkeypatch.setattr(search, "GATHERED", 0.2)
    monkeypatch.setattr(search, "UNKNOWN", 2)  # whatever is expected, it is looked
    monkeypatch.setattr(search, "EVERYWHERE", 2)
    with CaptureQueriesContext(connection) as captured:
        rows = Ticket.objects.filter(**narrowed).matching(words, scene.user(scene.OPERATOR))
        found = rows.order_by("-registered_at", "-pk")[:5]
        numbers = [ticket.title for ticket in found]
    return numbers, [query["sql"] for query in captured.captured_queries]


def test_few_are_gathered_and_many_are_met_along_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    for urgency in ["urgent"] * 2 + ["normal"] * 7:
        scene.call(title="路灯不亮", urgency=urgency)
    scene.call(title="水管爆裂")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE tickets_ticket")
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'tickets_ticket'")
        assert cursor.fetchone()[0] == 10
    found, statements = rows_a_statement("水管", monkeypatch)
    assert found == ["水管爆裂"]
    assert "@@" not in statements[-1], "gathered"
    found, statements = rows_a_statement("路灯", monkeypatch)
    assert found == ["路灯不亮"] * 5
    assert "@@" in statements[-1], "met along the order"
    found, statements = rows_a_statement("路灯", monkeypatch, urgency="urgent")
    assert found == ["路灯不亮"] * 2
    assert "@@" not in statements[-1], "a common word is rare with the rest"


def test_looking_for_what_cannot_be_known_leaves_the_planner_as_it_was() -> None:
    scene.call(title="路灯不亮")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE tickets_ticket")
    rows = Ticket.objects.filter(title="路灯不亮")
    assert search._few(rows, 0.5) is None, "one of one is many"
    assert search._few(rows, 5) == list(rows.values_list("pk", flat=True))
    with connection.cursor() as cursor:
        for setting in ("enable_seqscan", "enable_indexscan"):
            cursor.execute(f"SHOW {setting}")
            assert cursor.fetchone()[0] == "on"
