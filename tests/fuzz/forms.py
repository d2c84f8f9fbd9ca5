"""Every form on every page of everybody, and every parameter that a view asks for, garbled until enough was sent."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from tests import garbage
from tests.fuzz import planted
from tests.garbage import FILES, House, forms, listening, pages, readers

pytestmark = pytest.mark.django_db


def test_every_page_and_form_as_each_role(monday: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "MEDIA_ROOT", tmp_path)
    logging.disable(logging.ERROR)
    house = planted.house()
    shown = forms(house)
    known: dict[tuple[str, str, str], set[str]] = {}
    people = sorted(house.clients)
    addresses = [address for _name, address in pages(house)]
    opened = {(method, one): readers(house, method, one) for one in addresses for method in ("GET", "POST")}
    while len(house.seconds) < planted.REQUESTS:
        for form in shown:
            for who in {form.who, house.rng.choice(people)}:
                _garbled_form(house, form, who)
        for (method, address), by in opened.items():
            for who in {*by, house.rng.choice(people)}:
                _garbled_parameters(house, who, method, address, known)
    logging.disable(logging.NOTSET)
    planted.report("forms", house, forms=len(shown), addresses=len(addresses), roles=len(house.clients))


def _garbled_form(house: House, form: garbage.Form, who: str) -> None:
    given: dict[str, Any] = dict(form.fields)
    for name in house.rng.sample(sorted(given), min(len(given), house.rng.randint(0, 3))):
        given[name] = house.garbage()
    for name in form.files:
        if house.rng.random() < 0.5:
            given[name] = SimpleUploadedFile(*house.rng.choice(FILES))
    house.ask(who, form.method, form.address, given)


def _garbled_parameters(house: House, who: str, method: str, address: str, known: dict[Any, set[str]]) -> None:
    """Names are learned from what the view asks for, as in the suite; each time a little further."""
    names = known.setdefault((who, method, address), set())
    given = {name: house.garbage() for name in sorted(names) if house.rng.random() < 0.7}
    with listening() as asked:
        house.ask(who, method, address, given)
    names |= asked - {"csrfmiddlewaretoken"}
