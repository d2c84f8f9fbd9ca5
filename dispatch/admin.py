from django.contrib import admin

from .models import DirectoryEntry, Precedent


@admin.register(DirectoryEntry)
class DirectoryEntryAdmin(admin.ModelAdmin):
    list_display = ("category", "region", "department", "basis")
    list_filter = ("department",)
    search_fields = ("category__name", "region__name", "department__name")
    autocomplete_fields = ("category", "region", "department")
    list_select_related = ("category", "region", "department")


@admin.register(Precedent)
class PrecedentAdmin(admin.ModelAdmin):
    list_display = ("category", "region", "department", "principle", "made_at")
    list_select_related = ("category", "region", "department")

    def has_add_permission(self, request: object) -> bool:
        return False

    def has_change_permission(self, request: object, obj: object = None) -> bool:
        return False
