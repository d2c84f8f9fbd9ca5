"""Pages of the knowledge base: finding, reading, drafting, releasing, what expires, and what was not found."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from hotline import finding
from hotline.accounts.access import person, requires
from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.receipts import services as receipts
from hotline.shell import number_in
from hotline.waiting.busy import Busy, with_retry
from knowledge import editing, searching
from knowledge.forms import ArticleForm, ReasonForm
from knowledge.models import Article, ArticleFile, Missed
from tickets.attachments.keeping import FilesRefused, taken_in
from tickets.attachments.pages import served
from tickets.models import Ticket

PAGE_SIZE = 25
USES_SHOWN = 10
MISSED_SHOWN = 200
SUGGESTED = 3  # articles beside a call
TABS = {
    "in_force": _("In force"),
    "drafts": _("Drafts"),
    "expiring": _("Expired or expiring"),
    "withdrawn": _("Withdrawn"),
}


@requires(P.READ_ARTICLES)
@require_GET
def articles(request: HttpRequest) -> HttpResponse:
    """Articles found by words, or those of a tab."""
    user = person(request)
    given, is_forgotten = finding.asked(request)
    words = given.get(finding.WORDS, "")
    tab = given.get("tab", "in_force")
    tab = tab if tab in TABS else "in_force"
    is_noted = False
    if words:
        found = searching.find(words)
        is_noted = not found and searching.note_missed(words)
        page = Paginator(found, PAGE_SIZE * 2).get_page(1)
    else:
        page = Paginator(_of_tab(tab, user), PAGE_SIZE).get_page(given.get("page"))
    context = {
        "tabs": TABS, "tab": "" if words else tab, "page": page, "words": words, "is_forgotten": is_forgotten,
        "is_noted": is_noted,
        "waiting": Article.objects.visible_to(user).drafts().count(),
        "expiring": Article.objects.visible_to(user).expiring().count(),
    }  # fmt: skip
    return render(request, "knowledge/articles.html", context)


def _of_tab(tab: str, user: User) -> QuerySet[Article]:
    rows = Article.objects.visible_to(user).select_related("department", "category").defer("search")
    if tab == "drafts":
        return rows.drafts().order_by("made_at", "pk")
    if tab == "expiring":
        return rows.expiring().order_by("valid_until", "pk")
    if tab == "withdrawn":
        return rows.filter(state=Article.State.WITHDRAWN)
    return rows.in_force()


def _visible(request: HttpRequest, pk: int) -> Article:
    rows = Article.objects.visible_to(person(request)).defer("search")
    return get_object_or_404(rows.select_related("department", "category", "instead_of", "written_by"), pk=pk)


@requires(P.READ_ARTICLES)
@require_GET
def article(request: HttpRequest, pk: int) -> HttpResponse:
    return _shown(request, _visible(request, pk))


def _shown(request: HttpRequest, one: Article, *, form: ReasonForm | None = None, status: int = 200) -> HttpResponse:
    user = person(request)
    answered = Ticket.objects.visible_to(user).filter(answered_by_article__article=one)
    context = {
        "article": one, "events": one.events.select_related("by"), "files": one.files.select_related("by"),
        "used": one.uses.count(), "answered": answered.order_by("-registered_at", "-pk")[:USES_SHOWN],
        "follower": Article.objects.visible_to(user).filter(instead_of=one).first(),
        "may_write": editing.may_write(one, user), "may_release": editing.may_release(one, user),
        "may_send_back": user.may(P.RELEASE_ARTICLES) and one.state == Article.State.DRAFT,
        "may_withdraw": editing.may_withdraw(one, user), "form": form or ReasonForm(),
    }  # fmt: skip
    return render(request, "knowledge/article.html", context, status=status)


@requires(P.DRAFT_ARTICLES)
def new(request: HttpRequest) -> HttpResponse:
    """Drafting an article; `missed` in the address is what callers asked and nobody found."""
    missed = Missed.objects.filter(pk__in=number_in(request.GET.get("missed"))).first()
    return _written(request, None, initial={"question": missed.words} if missed else {})


@requires(P.DRAFT_ARTICLES)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Changing a draft, or drafting what is to take the place of a released article."""
    one = _visible(request, pk)
    if not editing.may_write(one, person(request)):
        raise PermissionDenied
    return _written(request, one, initial={})


