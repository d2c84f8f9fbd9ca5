from django.contrib import admin
from django.http import HttpRequest

from hotline.set_up import SetUpAdmin

from .models import OfficeHours, SpecialDay


@admin.register(OfficeHours)
class OfficeHoursAdmin(SetUpAdmin):
    list_display = ("opens", "closes")


@admin.register(SpecialDay)
class SpecialDayAdmin(SetUpAdmin):
    """Days are added on the page of the calendar, which tells what they move; here they are looked at or taken away."""

    list_display = ("day", "is_working", "reason")
    list_filter = ("is_working",)
    date_hierarchy = "day"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: SpecialDay | None = None) -> bool:
        return False
