from django.apps import AppConfig


class HotlineConfig(AppConfig):
    name = "hotline"

    def ready(self) -> None:
        from . import translations

        translations.compile_if_older()
