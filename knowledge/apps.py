from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class KnowledgeConfig(AppConfig):
    name = "knowledge"
    verbose_name = _("Knowledge base")

    def ready(self) -> None:
        from knowledge import effects  # noqa: F401 - registers which article answered a ticket
        from knowledge.models import ArticleFile
        from tickets.attachments import keeping

        keeping.SPOKEN_OF_BY.append(ArticleFile)
