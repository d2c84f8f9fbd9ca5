"""Articles of the knowledge base that end: who keeps them is told before their last day, and once it has passed.

Told are who may release articles, and the department that vouches for it. An article that is not replaced in time is
found no more, and operators have nothing to tell callers; nobody looks at a list every day.
"""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _t

from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.accounts.permissions import roles_with
from hotline.locks import one_at_a_time
from knowledge import ending
from knowledge.models import Article, ArticleEvent
from supervision.models import Notice, Step

BATCH = 200  # articles in one transaction


def tell(now: datetime | None = None) -> int:
    """Writes down what is to be told of articles' ends; returns of how many. Once for an article and its last day."""
    now = now or timezone.now()
    told = 0
    while batch := _tell_some(now):
        told += batch
    return told


@one_at_a_time("articles-that-end")  # else two jobs would look before either has written
def _tell_some(now: datetime) -> int:
    today = timezone.localdate(now)
    rows = ending.untold(today).prefetch_related("department").defer("search", "answer")
    articles = list(rows.select_for_update(of=("self",), no_key=True)[:BATCH])
    keepers = list(User.objects.filter(role__in=roles_with(P.RELEASE_ARTICLES), is_active=True))
    notices = []
    for article in articles:
        what = ending.note_told(article, today, now)
        text = _text(article, what, (article.valid_until - today).days if article.valid_until else 0)
        step = Step.ARTICLE_ENDED if what == ArticleEvent.What.ENDED else Step.ARTICLE_ENDING
        about = {"article": article, "step": step, "text": text, "made_at": now}
        notices.append(Notice(**about, to_department=article.department))
        others = (keeper for keeper in keepers if keeper.department_id != article.department_id)
        notices += [Notice(**about, to_user=keeper) for keeper in others]
    Notice.objects.bulk_create(notices, batch_size=1000)
    return len(articles)


def _text(article: Article, what: str, days: int) -> str:
    if what == ArticleEvent.What.ENDED:
        said = _t("Its last day was %(day)s: operators find it no more.")
    elif days:
        said = _t("Its last day is %(day)s, in %(days)d days; then operators find it no more.")
    else:
        said = _t("Its last day is today, %(day)s; then operators find it no more.")
    is_drafted = article.followers.filter(state=Article.State.DRAFT).exists()
    wanted = (
        _t("A new version is drafted and waits for its release.")
        if is_drafted
        else _t("Draft a new version, or withdraw it.")
    )
    return f"{said % {'day': article.valid_until, 'days': days}}{wanted}"
