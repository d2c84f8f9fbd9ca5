"""Articles are found by words, by pinyin and initials, and by like questions, in one way.

The question of a released article is cut into pieces (`Gram`): pairs of Chinese characters, words of other letters,
pairs of syllables (`yi'bao`) and pairs of initials (`=yb`). What somebody types is cut the same way. A piece weighs the
more the fewer articles have it, so that 怎么 counts for little and 公积金 for much; the articles that share the most
weight come first. One that shares only how people ask (照怎, 丢了), or little of what either side is about, answers
another question and is left out.
Behind them come those whose answer holds all the words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from knowledge.models import Article, Gram, Missed
from knowledge.sounds import LETTERS, cut, syllables_of
from tickets import search

MOST_GRAMS = 60  # pieces of what was typed that are looked for: enough for a call's notes
LONGEST_GRAM = 16  # characters
SHARED = 0.3  # of the best one's weight; with less an article is about something else
FEW = 3  # pieces of a search, of which one is enough
LONGEST_ASKED = 40  # characters of a search that is kept for the editors; a longer one tells a story of somebody
# What every question says and none is about.
EMPTY_PAIRS = (
    "怎么 么办 如何 何办 什么 么样 么时 时候 哪里 里办 可以 以吗 需要 要什 要哪 哪些 多少 多久"
    " 请问 我想 想问 咨询 办理 是否"
)
EMPTY = frozenset(EMPTY_PAIRS.split())
# Characters that stand in questions about anything: 快递丢了 and 社保卡丢了 have one more pair alike than 快递 has.
ASKING = frozenset("怎么什哪谁吗呢吧啊了的在是有没不我你您他她们这那请问想要被把也都就找")
ABOUT = 0.22  # share of what an article, or what was typed, is about that both must have
WIDER = 4  # times as many are looked at as are wanted, since some are about something else
NUMBERED = re.compile(r"[A-Za-z\-+()]*\d[\dA-Za-z\-]*")
NAMED = re.compile(r"(我叫|姓名|名叫|我是|先生|女士|身份证号|手机号|住址)")

RANKED = """
WITH hits AS (SELECT gram, article_id FROM knowledge_gram WHERE gram = ANY(%s)),
weights AS (SELECT gram, 1 / ln(2 + count(*)) AS weight FROM hits GROUP BY gram),
found AS (
    SELECT article_id, sum(weight) AS weight FROM hits JOIN weights USING (gram) GROUP BY article_id
    HAVING count(*) >= %s ORDER BY 2 DESC LIMIT 400
)
SELECT article.id, found.weight FROM found JOIN knowledge_article article ON article.id = article_id
WHERE article.state = 'released' AND article.valid_from <= %s
    AND (article.valid_until IS NULL OR article.valid_until >= %s)
