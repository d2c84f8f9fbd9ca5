"""What is searched for, who calls and what they say travel in bodies of requests and stand in no address."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

import pytest
from django.test import Client
from django.urls import reverse

from tests import scene

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]


def search(client: Client, words: str, **more: str) -> str:
    """Searches as the box of the frame does; returns the address that the browser then shows."""
    answer = client.post(reverse("find"), {"q": words, "list": reverse("tickets"), **more})
    assert answer.status_code == 302
    return answer["Location"]


def test_the_address_of_a_search_holds_neither_number_nor_word(signed_in: SignIn) -> None:
    ticket = scene.call(caller_phone="10012345678")
    client = signed_in(scene.OPERATOR)
    for words in ("10012345678", "钢板异响"):
        address = search(client, words, kind="complaint")
        assert words not in unquote(address)
        page = client.get(address).content.decode()
        assert ticket.number in page
        assert f'value="{words}"' in page, "the box still says what was searched for"
        links = [part.split('"')[0] for part in page.split('href="')[1:]]
        assert not any(words in unquote(link) for link in links)


def test_words_of_another_session_are_not_found_by_their_key(signed_in: SignIn) -> None:
    ticket = scene.call(caller_phone="10012345678")
    address = search(signed_in(scene.OPERATOR), "10012345678")
    page = signed_in(scene.DISPATCHER).get(address).content.decode()
    assert "10012345678" not in page
    assert ticket.number not in page, "nothing was looked for, so nothing looks as if it were found"
    assert "请重新搜索" in page


def test_a_search_leads_to_no_page_of_others(signed_in: SignIn) -> None:
    client = signed_in(scene.OPERATOR)
    for away in ("//evil.example/", "https://evil.example/", "javascript:alert(1)"):
        address = client.post(reverse("find"), {"q": "钢板", "list": away})["Location"]
        assert address.startswith("/tickets/?find=")


def test_a_long_call_loses_no_suggestions(signed_in: SignIn) -> None:
    """An address of this length was refused with 414."""
    region = scene.call().region.pk
    text = "路面钢板响，" * 900
    answer = signed_in(scene.OPERATOR).post(reverse("call-panel"), {"description": text, "region": str(region)})
    assert "道路施工" in answer.content.decode()


def test_fragments_are_not_opened_by_an_address(signed_in: SignIn) -> None:
    client = signed_in(scene.OPERATOR)
    for name in ("caller-history", "call-panel", "call-like", "find"):
        assert client.get(reverse(name)).status_code == 405
