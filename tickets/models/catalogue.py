"""What tickets are about."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from hotline.accounts.models import TreeNode

# Models that live in modules of their own; Django finds models here.

LEVELS = 3


class Category(TreeNode):
    """What a ticket is about, three levels deep. `keywords` let a text be placed by rule."""

    code = models.CharField(_("code"), max_length=12, unique=True)
    keywords = models.TextField(
        _("keywords"), blank=True, help_text=_("Words that point to this category, parted by blanks.")
    )
    is_used = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ("code",)

    @property
    def level(self) -> int:
        """1, 2 or 3; only the third is given to tickets."""
        return self.path.count("/") - 1

    def clean(self) -> None:
        super().clean()
        above = self.parent.level if self.parent else 0
        below = max((one.level - self.level for one in self.subtree()), default=0) if self.pk else 0
        if above + 1 + below > LEVELS:
            raise ValidationError({"parent": _("Categories have three levels.")})

    @classmethod
    def next_code(cls, parent: Category | None) -> str:
        """The next free code below a category: two more digits."""
        begins = parent.code if parent else ""
        taken = cls._default_manager.filter(parent=parent).values_list("code", flat=True)
        used = [int(code[len(begins) :]) for code in taken if code.startswith(begins) and code[len(begins) :].isdigit()]
        return f"{begins}{max(used, default=0) + 1:02d}"
