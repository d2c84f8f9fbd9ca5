"""Words that are searched for stay out of addresses: they name callers and numbers, and addresses end up in logs,
histories and screenshots.

A search is posted; its words are kept in the person's session under a short key, and the address carries the key. So
pages, filters, sorting, Back and a second tab work as with words in the address, and signing out forgets the words.
"""

from __future__ import annotations

import secrets
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from hotline.ledger.writing import note

WORDS, KEY = "q", "find"  # what a form calls the words, and an address the key of words that are kept
SESSION = "finds"
MOST = 40  # searches kept a session; the oldest gives way
LONGEST = 200  # characters


@require_POST
def find(request: HttpRequest) -> HttpResponse:
    """Takes a list's form, keeps the words it searches for, and goes to the list whose address is `list`."""
    address = request.POST.get("list", "")
    if not (address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)):
        address = "/tickets/"
    sent = [(name, value) for name in request.POST for value in request.POST.getlist(name) if value]
    query = [(name, value) for name, value in sent if name not in (WORDS, "list", "csrfmiddlewaretoken")]
    if words := request.POST.get(WORDS, "").strip()[:LONGEST]:
        query.append((KEY, keep(request, words)))
    return redirect(f"{address}?{urlencode(query)}" if query else address)


def keep(request: HttpRequest, words: str) -> str:
    """The key under which these words are kept for this session."""
    kept: dict[str, str] = request.session.get(SESSION, {})
    key = next((known for known, same in kept.items() if same == words), None) or secrets.token_urlsafe(6)
    rest = {known: same for known, same in kept.items() if known != key}
    request.session[SESSION] = dict([*rest.items(), (key, words)][-MOST:])
    return key


def asked(request: HttpRequest) -> tuple[QueryDict, bool]:
    """What a list is asked for, with the words in place of their key; and whether those are kept no longer.

    Words in the address itself, as in a link from long ago, are taken out of it and kept, so that no link of the page
    that is made from it carries them on.
    """
    given = request.GET.copy()
    if words := given.get(WORDS, ""):
        address = request.GET.copy()
        del address[WORDS]
        address[KEY] = keep(request, words)
        request.GET = address  # type: ignore[assignment]
        request.META["QUERY_STRING"] = address.urlencode()
        given = address.copy()
    key = given.get(KEY, "")
    kept = request.session.get(SESSION, {}).get(key)
    if kept:
        given[WORDS] = kept
        note(request, words=kept)
    return given, bool(key and not kept)
