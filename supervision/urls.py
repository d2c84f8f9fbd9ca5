from django.urls import path

from . import change_views, message_views, site_views, sweeper_views, views

urlpatterns = [
    path("board/", views.board_page, name="board"),
    path("board/many/", views.board_many, name="board-many"),
    path("board/escalate/", views.escalate_many, name="escalate-many"),
    path("board/panel/<ticket:number>/", views.ticket_panel, name="supervision-panel"),
    path("coordination/", site_views.coordinations, name="coordinations"),
    path("coordination/worker.js", site_views.worker, name="site-worker"),
    path("coordination/<int:pk>/", site_views.coordination, name="coordination"),
    path("coordination/<int:pk>/note/", site_views.note, name="site-note"),
    path("coordination/<int:pk>/minutes.docx", site_views.minutes, name="minutes"),
    path("coordination/<int:pk>/meeting.ics", site_views.invitation, name="meeting"),
    path("messages/", message_views.inbox, name="messages"),
    path("orders/<str:number>/", message_views.order, name="order"),
    path("clocks/", sweeper_views.state, name="sweeper"),
    path("limits/", change_views.limits_page, name="limits"),
    path("limits/change/", change_views.change_limit, name="change-limit"),
    path("calendar/", change_views.calendar_page, name="calendar"),
    path("rulings/", views.rulings, name="rulings"),
]
