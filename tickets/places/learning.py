"""What the place book learns from those who place calls: names that it does not know, with the street they were given.

An operator who records 听涛雅居3栋 in 西河镇, or corrects where a ticket is, knows something that the book does not.
The name is kept as a proposal with who said so, and waits for who keeps the book. A name that people corrected to that
of a known place is proposed as another name of it.

By itself the book takes in a name that AGREED people have placed in one street, each by a ticket of its own, where
nobody placed it elsewhere; with a confidence at which it is offered and never filled in. What somebody refused stays
refused. Of callers who may not be known nothing is learned, and of an address only the name is kept, no number.
"""

from __future__ import annotations

import re
from datetime import datetime

from django.db.models import Exists, OuterRef

from hotline.accounts.models import User
from hotline.sounds import HAN
from tickets.models import Place, PlaceProposal, PlaceSaying, Ticket
from tickets.places import book

State = PlaceProposal.State
WAITING = (State.OPEN, State.LEARNED)  # for who keeps the book
AGREED = 3  # people who said the same
LEARNED_CONFIDENCE, RELEASED_CONFIDENCE = 60, 95  # percent: offered; filled in
LONGEST = 20  # characters of a name that is learned
# How names of places end, the more particular first; what ends otherwise may be anything, a person's house too.
KINDS = (
    (Place.Kind.SCHOOL, "小学 中学 高中 初中 学校 学院 大学 幼儿园"),
    (Place.Kind.MARKET, "市场 菜场 商贸城"),
    (Place.Kind.SHOPPING, "广场 商场 商城 百货 步行街 购物中心"),
    (Place.Kind.UNIT, "医院 公园 车站 大厦 中心 大桥 水厂 电厂 工业园 产业园"),
    (Place.Kind.ESTATE, "小区 花园 家园 雅居 新居 名邸 华庭 公寓 宿舍 家属院 家属楼 安置房 还建房 新城 国际 社区"),
    (Place.Kind.ESTATE, "御园 学府 苑 府 城 居 园 庭 邸 墅 坊 郡 湾 里"),
    (Place.Kind.ROAD, "大道 大街 路 街 巷"),
    (Place.Kind.VILLAGE, "新村 村 塆"),
)  # fmt: skip
ENDINGS = {ending: kind for kind, endings in KINDS for ending in endings.split()}
NAMED = re.compile(f"[\u3400-\u9fff]{{1,{LONGEST - 1}}}(?:{'|'.join(sorted(ENDINGS, key=len, reverse=True))})")
# Words that end like names and are none.
NO_NAME = re.compile(
    "(?:这里|那里|哪里|家里|村里|屋里|城里|店里|院里|楼里|路里|政府|县城|省城|本村|我村|该村|[本我该某]小区|某花园|[同另]一小区)$"
)
# Where in or before a place; what follows is no part of its name.
DOOR = re.compile("大?门口|门前|大门|[东南西北前后正侧]门|附近|旁|对面|楼|栋|单元|里[面边头]|内|路口|交叉|交汇|地下")
CROSSING = re.compile("[与和及至到]")


def recorded(ticket: Ticket, by: User | None) -> None:
    """A call was recorded: its street was chosen, or filled in by the book itself, which then knows it."""
    if by is not None:
        _heard(ticket, by, ticket.registered_at)


def corrected(ticket: Ticket, by: User | None, at: datetime, earlier_address: str | None) -> None:
    """Region or address of a ticket have been made right; `earlier_address` where the address has."""
    if by is None:
        return
    _take_back(ticket)
    _heard(ticket, by, at)
    if not earlier_address or ticket.hides_caller:
        return
    known = book.place_of(ticket.address).taken
    wrong = name_in(earlier_address)
    if known and known.place and wrong and known.region == ticket.region_id and not book.place_of(wrong).found:
        _say(ticket, by, at, wrong, place=Place.objects.get(pk=known.place))


def _take_back(ticket: Ticket) -> None:
    """What a ticket said before it was made right counts no more; what nobody else said is proposed no more."""
    said = PlaceSaying.objects.filter(ticket=ticket, proposal__state=State.OPEN)
    proposals = list(said.values_list("proposal", flat=True))
    said.delete()
    PlaceProposal.objects.filter(pk__in=proposals, sayings=None).delete()


def name_in(address: str) -> str:
    """The name with which an address begins, without region, the road before it and numbers; empty without one."""
    text = book.plain(address)
    text = _without_regions(text)
    run = HAN.match(text)
    found = NAMED.match(DOOR.split(run[0])[0]) if run else None
    if found is None or book.PERSON.match(text[found.end() :]):
        return ""
    name = found[0]
    answer = book.place_of(name)
    roads = [one.words for one in answer.found if one.kind == Place.Kind.ROAD and name.startswith(one.words)]
    if roads and len(rest := name.removeprefix(max(roads, key=len))) > 2:
        name = rest
    if len(name) <= 2 or NO_NAME.search(name) or CROSSING.search(name):
        return ""
    return name


