"""The page on which a call is recorded, and what appears beside it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from hotline import telephone, text
from hotline.accounts.access import person, requires
from hotline.accounts.models import Region, User
from hotline.accounts.permissions import Permission as P
from hotline.ledger.writing import note
from hotline.receipts import services as receipts
from hotline.receipts.services import SENT_BEFORE
from hotline.shell import number_in
from hotline.waiting.busy import Busy, with_retry
from tickets.attachments.keeping import Files, FilesRefused, taken_in
from tickets.calls import recording, second
from tickets.calls.forms import ANSWERED, LEAST_WORDS, SEND_ON, CallForm
from tickets.choices import OPEN_STATUSES, Kind
from tickets.disclosure import Detail
from tickets.models import Caller, Intake, MissedCall, Ticket, TicketEvent
from tickets.models.calls import LONGEST_ID
from tickets.reading import read
from tickets.telephony import missed
from tickets.telephony.missed import End
from tickets.workflow import performing, saying, urging
from tickets.workflow.pages import find_ticket
from tickets.workflow.performing import InvalidInput, NotAllowed, Refused, available
from tickets.workflow.table import ACTIONS
from tickets.workflow.urging import may_urge_matter

HISTORY = 8  # earlier tickets shown while the telephone rings
MONTH = timedelta(days=30)
SAME_CALL = ("caller_phone", "caller_name", "contact_phone", "is_anonymous", "is_secret", "channel")
CALLS_HELD = "calls"  # in the session: calls that a telephone system opened, by the key of their forms
MOST_HELD = 20
AGAIN = "again"  # in the address: the key of a call that was opened before


@requires(P.REGISTER)
def new_ticket(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        form = CallForm(request.POST)
        if form.is_valid():
            return _record(request, form)
        return _again(request, form)
    number = request.GET.get("after", "")
    if one := second.waiting(person(request)).filter(first__number=number).first():
        return _second(request, number, one.words)
    return _empty(request)


def _second(request: HttpRequest, number: str, words: str) -> HttpResponse:
    """The form for the second concern of a call: the caller stays, the rest of the words is there.

    The place of the first is offered and not filled in: who speaks of something else often speaks of somewhere else.
    """
    first = Ticket.objects.visible_to(person(request)).filter(number=number).first()
    same: dict[str, Any] = {name: getattr(first, name) for name in SAME_CALL} if first else {}
    intake = Intake.objects.filter(ticket__number=number).select_related("call").first()
    if first and intake and intake.call:
        same["call_id"] = intake.call.call_id
    return _empty(request, description=words, second_of=number, **same, first=first)


@requires(P.REGISTER)
@require_POST
def drop_second(request: HttpRequest) -> HttpResponse:
    """A second concern that waits is not recorded after all."""
    second.settle(person(request), request.POST.get("of", ""))
    back = request.POST.get("back", "")
    return redirect(back if back == reverse("my-day") else "new-ticket")


def _with_second(request: HttpRequest, number: str) -> str:
    """What belongs to recording a call as `number`: its second concern waits, and of a second one it is settled.

    In the transaction of the recording: neither is there without the other.
    """
    second.settle(person(request), request.POST.get("second_of", ""))
    second.wait(person(request), number, request.POST.get("rest", ""))
    return number


def _onward(request: HttpRequest, number: str) -> HttpResponse:
    """After a call is recorded as `number`: to its ticket, or on to the second concern of the same call."""
    _let_go(request)
    if not request.POST.get("rest", "").strip():
        return redirect("ticket", number)
    return redirect(f"{reverse('new-ticket')}?after={number}")


@requires(P.REGISTER)
@require_GET
def desk_call(request: HttpRequest) -> HttpResponse:
    """What a telephone system opens when a call comes in: the form with the number, and who that is.

    The same `call_id` opened twice records one ticket. The browser takes the number out of the address at once; Forward
    and Reload come back by the key of the form, under which the session holds the call until it is recorded.
    """
    if again := request.GET.get(AGAIN):
        held = request.session.get(CALLS_HELD, {}).get(again)
        if held is None:
            return redirect("new-ticket")
        phone, call_id = held
        return _empty(request, form_key=again, call_id=call_id, caller_phone=phone, caller_name=_name_of(phone))
    given = text.one_line(request.GET.get("phone", ""))
    read = telephone.read_or_none(given)
    call_id = text.one_line(request.GET.get("call_id", ""))
    key = uuid.uuid5(uuid.NAMESPACE_URL, f"call:{person(request).pk}:{call_id}") if call_id else uuid.uuid4()
    phone = read.kept if read else ""
    if not read and (call_id or given):
        messages.warning(request, _no_number(given))
    named = call_id if len(call_id) <= LONGEST_ID else ""
    caller = Caller.objects.filter(phone=phone).only("pk").first() if phone else None
    note(request, key=caller.pk if caller else "", told="" if caller else phone)
    _hold(request, str(key), phone, named)
    return _empty(request, form_key=key, call_id=named, caller_phone=phone, caller_name=_name_of(phone))


def _no_number(given: str) -> str:
    """What an operator does about a number that the telephone system does not give, or not all of."""
    if not given or telephone.is_withheld(given):
        return _t("The caller withholds the number: ask for one to call back.")
    if telephone.is_masked(given):
        return _t("The number is shown only in part (%(number)s): ask the caller for all of it.") % {
            "number": given[: telephone.LONGEST]
        }
    return _t("The telephone system gave a number that is none; please type it.")


def _hold(request: HttpRequest, key: str, phone: str, call_id: str) -> None:
    calls = request.session.get(CALLS_HELD, {})
    calls.pop(key, None)
    latest = dict(list(calls.items())[1 - MOST_HELD :])
    request.session[CALLS_HELD] = latest | {key: (phone, call_id)}


def _let_go(request: HttpRequest) -> None:
    """A call that is recorded is held no more: Back leads to an empty form."""
    calls = request.session.get(CALLS_HELD, {})
    if calls.pop(request.POST.get("form_key", ""), None):
        request.session[CALLS_HELD] = calls


@requires(P.CALL_BACK)
@require_GET
def call_back(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of a call with the number of a missed one, for whoever has taken it to call back."""
    one = get_object_or_404(MissedCall, pk=pk)
    if one.holder != person(request):
        messages.error(request, _t("Take this missed call in the list first."))
        return redirect("missed-calls")
    return _empty(request, called_back=one.pk, caller_phone=one.phone, caller_name=_name_of(one.phone))


