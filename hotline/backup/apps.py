from django.apps import AppConfig
from django.utils.translation import pgettext_lazy


class BackupConfig(AppConfig):
    name = "hotline.backup"
    verbose_name = pgettext_lazy("of the system", "backup")

    def ready(self) -> None:
        from hotline.backup import holding  # noqa: F401 - tells the health page
