from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VaultConfig(AppConfig):
    name = "hotline.vault"
    verbose_name = _("Personal data")

    def ready(self) -> None:
        from hotline.vault import rotating  # noqa: F401 - the health page asks it
