from django.contrib import admin

from hotline.set_up import SetUpAdmin
from tickets.models import Category, CityRule, Elsewhere


@admin.register(Category)
class CategoryAdmin(SetUpAdmin):
    list_display = ("code", "name", "parent", "is_used")
    list_filter = ("is_used",)
    search_fields = ("name", "code", "keywords")


@admin.register(CityRule)
class CityRuleAdmin(SetUpAdmin):
    list_display = ("key", "value")


@admin.register(Elsewhere)
class ElsewhereAdmin(SetUpAdmin):
    list_display = ("name", "ground", "number", "is_emergency", "is_used")
    list_filter = ("ground", "is_used")
    search_fields = ("name", "cues", "words")
