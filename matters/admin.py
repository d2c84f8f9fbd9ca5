from django.contrib import admin

from hotline.set_up import SetUpAdmin
from matters.models import SensitiveWord


@admin.register(SensitiveWord)
class SensitiveWordAdmin(SetUpAdmin):
    list_display = ("word", "is_used")
