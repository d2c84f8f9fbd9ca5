from django.contrib import admin

from hotline.set_up import SetUpAdmin
from supervision.models import LadderRule


@admin.register(LadderRule)
class LadderRuleAdmin(SetUpAdmin):
    list_display = ("step", "after_days", "after_minutes", "is_automatic")
