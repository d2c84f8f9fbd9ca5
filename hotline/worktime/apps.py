from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorktimeConfig(AppConfig):
    name = "hotline.worktime"
    verbose_name = _("Working calendar")

    def ready(self) -> None:
        from . import calendar  # noqa: F401 - hears of changed rows
