from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DispatchConfig(AppConfig):
    name = "dispatch"
    verbose_name = _("Dispatch")

    def ready(self) -> None:
        from dispatch import effects, setting_up  # noqa: F401 - registers what the actions change
        from dispatch.queue import automation, numbers  # noqa: F401
