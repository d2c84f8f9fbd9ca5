"""The forms in which people change the place book."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from dispatch.places.sheet import aliases_in
from hotline.picking import PickedField
from hotline.text import one_line
from tickets.models import Place
from tickets.places import book
from tickets.workflow.inputs import RegionField, text


class PlaceForm(forms.ModelForm):
    """One place of the book."""

    region = RegionField(label=_("Region"), help_text=_("The street or town it lies in."))
    aliases = text(_("Other and old names"), required=False, rows=2)

    class Meta:
        model = Place
        fields = ("name", "kind", "region", "community", "aliases", "confidence", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["aliases"].help_text = _("Parted by commas.")
        self.fields["confidence"].help_text = _(
            "Percent. From %(taken)d the region is filled in by itself, below %(offered)d nothing is said."
        ) % {"taken": book.TAKEN, "offered": book.OFFERED}
        if self.instance.pk:
            self.initial["aliases"] = "、".join(self.instance.aliases)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("name") and given.get("region"):
            others = Place.objects.filter(name=given["name"], region=given["region"], retired_at=None)
            if others.exclude(pk=self.instance.pk).exists():
                self.tell_taken()
        return given

    def tell_taken(self) -> None:
        """Says that the place stands there already."""
        self.add_error("name", _("This region has a place of this name already."))

    def clean_name(self) -> str:
        name = one_line(self.cleaned_data["name"])
        if len(book.plain(name)) < book.MIN_NAME:
            raise ValidationError(_("A name has at least %(count)d characters.") % {"count": book.MIN_NAME})
        return name

    def clean_community(self) -> str:
        return one_line(self.cleaned_data["community"])

    def clean_aliases(self) -> list[str]:
        try:
            return aliases_in(self.cleaned_data["aliases"], self.cleaned_data.get("name", ""))
        except ValueError as error:
            raise ValidationError(str(error)) from error


class MergeForm(forms.Form):
    """The place into which another goes, with all its names."""

    into = PickedField(Place.objects.none(), label=_("Merge into"))

    def __init__(self, *args: Any, place: Place, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Place.objects.filter(retired_at=None).exclude(pk=place.pk).select_related("region__parent")
        self.fields["into"].queryset = others.filter(region=place.region)  # type: ignore[attr-defined]


class PlaceSheetForm(forms.Form):
    """A sheet of places."""

    file = forms.FileField(label=_("Excel workbook or CSV"), widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}))
