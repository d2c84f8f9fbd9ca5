from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AdministeringConfig(AppConfig):
    name = "hotline.administering"
    verbose_name = _("Administrators' work")

    def ready(self) -> None:
        from hotline.administering import waiting, working  # noqa: F401 - counts what waits, hears of signing out
