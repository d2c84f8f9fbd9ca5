from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UnifiedConfig(AppConfig):
    name = "hotline.unified"
    verbose_name = _("Unified identity")