def _called_back(request: HttpRequest, form: CallForm) -> dict[str, Any]:
    """What the page shows of the missed call that its form calls back."""
    given = form["called_back"].value()
    one = MissedCall.objects.open().filter(pk__in=number_in(str(given or ""))).first()
    if one is None or one.holder != person(request):
        return {}
    number = telephone.read_or_none(one.phone)
    return {"missed": one, "missed_link": number.link if number else "", "ends": End.choices}


def _empty(request: HttpRequest, *, first: Ticket | None = None, **known: Any) -> HttpResponse:
    """The form of a call with what is known; `first` is the first concern of the same call."""
    city = Region.objects.filter(parent__isnull=True).first()
    form = CallForm(initial={"form_key": uuid.uuid4(), "kind": Kind.COMPLAINT, "region": city} | known)
    is_known = known.get("caller_phone") or known.get("second_of")
    form.fields["description" if is_known else "caller_phone"].widget.attrs["data-focus"] = "1"
    waiting = () if known.get("second_of") else second.waiting(person(request))
    context = {"form": form, "waiting": waiting, "first": first, **_called_back(request, form)}
    return render(request, "tickets/new.html", context)


def _name_of(phone: str) -> str:
    return Caller.objects.filter(phone=phone).values_list("name", flat=True).first() or "" if phone else ""


def _record(request: HttpRequest, form: CallForm) -> HttpResponse:
    user = person(request)

    try:
        with taken_in(request.FILES.getlist("file")) as files:
            done = receipts.once_for(request, lambda: _with_second(request, _recorded(form, files, user)), person=user)
    except FilesRefused as refused:
        return _again(request, form, file_errors=refused.reasons)
    except Refused as refused:
        form.add_error("answer", refused.message)
        form.data = typed = request.POST.copy()
        typed["article"] = ""  # told once: what is sent again is the operator's own word
        return _again(request, form)
    except Busy as busy:
        form.add_error(None, busy.message)
        return with_retry(_again(request, form, status=503))
    if done.now:
        messages.success(request, _t("Recorded as %(number)s.") % {"number": done.outcome})
    else:
        messages.warning(request, _t("Already recorded as %(number)s, not a second time.") % {"number": done.outcome})
    return _onward(request, done.outcome)


