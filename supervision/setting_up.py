"""What this room adds to the set-up: the ladder."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hotline.setting_up.changing import RowForm
from hotline.setting_up.tables import Table, Unset, columns, register
from supervision.models import LADDER, LadderRule


class LadderRuleForm(RowForm):
    after_days = forms.DecimalField(
        label=_("after working days"), min_value=Decimal(0), max_digits=5, decimal_places=2
    )  # fmt: skip

    class Meta:
        model = LadderRule
        fields = ("step", "is_automatic", "after_days", "after_minutes")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["step"].disabled = self.instance.pk is not None


def _unset_steps() -> list[Unset]:
    own = set(LadderRule.objects.values_list("step", flat=True))
    return [Unset(step.label, _("not taken"), f"step={step.value}") for step in LADDER if step.value not in own]


register(Table(
    "ladder", LadderRule, _("Steps of the ladder"), _("Who is told when, and what goes by itself."), _("New step"),
    LadderRuleForm, columns(LadderRule, "step", "after_days", "after_minutes", "is_automatic"),
    order=("after_days", "pk"), unset=_unset_steps,
))  # fmt: skip
