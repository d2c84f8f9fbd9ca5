"""The place book learns from who records and corrects calls; who keeps it decides."""

from __future__ import annotations

import io
import re
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from dispatch.places import sheet
from hotline.accounts.models import Region
from tests import scene
from tickets.calls import recording
from tickets.models import Place, PlaceProposal, Ticket
from tickets.places import book, learning
from tickets.workflow import performing

pytestmark = pytest.mark.django_db
State = PlaceProposal.State
NAME, STREET = "听涛雅居", "西河镇"
PEOPLE = (scene.OPERATOR, scene.DISPATCHER, "operator2")


def street(name: str) -> Region:
    return Region.objects.get(name=name)


def placed(address: str = f"{NAME}3栋2单元", where: str = STREET, who: str = scene.OPERATOR, **given: Any) -> Ticket:
    return scene.call(address=address, region=street(where), actor=scene.user(who), **given)


def corrected(ticket: Ticket, **values: Any) -> None:
    given = {"note": "来电人更正。"} | values
    performing.perform("correct", ticket, actor=scene.user(scene.OPERATOR), given=given)


def client_of(username: str) -> Client:
    client = Client()
    client.force_login(scene.user(username))
    return client


def decide(what: str, who: str = scene.DISPATCHER) -> str:
    one = PlaceProposal.objects.get()
    return client_of(who).post(reverse("place-proposals"), {what: one.pk}, follow=True).content.decode()


def best(address: str) -> tuple[str, int] | None:
    book.forget()
    found = book.place_of(address).best
    return (Region.objects.get(pk=found.region).name, found.confidence) if found else None


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("听涛雅居3栋2单元1204室", "听涛雅居"), ("孝南区西河镇听涛雅居东门", "听涛雅居"),
        ("听涛雅居门口路灯", "听涛雅居"),
        ("听濤 雅居", "听涛雅居"), ("文化路听涛雅居", "听涛雅居"), ("滨河北路88号", "滨河北路"),
        ("向阳新村二组", "向阳新村"),
        ("张国强家", ""), ("某小区东门", ""), ("我家楼下", ""), ("北京路与体育路交叉口", ""), ("", ""), ("88号", ""),
        ("市政府", ""), ("<b>🙂</b>", ""), ("城" * 300, "城" * 20),
    ],
)  # fmt: skip
def test_of_an_address_the_name_is_learned_and_nothing_else(address: str, name: str) -> None:
    assert learning.name_in(address) == name


def test_a_place_that_the_book_does_not_know_waits_with_who_placed_it() -> None:
    placed()
    placed(f"{NAME}12栋", caller_phone="10012340002")
    one = PlaceProposal.objects.get()
    assert (one.name, one.region.name, one.kind, one.state) == (NAME, STREET, "estate", State.OPEN)
    assert one.sayings.count() == 2
    page = client_of(scene.DISPATCHER).get(reverse("place-proposals")).content.decode()
    assert NAME in page
    assert "3栋" not in page, "no house, no ticket"
    assert str(scene.user(scene.OPERATOR)) in page
    assert best(f"{NAME}1栋") is None, "unknown stays unknown"


def test_a_corrected_region_is_learned_and_what_the_book_has_elsewhere_is_shown() -> None:
    ticket = placed("凤凰天仙城3栋", "书院街道")
    assert not PlaceProposal.objects.exists()
    corrected(ticket, region=street("新华街道").pk)
    one = PlaceProposal.objects.get()
    assert (one.name, one.region.name) == ("凤凰天仙城", "新华街道")
    assert "孝南区书院街道" in client_of(scene.DISPATCHER).get(reverse("place-proposals")).content.decode()


def test_what_was_corrected_is_proposed_no_more_unless_somebody_else_says_it() -> None:
    wrong = placed()
    corrected(wrong, address="滨河花园3栋")
    assert [one.name for one in PlaceProposal.objects.all()] == ["滨河花园"]
    again, said = placed(), placed(caller_phone="10012340002")
    corrected(again, address="滨河花园9栋")
    assert {one.name: one.sayings.count() for one in PlaceProposal.objects.all()} == {"滨河花园": 2, NAME: 1}
    corrected(said, region=street("新华街道").pk)
    assert {(one.name, one.region.name) for one in PlaceProposal.objects.all()} == {
        ("滨河花园", STREET), (NAME, "新华街道"),
    }  # fmt: skip


def test_what_the_book_decided_is_not_taken_back_by_a_correction() -> None:
    one = placed()
    decide("refuse")
    corrected(one, address="滨河花园3栋")
    assert {p.name: p.state for p in PlaceProposal.objects.all()} == {NAME: State.REFUSED, "滨河花园": State.OPEN}


