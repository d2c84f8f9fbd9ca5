"""People, departments and regions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from knox.models import AbstractAuthToken

from hotline import channels, roles, telephone
from hotline.accounts.permissions import Role, allows
from hotline.vault.fields import EncryptedCharField

USE_NOTED_EVERY = timedelta(minutes=1)  # so that reading by the API costs no writing each time


class TreeNode(models.Model):
    """A node that knows its way from the root: `path` is the ids from the root down, `/1/4/17/`.

    A subtree is then one indexed prefix comparison, however deep the tree.
    """

    parent: models.ForeignKey[Any, Any] = models.ForeignKey(
        "self", verbose_name=_("parent"), null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    name = models.CharField(_("name"), max_length=80)
    path = models.CharField(max_length=200, editable=False, default="", db_index=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        path = f"{self.parent.path if self.parent else '/'}{self.pk}/"
        if path != self.path:
            self.path = path
            manager: models.Manager[Any] = type(self)._default_manager
            manager.filter(pk=self.pk).update(path=path)
            for child in manager.filter(parent=self):
                child.save()

    def clean(self) -> None:
        if self.pk and self.parent and self.parent.path.startswith(self.path):
            raise ValidationError({"parent": _("An entry cannot stand below itself.")})

    def subtree(self) -> models.QuerySet[Self]:
        """This node and everything below it."""
        return type(self)._default_manager.filter(path__startswith=self.path)

    def is_within(self, other: TreeNode | None) -> bool:
        """Whether this node is `other` or stands below it."""
        return other is not None and self.path.startswith(other.path)

    @property
    def ancestor_ids(self) -> list[int]:
        """Ids from this node up to the root, nearest first."""
        return [int(part) for part in reversed(self.path.strip("/").split("/"))]


def _number_of(one: Department | User) -> str:
    """Its telephone number as numbers are kept. Raises ValidationError at that field."""
    try:
        return telephone.kept(one.phone)
    except ValidationError as error:
        raise ValidationError({"phone": error}) from error


class Region(TreeNode):
    class Level(models.TextChoices):
        CITY = "city", _("City")
        DISTRICT = "district", _("District or county")
        STREET = "street", _("Street or town")

    level = models.CharField(_("level"), max_length=10, choices=Level)
    code = models.CharField(_("division code"), max_length=12, unique=True)
    # Where its seat lies, in degrees, by which the map is drawn; `outline` is its true one where it is known.
    longitude = models.FloatField(
        _("longitude"), null=True, blank=True, validators=[MinValueValidator(-180), MaxValueValidator(180)]
    )
    latitude = models.FloatField(
        _("latitude"), null=True, blank=True, validators=[MinValueValidator(-89), MaxValueValidator(89)]
    )
    outline: Any = models.JSONField(null=True, blank=True, editable=False)  # corners: [longitude, latitude]

    class Meta:
        verbose_name = _("region")
        verbose_name_plural = _("regions")
        ordering = ("code",)
        constraints: ClassVar = [models.UniqueConstraint(fields=["parent", "name"], name="region_name_in_parent")]

    @property
    def full_name(self) -> str:
        """The name as an address begins with it, without the city: 孝南区书院街道."""
        if self.parent is None or self.parent.parent_id is None:
            return self.name
        return f"{self.parent.name}{self.name}"

    def clean(self) -> None:
        super().clean()
        order = list(Region.Level.values)
        if self.level not in order:  # refused for itself
            return
        if self.parent is None and self.level != Region.Level.CITY:
            raise ValidationError({"parent": _("A region below the city needs the one above it.")})
        if self.parent and order.index(self.parent.level) >= order.index(self.level):
            raise ValidationError(
                {"parent": ValidationError(_("“%(name)s” is no region above it."), params={"name": self.parent.name})}
            )


class Department(TreeNode):
    class Level(models.TextChoices):
        CITY = "city", _("City government")
        DISTRICT = "district", _("District or county government")
        BUREAU = "bureau", _("Bureau")
        STREET = "street", _("Street or town office")
        SECTION = "section", _("Section")
        UTILITY = "utility", _("Public utility")

    name = models.CharField(_("name"), max_length=80, unique=True)
    level = models.CharField(_("level"), max_length=10, choices=Level)
    region = models.ForeignKey(Region, verbose_name=_("region"), on_delete=models.PROTECT, related_name="departments")
    phone = models.CharField(_("duty telephone"), max_length=30, blank=True)
    is_open = models.BooleanField(_("takes tickets"), default=True)
    channel = models.CharField(
        _("channel for messages"), max_length=300, blank=True,
        help_text=_("Beside the messages page: an Apprise address, such as wecombot://… or mailto://…"),
    )  # fmt: skip
    successor: models.ForeignKey[Any, Any] = models.ForeignKey(
        "self",
        verbose_name=_("successor"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("Gets the unanswered tickets when this department is closed; without one the dispatchers do."),
    )

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        ordering = ("path",)

    def heir(self) -> Department | None:
        """Who takes its tickets over: the first open one along the successors; None where there is none."""
        seen, one = {self.pk}, self.successor
        while one is not None and one.pk not in seen:
            if one.is_open:
                return one
            seen.add(one.pk)
            one = one.successor
        return None

    def clean(self) -> None:
        super().clean()
        self.phone = _number_of(self)
        if self.pk and self.successor_id == self.pk:
            raise ValidationError({"successor": _("A department cannot succeed itself.")})
        if self.channel:
            try:
                channels.check(self.channel)
            except ValidationError as error:
                raise ValidationError({"channel": error}) from error


class User(AbstractUser):  # type: ignore[django-manager-missing]
    """A person who signs in. One role, one department; what they may do follows from both."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    full_name = models.CharField(_("full name"), max_length=40)
    role = models.CharField(_("role"), max_length=15, choices=Role)
    department = models.ForeignKey(
        Department,
        verbose_name=pgettext_lazy("of a person", "department"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="people",
    )
    is_lead = models.BooleanField(
        _("leads the department"), default=False, help_text=_("Is told where a reminder to the staff was not enough.")
    )
    phone = models.CharField(_("telephone"), max_length=30, blank=True)
    extension = models.CharField(
        _("telephone extension"), max_length=20, blank=True,
        help_text=_("By which the telephone system names this person, if not by the user name."),
    )  # fmt: skip
    is_demo = models.BooleanField(_("demo account"), default=False, editable=False)
    # Filled while the password is one that an administrator gave, for signing in once.
    reset_at = models.DateTimeField(_("password reset at"), null=True, editable=False)
    reset_by: models.ForeignKey[Any, Any] = models.ForeignKey(
        "self", verbose_name=_("password reset by"), null=True, editable=False, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip

    objects: ClassVar[UserManager[Self]] = UserManager()
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(role=Role.STAFF) | models.Q(department__isnull=False),
                name="staff_has_department",
                violation_error_message=_("Department staff need a department."),
            ),
            models.UniqueConstraint(
                fields=["extension"], condition=~models.Q(extension=""), name="one_person_an_extension",
                violation_error_message=_("Somebody else has this extension."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.full_name or self.username

    def clean(self) -> None:
        super().clean()
        self.phone = _number_of(self)
        if self.role == Role.STAFF and self.department_id is None:
            raise ValidationError({"department": _("Department staff need a department.")})

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)

    @cached_property
    def department_ids(self) -> list[int]:
        """Ids of the own department and of all below it; empty for a person without one."""
        return list(self.department.subtree().values_list("pk", flat=True)) if self.department else []

    def may(self, permission: str) -> bool:
        """Whether this person holds `permission` by their role."""
        return self.is_active and allows(self.role, permission)

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Django admin's question: set-up tables are for whoever may set up."""
        return self.may("set_up")

    def has_module_perms(self, app_label: str) -> bool:
        return self.may("set_up")

    @property
    def owes_new_password(self) -> bool:
        """Whether the password is a one-time one, so that its owner must choose another before anything else."""
        return self.reset_at is not None

    def give_one_time_password(self, *, by: User) -> None:
        """Marks the password that is about to be saved as given by `by` for signing in once."""
        self.reset_at, self.reset_by = timezone.now(), by

    def follow_role(self) -> None:
        """Django's two marks as the role has them; for whoever writes many people at once, past `save`."""
        self.is_staff = allows(self.role, "set_up")
        self.is_superuser = False

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Saves; API tokens end with a new password and with a closed account."""
        ends_tokens = self.pk is not None and (getattr(self, "_password", None) is not None or not self.is_active)
        self.follow_role()
        super().save(*args, **kwargs)
        if ends_tokens:
            self.auth_token_set.all().delete()


class Authenticator(models.Model):
    """An app that shows codes of the moment, see `hotline.accounts.safety.second_factor`. It counts once confirmed."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="authenticators")
    secret = EncryptedCharField(max_length=200, purpose="second factor")  # as an app takes it, in base 32
    last_step = models.BigIntegerField(default=0)  # whose code was used last, so that none is used twice
    made_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(confirmed_at__isnull=False), name="one_authenticator_a_person"
            ),
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(confirmed_at__isnull=True), name="one_waiting_authenticator"
            ),
        ]  # fmt: skip


