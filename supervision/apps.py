from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SupervisionConfig(AppConfig):
    name = "supervision"
    verbose_name = _("Supervision")

    def ready(self) -> None:
        from supervision import effects, numbers, setting_up  # noqa: F401 - register what actions change, what is counted
        from supervision.clocks import keeping, proving, sweeping  # noqa: F401
        from supervision.ladder import messages, of_matters, steps  # noqa: F401
        from supervision.site import effects as of_the_spot  # noqa: F401
