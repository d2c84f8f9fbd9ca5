from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MattersConfig(AppConfig):
    name = "matters"
    verbose_name = _("Matters")

    def ready(self) -> None:
        from matters import effects, setting_up  # noqa: F401 - registers what joining and parting leave behind
