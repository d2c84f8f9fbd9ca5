from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TicketsConfig(AppConfig):
    name = "tickets"
    verbose_name = _("tickets")

    def ready(self) -> None:
        from tickets import converters, setting_up  # noqa: F401 - each registers what it holds
        from tickets.calls import effects as of_calls  # noqa: F401
        from tickets.following_up import numbers, queue  # noqa: F401
        from tickets.forgetting import effects as of_forgetting  # noqa: F401
        from tickets.lists import numbers as of_lists  # noqa: F401
        from tickets.lists import reindexing  # noqa: F401 - says what a change of keys is about
        from tickets.telephony import numbers as of_missed_calls  # noqa: F401
        from tickets.workflow import correcting, effects, handing_over, proving  # noqa: F401
