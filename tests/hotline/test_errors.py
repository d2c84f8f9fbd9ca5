"""What is shown when a request cannot be served: pages of ours, in words, with what was typed."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from django.conf import settings as configured
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse

from hotline import drafts, errors
from tests import scene
from tickets.choices import Status
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
TYPED = "已联系施工单位，明日进场加固。"
DJANGOS_OWN = ("CSRF verification failed", "<h1>Bad Request", "<h1>Server Error", "<h1>Not Found", "Forbidden")


def is_ours(page: str) -> bool:
    return "hotline.css" in page and not any(words in page for words in DJANGOS_OWN)


@pytest.fixture
def strict() -> Client:
    """A browser whose forms are checked for their token, as a real one's are."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(scene.user(scene.CLERK), backend="hotline.accounts.backend.PersonBackend")
    return client


@pytest.fixture
def progress() -> str:
    return reverse("ticket-action", args=[scene.ticket_in(Status.WORKING).number, "progress"])


# -- the session has ended ---------------------------------------------------------------------------------------


def test_a_form_sent_without_a_session_is_shown_and_leads_back(client: Client, progress: str) -> None:
    answer = client.post(progress, {"note": TYPED, "version": "3"}, headers={"Referer": f"http://testserver{progress}"})
    page = answer.content.decode()
    assert answer.status_code == 401
    assert is_ours(page)
    assert TYPED in page
    assert f'href="/sign-in/?next={progress.replace("/", "%2F")}"' in page
    assert "no-store" in answer["Cache-Control"]


def test_a_page_is_asked_for_without_a_session(client: Client, progress: str) -> None:
    answer = client.get(progress)
    assert (answer.status_code, answer["Location"]) == (302, f"/sign-in/?next={progress}")


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_fragment_without_a_session_is_no_page_within_the_page(method: str, client: Client) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/board/?flag=overdue"}
    answer = getattr(client, method)(reverse("board"), headers=headers)
    page = answer.content.decode()
    assert answer.status_code == 401
    assert "<html" not in page
    assert "重新登录" in page
    assert "/sign-in/?next=%2Fboard%2F%3Fflag%3Doverdue" in page


