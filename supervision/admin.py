from django.contrib import admin

from supervision.models import LadderRule


@admin.register(LadderRule)
class LadderRuleAdmin(admin.ModelAdmin):
    list_display = ("step", "after_days", "after_minutes", "is_automatic")
