from django.contrib import admin

from dispatch.models import Precedent


@admin.register(Precedent)
class PrecedentAdmin(admin.ModelAdmin):
    list_display = ("category", "region", "department", "principle", "made_at")
    list_select_related = ("category", "region", "department")

    def has_add_permission(self, request: object) -> bool:
        return False

    def has_change_permission(self, request: object, obj: object = None) -> bool:
        return False
