"""Articles whose last day comes near or has passed, and of which it has been told.

That it was told is an event of the article, with the day that it was told of: so it is told once, by however many jobs.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db.models import CharField, Exists, Func, OuterRef, Q, QuerySet, Value

from knowledge.models import Article, ArticleEvent
from tickets import limits
from tickets.choices import RuleKey

What = ArticleEvent.What


def untold(today: date) -> QuerySet[Article]:
    """Released articles that end soon or have ended, and of whose end that has not been told; the earliest first."""
    near = today + timedelta(days=limits.rule(RuleKey.ARTICLE_DAYS))
    ends = Article.objects.filter(state=Article.State.RELEASED)
    ending = Q(valid_until__gte=today, valid_until__lte=near) & ~_told(What.ENDING)
    ended = Q(valid_until__lt=today) & ~_told(What.ENDED)
    return ends.filter(ending | ended).order_by("valid_until", "pk")


def _told(what: str) -> Q:
    of_this_end = Func(OuterRef("valid_until"), Value("YYYY-MM-DD"), function="to_char", output_field=CharField())
    return Q(Exists(ArticleEvent.objects.filter(article=OuterRef("pk"), what=what, note=of_this_end)))


def note_told(article: Article, today: date, at: datetime) -> str:
    """Keeps that it is told now of the end of an article, whose row is locked; returns which of the two it is."""
    assert article.valid_until is not None
    what = What.ENDED if article.valid_until < today else What.ENDING
    ArticleEvent.objects.create(article=article, what=what, by=None, at=at, note=article.valid_until.isoformat())
    return what
