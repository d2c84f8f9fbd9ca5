"""What is done with an article: drafted, changed, sent back, released, withdrawn. Each leaves an event.

Departments and the hotline draft; the hotline releases, and nobody what they wrote themselves.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _t

from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.waiting import busy
from knowledge import searching
from knowledge.models import Article, ArticleEvent, ArticleFile
from tickets.attachments.keeping import Files

State, What = Article.State, ArticleEvent.What


class Objection(Exception):
    """Why something cannot be done with an article now, for the person who asked."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def may_write(article: Article, user: User) -> bool:
    """Whether `user` may change this draft, or draft one instead of this article."""
    if not user.may(P.DRAFT_ARTICLES) or article.state == State.WITHDRAWN:
        return False
    if user.may(P.RELEASE_ARTICLES) or article.written_by_id == user.pk:
        return True
    return article.department_id in user.department_ids or (user.department_id is None and article.state != State.DRAFT)


def may_release(article: Article, user: User) -> bool:
    return user.may(P.RELEASE_ARTICLES) and article.state == State.DRAFT and article.written_by_id != user.pk


def may_withdraw(article: Article, user: User) -> bool:
    if article.state == State.DRAFT:
        return may_write(article, user)
    return user.may(P.RELEASE_ARTICLES) and article.state == State.RELEASED


def draft(
    details: dict[str, Any], *, actor: User, instead_of: Article | None = None, files: Files | None = None
) -> Article:
    """A new draft, or one that is to take the place of a released article, whose files it has too."""
    with busy.told(), transaction.atomic():
        if instead_of is not None:
            instead_of = _locked(instead_of)
            if instead_of.state != State.RELEASED or not may_write(instead_of, actor):
                raise Objection(_t("The article was withdrawn meanwhile; nothing can be drafted instead of it."))
            if instead_of.followers.filter(state=State.DRAFT).exists():
                raise Objection(_t("Somebody has drafted a new version of this article already."))
        now = timezone.now()
        article = Article.objects.create(**details, instead_of=instead_of, written_by=actor, made_at=now)
        if instead_of is not None:
            ArticleFile.objects.bulk_create(
                ArticleFile(
                    article=article, file=one.file.name, name=one.name, content_type=one.content_type, size=one.size,
                    by=one.by, at=one.at,
                )
                for one in instead_of.files.all()
            )  # fmt: skip
        _keep(files, article, actor)
        _note(article, What.DRAFTED, actor)
    return article


def change(article: Article, details: dict[str, Any], *, seen: int, actor: User, files: Files | None = None) -> Article:
    """Changes a draft. Raises Objection where somebody changed it since `seen`, or it is no draft any more."""
    with busy.told(), transaction.atomic():
        article = _locked(article)
        if article.state != State.DRAFT or not may_write(article, actor):
            raise Objection(_t("This is no draft any more: it was released or withdrawn meanwhile."))
        _as_seen(article, seen)
        for name, value in details.items():
            setattr(article, name, value)
        article.edits += 1
        article.written_by = actor
        article.save()
        _keep(files, article, actor)
        _note(article, What.CHANGED, actor)
    return article


def release(article: Article, *, seen: int, actor: User) -> Article:
    """Releases a draft as it was seen; the article that it was drafted instead of is withdrawn in the same moment."""
    with busy.told(), transaction.atomic():
        article = _locked(article)
        _as_seen(article, seen)
        if article.state == State.DRAFT and article.written_by_id == actor.pk:
            raise Objection(_t("Nobody releases what they wrote themselves: somebody else reads it first."))
        if not may_release(article, actor):
            raise Objection(_t("This is no draft any more: it was released or withdrawn meanwhile."))
        if article.is_over:
            raise Objection(_t("Its last day has passed; give it a later one first."))
        article.state, article.released_at = State.RELEASED, timezone.now()
        article.save(update_fields=["state", "released_at"])
        searching.index(article)
        _note(article, What.RELEASED, actor)
        before = article.instead_of
        if before is not None and before.state == State.RELEASED:
            _end(before, What.REPLACED, actor, "")
    return article


def send_back(article: Article, *, note: str, actor: User) -> None:
    """Tells who wrote a draft what it lacks; it stays a draft."""
    with busy.told(), transaction.atomic():
        article = _locked(article)
        if article.state != State.DRAFT or not actor.may(P.RELEASE_ARTICLES):
            raise Objection(_t("This is no draft any more: it was released or withdrawn meanwhile."))
        _note(article, What.SENT_BACK, actor, note)


def withdraw(article: Article, *, note: str, actor: User) -> None:
    with busy.told(), transaction.atomic():
        article = _locked(article)
        if not may_withdraw(article, actor):
            raise Objection(_t("It was withdrawn meanwhile."))
        _end(article, What.WITHDRAWN, actor, note)


def _end(article: Article, what: str, actor: User, note: str) -> None:
    article.state = State.WITHDRAWN
    article.save(update_fields=["state"])
    searching.forget(article)
    _note(article, what, actor, note)


def _locked(article: Article) -> Article:
    return Article.objects.select_for_update(of=("self",), no_key=True).defer("search").get(pk=article.pk)


def _as_seen(article: Article, seen: int) -> None:
    if article.edits != seen:
        raise Objection(_t("Somebody changed this draft meanwhile. Open it again in a second window and compare."))


def _note(article: Article, what: str, actor: User, note: str = "") -> None:
    ArticleEvent.objects.create(article=article, what=what, by=actor, at=timezone.now(), note=note)


def _keep(files: Files | None, article: Article, actor: User) -> None:
    """Writes the rows of files that were taken in; see tickets.attachments.keeping."""
    if files is None:
        return
    files.given = {place for place, _checked in files.kept}
    for place, checked in files.kept:
        ArticleFile.objects.create(
            article=article, file=place, name=checked.name, content_type=checked.kind.content_type, size=checked.size,
            by=actor, at=timezone.now(),
        )  # fmt: skip
