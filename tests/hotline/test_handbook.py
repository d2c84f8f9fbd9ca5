"""The handbook: a guide for each role that speaks of every page behind its doors, and opens where one comes from."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from hotline import handbook
from hotline.accounts.permissions import Role, allows
from hotline.shell import DOORS
from tests import scene
from tests.addresses import named_addresses

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", Role.values)
def test_every_door_of_a_role_has_its_part_and_every_part_is_of_pages(role: str) -> None:
    guide = handbook.guide_of(role)
    assert guide is not None
    told = {page.partition("?")[0] for part in guide.parts for page in part.pages}
    doors = {door.url_name for door in DOORS if allows(role, door.permission)}
    assert doors - told == set()
    assert told - set(dict(named_addresses())) == set()
    assert len({part.anchor for part in guide.parts}) == len(guide.parts)
    assert all(f'id="{part.anchor}"' in guide.html and part.text.strip() for part in guide.parts)


def test_pictures_are_there() -> None:
    wanted = {name for role in Role.values for name in handbook.pictures_of(role)}
    assert len(wanted) >= 9
    assert {name for name in wanted if not finders.find(name)} == set()


def test_help_opens_at_the_part_that_speaks_of_the_page(signed_in: Callable[[str], Client]) -> None:
    client = signed_in(scene.OPERATOR)
    assert f'href="{reverse("help")}?at=my-tickets"' in client.get(reverse("my-tickets")).content.decode()
    own = reverse("guide", args=["operator"])
    for at, address in (("my-tickets", f"{own}#on-my-tickets"), ("desk-call", f"{own}#on-new-ticket"), ("x", own)):
        assert client.get(reverse("help"), {"at": at})["Location"] == address
    dispatcher, guide = signed_in(scene.DISPATCHER), reverse("guide", args=["dispatcher"])
    returns = dispatcher.get(reverse("dispatch-queue"), {"tab": "return_asked"}).content.decode()
    assert f'href="{reverse("help")}?at=dispatch-queue%3Ftab%3Dreturn_asked"' in returns
    for tab, part in (("return_asked", "on-dispatch-queue-tab-return_asked"), ("registered", "on-dispatch-queue")):
        assert dispatcher.get(reverse("help"), {"at": f"dispatch-queue?tab={tab}"})["Location"] == f"{guide}#{part}"
    page = client.get(own).content.decode()
    assert "登记来电" in page
    assert "<code>Alt+U</code>" in page


def test_who_works_together_reads_each_others_guides_and_nobody_else_does(signed_in: Callable[[str], Client]) -> None:
    assert signed_in(scene.CLERK).get(reverse("guide", args=["supervisor"])).status_code == 200
    assert signed_in(scene.CLERK).get(reverse("guide", args=["nobody"])).status_code == 404
    assert "/sign-in/" in Client().get(reverse("guide", args=["operator"]))["Location"]
    assert "/sign-in/" in Client().get(reverse("help"))["Location"]
