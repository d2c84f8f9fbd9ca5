"""What this room adds to the set-up: words by which a matter comes first."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from hotline.setting_up.changing import RowForm
from hotline.setting_up.tables import Table, columns, register
from matters.models import SensitiveWord


class SensitiveWordForm(RowForm):
    class Meta:
        model = SensitiveWord
        fields = ("word", "is_used")


register(Table(
    "sensitive-words", SensitiveWord, _("Sensitive words"),
    _("By which a matter comes first and is alerted to sooner."),
    _("New sensitive word"), SensitiveWordForm, columns(SensitiveWord, "word"), search=("word",), heard="word",
    used="is_used",
))  # fmt: skip
