"""The guides are true: what stands bold in a part stands on the pages it speaks of, and its pictures are of them.

    HOTLINE_TAKE_PICTURES=1 .venv/bin/python -m pytest -n 0 tests/browser/test_handbook.py

writes the pictures anew into static/handbook.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import NoReverseMatch, reverse
from playwright.sync_api import Browser, Page

from hotline import handbook
from hotline.accounts.permissions import Role
from tests import scene
from tests.browser.test_every_page import LOADED, context_of, house  # noqa: F401 - a fixture
from tickets.choices import Status
from tickets.models import Ticket

pytestmark = pytest.mark.browser
TAKES = os.environ.get("HOTLINE_TAKE_PICTURES") == "1"
BOLD = re.compile(r"\*\*(.+?)\*\*")
# All that a page says: its text, and what stands in fields that are empty and on things that are pictures.
SAID = """() => [document.body.textContent, ...[...document.querySelectorAll('[placeholder], [aria-label], [title]')]
    .flatMap(one => [one.placeholder, one.ariaLabel, one.title])].join(' ').replace(/\\s+/g, ' ')"""
# Of a ticket the guide of a role shows one on which that role has something to do.
SHOWN = {Role.STAFF: Status.WORKING, Role.SUPERVISOR: Status.WORKING, Role.DISPATCHER: Status.REGISTERED}


def address_of(page: str, role: str) -> str | None:
    """Where a page of a guide lies; None where it belongs to something that not every city has."""
    name, _mark, query = page.partition("?")
    if name == "ticket":
        status = SHOWN.get(Role(role), Status.FOLLOW_UP)
        found = Ticket.objects.visible_to(scene.user(scene.ROLE_PEOPLE[role])).filter(status=status).earliest("pk")
        return found.get_absolute_url()
    try:
        return reverse(name) + (f"?{query}" if query else "")
    except NoReverseMatch:
        return None


def opened(page: Page, address: str) -> str:
    page.goto(address)
    page.wait_for_function(LOADED)
    return str(page.evaluate(SAID))


def untrue(role: str, page: Page, at: str, folder: Path) -> Iterator[str]:
    """What a guide says of pages and does not stand there; and takes its pictures."""
    guide = handbook.guide_of(role)
    assert guide is not None
    for part in guide.parts:
        said = ""
        if bold := BOLD.findall(part.text):
            addresses = (address_of(name, role) for name in part.pages)
            said = " ".join(opened(page, at + address) for address in addresses if address)
        yield from (f"{role}, {part.title}: {word}" for word in bold if word not in said)
        for picture in handbook.PICTURED.findall(part.text):
            opened(page, at + str(address_of(picture, role)))
            page.screenshot(path=folder / Path(handbook.picture_name(role, picture)).name)


def test_what_guides_say_stands_on_their_pages(
    house: str,  # noqa: F811 - the fixture
    chromium: Browser,
    tmp_path: Path,
) -> None:
    folder = Path(settings.BASE_DIR) / "static" / "handbook" if TAKES else tmp_path
    found: list[str] = []
    for role in Role.values:
        context = context_of(scene.ROLE_PEOPLE[role], house, chromium)
        found += untrue(role, context.new_page(), house, folder)
        context.close()
    assert found == []
    assert len(list(folder.glob("*.png"))) == sum(len(handbook.pictures_of(role)) for role in Role.values)


def test_the_question_mark_opens_the_guide_at_the_page_one_is_on(house: str, chromium: Browser) -> None:  # noqa: F811
    context = context_of(scene.OPERATOR, house, chromium)
    page = context.new_page()
    opened(page, house + reverse("my-tickets"))
    with context.expect_page() as beside:
        page.keyboard.press("?")
    beside.value.wait_for_load_state()
    assert beside.value.url.endswith(f"{reverse('guide', args=['operator'])}#on-my-tickets")
    beside.value.wait_for_load_state("networkidle")  # its pictures have come
    assert 0 <= beside.value.evaluate("document.getElementById('on-my-tickets').getBoundingClientRect().top") < 200
    # where somebody types it is a letter
    opened(page, house + reverse("new-ticket"))
    page.keyboard.press("?")
    assert page.input_value("*:focus") == "?"
    with context.expect_page() as beside:
        page.keyboard.press("F1")
    beside.value.wait_for_load_state()
    assert beside.value.url.endswith(f"{reverse('guide', args=['operator'])}#on-new-ticket")