def _again(request: HttpRequest, form: CallForm, *, status: int = 422, **context: Any) -> HttpResponse:
    """The form as it was sent, with why it was not taken."""
    return render(request, "tickets/new.html", {"form": form, **_called_back(request, form), **context}, status=status)


def _recorded(form: CallForm, files: Files, user: User) -> str:
    """Records the call with its answer and its files; returns the number of its ticket."""
    ticket = recording.register(actor=user, **form.recorded)
    files.give_to(ticket, actor=user, with_last_event=True)
    return ticket.number


@requires(P.REGISTER)
@require_POST
def caller_history(request: HttpRequest) -> HttpResponse:
    """The caller's earlier tickets, while they are on the line. Posted: a number stands in no address."""
    number = telephone.read_or_none(request.POST.get("caller_phone", ""))
    phone = number.kept if number else ""
    user, earlier, lately = person(request), [], 0
    if phone:
        found = Ticket.objects.visible_to(user).filter(caller__phone=phone)
        rows = list(found.for_list().order_by("-registered_at", "-pk")[:HISTORY])
        earlier = _with_deeds(sorted(rows, key=lambda ticket: not ticket.is_open), user)
        lately = _calls_since(timezone.now() - MONTH, found)
    caller = Caller.objects.filter(phone=phone).first() if phone else None
    note(request, **({"key": caller.pk} if caller else {"deed": "searched", "words": phone}))
    name = caller.name if caller else ""
    context = {"phone": phone, "earlier": earlier, "lately": lately, "name": name, "caller": caller}
    return render(request, "tickets/_caller.html", context)


def _calls_since(instant: datetime, tickets: QuerySet[Ticket]) -> int:
    """How many calls the tickets of a caller stand for: those they were recorded from, and those about earlier ones."""
    about = TicketEvent.objects.filter(action__in=(PASS_ON, SUPPLEMENT), at__gte=instant, ticket__in=tickets)
    return tickets.filter(registered_at__gte=instant).count() + about.count()


# What a call about an earlier ticket comes to, with the key that stands for it beside the first ticket it fits.
PASS_ON, SUPPLEMENT, PRAISE, JOIN = "pass_on", "supplement", "praise", "join"
URGE_MATTER = "urge_matter"  # of a ticket that lies with nobody yet
DEEDS = {
    PASS_ON: (pgettext_lazy("by telephone", "Urge"), "U"),
    URGE_MATTER: (pgettext_lazy("by telephone", "Urge the matter"), "U"),
    SUPPLEMENT: (pgettext_lazy("by telephone", "Add"), "B"),
    PRAISE: (pgettext_lazy("by telephone", "Praise"), "P"),
}
# What becomes a call of its own, by the form as it is filled in from the earlier ticket.
OF_ITS_OWN = (PRAISE, JOIN)


@dataclass(frozen=True)
class Deed:
    """One button beside an earlier ticket; `key` is empty where an earlier row has it."""

    name: str
    label: Any
    key: str
    says_which: bool = False  # several tickets have buttons, so that those with a key say of which ticket they are


def _with_deeds(tickets: list[Ticket], user: User) -> list[tuple[Ticket, list[Deed]]]:
    taken: set[str] = set()
    rows = []
    for ticket in tickets:
        possible = {action.name for action in available(ticket, user)}
        if ticket.department_id and ticket.kind != Kind.PRAISE:
            possible.add(PRAISE)
        if may_urge_matter(ticket) and ticket.kind != Kind.PRAISE:
            possible.add(URGE_MATTER)
        offered = [(name, *DEEDS[name]) for name in DEEDS if name in possible]
        deeds = [Deed(name, label, "" if key in taken else f"Alt+{key}") for name, label, key in offered]
        taken |= {key for _name, _label, key in offered}
        rows.append((ticket, deeds))
    if sum(bool(deeds) for _ticket, deeds in rows) < 2:
        return rows
    return [(ticket, [replace(deed, says_which=bool(deed.key)) for deed in deeds]) for ticket, deeds in rows]


