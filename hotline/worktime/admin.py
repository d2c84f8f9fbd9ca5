from django.contrib import admin

from .models import OfficeHours, SpecialDay


@admin.register(OfficeHours)
class OfficeHoursAdmin(admin.ModelAdmin):
    list_display = ("opens", "closes")


@admin.register(SpecialDay)
class SpecialDayAdmin(admin.ModelAdmin):
    list_display = ("day", "is_working", "reason")
    list_filter = ("is_working",)
    date_hierarchy = "day"
