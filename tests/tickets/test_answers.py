"""The check of answers: what is found of a text, kept with the answer and shown, and that it refuses nothing."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from reports import indicators
from tests import scene
from tickets.answers import checking, copied, evasive
from tickets.answers.checking import Code, check
from tickets.choices import Status
from tickets.matters import joining
from tickets.models import Answer, Ticket
from tickets.reading import as_worked_on
from tickets.templatetags.answering import findings

SignIn = Callable[[str], Client]
DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "replies.csv"
LABELS = Path(__file__).resolve().parents[2] / "docs" / "benchmarks" / "answers-labels.csv"
ASKED = Ticket(title="门前施工钢板异响", description="门前道路改造，路上铺的钢板没有固定，车一压就响，整夜不得安宁。")


def codes(text: str, ticket: Ticket | None = ASKED) -> list[str]:
    return [finding.code.value for finding in check(text, ticket, compared=False)]


# -- what says nothing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "您好，您反映的钢板问题已转交住建部门调查处理，感谢您的来电。",
        "您的诉求已收悉，我局高度重视，正在进一步核实当中，请耐心等待。",
        "您好！关于增设路灯的建议，我们将在今后的规划中认真研究，谢谢您的关心与支持！2026年4月20日",
        "已責成相關科室進行調查，有關情況將及時反饋。",
        "市民朋友：您好，留言已收到。",
        "请您向社区咨询，联系电话：0712-2888888。",
        "相关部门此前已经答复过。",
        "我们将进一步加强管理，加大巡查力度，努力提升服务水平。",
        "我局高度重视，立即安排专人跟进，将进一步加强监管，尽快落实到位，争取早日解决。",
    ],
)
def test_what_only_passes_on_promises_or_thanks_says_nothing(text: str) -> None:
    assert codes(text) == [Code.EVASIVE]


@pytest.mark.parametrize(
    "text",
    [
        "您反映的问题已转交住建部门，4月20日施工单位已将松动的钢板重新固定，夜间不再通行重车。",
        "正在核实处理中：经现场查看，钢板下的垫层已被压碎，计划于本月25日前更换完毕。",
        "您好，该路段由高新区建设，不属于我局管辖，已转高新区处理。",
        "根据《城市道路管理条例》第三十三条，占道施工须经许可，该工地的许可证至5月底有效，我们将加强巡查。",
        "因您未留下联系方式，也没有说明是哪一段路，我们无法核实，请来电补充。",
        "经核实，情况属实，已责令施工单位三日内整改，目前正在更换钢板。",
        "办理残疾证需携带身份证和病历到区政务大厅三楼申请，请提前电话预约。",
    ],
)
def test_what_was_done_found_or_founded_is_an_answer(text: str) -> None:
    assert Code.EVASIVE not in codes(text)


def test_the_words_that_decided_are_where_they_stand() -> None:
    text = "您好，您反映的钢板问题已转交住建部门，我们将继续关注。"
    (finding,) = check(text, ASKED, compared=False)
    assert [text[start:end] for start, end in finding.spans] == ["您反映的钢板问题已转交住建部门", "我们将继续关注"]
    assert checking.quoted(finding, text) == ["您反映的钢板问题已转交住建部门", "我们将继续关注"]


def test_nothing_typed_yet_is_not_remarked_upon() -> None:
    assert codes("") == codes(" \n") == []


# -- the other remarks ------------------------------------------------------------------------------------------------


def test_a_very_short_answer_and_one_about_something_else_are_marked() -> None:
    assert codes("钢板已经固定。") == [Code.SHORT]
    assert codes("已转交，谢谢。") == [Code.EVASIVE]
    other = "孝感南站公交首末班车时间已调整为六点半至二十一点半，并增开两趟区间车，方便旅客换乘。"
    assert codes(other) == [Code.OFF_TOPIC]
    assert codes(f"{other}沿线钢板已固定。") == [], "one word of the matter is enough"


def test_an_answer_that_gives_back_what_the_caller_said_is_marked() -> None:
    text = "门前道路改造，路上铺的钢板没有固定，车一压就响，整夜不得安宁。情况属实。"
    (finding,) = check(text, ASKED, compared=False)
    assert finding.code == Code.REPEATS
    start, end = finding.spans[0]
    assert text[start:end].startswith("门前道路改造")
    assert codes("您反映“路上铺的钢板没有固定，车一压就响”的问题，施工单位昨日已加装橡胶垫并逐块焊牢。") == []


def test_a_text_of_ten_thousand_characters_is_read_quickly() -> None:
    text = "，".join(["我们将" + "钢" * 40, "已转交", "。" * 10, "（" * 20]) * 120
    began = time.perf_counter()
    check(text[:10_000], ASKED, compared=False)
    assert time.perf_counter() - began < 2  # a slow machine; docs/algorithms/answers.md has the figure


def test_texts_that_are_nearly_alike_share_a_number_of_their_sketches() -> None:
    one = evasive.substance_of(
        "您好，4月3日我局已组织工人将该处破损的井盖更换完毕，并对周边十二处井盖逐一检查，未发现其他隐患。"
    )
    like = one.replace("3日", "9日").replace("十二", "十五")
    other = "小区物业已于昨日恢复二次供水，水压正常，并对泵房水箱进行了清洗消毒，检测报告已在公示栏张贴。"
    assert set(copied.sketch(one, 1)) & set(copied.sketch(like, 1))
    assert not set(copied.sketch(one, 1)) & set(copied.sketch(other, 1))
    assert not set(copied.sketch(one, 1)) & set(copied.sketch(one, 2)), "of another department"
    assert copied.sketch("已处理", 1) == []


# -- kept and shown ---------------------------------------------------------------------------------------------------

EMPTY_WORDS = "您反映的问题已转交施工单位核实处理，请耐心等待。"


@pytest.mark.django_db
def test_it_is_sent_kept_and_shown_to_whoever_calls_back(signed_in: SignIn) -> None:
    ticket = scene.do(scene.ticket_in(Status.WORKING), "answer", scene.CLERK, answer=EMPTY_WORDS)
    assert ticket.status == Status.FOLLOW_UP, "marked, never refused"
    answer = Answer.objects.get(ticket=ticket)
    assert answer.is_evasive
    assert [finding.code for finding in checking.findings_of(answer)] == [Code.EVASIVE]
    address = ticket.get_absolute_url()
    for who in (scene.OPERATOR, scene.SUPERVISOR):
        assert 'data-finding="evasive"' in signed_in(who).get(address).content.decode(), who
    assert "data-finding" not in signed_in(scene.CLERK).get(address).content.decode()


@pytest.mark.django_db
def test_the_words_of_a_protected_caller_are_left_out_of_what_is_quoted() -> None:
    ticket = scene.ticket_in(Status.WORKING, is_secret=True, caller_name="欧阳秋水")
    scene.do(ticket, "answer", scene.CLERK, answer="欧阳秋水反映的问题已转交施工单位处理。")
    ((_finding, words),) = findings(Answer.objects.get(), as_worked_on(ticket))
    assert words == ["***反映的问题已转交施工单位处理"]


@pytest.mark.django_db
def test_the_measure_counts_the_answer_that_stands() -> None:
    empty, mended = (scene.ticket_in(Status.WORKING, caller_phone=f"1001234012{n}") for n in range(2))
    for ticket in (empty, mended):
        scene.do(ticket, "answer", scene.CLERK, answer=EMPTY_WORDS)
    scene.do(mended, "send_back", scene.SUPERVISOR)
    scene.do(mended, "answer", scene.CLERK)
    for ticket in (empty, mended):
        scene.do(ticket, "follow_up", scene.OPERATOR)
    span = indicators.Window.so_far(empty.registered_at, timezone.now() + timedelta(days=1))
    figure = indicators.compute_by(indicators.DEPARTMENT, ["evasive_rate"], span)[empty.department_id]["evasive_rate"]
    assert (figure.part, figure.base) == (1, 2)
    assert list(indicators.INDICATORS["evasive_rate"].tickets(span, "part")) == [empty]


@pytest.mark.django_db
def test_what_was_answered_to_another_matter_is_known_again_but_not_to_the_same() -> None:
    text = "施工单位已于昨日将松动的钢板重新焊接固定，并铺设橡胶垫，夜间二十二点后禁止重车通行，请放心。"
    first, second, sibling, elsewhere = (
        scene.ticket_in(Status.WORKING, caller_phone=f"1001234011{n}") for n in range(4)
    )
    joining.join([first, sibling], actor=scene.user(scene.DISPATCHER))
    scene.do(first, "answer", scene.CLERK, answer=text)
    sibling.refresh_from_db()
    found = [[finding.code for finding in check(text, ticket)] for ticket in (second, sibling)]
    assert found == [[Code.COPIED], []]
    Ticket.objects.filter(pk=elsewhere.pk).update(department=scene.department(scene.OTHER_DEPARTMENT))
    elsewhere.refresh_from_db()
    assert check(text, elsewhere) == [], "what another department says is its own"
    with CaptureQueriesContext(connection) as asked:
        check(text, second)
    (looked_up,) = [query["sql"] for query in asked if "&&" in query["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        cursor.execute(f"EXPLAIN {looked_up}")
        assert "answer_sketch" in str(cursor.fetchall()), "by its index, and never by going through them"


@pytest.mark.django_db
def test_the_fragment_is_for_those_who_answer_and_see_the_ticket(signed_in: SignIn) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    one, several = reverse("answer-check", args=[ticket.number]), reverse("answers-check")
    clerk = signed_in(scene.CLERK)
    for address in (one, several):
        said = clerk.post(address, {"answer": EMPTY_WORDS}).content.decode()
        assert 'data-finding="evasive"' in said
        assert "<mark>请耐心等待</mark>" in said
    assert not clerk.post(one, {"answer": scene.ANSWER}).content.strip()
    assert not clerk.post(one).content.strip()
    assert clerk.post(one, {"answer": "答" * 10_000}).status_code == 200
    assert clerk.get(one).status_code == 405
    assert signed_in(scene.OTHER_CLERK).post(one, {"answer": EMPTY_WORDS}).status_code == 404
    assert signed_in(scene.OPERATOR).post(one, {"answer": EMPTY_WORDS}).status_code == 403


# -- on real replies --------------------------------------------------------------------------------------------------


def test_precision_and_recall_on_labelled_replies() -> None:
    if not DATA.is_file():
        pytest.skip(f"{DATA} is absent: the check is not measured on real replies")
    out = io.StringIO()
    call_command("evaluate_answers", replies=DATA, labels=LABELS, stdout=out)
    told = json.loads(out.getvalue())
    judged = told["sets"]["judged"]
    assert judged["n"] == 200
    assert (judged["precision"], judged["recall"]) >= (0.85, 0.80)
    assert judged["recall"] >= 0.80
    assert told["ms_mean"] < 50


def test_labels_name_replies_by_their_ids_alone() -> None:
    with LABELS.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {key for row in rows for key in row} == {"message_id", "set", "evasive"}
    assert all(row["message_id"].isdecimal() and row["evasive"] in "01" for row in rows)
    assert len({row["message_id"] for row in rows}) == len(rows) == 300
