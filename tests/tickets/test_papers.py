"""Papers that offices file: the handling slip and the supervision order; and pictures of before and after."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from supervision.models import SupervisionOrder
from tests import scene
from tickets.choices import Status
from tickets.models import Attachment

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
BY_HAND = ("拟办意见", "领导批示", "办理情况", "签收回执", "签收人（签字）", "签收单位（盖章）")


def test_a_slip_says_what_is_known_and_leaves_room_to_write(signed_in: SignIn) -> None:
    ticket = scene.do(scene.call(), "dispatch", scene.DISPATCHER, note="请现场查看后固定钢板。")
    page = signed_in(scene.CLERK).get(reverse("slip", args=[ticket.number])).content.decode()
    for words in (*BY_HAND, ticket.number, "工单处理笺", "来电时间", "签收期限", "刘女士", "请现场查看后固定钢板。"):
        assert words in page, words
    assert (
        reverse("slip", args=[ticket.number]) in signed_in(scene.CLERK).get(ticket.get_absolute_url()).content.decode()
    )
    assert signed_in(scene.OTHER_CLERK).get(reverse("slip", args=[ticket.number])).status_code == 404


def test_a_slip_tells_its_reader_no_more_of_the_caller_than_the_page_does(signed_in: SignIn) -> None:
    ticket = scene.ticket_in(Status.WORKING, is_secret=True, caller_name="欧阳秋水")
    scene.do(ticket, "answer", scene.CLERK, answer="已与欧阳秋水当面说明，钢板当晚固定。")
    page = signed_in(scene.CLERK).get(reverse("slip", args=[ticket.number])).content.decode()
    assert "钢板当晚固定" in page
    assert "欧阳秋水" not in page
    assert "来电人要求保密" in page


def test_an_order_has_the_fields_that_are_filled_in_by_hand(signed_in: SignIn) -> None:
    scene.do(scene.ticket_in(Status.WORKING), "supervise", scene.SUPERVISOR, note="三日内加固全部钢板。")
    order = SupervisionOrder.objects.get()
    page = signed_in(scene.CLERK).get(reverse("order", args=[order.number])).content.decode()
    for words in (*BY_HAND, order.number, "督办单", "被督办单位", "三日内加固全部钢板。"):
        assert words in page, words


def test_pictures_of_before_and_after_stand_side_by_side(signed_in: SignIn) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    files = [SimpleUploadedFile(f"{name}.png", scene.picture()) for name in ("坑", "平", "远")]
    given = {"answer": scene.ANSWER, "version": ticket.version, "file": files, "shows": ["before", "after", "nonsense"]}
    client = signed_in(scene.CLERK)
    assert client.post(reverse("ticket-action", args=[ticket.number, "answer"]), given).status_code == 302
    assert list(Attachment.objects.order_by("pk").values_list("shows", flat=True)) == ["before", "after", ""]
    sides = client.get(ticket.get_absolute_url()).context["pictures"]
    assert [(str(label), [one.name for one in pictures]) for label, pictures in sides] == [
        ("整改前", ["坑.png"]), ("整改后", ["平.png"]),
    ]  # fmt: skip