def test_a_script_without_a_session_is_told_as_a_script(client: Client) -> None:
    answer = client.post(reverse("board-many"), {"note": TYPED}, headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert "登录" in answer.json()["detail"]


@pytest.mark.parametrize(
    "stood_on",
    ["https://elsewhere.example/", "//elsewhere.example/", "http://testserver//elsewhere.example/", "javascript:1", ""],
)
def test_the_way_back_leads_to_no_other_site(stood_on: str, client: Client, strict: Client, progress: str) -> None:
    for browser in (client, strict):
        page = browser.post(progress, {"note": TYPED}, headers={"Referer": stood_on}).content.decode()
        for link in re.findall(r'(?:href|action)="([^"]+)"', page):
            assert not re.match(r"//|https?:|javascript:", unquote(link.removeprefix("/sign-in/?next="))), link


# -- a token that is old -----------------------------------------------------------------------------------------


def test_a_form_older_than_the_sign_in_is_shown_and_can_be_sent_again(strict: Client, progress: str) -> None:
    answer = strict.post(progress, {"note": TYPED, "csrfmiddlewaretoken": "a" * 32, "version": "3"})
    page = answer.content.decode()
    assert answer.status_code == 403
    assert is_ours(page)
    assert page.count(TYPED) == 2, "to be read, and to be sent"
    assert f'action="{progress}"' in page
    token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    again = strict.post(progress, {"note": TYPED, "csrfmiddlewaretoken": token, "version": "3"})
    assert again.status_code == 302
    assert Ticket.objects.get().events.latest("sequence").note == TYPED


def test_a_form_of_another_site_is_refused_and_nothing_of_it_is_offered(strict: Client, progress: str) -> None:
    answer = strict.post(progress, {"note": TYPED}, headers={"Origin": "https://elsewhere.example"})
    page = answer.content.decode()
    assert answer.status_code == 403
    assert is_ours(page)
    assert TYPED not in page
    assert f'action="{progress}"' not in page


def test_what_one_person_typed_is_not_shown_to_the_next(strict: Client, progress: str) -> None:
    """Back to the page that said "signed out", and sent once more by whoever has signed in since."""
    made_for = drafts.mark(scene.user(scene.OPERATOR))
    answer = strict.post(progress, {"note": TYPED, "csrfmiddlewaretoken": "a" * 32, "made_for": made_for})
    assert answer.status_code == 403
    assert TYPED not in answer.content.decode()


def test_every_form_says_for_whom_it_was_made(signed_in: SignIn, progress: str) -> None:
    page = signed_in(scene.CLERK).get(progress).content.decode()
    assert f'name="made_for" value="{drafts.mark(scene.user(scene.CLERK))}"' in page


def test_an_old_token_without_a_session_says_that_one_is_signed_out(progress: str) -> None:
    answer = Client(enforce_csrf_checks=True).post(progress, {"note": TYPED})
    assert answer.status_code == 401
    assert TYPED in answer.content.decode()


def test_a_sign_in_page_that_is_too_old_is_shown_anew() -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/sign-in/", {"username": "a", "password": "b", "next": "/board/"}, follow=True)
    assert answer.status_code == 200
    assert "再登录一次" in answer.content.decode()
    assert 'value="/board/"' in answer.content.decode()


@pytest.mark.parametrize("address", ["/sign-in/", "/password/", "/tickets/new/"])
def test_a_password_is_never_shown(address: str, client: Client, strict: Client) -> None:
    given = {"password": "geheim-1", "new_password1": "geheim-2", "old_password": "geheim-3", "answer": TYPED}
    for page in (client.post(address, given), strict.post(address, given)):
        assert "geheim" not in page.content.decode()


# -- what cannot be served ---------------------------------------------------------------------------------------


def test_what_was_typed_is_shown_where_the_page_is_gone_or_closed(signed_in: SignIn, progress: str) -> None:
    for who, status in ((scene.OTHER_CLERK, 404), (scene.SUPERVISOR, 403)):
        answer = signed_in(who).post(progress, {"note": TYPED})
        assert answer.status_code == status
        assert is_ours(answer.content.decode())
        assert TYPED in answer.content.decode()


def test_a_wrong_method_is_said_in_words(signed_in: SignIn) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    answer = signed_in(scene.CLERK).get(reverse("attach", args=[ticket.number]))
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert is_ours(answer.content.decode())


def test_too_many_fields_and_too_much_text(signed_in: SignIn, progress: str) -> None:
    client = signed_in(scene.CLERK)
    many = client.post(progress, {f"field-{i}": "1" for i in range(configured.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)})
    much = client.post(progress, {"note": "长" * configured.DATA_UPLOAD_MAX_MEMORY_SIZE})
    for answer in (many, much):
        assert answer.status_code == 400 or answer.status_code == 413
        assert is_ours(answer.content.decode())
        assert "一次提交的内容过多" in answer.content.decode()


def test_a_body_that_is_no_form(signed_in: SignIn, progress: str) -> None:
    answer = signed_in(scene.CLERK).post(progress, b"--nothing", content_type="multipart/form-data; boundary=")
    assert answer.status_code == 400
    assert is_ours(answer.content.decode())


def test_a_host_that_is_not_ours(settings: Any, client: Client) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    answer = client.get("/sign-in/", headers={"Host": "elsewhere.example"})
    assert answer.status_code == 400
    assert is_ours(answer.content.decode())


def test_a_broken_database_has_a_page_too(signed_in: SignIn) -> None:
    """The frame of a page asks the database who is signed in; the page that says it is broken must not."""
    client = signed_in(scene.CLERK)
    client.raise_request_exception = False

    def refuse(*args: Any) -> Any:
        raise RuntimeError("the database is away")

    with connection.execute_wrapper(refuse):
        answer = client.get("/inbox/")
    assert answer.status_code == 500
    assert is_ours(answer.content.decode())
    assert (
        "出了问题" in answer.content.decode() or "故障" in answer.content.decode() or "出错" in answer.content.decode()
    )


def test_a_disk_that_is_full_is_told_apart_from_a_fault() -> None:
    request = RequestFactory().post("/", {"note": TYPED})
    try:
        raise OSError(errno.ENOSPC, "No space left on device")
    except OSError:
        answer = errors.broken(request)
    assert answer.status_code == 507
    assert "磁盘" in answer.content.decode()
    assert TYPED in answer.content.decode()


@pytest.mark.parametrize("who", [None, scene.CLERK, scene.ADMIN])
@pytest.mark.parametrize("address", ["/admin/login/", "/admin/password_change/", "/admin/"])
def test_no_page_of_djangos_own_is_a_way_in_or_out(
    who: str | None, address: str, signed_in: SignIn, client: Client
) -> None:
    browser = signed_in(who) if who else client
    answer = browser.get(address, follow=True)
    page = answer.content.decode()
    assert is_ours(page) or (who == scene.ADMIN and answer.status_code == 200)
    assert 'action="/admin/login/"' not in page


def test_signing_out_on_the_set_ups_pages_signs_out(signed_in: SignIn) -> None:
    client = signed_in(scene.ADMIN)
    client.post("/admin/logout/", follow=True)
    assert client.get("/admin/").status_code == 302


def test_the_set_up_leads_a_stranger_through_the_sign_in_and_back(client: Client) -> None:
    answer = client.get("/admin/accounts/user/", follow=True)
    where = answer.redirect_chain[-1][0]
    client.force_login(scene.user(scene.ADMIN), backend="hotline.accounts.backend.PersonBackend")
    final = client.get(where, follow=True)
    assert final.status_code == 200
    assert final.request["PATH_INFO"] == "/admin/accounts/user/"


# -- scripts that send forms ---------------------------------------------------------------------------------------


def test_a_script_is_told_where_to_go_on(signed_in: SignIn, progress: str) -> None:
    answer = signed_in(scene.CLERK).post(progress, {"note": TYPED}, headers={"X-Sent-By": "script"})
    assert answer.status_code == 204
    assert answer["X-Location"] == Ticket.objects.get().get_absolute_url()
