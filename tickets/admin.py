from django.contrib import admin

from tickets.models import Category, CityRule


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):
    list_display = ("code", "name", "parent", "is_used")
    list_filter = ("is_used",)
    search_fields = ("name", "code", "keywords")
    autocomplete_fields = ("parent",)


@admin.register(CityRule)
class CityRuleAdmin(admin.ModelAdmin):
    list_display = ("key", "value")
