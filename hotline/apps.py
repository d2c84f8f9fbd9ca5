from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class HotlineConfig(AppConfig):
    name = "hotline"

    def ready(self) -> None:
        from hotline import labels, translations
        from hotline.setting_up import own  # noqa: F401 - registers what a new city is asked

        labels.look_up()
        translations.compile_if_older()


class SetUpConfig(admin_apps.AdminConfig):
    """Django's admin with our own site, which holds decision 0004."""

    default = False  # of this module's two
    default_site = "hotline.set_up.SetUpSite"

    def ready(self) -> None:
        from django.contrib.admin.models import LogEntry

        from hotline import roles

        super().ready()
        roles.kept()(LogEntry)