def test_a_name_that_was_corrected_to_a_known_place_is_another_name_of_it() -> None:
    ticket = placed("老酒厂宿舍5号", "书院街道")
    PlaceProposal.objects.all().delete()
    corrected(ticket, address="凤凰天仙城5号")
    one = PlaceProposal.objects.get()
    assert one.is_alias
    decide("release")
    assert "老酒厂宿舍" in Place.objects.get(name="凤凰天仙城").aliases
    assert best("老酒厂宿舍2号") == ("书院街道", 95)


def test_whole_districts_secret_callers_and_the_system_teach_nothing() -> None:
    placed(where="孝南区")
    placed(is_secret=True)
    placed(is_anonymous=True, caller_name="")
    recording.register(actor=None, details={"title": "x", "description": "路灯不亮了", "kind": "complaint",
                                                  "region": street(STREET), "address": NAME})  # fmt: skip
    assert not PlaceProposal.objects.exists()


def test_three_people_who_agree_are_enough_to_offer_it_and_not_to_fill_it_in() -> None:
    for number, who in enumerate((scene.OPERATOR, scene.OPERATOR, scene.DISPATCHER)):
        placed(who=who, caller_phone=f"1001234010{number}")
    assert best(NAME) is None, "one person who says it twice is one"
    placed(who="operator2", caller_phone="10012340109")
    assert best(f"{NAME}1栋") == (STREET, learning.LEARNED_CONFIDENCE)
    assert book.place_of(NAME).taken is None
    assert Place.objects.get(name=NAME).source == Place.Source.LEARNED
    decide("release")
    assert book.place_of(NAME).taken


def test_who_disagree_settle_nothing_by_themselves() -> None:
    placed(where="毛陈镇", caller_phone="10012340100")
    for who in PEOPLE:
        placed(who=who)
    assert not Place.objects.filter(name=NAME).exists()
    assert PlaceProposal.objects.filter(state=State.OPEN).count() == 2


def test_what_was_refused_stays_refused_and_what_was_taken_by_itself_goes() -> None:
    for who in PEOPLE:
        placed(who=who)
    assert best(NAME)
    assert f"“{NAME}”未收入地名库" in decide("refuse")
    assert best(NAME) is None
    placed(caller_phone="10012340110")
    assert PlaceProposal.objects.get().state == State.REFUSED
    assert best(NAME) is None


def test_released_twice_is_told() -> None:
    placed()
    decide("release")
    assert best(NAME) == (STREET, learning.RELEASED_CONFIDENCE)
    said = decide("refuse", scene.SUPERVISOR)
    assert "已处理" in said, re.findall('class="[^"]*alert[^>]*>([^<]*)', said)
    assert best(NAME)


def test_it_is_put_right_before_it_is_taken_in() -> None:
    placed("听涛雅居小区西门")
    one = PlaceProposal.objects.get()
    client = client_of(scene.SUPERVISOR)
    address = f"{reverse('new-place')}?proposal={one.pk}"
    assert one.name in client.get(address).content.decode()
    given = {"name": NAME, "kind": "estate", "region": one.region_id, "confidence": 90, "aliases": "听涛雅居小区"}
    client.post(reverse("new-place"), given | {"proposal": one.pk})
    one.refresh_from_db()
    assert (one.state, one.place, best(one.name)) == (State.RELEASED, Place.objects.get(name=NAME), (STREET, 90))


def test_a_sheet_with_the_name_settles_it() -> None:
    placed()
    client = client_of(scene.DISPATCHER)
    content = client.get(reverse("place-proposals-export")).content
    rows = list(openpyxl.load_workbook(io.BytesIO(content)).active.values)
    assert rows[1][0] == NAME
    file = SimpleUploadedFile("places.xlsx", content)
    shown = client.post(reverse("places-import"), {"file": file}, follow=True)
    client.post(shown.redirect_chain[-1][0])
    assert PlaceProposal.objects.get().state == State.RELEASED
    assert best(NAME) == (STREET, 95)
    assert not sheet.read(sheet.table(content)).rejected


@pytest.mark.parametrize(
    ("who", "status"), [(scene.OPERATOR, 403), (scene.CLERK, 403), (scene.SUPERVISOR, 200), (scene.ADMIN, 200)]
)
def test_who_decides(who: str, status: int) -> None:
    placed()
    client = client_of(who)
    assert client.get(reverse("place-proposals")).status_code == status
    assert client.get(reverse("place-proposals-export")).status_code == status
    client.post(reverse("place-proposals"), {"release": PlaceProposal.objects.get().pk})
    assert Place.objects.filter(name=NAME).exists() == (status == 200)
    assert status != 200 or client.post(reverse("place-proposals"), {"release": "x"}).status_code == 302