def _without_regions(text: str) -> str:
    names = book.book().region_names
    while found := max((name for name in names if text.startswith(name)), key=len, default=""):
        text = text.removeprefix(found)
    return text


def kind_of(name: str) -> str:
    """The kind of place that a name ends like."""
    return next((kind for ending, kind in ENDINGS.items() if name.endswith(ending)), Place.Kind.OTHER)


def _heard(ticket: Ticket, by: User, at: datetime) -> None:
    if ticket.hides_caller or not ticket.address or ticket.region.children.exists():
        return
    if any(one.place and one.region == ticket.region_id for one in book.place_of(ticket.address).found):
        return
    if name := name_in(ticket.address):
        _say(ticket, by, at, name)


def _say(ticket: Ticket, by: User, at: datetime, name: str, place: Place | None = None) -> None:
    proposal, _is_new = PlaceProposal.objects.get_or_create(
        name=name, region=ticket.region,
        defaults={"kind": kind_of(name), "place": place, "is_alias": place is not None, "last_at": at},
    )  # fmt: skip
    _saying, is_new = PlaceSaying.objects.get_or_create(proposal=proposal, ticket=ticket, defaults={"by": by, "at": at})
    if not is_new:
        return
    proposal.last_at = max(proposal.last_at, at)
    proposal.save(update_fields=["last_at"])
    if proposal.state == State.OPEN and _is_agreed(proposal):
        proposal.place = _stand(proposal, LEARNED_CONFIDENCE, by=None)
        _settle(proposal, State.LEARNED, None, at)


def _is_agreed(proposal: PlaceProposal) -> bool:
    """Whether so many people placed it here, and neither anybody else nor the book has it elsewhere."""
    if proposal.is_alias or proposal.sayings.values("by").distinct().count() < AGREED:
        return False
    elsewhere = PlaceProposal.objects.filter(name=proposal.name).exclude(pk=proposal.pk).exclude(state=State.REFUSED)
    return not elsewhere.exists() and not Place.objects.filter(name=proposal.name).exists()


# -- who keeps the book decides -----------------------------------------------------------------------------------


def release(proposal: PlaceProposal, by: User, at: datetime) -> None:
    """Takes a proposal into the book: as another name of its place, or as a place that is filled in from now on."""
    if proposal.is_alias and proposal.place:
        place = Place.objects.select_for_update(no_key=True).get(pk=proposal.place.pk)
        place.answer_to([proposal.name], by=by)
    else:
        proposal.place = _stand(proposal, RELEASED_CONFIDENCE, by)
    _settle(proposal, State.RELEASED, by, at)


def release_as(proposal: PlaceProposal, place: Place, by: User, at: datetime) -> None:
    """A proposal has become this place, whatever was changed of it; one that was taken in by itself goes."""
    if proposal.state == State.LEARNED:
        refuse(proposal, by, at)
    proposal.place = place
    _settle(proposal, State.RELEASED, by, at)


def refuse(proposal: PlaceProposal, by: User, at: datetime) -> None:
    """Keeps a proposal out of the book for good, also where it had been taken in by itself."""
    if proposal.state == State.LEARNED and proposal.place and proposal.place.retired_at is None:
        proposal.place.retired_at, proposal.place.changed_by = at, by
        proposal.place.save(update_fields=["retired_at", "changed_by", "changed_at"])
    _settle(proposal, State.REFUSED, by, at)


def settle_what_stands(by: User | None, at: datetime) -> int:
    """What has been typed or read into the book meanwhile need not be decided any more; returns how much that is."""
    stands = Place.objects.filter(name=OuterRef("name"), region=OuterRef("region"), retired_at=None)
    waiting = PlaceProposal.objects.filter(Exists(stands), state=State.OPEN, is_alias=False)
    return waiting.update(state=State.RELEASED, decided_by=by, decided_at=at)


def _stand(proposal: PlaceProposal, confidence: int, by: User | None) -> Place:
    """The place of this name and region in the book, made or made surer."""
    place, is_new = Place.objects.get_or_create(
        name=proposal.name, region=proposal.region, retired_at=None,
        defaults={"kind": proposal.kind, "confidence": confidence, "source": Place.Source.LEARNED, "added_by": by},
    )  # fmt: skip
    if not is_new and place.confidence < confidence:
        place.confidence, place.changed_by = confidence, by
        place.save(update_fields=["confidence", "changed_by", "changed_at"])
    return place


def _settle(proposal: PlaceProposal, state: str, by: User | None, at: datetime) -> None:
    proposal.state, proposal.decided_by, proposal.decided_at = state, by, at
    proposal.save(update_fields=["state", "place", "decided_by", "decided_at"])
    book.forget()
