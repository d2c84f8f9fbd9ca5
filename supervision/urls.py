from django.urls import path

from supervision import panel, rulings
from supervision.board import pages as board
from supervision.changes import pages as changes
from supervision.clocks import pages as clocks
from supervision.ladder import pages as ladder
from supervision.site import pages as site

urlpatterns = [
    path("board/", board.board_page, name="board"),
    path("board/many/", board.board_many, name="board-many"),
    path("board/escalate/", board.escalate_many, name="escalate-many"),
    path("board/panel/<ticket:number>/", panel.ticket_panel, name="supervision-panel"),
    path("coordination/", site.coordinations, name="coordinations"),
    path("coordination/worker.js", site.worker, name="site-worker"),
    path("coordination/<int:pk>/", site.coordination, name="coordination"),
    path("coordination/<int:pk>/note/", site.note, name="site-note"),
    path("coordination/<int:pk>/minutes.docx", site.minutes, name="minutes"),
    path("coordination/<int:pk>/meeting.ics", site.invitation, name="meeting"),
    path("messages/", ladder.inbox, name="messages"),
    path("orders/<str:number>/", ladder.order, name="order"),
    path("clocks/", clocks.state, name="sweeper"),
    path("limits/", changes.limits_page, name="limits"),
    path("limits/change/", changes.change_limit, name="change-limit"),
    path("calendar/", changes.calendar_page, name="calendar"),
    path("rulings/", rulings.rulings_page, name="rulings"),
]
