"""Who reaches which address, and what the audit log says of it: the one table of addresses.

An address is refused to everybody until it stands here (`Reached`), and a test proves of each that it answers every
role, and nobody, as its row says: tests/hotline/test_reach.py. docs/permissions.md prints it.

A row says who may open the address and who may send to it, by permission; whose rows there are fewer than those who
hold it (`of`, such as a ticket: only whoever may know of it, others get 404); and what is written down of it in the
audit log when it was opened (`read`) or when something sent was taken in (`done`), see `hotline.ledger`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.accounts.permissions import allows
from hotline.ledger.deeds import Deed, Of


class Anybody(Enum):
    ANYBODY = "anybody"  # without signing in
    SIGNED_IN = "signed in"  # every role
    BY_WORKFLOW = "by workflow"  # who performs the action by the workflow table, on a ticket that they may know of


ANYBODY, SIGNED_IN, BY_WORKFLOW = Anybody
Who = Anybody | tuple[P, ...] | None  # one who holds any of these; None: the address takes no such request


@dataclass(frozen=True)
class Reach:
    opens: Who = None
    sends: Who = None
    of: Of = Of.NOTHING
    read: Deed | None = None
    done: Deed | None = None
    more: tuple[P, ...] = ()  # of these one is asked for beside the others, for some of what is sent

    def who(self, method: str) -> Who:
        return self.opens if method in ("GET", "HEAD") else self.sends

    def lets(self, role: str, method: str) -> bool:
        """Whether people of `role` get any further than a refusal; what they may know of is asked after that."""
        return lets(self.who(method), role)


def lets(who: Who, role: str) -> bool:
    if isinstance(who, Anybody):
        return True
    return who is not None and any(allows(role, one) for one in who)


def _who(given: Any) -> Who:
    return (given,) if isinstance(given, P) else given


def opens(who: Any, of: Of = Of.NOTHING, read: Deed | None = None) -> Reach:
    """An address that is only opened."""
    return Reach(opens=_who(who), of=of, read=read)


def takes(who: Any, of: Of = Of.NOTHING, done: Deed | None = Deed.CHANGED, more: Iterable[P] = ()) -> Reach:
    """An address that only takes in what is sent."""
    return Reach(sends=_who(who), of=of, done=done, more=tuple(more))


def form(who: Any, of: Of = Of.NOTHING, read: Deed | None = None, sends: Any = None) -> Reach:
    """A page with a form: what it sends comes back to it."""
    return Reach(opens=_who(who), sends=_who(sends or who), of=of, read=read, done=Deed.CHANGED)


D = Deed
EXPORTS = (P.EXPORT_TICKETS, P.READ_LEDGER)
SEES_TICKETS = (P.SEE_ALL_TICKETS, P.SEE_DEPARTMENT_TICKETS)

REACH: dict[str, Reach] = {
    # -- the frame -------------------------------------------------------------------------------------------
    "healthz": opens(ANYBODY),
    "sign-in": Reach(opens=ANYBODY, sends=ANYBODY),  # written down where it is decided: signing in, being refused
    "language": takes(ANYBODY, done=None),
    "sign-out": takes(SIGNED_IN, done=None),
    "home": opens(SIGNED_IN),
    "help": opens(SIGNED_IN),
    "guide": opens(SIGNED_IN),
    "numbers": opens(SIGNED_IN),
    "find": takes(SIGNED_IN, done=None),  # the search is written down where it finds
    "draft-key": takes(SIGNED_IN, done=None),
    "password": form(SIGNED_IN, Of.ACCOUNT),
    "sign-in-code": Reach(opens=ANYBODY, sends=ANYBODY),
    "unified-sign-in": opens(ANYBODY),
    "unified-back": opens(ANYBODY),  # written down where it is decided
    "account-security": form(SIGNED_IN, Of.ACCOUNT),
    "tokens": form(P.USE_API, Of.TOKEN),
    "revoke-token": takes(P.USE_API, Of.TOKEN),
    "design": opens(SIGNED_IN),
    # -- the audit log: looked at by nobody else, and looking stands in it ------------------------------------
    "ledger": opens(P.READ_LEDGER, Of.LEDGER, D.SEEN),
    "ledger-export": takes(P.READ_LEDGER, Of.LEDGER, D.EXPORTED),
    # -- set-up ----------------------------------------------------------------------------------------------
    "set-up": opens(P.SET_UP),
    "people": opens(P.SET_UP, Of.ACCOUNT, D.SEEN),
    "new-person": form(P.SET_UP, Of.ACCOUNT),
    "people-passwords": takes(P.SET_UP, Of.ACCOUNT, D.EXPORTED),
    "person": form(P.SET_UP, Of.ACCOUNT, D.SEEN),
    "role-requests": form(P.SET_UP, Of.ACCOUNT, D.SEEN),
    "work-sessions": Reach(opens=(P.SET_UP, P.READ_LEDGER), sends=(P.SET_UP,), of=Of.WORK, read=D.SEEN),
    "set-up-table": opens(P.SET_UP),
    "set-up-add": form(P.SET_UP, Of.SET_UP),
    "set-up-row": form(P.SET_UP, Of.SET_UP),
    "city-sheet": form(P.SET_UP, Of.SET_UP),
    "city-import": form(P.SET_UP, Of.SET_UP),
    "city-export": opens(P.SET_UP, Of.SET_UP, D.EXPORTED),
    "limits": form(P.SET_UP, Of.SET_UP),
    "change-limit": form(P.SET_UP, Of.SET_UP),
    "calendar": form(P.SET_UP, Of.SET_UP),
    "report-template": form(P.SET_UP, Of.SET_UP),
    "report-template-back": takes(P.SET_UP, Of.SET_UP),
    "report-template-file": opens(P.SET_UP, Of.SET_UP, D.DOWNLOADED),
    # -- tickets ---------------------------------------------------------------------------------------------
    "tickets": opens(SEES_TICKETS, Of.LIST, D.SEEN),
    "my-tickets": opens(P.REGISTER, Of.LIST, D.SEEN),
    "inbox": opens(P.HANDLE, Of.LIST, D.SEEN),
    "accept-many": takes(P.HANDLE, Of.LIST),
    "ticket": opens(SIGNED_IN, Of.TICKET, D.SEEN),
    "unmask": takes(SIGNED_IN, Of.TICKET, D.UNMASKED),
    "slip": opens(SIGNED_IN, Of.TICKET, D.PRINTED),
    "ticket-action": form(BY_WORKFLOW, Of.TICKET, D.SEEN),
    "answer-check": takes(P.HANDLE, Of.TICKET, None),
    "answers-check": takes(P.HANDLE, done=None),
    "attach": takes(SIGNED_IN, Of.TICKET),
    "attachment": opens(SIGNED_IN, Of.ATTACHMENT, D.DOWNLOADED),
    "answer-templates": form(P.HANDLE, Of.SET_UP),
    "answer-template": form(P.HANDLE, Of.SET_UP),
    "join-tickets": takes(P.MANAGE_MATTERS, Of.LIST),
    "ticket-exports": opens(EXPORTS, Of.EXPORT),
    "ticket-export": takes(P.EXPORT_TICKETS, Of.EXPORT, D.EXPORTED),
    "ticket-export-file": opens(EXPORTS, Of.EXPORT, D.DOWNLOADED),
    "ticket-export-end": takes(EXPORTS, Of.EXPORT),
    # -- recording calls -------------------------------------------------------------------------------------
    "new-ticket": form(P.REGISTER),
    "desk-call": opens(P.REGISTER, Of.CALLER, D.SEEN),
    "caller-history": takes(P.REGISTER, Of.CALLER, D.SEEN),
    "about-earlier": takes(P.REGISTER, Of.TICKET),
    "drop-second": takes(P.REGISTER, done=None),
    "call-place": takes(P.REGISTER, done=None),
    "call-words": takes(P.REGISTER, done=None),
    "call-panel": takes(P.REGISTER, done=None),
    "call-like": takes(P.REGISTER, Of.LIST, D.SEEN),
    "article-panel": takes(P.REGISTER, done=None),
    "regions-of-places": takes(P.SEE_PLACES, done=None),
    "my-day": opens(P.REGISTER),
    "missed-calls": opens(P.SEE_MISSED_CALLS, Of.LIST, D.SEEN),
    "missed-waiting": opens(P.CALL_BACK),
    "missed-take": takes(P.CALL_BACK, Of.MISSED_CALL),
    "call-back": opens(P.CALL_BACK, Of.MISSED_CALL, D.SEEN),
    "missed-end": takes(P.CALL_BACK, Of.MISSED_CALL),
    # -- follow-up calls -------------------------------------------------------------------------------------
    "follow-ups": form(P.FOLLOW_UP, Of.TICKET, D.SEEN),
    "follow-up-list": opens(P.FOLLOW_UP, Of.LIST, D.SEEN),
    "follow-up-later": takes(P.FOLLOW_UP, Of.TICKET),
    # -- dispatching -----------------------------------------------------------------------------------------
    "dispatch-queue": opens(P.DISPATCH, Of.LIST, D.SEEN),
    "dispatch-many": takes(P.DISPATCH, Of.LIST),
    "dispatch-panel": opens(SIGNED_IN, Of.TICKET),
    "dispatch-review": opens(SIGNED_IN, Of.TICKET),
    "automatic-dispatch": takes(P.SEE_SUGGESTIONS, Of.SET_UP, more=(P.AUTOMATE,)),
    "suggestions": opens(P.SEE_SUGGESTIONS),
    "precedents": opens(P.SEE_SUGGESTIONS),
    "directory": opens(P.SEE_DIRECTORY),
    "directory-line": form(P.KEEP_DIRECTORY, Of.DIRECTORY),
    "directory-import": form(P.KEEP_DIRECTORY, Of.DIRECTORY),
    "directory-export": opens(P.SEE_DIRECTORY, Of.DIRECTORY, D.EXPORTED),
    "directory-check": opens(P.SEE_DIRECTORY),
    "directory-versions": opens(P.SEE_DIRECTORY),
    "directory-version": form(P.SEE_DIRECTORY, Of.DIRECTORY, sends=P.KEEP_DIRECTORY),
    "places": opens(P.SEE_PLACES),
    "new-place": form(P.KEEP_PLACES, Of.PLACE),
    "place": form(P.SEE_PLACES, Of.PLACE, sends=P.KEEP_PLACES),
    "place-proposals": form(P.KEEP_PLACES, Of.PLACE),
    "place-proposals-export": opens(P.KEEP_PLACES, Of.PLACE, D.EXPORTED),
    "places-import": form(P.KEEP_PLACES, Of.PLACE),
    "place-sheet": form(P.KEEP_PLACES, Of.PLACE),
    "place-sheet-rejected": opens(P.KEEP_PLACES, Of.PLACE, D.DOWNLOADED),
    "places-export": opens(P.SEE_PLACES, Of.PLACE, D.EXPORTED),
    # -- knowledge -------------------------------------------------------------------------------------------
    "articles": opens(P.READ_ARTICLES),
    "article": opens(P.READ_ARTICLES, Of.ARTICLE),
    "article-file": opens(P.READ_ARTICLES, Of.ARTICLE, D.DOWNLOADED),
    "article-new": form(P.DRAFT_ARTICLES, Of.ARTICLE),
    "article-edit": form(P.DRAFT_ARTICLES, Of.ARTICLE),
    "article-settle": takes(P.READ_ARTICLES, Of.ARTICLE, more=(P.RELEASE_ARTICLES, P.DRAFT_ARTICLES)),
    "articles-missed": form(P.DRAFT_ARTICLES),
    # -- matters and callers ---------------------------------------------------------------------------------
    "matters": opens(P.MANAGE_MATTERS, Of.LIST, D.SEEN),
    "matters-map": opens(P.SEE_ALL_TICKETS),
    "matter": opens(SIGNED_IN, Of.MATTER, D.SEEN),
    "matter-change": takes(P.MANAGE_MATTERS, Of.MATTER),
    "matter-together": form(BY_WORKFLOW, Of.MATTER, D.SEEN),
    "matter-proposal": takes(P.MANAGE_MATTERS, Of.MATTER),
    "caller": opens(P.SEE_CALLERS, Of.CALLER, D.SEEN),
    "settle-person": takes(P.MANAGE_MATTERS, Of.CALLER, more=(P.SEE_CALLERS,)),
    # -- supervision -----------------------------------------------------------------------------------------
    "board": opens(P.SEE_BOARD, Of.LIST, D.SEEN),
    "board-many": takes(P.SUPERVISE, Of.LIST),
    "escalate-many": form(P.SUPERVISE, Of.LIST),
    "supervision-panel": opens(SIGNED_IN, Of.TICKET),
    "coordinations": opens(P.SUPERVISE),
    "site-worker": opens(P.SEE_REPORTS),
    "coordination": opens(P.SEE_REPORTS, Of.MEETING, D.SEEN),
    "site-note": takes(P.SUPERVISE, Of.MEETING),
    "minutes": opens(P.SEE_REPORTS, Of.MEETING, D.DOWNLOADED),
    "meeting": opens(P.SEE_REPORTS, Of.MEETING, D.DOWNLOADED),
    "messages": form(P.SEE_MESSAGES, Of.MESSAGE, D.SEEN),
    "order": opens(SIGNED_IN, Of.ORDER, D.PRINTED),
    "sweeper": opens(P.SEE_CLOCKS),
    "rulings": opens(P.RULE, Of.LIST, D.SEEN),
    # -- reports ---------------------------------------------------------------------------------------------
    "dashboard": opens(P.SEE_REPORTS),
    "dashboard-wall": opens(P.SEE_REPORTS),
    "figures": opens(P.SEE_REPORTS),
    "figure-tickets": opens(P.SEE_REPORTS, Of.LIST, D.SEEN),
    "abnormal-tickets": opens(P.SEE_REPORTS, Of.LIST, D.SEEN),
    "operators": opens(P.SEE_OPERATORS),
    "reports": opens(P.READ_REPORTS),
    "build-report": takes(P.BUILD_REPORTS, Of.REPORT),
    "report-special": form(P.BUILD_REPORTS, Of.REPORT),
    "report-own": form(P.ASK_OWN_REPORT, Of.REPORT),
    "report-progress": opens((P.SEE_REPORTS, P.ASK_OWN_REPORT)),
    "report-cancel": takes((P.BUILD_REPORTS, P.ASK_OWN_REPORT), Of.REPORT),
    "report": opens(P.READ_REPORTS, Of.REPORT, D.SEEN),
    "report-again": takes(P.BUILD_REPORTS, Of.REPORT),
    "report-step": takes(P.SEE_REPORTS, Of.REPORT, more=(P.REMARK_ON_REPORTS, P.APPROVE_REPORTS, P.ISSUE_REPORTS)),
    "report-against": opens(P.READ_REPORTS, Of.REPORT, D.SEEN),
    "report-file": opens(P.READ_REPORTS, Of.REPORT, D.DOWNLOADED),
    # -- the API: pages of lists, one row, and one address for each action of the workflow table ------------------
    "api-schema": opens(SIGNED_IN),
    "api-token": Reach(sends=ANYBODY),  # written down where it is decided
    "api-ticket-list": Reach(opens=SEES_TICKETS, sends=(P.REGISTER,), of=Of.LIST, read=D.SEEN, done=D.CHANGED),
    "api-ticket-numbers": takes(SIGNED_IN, Of.TICKET, D.UNMASKED),
    "api-ticket-detail": opens(SIGNED_IN, Of.TICKET, D.SEEN),
    "api-department-list": opens(SIGNED_IN),
    "api-department-detail": opens(SIGNED_IN),
    "api-category-list": opens(SIGNED_IN),
    "api-category-detail": opens(SIGNED_IN),
    "api-missed-call-list": opens(P.SEE_MISSED_CALLS, Of.LIST, D.SEEN),
    "api-missed-call-detail": opens(P.SEE_MISSED_CALLS, Of.MISSED_CALL, D.SEEN),
    "api-place-list": opens(P.SEE_PLACES),
    "api-place-find": takes(P.SEE_PLACES, done=None),
    "api-place-detail": opens(P.SEE_PLACES),
    "api-call-event": takes(P.TELL_OF_CALLS, done=None),  # each is kept as it was told
    "api-article-list": opens(P.READ_ARTICLES),
    "api-article-detail": opens(P.READ_ARTICLES, Of.ARTICLE),
    "api-message-list": opens(P.SEE_MESSAGES, Of.MESSAGE, D.SEEN),
    "api-message-detail": opens(P.SEE_MESSAGES, Of.MESSAGE, D.SEEN),
    "api-message-read": takes(P.SEE_MESSAGES, Of.MESSAGE, None),
    "api-operators": opens((P.REGISTER, P.SEE_OPERATORS)),
    "api-indicators": opens(P.SEE_REPORTS),
    "api-figures": opens(P.SEE_REPORTS),
    "api-report-list": opens(P.READ_REPORTS),
    "api-report-detail": opens(P.READ_REPORTS, Of.REPORT, D.SEEN),
}
API_ACTION = "api-ticket-"  # and the name of the action
ADMIN = "admin:"
# Django's set-up pages, all alike; what they sign in by is our own page.
OF_ADMIN = form(P.SET_UP, Of.SET_UP)
OPEN_OF_ADMIN = Reach(opens=ANYBODY, sends=ANYBODY)


def of(name: str) -> Reach | None:
    """The row of an address; None where it has none, so that it is open to nobody."""
    if (row := REACH.get(name)) is not None:
        return row
    if name.startswith(API_ACTION):
        return takes(BY_WORKFLOW, Of.TICKET)
    if name.startswith(ADMIN):
        return OPEN_OF_ADMIN if name == "admin:login" else OF_ADMIN
    return None


class Reached:
    """Middleware: an address without a row is refused, and so is whoever its row does not let in.

    A page asks once more for itself. Of the API's addresses only the row is asked for here: who sends a token is known
    later.
    """

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer: HttpResponse = self.get_response(request)
        return answer

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        row = of(name)
        if row is None:
            raise PermissionDenied
        if request.path.startswith("/api/") or request.method == "OPTIONS":
            return None
        method = request.method or "GET"
        offered = [one for one in ("GET", "HEAD", "POST") if row.who(one) is not None]
        role = request.user.role if isinstance(request.user, User) else ""
        if method not in offered:
            if not any(row.lets(role, one) for one in offered):
                raise PermissionDenied
            return HttpResponseNotAllowed(offered)
        if not row.lets(role, method):
            raise PermissionDenied
        return None
