from django.urls import path

from matters.callers import pages as callers

urlpatterns = [
    path("callers/<int:pk>/", callers.caller_page, name="caller"),
    path("callers/<int:pk>/<int:other>/<str:word>/", callers.settle_person, name="settle-person"),
]
