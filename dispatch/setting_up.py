"""What this room asks of a new city: a directory that covers all categories, and places."""

from __future__ import annotations

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dispatch.directory.check import uncovered
from hotline.setting_up.checks import Standing, State, check, standing
from hotline.setting_up.own import named
from tickets.models import Place


@check(50, _("Responsibility directory"), "directory-check")
def directory() -> Standing:
    lines, nowhere, in_part = uncovered()
    if not lines:
        return Standing(State.MISSING, _t("not a single line yet"))
    if nowhere or in_part:
        words = _t(
            "%(lines)d lines; nobody is responsible for %(nowhere)d categories, nor for %(part)d in some regions"
        )
        said = words % {"lines": lines, "nowhere": len(nowhere), "part": len(in_part)}
        names = named([*nowhere, *in_part])
        return Standing(State.MISSING, _t("%(label)s: %(value)s") % {"label": said, "value": names})
    return Standing(State.DONE, _t("%(lines)d lines cover every category everywhere") % {"lines": lines})


@check(52, _("Place book"), "places")
def places() -> Standing:
    count = Place.objects.filter(retired_at=None).count()
    return standing(count > 0, _t("%(count)d places") % {"count": count})