@requires(P.REGISTER)
@require_POST
def about_earlier(request: HttpRequest, number: str, deed: str) -> HttpResponse:
    """A call about an earlier ticket: the words on the form go to it, or become a call of its own.

    That is linked to the ticket as its praise, or joined to its matter.
    """
    if deed not in (*DEEDS, JOIN):
        raise Http404
    ticket, user = find_ticket(request, number), person(request)
    form = _filled_from(request, ticket, deed) if deed in OF_ITS_OWN else CallForm(request.POST)
    if not form.is_valid() and deed not in OF_ITS_OWN:
        form.errors.clear()  # of what is asked for in a new call, only the words are needed
    words = request.POST.get("description", "").strip()
    if len(words) < LEAST_WORDS and "description" not in form.errors:
        form.add_error("description", _t("Write down what the caller says."))
    if form.errors:
        return _again(request, form)

    def do(files: Files) -> str:
        if deed == PRAISE:
            made = _recorded(form, files, user)
            performing.perform("link_praise", Ticket.objects.get(number=made), actor=user, given={"number": number})
            return made
        if deed == JOIN:
            return _joined(form, files, ticket, user)
        if deed == URGE_MATTER:
            urged.extend(urging.urge(ticket, words, actor=user))
        else:
            performing.perform(deed, ticket, actor=user, given={"note": words})
        rung = next(iter(number_in(request.POST.get("called_back"))), None)
        missed.spoke(form.cleaned_data.get("caller_phone", ""), by=user, ticket=ticket, called_back=rung)
        files.give_to(Ticket.objects.get(pk=ticket.pk), actor=user, with_last_event=True)
        return number

    urged: list[str] = []
    try:
        with taken_in(request.FILES.getlist("file")) as files:
            done = receipts.once_for(request, lambda: _with_second(request, do(files)), person=user)
    except FilesRefused as refused:
        return _again(request, form, file_errors=refused.reasons)
    except NotAllowed as refused:
        raise PermissionDenied from refused
    except InvalidInput as invalid:
        for errors in invalid.form.errors.values():
            form.add_error("description", errors)
        return _again(request, form)
    except Refused as refused:
        form.add_error("answer" if deed == PRAISE else "description", refused.message)
        return _again(request, form)
    except Busy as busy:
        form.add_error(None, busy.message)
        return with_retry(_again(request, form, status=503))
    if not done.now:
        messages.warning(request, SENT_BEFORE)
    elif deed == PRAISE:
        said = _t("The praise is recorded as %(number)s and linked to %(praised)s.")
        messages.success(request, said % {"number": done.outcome, "praised": number})
    elif deed == JOIN:
        said = _t(
            "Recorded as %(number)s and joined to the matter of %(other)s. "
            "If that was wrong: “Part from its matter” on this page; the call stays recorded."
        )
        messages.success(request, said % {"number": done.outcome, "other": number})
    elif deed == URGE_MATTER:
        said = _t("The caller's urging has been passed on to those who work on the matter: %(departments)s.")
        messages.success(request, said % {"departments": _t(", ").join(urged)})
    else:
        messages.success(request, saying.done(ACTIONS[deed], Ticket.objects.get(number=number)))
    return _onward(request, done.outcome)


def _joined(form: CallForm, files: Files, ticket: Ticket, user: User) -> str:
    """Records the call and joins it to the matter of an open ticket, which is held meanwhile.

    Held before a number is taken: whoever holds the ticket may be waiting for a number.
    """
    held = Ticket.objects.select_for_update(of=("self",), no_key=True).get(pk=ticket.pk)
    if not read(held, user).may(Detail.DESCRIPTION):
        raise NotAllowed(_t("You may not do this."))
    others = Ticket.objects.filter(matter=held.matter_id, status__in=OPEN_STATUSES)
    if not held.is_open and not (held.matter_id and others.exists()):
        said = _t(
            "%(number)s has been closed meanwhile; nothing is recorded yet. “Record and send on” makes a new ticket."
        )
        raise Refused(said % {"number": held.number})
    number = _recorded(form, files, user)
    performing.perform("join_matter", Ticket.objects.get(number=number), actor=user, given={"numbers": held.number})
    return number


def _filled_from(request: HttpRequest, earlier: Ticket, deed: str) -> CallForm:
    """The form of a call about the same thing: what was not said is as it was with the earlier ticket.

    Praise goes so to who deserves it.
    """
    given = request.POST.copy()
    if deed == PRAISE:
        given["kind"] = Kind.PRAISE
    given["then"] = ANSWERED if given.get("answer") else SEND_ON
    if not given.get("category") and earlier.category_id:
        given["category"] = str(earlier.category_id)
    city = Region.objects.filter(parent__isnull=True).values_list("pk", flat=True)
    elsewhere = given.get("region", "") not in ("", str(earlier.region_id), *map(str, city))
    if not given.get("address", "").strip() and not elsewhere:
        given["region"], given["address"] = str(earlier.region_id), earlier.address
    return CallForm(given)