ORDER BY found.weight / sqrt(3 + article.grams) DESC, article.id LIMIT %s
"""


def index(article: Article) -> None:
    """Has a released article found; call in the transaction that releases it."""
    index_many([article])


def index_many(articles: Sequence[Article]) -> None:
    """`index` for many at once."""
    rows = [Gram(gram=gram, article=article) for article in articles for gram in set(grams_of(article.question))]
    count: dict[int, int] = {}
    for row in rows:
        count[row.article_id] = count.get(row.article_id, 0) + 1
    with transaction.atomic():
        Gram.objects.filter(article__in=articles).delete()
        Gram.objects.bulk_create(rows, batch_size=5000)
        for article in articles:
            article.grams = count.get(article.pk, 0)
            found_by = search.vector(article.question, article.answer, article.source)
            Article.objects.filter(pk=article.pk).update(grams=article.grams, search=found_by)


def forget(article: Article) -> None:
    """Has a withdrawn article found no more."""
    Gram.objects.filter(article=article).delete()


def grams_of(question: str) -> Iterator[str]:
    """The pieces of a question: of what is written, and of how it sounds."""
    yield from _written(question)
    sounds = syllables_of(question)
    yield from (f"{one}'{other}" for one, other in _pairs(sounds))
    yield from (f"={one[0]}{other[0]}" for one, other in _pairs(sounds))


def asked(words: str) -> list[str]:
    """The pieces that a search asks for, each once."""
    wanted = dict.fromkeys(_written(words))
    for typed in LETTERS.findall(search.fold(words)):
        letters = re.sub(r"[ ']", "", typed)
        sounds = cut(letters)
        if len(sounds) > 1:
            wanted |= dict.fromkeys(f"{one}'{other}" for one, other in _pairs(sounds))
        elif len(letters) > 1:
            wanted |= dict.fromkeys(f"={one}{other}" for one, other in _pairs(letters))
    return list(wanted)[:MOST_GRAMS]


def _written(text: str) -> Iterator[str]:
    """Pairs of characters, and words of other scripts; what every question says is left out."""
    for token in search.tokens(text):
        if 1 < len(token) <= LONGEST_GRAM and token not in EMPTY:
            yield token


def _pairs(run: Sequence[str]) -> Iterable[tuple[str, str]]:
    return pairwise(run)


def find(words: str, *, most: int = 30) -> list[Article]:
    """The articles in force that answer `words`, the best first; empty where none is near enough."""
    wanted = asked(words)
    near = _about(_ranked(wanted, WIDER * most), wanted, most) if wanted else []
    query = search.ask(words).query
    if query is None or len(near) == most:
        return near
    behind = Article.objects.in_force().filter(search=query).exclude(pk__in=[one.pk for one in near])
    return near + list(_shown(behind).order_by("-released_at", "-pk")[: most - len(near)])


def _shown(articles: QuerySet[Article]) -> QuerySet[Article]:
    """With what is shown of a hit, and without what it is found by."""
    return articles.select_related("department", "category").defer("search")


def _about(ranked: Sequence[int], wanted: Sequence[str], most: int) -> list[Article]:
    """The first `most` of them that are about what is asked; mostly the first are, and no more are read."""
    near: list[Article] = []
    for begin in range(0, len(ranked), most):
        some = ranked[begin : begin + most]
        articles = _shown(Article.objects.all()).in_bulk(some)
        near += [articles[pk] for pk in some if pk in articles and is_about(articles[pk].question, wanted)]
        if len(near) >= most:
            break
    return near[:most]


def is_about(question: str, wanted: Iterable[str]) -> bool:
    """Whether an article's question and the pieces of a search (`asked`) are about one thing, and not only asked alike.

    Of letters, which say less than characters, it is believed.
    """
    said = set(wanted)
    if any("=" in piece or "'" in piece for piece in said):
        return True
    typed, written = _subject(said), _subject(_written(question))
    shared = len(typed & written)
    return bool(shared) and max(shared / len(typed), shared / len(written)) >= ABOUT


def _subject(pieces: Iterable[str]) -> set[str]:
    return {piece for piece in pieces if ASKING.isdisjoint(piece)}


def _ranked(wanted: list[str], most: int) -> list[int]:
    today = timezone.localdate()
    with connection.cursor() as cursor:
        cursor.execute(RANKED, [wanted, _enough(wanted), today, today, most])
        rows = cursor.fetchall()
    if not rows:
        return []
    best = max(weight for _pk, weight in rows)
    return [pk for pk, weight in rows if weight >= SHARED * best]


def _enough(wanted: Sequence[str]) -> int:
    """How many pieces an article must share to be an answer: letters nearly all, since they may mean anything."""
    if all("=" in one or "'" in one for one in wanted):
        return max(1, len(wanted) - 1)
    return 1 if len(wanted) <= FEW else 2


# -- what was not found -------------------------------------------------------------------------------------


def without_people(words: str) -> str:
    """A search as it may be kept: without numbers, and not at all where it speaks of somebody or is a story."""
    left = " ".join(NUMBERED.sub(" ", search.fold(words)).split())
    if NAMED.search(left) or not 2 <= len(left) <= LONGEST_ASKED:
        return ""
    return left


def note_missed(words: str) -> bool:
    """Keeps for the editors that nothing was found for `words`; returns whether they may be kept."""
    kept = without_people(words)
    if not kept:
        return False
    row, is_new = Missed.objects.get_or_create(words=kept, defaults={"last_at": timezone.now()})
    if not is_new:
        Missed.objects.filter(pk=row.pk).update(times=F("times") + 1, last_at=timezone.now(), is_settled=False)
    return True
