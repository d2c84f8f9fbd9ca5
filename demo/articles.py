"""The demo city's knowledge base: what an operator of Xiaogan is asked every day. Texts are ours, without tariffs or terms."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from demo.city import CITY_BUREAUS, UTILITIES
from hotline.accounts.models import Department, User
from hotline.accounts.permissions import Role
from knowledge import searching
from knowledge.models import Article, ArticleEvent
from tickets.models import Category

TEXTS = Path(__file__).parent / "articles.txt"
EXPIRING_EVERY = 15  # one of so many ends within thirty days
DRAFT_EVERY = 40  # and one of so many waits for the hotline
YEAR, MONTH = timedelta(days=365), timedelta(days=30)


def parse(text: str) -> Iterator[tuple[str, str, str, str]]:
    """Short name of the bureau, category, question and answer of each article."""
    for part in text.split("# ")[1:]:
        heading, _line, answer = part.partition("\n")
        bureau, category, question = heading.split("|")
        yield bureau, category, question, answer.strip()


@transaction.atomic
def lay_in() -> None:
    """Nothing where there are articles already."""
    if Article.objects.exists():
        return
    names = CITY_BUREAUS | UTILITIES
    departments = {department.name: department for department in Department.objects.filter(name__in=names.values())}
    categories = {one.name: one for one in Category.objects.filter(parent__parent__isnull=False)}
    writer = User.objects.filter(role=Role.OPERATOR).order_by("pk").first()
    releaser = User.objects.filter(role=Role.SUPERVISOR).order_by("pk").first()
    now, today = timezone.now(), timezone.localdate()
    released, events = [], []
    for serial, (bureau, category, question, answer) in enumerate(parse(TEXTS.read_text(encoding="utf-8")), 1):
        is_draft = serial % DRAFT_EVERY == 0
        department = departments[names[bureau]]
        article = Article.objects.create(
            question=question, answer=answer, department=department, category=categories.get(category),
            valid_from=today - MONTH, valid_until=_end(serial, today), source=f"{department}办事指引",
            state=Article.State.DRAFT if is_draft else Article.State.RELEASED, written_by=writer, made_at=now,
            released_at=None if is_draft else now,
        )  # fmt: skip
        events.append(ArticleEvent(article=article, what=ArticleEvent.What.DRAFTED, by=writer, at=now))
        if not is_draft:
            released.append(article)
            events.append(ArticleEvent(article=article, what=ArticleEvent.What.RELEASED, by=releaser, at=now))
    ArticleEvent.objects.bulk_create(events)
    searching.index_many(released)


def _end(serial: int, today: date) -> date:
    return today + (timedelta(days=serial % 30) if serial % EXPIRING_EVERY == 0 else YEAR)