def _written(request: HttpRequest, one: Article | None, *, initial: dict[str, Any]) -> HttpResponse:
    user = person(request)
    is_draft = one is not None and one.state == Article.State.DRAFT
    context: dict[str, Any] = {"article": one, "is_draft": is_draft}
    if request.method != "POST":
        return render(
            request, "knowledge/edit.html", context | {"form": ArticleForm(instance=one, user=user, initial=initial)}
        )
    # Checked on a row of its own: what is shown of the article stays as it is kept.
    form = ArticleForm(request.POST, user=user)
    context["form"] = form
    if not form.is_valid():
        return render(request, "knowledge/edit.html", context, status=422)
    try:
        with taken_in(request.FILES.getlist("file")) as files:

            def do() -> str:
                if one is not None and is_draft:
                    seen = form.cleaned_data["seen"] or 0
                    return str(editing.change(one, form.details, seen=seen, actor=user, files=files).pk)
                return str(editing.draft(form.details, actor=user, instead_of=one, files=files).pk)

            done = receipts.once_for(request, do, person=user)
    except FilesRefused as refused:
        return render(request, "knowledge/edit.html", context | {"file_errors": refused.reasons}, status=422)
    except editing.Objection as objection:
        form.add_error(None, objection.message)
        return render(request, "knowledge/edit.html", context, status=422)
    except Busy as busy:
        form.add_error(None, busy.message)
        return with_retry(render(request, "knowledge/edit.html", context, status=503))
    messages.success(request, _t("The draft is kept; the hotline reads and releases it."))
    return redirect("article", int(done.outcome))


@requires(P.READ_ARTICLES)
@require_POST
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Releases, sends back or withdraws an article, as `do` says."""
    one, user, what = _visible(request, pk), person(request), request.POST.get("do", "")
    form = ReasonForm(request.POST)
    if what not in ("release", "send_back", "withdraw"):
        raise Http404
    allowed = {
        "release": user.may(P.RELEASE_ARTICLES), "send_back": user.may(P.RELEASE_ARTICLES),
        "withdraw": user.may(P.RELEASE_ARTICLES) or editing.may_withdraw(one, user),
    }[what]  # fmt: skip
    if not allowed:
        raise PermissionDenied
    if what != "release" and not form.is_valid():
        return _shown(request, one, form=form, status=422)
    try:
        if what == "release":
            seen = next(iter(number_in(request.POST.get("seen"))), -1)
            editing.release(one, seen=seen, actor=user)
            messages.success(request, _t("Released: operators find it from now on."))
        elif what == "send_back":
            editing.send_back(one, note=form.cleaned_data["note"], actor=user)
            messages.success(request, _t("Sent back with the reason."))
        else:
            editing.withdraw(one, note=form.cleaned_data["note"], actor=user)
            messages.success(request, _t("Withdrawn: nobody finds it any more."))
    except editing.Objection as objection:
        messages.error(request, objection.message)
        return _shown(request, _visible(request, pk), form=form if what != "release" else None, status=422)
    return redirect(one)


@requires(P.READ_ARTICLES)
@require_GET
def file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A file of an article, for whoever may read the article."""
    readable = Article.objects.visible_to(person(request))
    found = get_object_or_404(ArticleFile.objects.filter(article__in=readable), pk=pk)
    return served(request, found, found.name)


@requires(P.DRAFT_ARTICLES)
def missed(request: HttpRequest) -> HttpResponse:
    """What was searched for and not found, the most often first; an editor takes a row off when it is seen to."""
    if request.method == "POST":
        Missed.objects.filter(pk__in=number_in(request.POST.get("row"))).update(is_settled=True)
        return redirect("articles-missed")
    rows = Missed.objects.filter(is_settled=False).order_by("-times", "-last_at", "-pk")
    return render(request, "knowledge/missed.html", {"rows": rows[:MISSED_SHOWN]})


@requires(P.REGISTER)
@require_POST
def call_panel(request: HttpRequest) -> HttpResponse:
    """Fragment of the page on which a call is recorded: the articles that answer what is being typed."""
    words = f"{request.POST.get('title', '')} {request.POST.get('description', '')}".strip()
    found = searching.find(words, most=SUGGESTED) if words else []
    return render(request, "knowledge/_call_panel.html", {"articles": found})
