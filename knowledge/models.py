"""Articles, what was done with them, which of them answered a ticket, and what nothing was found for."""

from __future__ import annotations

from datetime import date, timedelta
from typing import ClassVar, Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hotline import roles
from hotline.accounts.models import Department, User
from hotline.accounts.permissions import Permission as P
from tickets.models import Category, Ticket
from tickets.models.attachments import new_place

EXPIRING_WITHIN = timedelta(days=30)


class ArticleQuerySet(models.QuerySet["Article"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Who releases sees every article; others what was released, and drafts of their own or their department's."""
        if not isinstance(user, User) or not user.may(P.READ_ARTICLES):
            return self.none()
        if user.may(P.RELEASE_ARTICLES):
            return self
        own = models.Q(written_by=user) | models.Q(department__in=user.department_ids)
        return self.filter(models.Q(released_at__isnull=False) | own)

    def in_force(self, today: date | None = None) -> Self:
        """Those that callers may be told today: released, and valid."""
        today = today or timezone.localdate()
        not_over = models.Q(valid_until__isnull=True) | models.Q(valid_until__gte=today)
        return self.filter(not_over, state=Article.State.RELEASED, valid_from__lte=today)

    def expiring(self, today: date | None = None) -> Self:
        """Released ones whose last day is within thirty days or has passed: somebody must look at them."""
        today = today or timezone.localdate()
        return self.filter(state=Article.State.RELEASED, valid_until__lte=today + EXPIRING_WITHIN)

    def drafts(self) -> Self:
        return self.filter(state=Article.State.DRAFT)


class Article(models.Model):
    """A question that callers ask, and what they are told.

    A released article is never changed: a new one is drafted instead of it, and takes its place when it is released.
    So what a caller was told can be read for ever.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft, not released")
        RELEASED = "released", _("Released")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    question = models.CharField(_("question"), max_length=120, help_text=_("As a caller would ask it."))
    answer = models.TextField(_("what to tell the caller"), max_length=5000)
    department = models.ForeignKey(
        Department, verbose_name=_("department that vouches for it"), on_delete=models.PROTECT, related_name="articles"
    )
    category = models.ForeignKey(
        Category, verbose_name=_("category"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("last day valid"), null=True, blank=True)
    source = models.CharField(
        _("source"), max_length=200, help_text=_("Where it stands: a document, a guide, an office.")
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    instead_of = models.ForeignKey(
        "self", verbose_name=_("instead of"), null=True, blank=True, on_delete=models.PROTECT, related_name="followers"
    )
    written_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    edits = models.PositiveIntegerField(default=0)  # grows by each change, so that nobody writes over another's
    made_at = models.DateTimeField(_("drafted at"))
    released_at = models.DateTimeField(_("released at"), null=True, blank=True)
    search = SearchVectorField(null=True, editable=False)  # every word of it, as tickets.search cuts them
    grams = models.PositiveIntegerField(editable=False, default=0)  # how many of Gram it has, which long ones pay for

    objects: ClassVar = ArticleQuerySet.as_manager()

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        ordering = ("-made_at", "-pk")
        indexes: ClassVar = [
            GinIndex("search", name="article_search"),
            models.Index("valid_until", name="article_expiring", condition=models.Q(state="released")),
            models.Index(fields=["state", "-made_at", "-id"], name="article_state"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["instead_of"], name="one_draft_instead_of_an_article", condition=models.Q(state="draft")
            ),
        ]

    def __str__(self) -> str:
        return self.question

    def get_absolute_url(self) -> str:
        return reverse("article", args=[self.pk])

    @property
    def is_over(self) -> bool:
        """Whether its last day has passed."""
        return self.valid_until is not None and self.valid_until < timezone.localdate()

    @property
    def standing(self) -> tuple[str, str]:
        """Where it stands today, in a word, and the tone of that word."""
        if self.state == self.State.DRAFT:
            return str(self.State.DRAFT.label), "info"
        if self.state == self.State.WITHDRAWN:
            return str(self.State.WITHDRAWN.label), "neutral"
        if self.is_over:
            return str(_("Expired")), "danger"
        if self.valid_from > timezone.localdate():
            return str(_("Not valid yet")), "warning"
        if self.valid_until and self.valid_until <= timezone.localdate() + EXPIRING_WITHIN:
            return str(_("Expires soon")), "warning"
        return str(_("In force")), "success"


class Gram(models.Model):
    """A piece of the question of a released article, by which like questions find it."""

    gram = models.CharField(max_length=16)
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="+", db_index=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["gram", "article"], name="gram_of_article")]
        indexes: ClassVar = [models.Index(fields=["article"], name="gram_article")]


@roles.kept()
class ArticleEvent(models.Model):
    """What was done with an article: by whom, when, and why."""

    class What(models.TextChoices):
        DRAFTED = "drafted", _("Drafted")
        CHANGED = "changed", _("Draft changed")
        SENT_BACK = "sent_back", _("Draft sent back")
        RELEASED = "released", _("Released")
        REPLACED = "replaced", _("Replaced by a newer article")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        ENDING = "ending", _("Told that it expires soon")
        ENDED = "ended", _("Told that it has expired")

    article = models.ForeignKey(Article, on_delete=models.PROTECT, related_name="events")
    what = models.CharField(max_length=10, choices=What)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    note = models.CharField(max_length=500, blank=True)  # of what was told: the last day that it was told of

    class Meta:
        ordering = ("at", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["article", "what", "note"], condition=models.Q(what__in=["ending", "ended"]),
                name="told_once_of_an_end",
            )
        ]  # fmt: skip


def file_place(file: ArticleFile, name: str) -> str:
    return new_place()


@roles.kept()
class ArticleFile(models.Model):
    """A file of an article. Its place on the disk may be that of the article before it."""

    article = models.ForeignKey(Article, on_delete=models.PROTECT, related_name="files")
    file = models.FileField(_("file"), upload_to=file_place)
    name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=60)
    size = models.PositiveIntegerField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("at", "pk")

    @property
    def is_image(self) -> bool:
        return self.content_type.startswith("image/")

    @property
    def is_played(self) -> bool:
        return self.content_type in ("audio/mpeg", "audio/wav", "audio/mp4")


@roles.kept()
class ArticleUse(models.Model):
    """An article answered a ticket on the telephone."""

    article = models.ForeignKey(Article, on_delete=models.PROTECT, related_name="uses")
    ticket = models.OneToOneField(Ticket, on_delete=models.PROTECT, related_name="answered_by_article")
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()


class Missed(models.Model):
    """Words that were searched for and not found: what editors should write of. Holds no number and nobody's name."""

    words = models.CharField(max_length=40, unique=True)
    times = models.PositiveIntegerField(default=1)
    last_at = models.DateTimeField()
    is_settled = models.BooleanField(default=False)  # an editor has seen to it; comes back when missed again
