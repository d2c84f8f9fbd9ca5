from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    name = "reports"
    verbose_name = _("Reports")

    def ready(self) -> None:
        from . import targets  # noqa: F401 - a table of the set-up
        from .content import sentences  # noqa: F401 - another one
        from .runs import delivery  # noqa: F401 - hears of what is issued, and of what fails