class RecoveryCode(models.Model):
    """A code that is good for one sign-in without the app, as a keyed hash."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)


class SignedIn(models.Model):
    """That somebody signed in, where, and how it ended; see `hotline.accounts.safety.sign_ins`."""

    class End(models.TextChoices):
        OUT = "out", pgettext_lazy("sign-in", "Signed out")
        OWNER = "owner", pgettext_lazy("sign-in", "Ended by its owner")
        IDLE = "idle", pgettext_lazy("sign-in", "Nobody was there")
        OVER = "over", pgettext_lazy("sign-in", "The shift was over")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_ins")
    session = models.CharField(max_length=40, db_index=True)
    at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    address = models.GenericIPAddressField(null=True)
    network = models.CharField(max_length=50, blank=True)
    agent = models.CharField(max_length=200, blank=True)
    is_new_place = models.BooleanField(default=False)
    told_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_because = models.CharField(max_length=10, choices=End, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index("user", models.F("at").desc(), name="sign_ins_of_person")]


class ApiToken(AbstractAuthToken):
    """A key of a person's own programs. What is kept is its hash; see `hotline.accounts.tokens`."""

    name = models.CharField(_("what it is for"), max_length=60)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    is_noted = False  # whether this use was written down

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return self.name

    def note_use(self) -> None:
        """Writes down that the token is used now, where that was not done a moment ago."""
        now = timezone.now()
        if self.last_used_at is None or now - self.last_used_at > USE_NOTED_EVERY:
            type(self)._default_manager.filter(pk=self.pk).update(last_used_at=now)
            self.is_noted = True


