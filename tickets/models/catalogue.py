"""What tickets are about."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from hotline.accounts.models import TreeNode

# Models that live in modules of their own; Django finds models here.


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
