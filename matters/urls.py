from django.urls import path

from matters.callers import pages as callers
from matters.map import pages as maps

urlpatterns = [
    path("matters/map/", maps.map_page, name="matters-map"),
    path("callers/<int:pk>/", callers.caller_page, name="caller"),
    path("callers/<int:pk>/<int:other>/<str:word>/", callers.settle_person, name="settle-person"),
]
