"""Articles that end are told of: to whom, when, once, and to nobody who may not read them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.urls import reverse

from hotline.accounts.models import Department, User
from knowledge import editing
from knowledge.models import Article, ArticleEvent
from supervision.ladder import articles, messages
from supervision.models import Notice
from tests import scene
from tests.knowledge.test_articles import client, details, drafted, released
from tickets import limits
from tickets.models import CityRule

pytestmark = pytest.mark.django_db
TODAY = scene.MONDAY.date()
KEEPERS = {"dispatcher1", "dispatcher2", "supervisor1", "supervisor2"}


@pytest.fixture(autouse=True)
def _stands(monday: time_machine.Traveller) -> None:
    """Time stands."""


def ending(last: date) -> Article:
    return released(valid_until=last)


def told() -> list[str]:
    """The steps that the department was told, in their order."""
    return list(Notice.objects.exclude(to_department=None).order_by("pk").values_list("step", flat=True))


def test_who_releases_and_the_department_are_told_before_the_end_and_after_it(monday: time_machine.Traveller) -> None:
    article = ending(TODAY + timedelta(days=15))
    assert articles.tell() == 0, "fifteen days ahead"
    monday.move_to(scene.at(21, 8))
    assert articles.tell() == 1
    who = set(Notice.objects.exclude(to_user=None).values_list("to_user__username", flat=True))
    releasing = User.objects.filter(role__in=["dispatcher", "supervisor"], is_active=True)
    assert who == set(releasing.values_list("username", flat=True))
    assert Notice.objects.get(to_user=None).to_department == article.department
    assert articles.tell() == 0, "once"
    monday.move_to(scene.at(21, 8) + timedelta(days=14))
    assert articles.tell() == 0, "its last day is still one"
    monday.move_to(scene.at(21, 8) + timedelta(days=15))
    assert articles.tell() == 1
    assert told() == ["ending", "ended"]
    history = [event.get_what_display() for event in article.events.all()]
    assert history[-2:] == ["已提醒即将过期", "已提醒过期"]


def test_how_many_days_ahead_is_a_rule_of_the_city() -> None:
    ending(TODAY + timedelta(days=15))
    CityRule.objects.create(key="article_days", value=15)
    limits.forget()
    assert articles.tell() == 1


def test_one_that_was_replaced_or_withdrawn_is_nobodys_care_and_a_draft_is_named() -> None:
    withdrawn, replaced, drafted_anew = (ending(TODAY + timedelta(days=3)) for _ in range(3))
    editing.withdraw(withdrawn, note="不再适用。", actor=scene.user(scene.SUPERVISOR))
    new = editing.draft(details(), actor=scene.user(scene.CLERK), instead_of=replaced)
    editing.release(new, seen=0, actor=scene.user(scene.SUPERVISOR))
    editing.draft(details(), actor=scene.user(scene.CLERK), instead_of=drafted_anew)
    assert articles.tell() == 1
    notice = Notice.objects.get(to_user=None)
    assert notice.article == drafted_anew
    assert "等待发布" in notice.text


def test_it_stands_among_the_messages_with_its_link_and_in_the_api() -> None:
    article = ending(TODAY)
    articles.tell()
    messages.deliver()
    for who in (scene.CLERK, scene.DISPATCHER, scene.SUPERVISOR):
        page = client(who).get(reverse("messages")).content.decode()
        assert f'href="{article.get_absolute_url()}"' in page, who
        assert "今天" in page
    clerk = client(scene.CLERK)
    (row,) = clerk.get("/api/v1/messages/?read_at__isnull=true").json()["results"]
    assert (row["article"], row["ticket"], row["step"]) == (article.pk, None, "ending")
    assert clerk.post(f"/api/v1/messages/{row['id']}/read/").json()["read_at"]
    assert clerk.get("/api/v1/messages/?read_at__isnull=true").json()["results"] == []
    other = client(scene.OTHER_CLERK)
    assert article.question not in other.get(reverse("messages")).content.decode()
    assert other.post(f"/api/v1/messages/{row['id']}/read/").status_code == 404
    assert client(scene.MANAGER).get("/api/v1/messages/").json()["results"] == [], "other messages than these"
    for nobody in (scene.OPERATOR, scene.ADMIN):
        assert client(nobody).get("/api/v1/messages/").status_code == 403


def test_who_may_not_read_it_any_more_is_not_told() -> None:
    article = ending(TODAY)
    articles.tell()
    messages.deliver()
    Article.objects.filter(pk=article.pk).update(state="draft", released_at=None)  # as if it had never been released
    other = scene.user(scene.OTHER_CLERK)
    Notice.objects.exclude(to_department=None).update(to_department=other.department)
    assert not messages.for_person(other).exists()
    assert client(scene.OTHER_CLERK).get("/api/v1/messages/").json()["results"] == []


def test_a_channel_is_told_of_articles_and_tickets_in_one_message() -> None:
    article = ending(TODAY)
    articles.tell()
    department = Department.objects.get(pk=article.department_id)
    messages.deliver()
    delivery = Notice.objects.get(to_department=department).delivery
    assert delivery is not None
    title, body = messages.written(delivery)
    assert title == "孝感市12345：1 条知识库条目需处理"
    assert article.question in body
    ticket = scene.ticket_in("dispatched")
    Notice.objects.create(
        ticket=ticket, step="reminder", text="请签收。", to_department=department, made_at=scene.at(20, 9),
        delivery=delivery,
    )  # fmt: skip
    title, body = messages.written(delivery)
    assert title == "孝感市12345：1 件工单需处理"
    assert article.question in body
    assert ticket.number in body


def test_drafts_and_articles_without_an_end_are_passed_over() -> None:
    released()
    drafted(valid_until=TODAY)
    assert articles.tell() == 0
    assert not ArticleEvent.objects.filter(what__in=["ending", "ended"]).exists()
    cache.clear()
