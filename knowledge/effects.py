"""Which article answered a ticket on the telephone."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _t

from knowledge.models import Article, ArticleUse
from tickets.workflow.performing import Performance, Refused, effect


@effect("answer_directly")
def keep_article(p: Performance) -> None:
    """Keeps the article that the answer was taken from. Raises Refused where it is not in force any more.

    An operator may have read it for minutes: what it said may have ended meanwhile, and the caller is still there.
    """
    pk = p.given.get("article")
    if not pk:
        return
    article = Article.objects.select_related("department").filter(pk=pk).first()
    if article is None or not Article.objects.in_force(timezone.localdate()).filter(pk=pk).exists():
        raise Refused(
            _t(
                "The article “%(article)s” has expired or was withdrawn while it was read. Check the answer before you"
                " give it; sent again, it is recorded as your own words."
            )
            % {"article": article.question if article else "?"}
        )
    ArticleUse.objects.create(article=article, ticket=p.ticket, by=p.actor, at=p.at)
