"""How long a search of the knowledge base takes among many articles; nothing of it stays."""

import json
import random
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection, transaction
from django.utils import timezone

from demo import articles
from hotline.accounts.models import Department
from knowledge import searching
from knowledge.models import Article
from knowledge.sounds import syllables_of

STREETS = ("书院街", "新华街", "广场街", "车站街", "新铺镇", "西河镇", "杨店镇", "陡岗镇", "肖港镇", "毛陈镇", "三汊镇")
CASES = ("本地户口", "外地户口", "老年人", "学生", "残疾人", "退役军人", "个体户", "企业", "农村居民", "新生儿")
TIMES = ("今年", "明年", "周末", "节假日", "夜间", "到期后", "丢失后", "搬家后", "离职后", "退休后")
BATCH = 2000


class Command(BaseCommand):
    help = "Measures the search of the knowledge base: p50 and p95 in milliseconds of each way of asking, as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--articles", type=int, default=50_000)
        parser.add_argument("--searches", type=int, default=200, help="of each way of asking")
        parser.add_argument("--seed", type=int, default=12345)

    def handle(self, *args: Any, **options: Any) -> None:
        draw = random.Random(options["seed"])
        with transaction.atomic():
            texts = list(articles.parse(articles.TEXTS.read_text(encoding="utf-8")))
            self._fill(options["articles"], texts, draw)
            asked = [text for text in texts for _ in range(options["searches"] // len(texts) + 1)]
            draw.shuffle(asked)
            asked = asked[: options["searches"]]
            result = {
                "articles": Article.objects.count(),
                "words": _timed(question[:6] for _b, _c, question, _a in asked),
                "question": _timed(
                    f"您好我想问一下{draw.choice(STREETS)}这边{question}" for _b, _c, question, _a in asked
                ),
                "notes": _timed(answer[:200] for _b, _c, _q, answer in asked),
                "pinyin": _timed("".join(syllables_of(question)[:5]) for _b, _c, question, _a in asked),
                "initials": _timed(
                    "".join(one[0] for one in syllables_of(question)[:4]) for _b, _c, question, _a in asked
                ),
                "nothing": _timed("量子纠缠怎样验收" for _ in asked),
            }
            transaction.set_rollback(True)
        self.stdout.write(json.dumps(result, ensure_ascii=False))

    def _fill(self, count: int, texts: list[tuple[str, str, str, str]], draw: random.Random) -> None:
        department = Department.objects.earliest("pk")
        now, today = timezone.now(), timezone.localdate()
        for begin in range(0, count, BATCH):
            made = []
            for _ in range(min(BATCH, count - begin)):
                _bureau, _category, question, answer = draw.choice(texts)
                question = f"{draw.choice(STREETS)}{draw.choice(CASES)}{draw.choice(TIMES)}{question}"
                made.append(
                    Article(
                        question=question, answer=answer, department=department, valid_from=today, source="测量",
                        state=Article.State.RELEASED, made_at=now, released_at=now,
                    )
                )  # fmt: skip
            searching.index_many(Article.objects.bulk_create(made))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE knowledge_gram; ANALYZE knowledge_article")


def _timed(searches: Any) -> dict[str, float]:
    taken = []
    found = 0
    for words in searches:
        begin = time.perf_counter()
        found += bool(searching.find(words))
        taken.append((time.perf_counter() - begin) * 1000)
    taken.sort()
    return {
        "p50": round(taken[len(taken) // 2], 1), "p95": round(taken[int(len(taken) * 0.95)], 1),
        "found": round(found / len(taken), 2),
    }  # fmt: skip
