"""Plays messages through the desk's own endpoints, in the order in which they came, and measures what it offered."""

import json
import re
import secrets
import statistics
import time
import uuid
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dispatch import importing
from dispatch.sheets import tables
from dispatch.sheets.grids import Unreadable
from dispatch.sheets.tables import Columns, Table
from hotline.accounts.models import Region, User
from hotline.accounts.permissions import Role
from tickets.matters import likeness
from tickets.models import Category

MATTERS = Columns({"message_id": ("留言编号",), "matter": ("事项",)}, ("message_id", "matter"))
TOPICS = Columns({"title": ("留言主题", "标题"), "topic": ("一级标签", "一级分类")}, ("title", "topic"))
# The topics of the published messages, and the branches of the default tree in which they are found.
BRANCHES = {
    "城乡建设": {"城乡建设", "城市管理", "市政公用", "住房与物业"}, "环境保护": {"生态环境"}, "交通运输": {"交通出行"},
    "教育文体": {"教育文体"}, "劳动和社会保障": {"人力社保"}, "商贸旅游": {"市场监管"}, "卫生计生": {"医疗卫生"},
}  # fmt: skip
JOINS = re.compile(r"/([A-Z]+\d+)/again/join/")
CATEGORY = re.compile(r'data-fill="#id_category"\s+data-value="(\d+)"')
FRAGMENTS = {"like": "call-like", "category": "call-panel", "place": "call-place", "answers": "article-panel"}
LOOK_AGAIN = 100  # messages after which it is looked anew how common words are: months pass here in minutes


class Command(BaseCommand):
    help = (
        "Plays messages (message_id, user, title, created, body) through the form of a call in the order of their "
        "time: each is typed, looked at, and joined where a ticket of its true matter is offered, else recorded. "
        "Prints JSON. Nothing of it stays; nobody else can record a call meanwhile."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--matters", type=Path, help="message_id and matter; matters.csv beside the file by default"
        )
        parser.add_argument("--topics", type=Path, help="title and topic; topics_train.csv beside the file by default")
        parser.add_argument("--first", type=int, help="so many messages only")
        parser.add_argument(
            "--only-matters", action="store_true", help="only the messages of which the matter is known"
        )

    def handle(self, *args: Any, file: Path, first: int | None, **options: Any) -> None:
        try:
            messages = _messages(importing.read(file))
            matters = _of(options["matters"] or file.with_name("matters.csv"), MATTERS, "message_id", "matter")
            topics = _of(options["topics"] or file.with_name("topics_train.csv"), TOPICS, "title", "topic")
        except Unreadable as error:
            raise CommandError(str(error), returncode=2) from error
        if options["only_matters"]:
            messages = [one for one in messages if one.key.removeprefix("import:") in matters]
        with transaction.atomic():
            playing = Playing(matters, topics)
            for count, message in enumerate(messages[:first]):
                if count % LOOK_AGAIN == 0:
                    likeness.forget()
                    with connection.cursor() as cursor:
                        cursor.execute("ANALYZE tickets_ticket")
                playing.play(message)
            transaction.set_rollback(True)
        likeness.forget()
        self.stdout.write(json.dumps(playing.result(), ensure_ascii=False))


def _messages(table: Table) -> list[importing.Message]:
    found, now = [], timezone.now()
    for row in table.rows:
        try:
            found.append(importing.parse(row, now))
        except ValueError:
            continue  # what an import refuses nobody could record
    return sorted(found, key=lambda one: (one.created, one.key))


def _of(path: Path, columns: Columns, key: str, value: str) -> dict[str, str]:
    if not path.exists():
        return {}
    return {row.values[key].strip(): row.values[value].strip() for row in tables.read_file(path, columns).rows}


class Playing:
    """An operator at the desk, what they are offered, and what was right of it."""

    def __init__(self, matters: dict[str, str], topics: dict[str, str]) -> None:
        self.matters, self.topics = matters, topics
        self.of_ticket: dict[str, str] = {}
        self.took: dict[str, list[float]] = defaultdict(list)
        self.counts: Counter[str] = Counter()
        city = Region.objects.filter(parent__isnull=True).first()
        if city is None:
            raise CommandError("There is no city: load regions first.", returncode=2)
        self.city = str(city.pk)
        operator = User.objects.create(username=f"replay-{secrets.token_hex(6)}", role=Role.OPERATOR)
        self.client = Client(headers={"host": "localhost"})
        self.client.force_login(operator, backend="hotline.accounts.backend.PersonBackend")

    def play(self, message: importing.Message) -> None:
        matter = self.matters.get(message.key.removeprefix("import:"))
        typed = {
            "form_key": str(uuid.uuid4()), "is_anonymous": "on", "channel": "web", "kind": "complaint",
            "urgency": "normal", "title": message.title, "description": message.body, "region": self.city,
            "address": "", "then": "dispatch",
        }  # fmt: skip
        seen = {name: self._post(name, reverse(address), typed) for name, address in FRAGMENTS.items()}
        offered = JOINS.findall(seen["like"])
        right = next((number for number in offered if matter and self.of_ticket.get(number) == matter), None)
        self.counts["messages"] += 1
        self.counts["rows"] += len(offered)
        if matter in self.of_ticket.values():
            self.counts["of_a_known_matter"] += 1
            self.counts["offered"] += right is not None
        self._weigh_category(message, CATEGORY.search(seen["category"]))
        made = self._record(typed, right)
        if made and matter:
            self.of_ticket[made] = matter

    def _weigh_category(self, message: importing.Message, found: re.Match[str] | None) -> None:
        self.counts["categories"] += found is not None
        branches = BRANCHES.get(self.topics.get(message.title, ""))
        if branches is None:
            return
        self.counts["of_a_known_topic"] += 1
        if found:
            category = Category.objects.select_related("parent__parent").get(pk=found[1])
            tops = Category.objects.filter(pk__in=category.ancestor_ids, parent=None)
            self.counts["right_topic"] += any(top.name in branches for top in tops)

    def _record(self, typed: dict[str, str], number: str | None) -> str:
        name = "join" if number else "record"
        address = reverse("about-earlier", args=[number, "join"]) if number else reverse("new-ticket")
        started = time.perf_counter()
        answer = self.client.post(address, typed)
        self.took[name].append((time.perf_counter() - started) * 1000)
        if answer.status_code != 302:
            self.counts["refused"] += 1
            return ""
        return str(answer["Location"]).rstrip("/").rsplit("/", 1)[-1]

    def _post(self, name: str, address: str, typed: dict[str, str]) -> str:
        started = time.perf_counter()
        answer = self.client.post(address, typed)
        self.took[name].append((time.perf_counter() - started) * 1000)
        if answer.status_code != 200:
            raise CommandError(f"{address}: {answer.status_code}", returncode=1)
        return answer.content.decode()

    def result(self) -> dict[str, Any]:
        """Shares lie between 0 and 1; none where nothing was asked."""
        count = self.counts
        return {
            "messages": count["messages"], "refused": count["refused"],
            "of_a_known_matter": count["of_a_known_matter"],
            "hit_at_3": _share(count["offered"], count["of_a_known_matter"]),
            "rows_offered": _share(count["rows"], count["messages"]),
            "category_proposed": _share(count["categories"], count["messages"]),
            "of_a_known_topic": count["of_a_known_topic"],
            "category_hit_rate": _share(count["right_topic"], count["of_a_known_topic"]),
            "median_ms": {name: round(statistics.median(took), 1) for name, took in self.took.items()},
            "p95_ms": {name: round(sorted(took)[int(len(took) * 0.95)], 1) for name, took in self.took.items()},
        }  # fmt: skip


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
