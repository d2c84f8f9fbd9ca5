"""What this room adds to the set-up: categories, rules, matters of others."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from hotline.picking import PickedField
from hotline.setting_up.changing import RowForm
from hotline.setting_up.checks import Standing, State, check, standing
from hotline.setting_up.tables import Column, Table, Unset, columns, register
from tickets.choices import RuleKey
from tickets.limits import DEFAULT_RULES
from tickets.models import Category, CityRule, Elsewhere
from tickets.workflow.inputs import NO_SUCH_CATEGORY


class ParentField(PickedField):
    """A category of the first or second level."""

    default_error_messages = NO_SUCH_CATEGORY

    def __init__(self, **kwargs: Any) -> None:
        upper = Category.objects.filter(parent__parent__isnull=True).select_related("parent").order_by("code")
        super().__init__(upper, label=_("Above it"), required=False, empty_label=_("Type to choose"), **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.parent.name}/{obj.name}" if obj.parent else str(obj.name)


class CategoryForm(RowForm):
    parent = ParentField()
    code = forms.CharField(
        label=_("code"), max_length=12, required=False, help_text=_("Empty: the next that is free.")
    )  # fmt: skip

    class Meta:
        model = Category
        fields = ("name", "parent", "code", "is_used", "keywords")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not given.get("code") and "parent" in given:
            given["code"] = self.instance.code or Category.next_code(given["parent"])
        return given


class CityRuleForm(RowForm):
    class Meta:
        model = CityRule
        fields = ("key", "value")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].disabled = self.instance.pk is not None


class ElsewhereForm(RowForm):
    class Meta:
        model = Elsewhere
        fields = ("name", "ground", "number", "is_emergency", "is_used", "cues", "unless", "words")


def _unset_rules() -> list[Unset]:
    own = set(CityRule.objects.values_list("key", flat=True))
    return [Unset(key.label, DEFAULT_RULES[key], f"key={key.value}") for key in RuleKey if key.value not in own]


register(Table(
    "categories", Category, _("Categories"), _("What tickets are about, in three levels."), _("New category"),
    CategoryForm, columns(Category, "name", "parent", "code", "keywords"), search=("name", "code", "keywords"),
    heard="name", related=("parent",), order=("code",), used="is_used", sheet="categories",
))  # fmt: skip
register(Table(
    "rules", CityRule, _("Rules"), _("Numbers that this city sets differently."), _("New rule"), CityRuleForm,
    (*columns(CityRule, "key", "value"), Column(_("by default"), lambda row: DEFAULT_RULES[RuleKey(row.key)])),
    order=("key",), unset=_unset_rules,
))  # fmt: skip
register(Table(
    "elsewhere", Elsewhere, _("Matters of others"),
    _("What is not accepted, by which words it is known, what is said and which number is given."),
    _("New matter of others"), ElsewhereForm, columns(Elsewhere, "name", "ground", "number", "cues"),
    search=("name", "cues", "words", "number"), heard="name", used="is_used",
))  # fmt: skip


@check(40, _("Categories"), "set-up-table", "categories")
def categories() -> Standing:
    count = Category.objects.filter(is_used=True, parent__parent__isnull=False).count()
    return standing(count > 0, _t("%(count)d of the third level are in use") % {"count": count})


@check(64, _("How long callers are known"), "set-up-table", "rules")
def forgetting() -> Standing:
    """Nobody is forgotten until a city has decided: what is forgotten cannot be brought back."""
    years = CityRule.objects.filter(key=RuleKey.FORGET_YEARS).values_list("value", flat=True).first()
    if years is None:
        return Standing(State.ADVICE, _t("not decided yet; nobody is forgotten until then"))
    if not years:
        return Standing(State.DONE, _t("decided: nobody is forgotten"))
    words = _t("callers become anonymous %(years)d years after their last ticket")
    return Standing(State.DONE, words % {"years": years})
