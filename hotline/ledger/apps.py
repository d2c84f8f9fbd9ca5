from django.apps import AppConfig
from django.utils.translation import pgettext_lazy


class LedgerConfig(AppConfig):
    name = "hotline.ledger"
    label = "ledger"
    verbose_name = pgettext_lazy("audit log", "audit log")

    def ready(self) -> None:
        from hotline.ledger import listening  # noqa: F401 - hears of sign-ins and of changed accounts