@roles.kept()
class AccountEvent(models.Model):
    """What happened to an account, as `hotline.accounts.journal` wrote it; the database refuses to change a row."""

    class Kind(models.TextChoices):
        PASSWORD_RESET = "password_reset", _("One-time password given")
        PASSWORD_CHANGED = "password_changed", _("Password changed")
        TOKEN_ISSUED = "token_issued", _("API token issued")
        TOKEN_REVOKED = "token_revoked", _("API token revoked")
        SECOND_FACTOR_ON = "second_factor_on", _("Second factor set up")
        SECOND_FACTOR_OFF = "second_factor_off", _("Second factor ended")
        RECOVERY_CODES = "recovery_codes", _("New recovery codes")
        RECOVERY_CODE_USED = "recovery_code_used", _("Recovery code used")
        NEW_PLACE = "new_place", _("Signed in from a new place")
        ROLE_ASKED = "role_asked", _("Change of role asked for")
        ROLE_CHANGED = "role_changed", _("Role changed by two administrators")
        ROLE_NOT_CHANGED = "role_not_changed", _("Change of role not made")
        UNIFIED_MADE = "unified_made", _("Account of the unified identity")
        UNIFIED_CHANGED = "unified_changed", _("Changed by the unified identity")
        UNIFIED_CLOSED = "unified_closed", _("Closed by the unified identity")
        MADE_BY_COMMAND = "made_by_command", _("Administrator made by a command")

    kind = models.CharField(pgettext_lazy("account event", "Event"), max_length=20, choices=Kind)
    person = models.ForeignKey(User, verbose_name=_("account"), on_delete=models.PROTECT, related_name="account_events")
    by = models.ForeignKey(
        User, verbose_name=pgettext_lazy("account event", "By"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField(pgettext_lazy("account event", "When"), auto_now_add=True)
    detail = models.CharField(pgettext_lazy("account event", "Details"), max_length=60, blank=True)
    address = models.GenericIPAddressField(pgettext_lazy("account event", "From address"), null=True)

    class Meta:
        verbose_name = _("account event")
        verbose_name_plural = _("account events")
        indexes: ClassVar = [models.Index("person", models.F("at").desc(), name="account_event_of_person")]
