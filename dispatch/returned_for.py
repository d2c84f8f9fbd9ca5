"""What departments return tickets for want of, by the part of the category tree: asked before a call is saved.

The city's own returns of the last half year speak where enough of them name the same want; a short table of what is
needed anyway speaks from the first day. It is a hint beside the form and never stops anybody.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dispatch.models import Return
from hotline.remembered import Remembered
from tickets.choices import Kind, ReturnGround
from tickets.models import Category

DAYS = 180
LATEST = 5000  # returns that are looked at
ENOUGH = 2  # returns for one want that make it asked for
REMEMBERED = 300  # seconds


class Want(models.TextChoices):
    """What a ticket may lack."""

    DOOR = "door", _("House number or exact place")
    HAPPENED = "happened", _("When it happened")
    PLATE = "plate", _("Number plate")
    CONTACT = "contact", _("A number by which the caller is reached")
    AMOUNT = "amount", _("The sum of money")


# How departments write that it is lacking.
WRITTEN = {
    Want.DOOR: re.compile("门牌|地址|位置|地点|楼栋|几栋|哪一段|哪个路段|路段不"),
    Want.HAPPENED: re.compile("时间|日期|何时|哪天"),
    Want.PLATE: re.compile("车牌|车号"),
    Want.CONTACT: re.compile("联系方式|联系不上|无法联系|电话|空号|号码"),
    Want.AMOUNT: re.compile("金额|多少钱|数额"),
}
# What is needed anyway, by the names of categories of the first or second level (tickets/data/categories.txt).
FLOOR: dict[str, tuple[Want, ...]] = {
    "道路与桥梁": (Want.DOOR,), "建筑工地": (Want.DOOR, Want.HAPPENED), "房屋安全与质量": (Want.DOOR,),
    "排水与防涝": (Want.DOOR,), "市容秩序": (Want.DOOR, Want.HAPPENED), "环境卫生": (Want.DOOR,),
    "照明设施": (Want.DOOR,), "油烟与犬只": (Want.DOOR, Want.HAPPENED),
    "公共交通": (Want.PLATE, Want.HAPPENED), "出租与网约车": (Want.PLATE, Want.HAPPENED),
    "公路客运": (Want.PLATE, Want.HAPPENED), "交通秩序": (Want.DOOR, Want.HAPPENED),
    "停车管理": (Want.DOOR, Want.AMOUNT), "供水": (Want.DOOR, Want.HAPPENED), "供电": (Want.DOOR, Want.HAPPENED),
    "燃气": (Want.DOOR,), "供热": (Want.DOOR,), "小区设施": (Want.DOOR,), "老旧小区": (Want.DOOR,),
    "噪声": (Want.DOOR, Want.HAPPENED), "大气": (Want.DOOR, Want.HAPPENED), "水体": (Want.DOOR, Want.HAPPENED),
    "劳动报酬": (Want.AMOUNT, Want.HAPPENED, Want.CONTACT), "消费维权": (Want.AMOUNT, Want.HAPPENED, Want.DOOR),
    "价格收费": (Want.AMOUNT, Want.HAPPENED), "食品安全": (Want.DOOR, Want.HAPPENED),
    "校外培训": (Want.AMOUNT, Want.DOOR),
    "消防安全": (Want.DOOR,), "社会治安": (Want.DOOR, Want.HAPPENED),
}  # fmt: skip
WITHOUT_A_PLACE = (Kind.CONSULTATION, Kind.PRAISE)
DOOR_NAMED = re.compile(
    r"\d\s*(?:号|栋|幢|座|单元|室|楼|弄|组|米)|[一二三四五六七八九十]\s*(?:栋|幢|单元|楼|组)|路口|交叉口|门口|对面"
)


@dataclass(frozen=True)
class Hint:
    """Something to ask; `returned` is how many tickets of this part were returned for it, 0 where the table speaks."""

    want: Want
    returned: int

    @property
    def label(self) -> str:
        return str(self.want.label)


def hints(category: Category | None, typed: Mapping[str, str]) -> list[Hint]:
    """What is asked for in tickets of this category and is not there yet; what most were returned for comes first.

    `typed` holds the fields of the form of a call by name. Who asks what a price is, or thanks, is asked for no house
    number by the table: only returns of the city itself speak then.
    """
    if category is None:
        return []
    counts = {Want(want): number for (pk, want), number in returned().items() if pk in category.ancestor_ids}
    wanted = {want: number for want, number in counts.items() if number >= ENOUGH}
    for name in names_above(category) if typed.get("kind") not in WITHOUT_A_PLACE else ():
        for want in FLOOR.get(name, ()):
            wanted.setdefault(want, 0)
    lacking = [Hint(want, number) for want, number in wanted.items() if _lacks(want, typed)]
    return sorted(lacking, key=lambda hint: (-hint.returned, list(Want).index(hint.want)))


def names_above(category: Category | None) -> list[str]:
    """The names by which `FLOOR` knows a category: its own and those above it."""
    if category is None:
        return []
    return [one.name for one in (category, category.parent, category.parent and category.parent.parent) if one]


def _lacks(want: Want, typed: Mapping[str, str]) -> bool:
    if want == Want.DOOR:
        return not DOOR_NAMED.search(f"{typed.get('address', '')} {typed.get('description', '')}")
    if want == Want.CONTACT:
        return not (typed.get("caller_phone", "").strip() or typed.get("contact_phone", "").strip())
    return not typed.get(want.value, "").strip()


def _read() -> Counter[tuple[int, str]]:
    """How many tickets were returned for each want, by the second-level category above the ticket's own."""
    since = timezone.now() - timedelta(days=DAYS)
    rows = (
        Return.objects.filter(asked_at__gte=since, ground=ReturnGround.INCOMPLETE, ticket__category__isnull=False)
        .exclude(ruling=Return.Ruling.REFUSED)
        .order_by("-asked_at", "-pk")
        .values_list("basis", "ticket__category__parent_id", "ticket__category_id")[:LATEST]
    )
    counts: Counter[tuple[int, str]] = Counter()
    for basis, parent, own in rows:
        for want, words in WRITTEN.items():
            if words.search(basis):
                counts[parent or own, want.value] += 1
    return counts


returned = Remembered(_read, seconds=REMEMBERED)
