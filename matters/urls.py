from django.urls import path

from matters import pages
from matters.callers import pages as callers
from matters.map import pages as maps
from matters.together import pages as together

urlpatterns = [
    path("matters/", pages.matters_page, name="matters"),
    path("matters/<int:pk>/", pages.matter_page, name="matter"),
    path("matters/<int:pk>/do/<str:deed>/", pages.change, name="matter-change"),
    path("matters/<int:pk>/together/<str:name>/", together.together, name="matter-together"),
    path("matters/proposals/<int:pk>/<str:word>/", pages.decide, name="matter-proposal"),
    path("matters/map/", maps.map_page, name="matters-map"),
    path("callers/<int:pk>/", callers.caller_page, name="caller"),
    path("callers/<int:pk>/<int:other>/<str:word>/", callers.settle_person, name="settle-person"),
]
