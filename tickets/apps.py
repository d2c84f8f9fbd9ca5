from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TicketsConfig(AppConfig):
    name = "tickets"
    verbose_name = _("tickets")

    def ready(self) -> None:
        from . import converters, effects, services  # noqa: F401 - each registers what it holds
