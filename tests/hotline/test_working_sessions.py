"""Administrators change things in working sessions: with a reason, for a limited time, linked in the audit log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from hotline import reach
from hotline.accounts.models import User
from hotline.administering import working
from hotline.administering.models import WorkSession
from hotline.ledger.models import Entry
from tests import scene
from tests.addresses import examples, named_addresses
from tests.hotline.test_setting_up import form_of, seen

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
PAGE, ASKED = "work-sessions", 428
WHY = "按市局来文调整人员"


@pytest.fixture(autouse=True)
def half_an_hour(settings: Any, monday: time_machine.Traveller) -> None:
    settings.ADMIN_MINUTES = 30


def begun(client: Client, reason: str = WHY) -> Any:
    return client.post(reverse(PAGE), {"then": "begin", "work_reason": reason})


def change_of(client: Client, **changed: Any) -> tuple[str, dict[str, Any]]:
    clerk = scene.user(scene.CLERK)
    address = reverse("person", args=[clerk.pk])
    return address, form_of(clerk, seen=seen(client, address), **changed)


def test_whatever_an_administrator_changes_asks_for_a_session_and_nothing_else_does(signed_in: SignIn) -> None:
    clients = {name: signed_in(name) for name in (scene.ADMIN, scene.DISPATCHER, scene.MANAGER)}
    addresses, asked, roles = dict(named_addresses()), set(), {name: scene.user(name).role for name in clients}
    for name, row in reach.REACH.items():
        sends = row.sends if isinstance(row.sends, tuple) else ()
        for given in examples(name, addresses[name], [])[:1] if sends else ():
            for username, client in clients.items():
                is_changed_by_others = not working.FAMILY.isdisjoint(sends)  # who need no session
                if not row.lets(roles[username], "POST") or not (username == scene.ADMIN or is_changed_by_others):
                    continue
                answer = client.post(reverse(name, kwargs=given))
                if answer.status_code == ASKED:
                    asked.add((username, name))
    assert {username for username, _name in asked} == {scene.ADMIN}
    of_admin = {name for _username, name in asked}
    for name in ("person", "new-person", "people-passwords", "role-requests", "set-up-row", "change-limit", "calendar"):
        assert name in of_admin, name
    assert {"directory-line", "new-place", "report-template"} <= of_admin
    assert of_admin.isdisjoint({"tokens", "password", "account-security", PAGE})
    assert clients[scene.ADMIN].post(reverse("admin:accounts_region_add"), {"name": "x"}).status_code == ASKED


def test_what_was_sent_is_done_once_the_reason_is_given_and_bears_it(signed_in: SignIn) -> None:
    client = signed_in(scene.ADMIN)
    address, form = change_of(client, full_name="张卫国")
    page = client.post(address, form)
    assert page.status_code == ASKED
    assert 'name="full_name" value="张卫国"' in page.content.decode(), "what was typed is carried along"
    assert scene.user(scene.CLERK).full_name != "张卫国"
    carried = {**dict(page.context["fields"]), "work_reason": WHY}
    assert client.post(address, carried).status_code == 302
    assert scene.user(scene.CLERK).full_name == "张卫国"
    session = WorkSession.objects.get()
    done = Entry.objects.filter(page="person", deed="changed").latest("id")
    assert (done.why, done.told.partition(";")[0]) == (WHY, f"work={session.pk}")
    assert WHY in client.get(reverse("people")).content.decode(), "which session is open stands on each page"
    auditor = signed_in(scene.AUDITOR)
    listed = auditor.get(reverse(PAGE)).content.decode()
    assert f'href="{reverse("ledger")}?work={session.pk}"' in listed
    found = auditor.get(reverse("ledger"), {"work": session.pk}).context["page"]
    assert done.pk in {one.pk for one in found}
    assert {one.why for one in found} == {WHY}
    assert not list(auditor.get(reverse("ledger"), {"work": session.pk + 1}).context["page"])
    assert reverse("ledger") not in client.get(reverse(PAGE)).content.decode(), "no administrator reads the audit log"


def test_it_ends_by_time_and_what_was_typed_meanwhile_is_kept(
    signed_in: SignIn, monday: time_machine.Traveller
) -> None:
    client = signed_in(scene.ADMIN)
    begun(client)
    address, form = change_of(client, full_name="张卫民")
    monday.shift(29 * 60)
    assert client.post(address, form).status_code == 302
    monday.shift(2 * 60)
    address, form = change_of(client, full_name="张卫军")
    late = client.post(address, form)
    assert late.status_code == ASKED
    assert "张卫军" in late.content.decode()
    session = WorkSession.objects.get()
    assert (session.is_open, session.how) == (False, "到时自动结束")
    client.post(address, {**dict(late.context["fields"]), "work_reason": "继续调整"})
    assert scene.user(scene.CLERK).full_name == "张卫军"


def test_it_ends_by_hand_and_by_signing_out_and_belongs_to_one_sign_in(signed_in: SignIn) -> None:
    here, there = signed_in(scene.ADMIN), signed_in(scene.ADMIN)
    begun(here)
    address, form = change_of(here)
    assert there.post(address, form).status_code == ASKED
    assert here.post(reverse(PAGE), {"then": "end", "back": "/set-up/people/"}).headers["Location"] == "/set-up/people/"
    assert here.post(address, form).status_code == ASKED
    begun(here)
    here.post(reverse("sign-out"))
    assert set(WorkSession.objects.values_list("ended_because", flat=True)) == {"hand", "out"}
    told = Entry.objects.filter(page=PAGE).order_by("id").values_list("told", flat=True)
    assert [one.split(" ", 1)[1] for one in told] == ["begun", "ended hand", "begun", "ended out"]


def test_a_reason_that_is_none_is_told_and_nothing_is_done(signed_in: SignIn) -> None:
    client = signed_in(scene.ADMIN)
    address, form = change_of(client, full_name="张卫国")
    for reason in ("", "  ", "x", "长" * 201):
        answer = client.post(address, {**form, "work_reason": reason})
        assert answer.status_code == ASKED
        assert answer.context["error"]
        assert "张卫国" in answer.content.decode()
        assert begun(client, reason).status_code == 422
    assert not WorkSession.objects.exists()


def test_files_and_passwords_are_chosen_again_and_programs_are_told(signed_in: SignIn) -> None:
    client, address = signed_in(scene.ADMIN), reverse("city-import", args=["people"])
    sent = client.post(
        address, {"file": SimpleUploadedFile("a.csv", b"x")}, headers={"referer": f"http://testserver{address}"}
    )
    assert "重新选择" in sent.content.decode()
    there = {"then": "begin", "work_reason": WHY, "back": sent.context["form_page"]}
    assert client.post(reverse(PAGE), there).headers["Location"] == address
    begun_one = WorkSession.objects.get()
    WorkSession.objects.filter(pk=begun_one.pk).update(ended_at=begun_one.begun_at)
    secret = client.post(reverse("admin:accounts_user_add"), {"username": "neu", "password1": "Geheim-wie-nie"})
    assert "Geheim-wie-nie" not in secret.content.decode()
    assert client.post(address, headers={"accept": "application/json"}).json()["detail"]
    assert "<html" not in client.post(address, headers={"hx-request": "true"}).content.decode()


def test_a_city_that_wants_none_is_asked_for_none(settings: Any, signed_in: SignIn) -> None:
    settings.ADMIN_MINUTES = 0
    client = signed_in(scene.ADMIN)
    address, form = change_of(client, full_name="张卫国")
    assert client.post(address, form).status_code == 302
    assert begun(client).status_code == 200
    assert not WorkSession.objects.exists()
    assert User.objects.filter(full_name="张卫国").exists()
    assert not [one for one in get_messages(client.get(reverse(PAGE)).wsgi_request) if one.level_tag == "error"]
