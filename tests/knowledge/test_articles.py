"""The knowledge base: who writes and releases, what is found, what answered a ticket, what ends, what was missed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from demo import articles as demo_articles
from hotline.accounts.models import Region, User
from knowledge import editing, searching
from knowledge.models import Article, ArticleEvent, ArticleFile, ArticleUse, Missed
from tests import scene
from tests.supervision.test_site import PNG
from tickets.attachments import keeping
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
QUESTION, ANSWER = "医保异地就医怎么备案", "可以在国家医保服务平台自助备案，也可以到参保地医保窗口办理。"


@pytest.fixture(autouse=True)
def _stands(monday: time_machine.Traveller) -> None:
    """Time stands."""


def details(**given: Any) -> dict[str, Any]:
    return {
        "question": QUESTION, "answer": ANSWER, "department": scene.department(scene.DEPARTMENT), "category": None,
        "valid_from": timezone.localdate(), "valid_until": None, "source": "办事指南",
    } | given  # fmt: skip


def drafted(who: str = scene.CLERK, **given: Any) -> Article:
    return editing.draft(details(**given), actor=scene.user(who))


def released(**given: Any) -> Article:
    article = drafted(**given)
    return editing.release(article, seen=article.edits, actor=scene.user(scene.SUPERVISOR))


def client(who: str) -> Client:
    found = Client()
    found.force_login(User.objects.get(username=who))
    return found


def sent(**given: Any) -> dict[str, Any]:
    """The form of an article as a browser sends it."""
    fields = details(**given)
    fields["department"] = fields["department"].pk
    fields["valid_until"] = fields["valid_until"] or ""
    return {**fields, "category": "", "seen": given.get("seen", 0)}


def visible(who: str) -> set[Article]:
    return set(Article.objects.visible_to(scene.user(who)))


# -- writing and releasing ----------------------------------------------------------------------------------


def test_a_department_drafts_for_itself_and_the_hotline_releases() -> None:
    clerk = client(scene.CLERK)
    foreign = sent(department=scene.department(scene.OTHER_DEPARTMENT))
    refused = clerk.post(reverse("article-new"), foreign)
    assert refused.status_code == 422
    assert QUESTION in refused.content.decode(), "what was typed stays"
    assert clerk.post(reverse("article-new"), sent()).status_code == 302
    article = Article.objects.get()
    settle = reverse("article-settle", args=[article.pk])
    assert clerk.post(settle, {"do": "release", "seen": 0}).status_code == 403
    assert client(scene.OPERATOR).post(settle, {"do": "release", "seen": 0}).status_code == 404, "a foreign draft"
    assert not searching.find(QUESTION)
    assert client(scene.SUPERVISOR).post(settle, {"do": "release", "seen": 0}).status_code == 302
    assert searching.find(QUESTION) == [article]
    told = [(event.what, event.by and event.by.username) for event in article.events.all()]
    assert told == [("drafted", scene.CLERK), ("released", scene.SUPERVISOR)]


def test_drafts_are_seen_by_their_department_and_by_who_releases() -> None:
    article = drafted()
    assert article in visible(scene.CLERK) & visible(scene.DISPATCHER) & visible(scene.SUPERVISOR)
    assert article not in visible(scene.OTHER_CLERK) | visible(scene.OPERATOR) | visible(scene.MANAGER)
    assert client(scene.OTHER_CLERK).get(article.get_absolute_url()).status_code == 404
    editing.release(article, seen=0, actor=scene.user(scene.DISPATCHER))
    assert article in visible(scene.OTHER_CLERK) & visible(scene.OPERATOR) & visible(scene.MANAGER)
    assert not visible(scene.ADMIN)


def test_nobody_releases_what_they_wrote_and_everybody_what_they_saw() -> None:
    own = drafted(scene.SUPERVISOR)
    with pytest.raises(editing.Objection):
        editing.release(own, seen=0, actor=scene.user(scene.SUPERVISOR))
    editing.change(own, details(answer=ANSWER + "请带身份证。"), seen=0, actor=scene.user(scene.SUPERVISOR))
    with pytest.raises(editing.Objection):
        editing.release(own, seen=0, actor=scene.user(scene.DISPATCHER))
    assert editing.release(own, seen=1, actor=scene.user(scene.DISPATCHER)).state == "released"


def test_two_who_change_a_draft_at_once_lose_nothing() -> None:
    article = drafted()
    clerk, address = client(scene.CLERK), reverse("article-edit", args=[article.pk])
    assert clerk.post(address, sent(answer="第一个人写下的新答复。")).status_code == 302
    second = clerk.post(address, sent(answer="第二个人写下的新答复。"))
    assert second.status_code == 422
    assert "第二个人写下的新答复。" in second.content.decode()
    article.refresh_from_db()
    assert article.answer == "第一个人写下的新答复。"


def test_a_new_version_takes_the_place_of_the_old_when_it_is_released() -> None:
    old = released()
    new = editing.draft(
        details(answer="新的规定下来了，请按新规定办理。"), actor=scene.user(scene.CLERK), instead_of=old
    )
    assert searching.find(QUESTION) == [old]
    with pytest.raises(editing.Objection):
        editing.draft(details(), actor=scene.user(scene.CLERK), instead_of=old)
    editing.release(new, seen=0, actor=scene.user(scene.DISPATCHER))
    assert searching.find(QUESTION) == [new]
    old.refresh_from_db()
    assert (old.state, old.answer) == ("withdrawn", ANSWER), "what callers were told stays readable"
    assert old.events.filter(what=ArticleEvent.What.REPLACED).exists()


def test_sending_back_and_withdrawing_ask_for_a_reason() -> None:
    article = drafted()
    supervisor, settle = client(scene.SUPERVISOR), reverse("article-settle", args=[article.pk])
    assert supervisor.post(settle, {"do": "send_back", "note": ""}).status_code == 422
    assert supervisor.post(settle, {"do": "send_back", "note": "请写明办理地点。"}).status_code == 302
    assert "请写明办理地点。" in client(scene.CLERK).get(article.get_absolute_url()).content.decode()
    editing.release(article, seen=0, actor=scene.user(scene.SUPERVISOR))
    assert client(scene.CLERK).post(settle, {"do": "withdraw", "note": "不想要了。"}).status_code == 403
    assert supervisor.post(settle, {"do": "withdraw", "note": "政策已调整。"}).status_code == 302
    assert not searching.find(QUESTION)


def test_files_go_with_an_article_and_its_next_version_and_only_its_readers_open_them(
    settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    clerk = client(scene.CLERK)
    refused = clerk.post(reverse("article-new"), sent() | {"file": SimpleUploadedFile("流程.png", b"nothing")})
    assert refused.status_code == 422
    assert clerk.post(reverse("article-new"), sent() | {"file": SimpleUploadedFile("流程.png", PNG)}).status_code == 302
    file = ArticleFile.objects.get()
    address = reverse("article-file", args=[file.pk])
    assert clerk.get(address).status_code == 200
    assert client(scene.OTHER_CLERK).get(address).status_code == 404
    editing.release(file.article, seen=0, actor=scene.user(scene.SUPERVISOR))
    new = editing.draft(details(), actor=scene.user(scene.CLERK), instead_of=file.article)
    assert [one.name for one in new.files.all()] == ["流程.png"]
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        assert keeping.sweep() == 0, "it belongs to something"


@pytest.mark.parametrize(
    "wrong", [{"answer": "短"}, {"question": "？"}, {"valid_until": "2026-01-01"}, {"valid_until": "2026-13-40"}]
)
def test_what_does_not_do_is_refused_and_stays(wrong: dict[str, str]) -> None:
    answer = client(scene.CLERK).post(reverse("article-new"), sent() | wrong)
    assert answer.status_code == 422
    assert next(iter(wrong.values())) in answer.content.decode()
    assert not Article.objects.exists()


# -- finding ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    ["异地就医", "异地看病怎么报备案，我在武汉住院", "yidijiuyi", "yi di jiu yi", "ydjy", "自助备案", "異地就醫"],
)
def test_found_by_words_like_questions_pinyin_initials_and_the_answer(words: str) -> None:
    article = released()
    released(question="公积金贷款额度怎么算", answer="请向公积金中心查询，额度按缴存情况核定。")
    released(question="小区停水什么时候恢复", answer="请拨打供水服务电话查询停水公告。")
    assert searching.find(words)[:1] == [article]


def test_only_what_is_in_force_is_found() -> None:
    today = timezone.localdate()
    released(valid_from=today + timedelta(days=1))
    ends = released(valid_until=today, question="异地就医备案窗口在哪里")
    assert searching.find("异地就医备案") == [ends]
    with time_machine.travel(timezone.now() + timedelta(days=40)):
        assert ends not in searching.find("异地就医备案")
        assert ends in Article.objects.expiring()


def test_what_was_not_found_is_kept_without_numbers_and_people() -> None:
    released()
    operator = client(scene.OPERATOR)

    def is_told_to_editors(words: str) -> bool:
        page = operator.post(reverse("find"), {"list": reverse("articles"), "q": words})
        assert words not in page["Location"]
        return "已提示给编辑人员" in operator.get(page["Location"]).content.decode()

    for words in ("电动车上牌 13987654321", "电动车上牌鄂K12345"):
        assert is_told_to_editors(words)
    for words in ("我叫张三要上户口", "龘" * 41, "123456", "异地就医"):
        assert not is_told_to_editors(words)
    assert [(row.words, row.times) for row in Missed.objects.order_by("pk")] == [("电动车上牌", 1), ("电动车上牌鄂", 1)]
    editor = client(scene.CLERK)
    row = Missed.objects.earliest("pk")
    assert "电动车上牌" in editor.get(reverse("articles-missed")).content.decode()
    assert "电动车上牌" in editor.get(reverse("article-new"), {"missed": row.pk}).content.decode()
    editor.post(reverse("articles-missed"), {"row": row.pk})
    assert Missed.objects.get(pk=row.pk).is_settled


def test_the_demo_city_has_its_articles_and_finds_them() -> None:
    texts = list(demo_articles.parse(demo_articles.TEXTS.read_text(encoding="utf-8")))
    assert len(texts) >= 120
    assert len({question for _bureau, _category, question, _answer in texts}) == len(texts)
    demo_articles.lay_in()
    assert not Article.objects.filter(category=None).exists(), "every category is one of the tree"
    asked = {
        "shenfenzheng": "身份证",
        "被老板拖欠工资三个月": "拖欠工资",
        "家里突然没水了停水": "停水",
        "gjj": "公积金",
    }
    for words, about in asked.items():
        assert about in searching.find(words)[0].question, words


def test_what_is_only_asked_alike_answers_another_question() -> None:
    demo_articles.lay_in()
    for words in ("快递丢了", "孩子上学需要什么材料", "公交车司机态度不好"):
        assert searching.find(words) == [], words
    first = {
        "护照怎么办": "护照",
        "小区电梯坏了没人修": "电梯",
        "工地晚上施工吵得睡不着": "工地夜间施工",
        "身份证丢了怎么补": "身份证丢了",
    }
    for words, about in first.items():
        assert about in searching.find(words)[0].question, words


# -- answering a call ---------------------------------------------------------------------------------------


def call(taken: Article, **given: Any) -> dict[str, Any]:
    region = Region.objects.get(name="书院街道").pk
    ticket = {
        "caller_phone": "10012340001", "channel": "phone", "kind": "consultation", "urgency": "normal",
        "description": "想问异地就医怎么备案。", "region": region, "answer": ANSWER, "then": "answer",
        "article": taken.pk,
    }  # fmt: skip
    return ticket | given


def test_the_panel_beside_a_call_offers_three_and_the_one_taken_is_kept() -> None:
    article = released()
    operator = client(scene.OPERATOR)
    panel = operator.post(reverse("article-panel"), {"title": "", "description": "想问异地就医怎么备案。"})
    assert ANSWER in panel.content.decode()
    assert operator.post(reverse("new-ticket"), call(article)).status_code == 302
    use = ArticleUse.objects.get()
    assert (use.article, use.ticket.status) == (article, "closed")
    page = operator.get(article.get_absolute_url()).content.decode()
    assert use.ticket.number in page
    assert use.ticket.number not in client(scene.OTHER_CLERK).get(article.get_absolute_url()).content.decode()


def test_an_article_that_ended_while_it_was_read_is_told_once_and_what_was_typed_stays() -> None:
    article = released(valid_until=timezone.localdate())
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        operator = client(scene.OPERATOR)
        told = operator.post(reverse("new-ticket"), call(article))
        page = told.content.decode()
        assert told.status_code == 422
        assert QUESTION in page
        assert ANSWER in page
        assert f'name="article" value="{article.pk}"' not in page
        assert not Ticket.objects.exists()
        assert operator.post(reverse("new-ticket"), call(article, article="")).status_code == 302
    assert not ArticleUse.objects.exists()


# -- the API ------------------------------------------------------------------------------------------------


def test_the_api_lists_searches_and_shows_what_may_be_read() -> None:
    article, secret = released(), drafted(question="还没有发布的异地就医备案")
    operator = client(scene.OPERATOR)
    assert [one["id"] for one in operator.get("/api/v1/articles/").json()["results"]] == [article.pk]
    assert [one["id"] for one in operator.get("/api/v1/articles/", {"q": "ydjy"}).json()["results"]] == [article.pk]
    assert operator.get(f"/api/v1/articles/{article.pk}/").json()["answer"] == ANSWER
    assert operator.get(f"/api/v1/articles/{secret.pk}/").status_code == 404
    assert client(scene.ADMIN).get("/api/v1/articles/").status_code == 403
