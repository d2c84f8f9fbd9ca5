from django.urls import path

from . import change_views, views

urlpatterns = [
    path("board/", views.board, name="board"),
    path("board/panel/<ticket:number>/", views.ticket_panel, name="supervision-panel"),
    path("coordination/", views.coordinations, name="coordinations"),
    path("coordination/<int:pk>/", views.coordination, name="coordination"),
    path("coordination/<int:pk>/participants/", views.add_participant, name="add-participant"),
    path("coordination/participants/<int:pk>/", views.participant, name="participant"),
    path("limits/", change_views.limits_page, name="limits"),
    path("limits/change/", change_views.change_limit, name="change-limit"),
    path("calendar/", change_views.calendar_page, name="calendar"),
    path("rulings/", views.rulings, name="rulings"),
]
