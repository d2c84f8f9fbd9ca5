from django.conf import settings
from django.urls import path

from . import design, views

urlpatterns = [
    path("tickets/", views.all_tickets, name="tickets"),
    path("tickets/new/", views.new_ticket, name="new-ticket"),
    path("tickets/mine/", views.my_tickets, name="my-tickets"),
    path("tickets/caller/", views.caller_history, name="caller-history"),
    path("tickets/join/", views.join_tickets, name="join-tickets"),
    path("tickets/<ticket:number>/", views.ticket_page, name="ticket"),
    path("tickets/<ticket:number>/do/<str:name>/", views.ticket_action, name="ticket-action"),
    path("tickets/<ticket:number>/attach/", views.attach, name="attach"),
    path("attachments/<int:pk>/", views.attachment, name="attachment"),
    path("matters/<int:pk>/", views.matter_page, name="matter"),
    path("follow-ups/", views.follow_ups, name="follow-ups"),
    path("inbox/", views.inbox, name="inbox"),
]

if settings.DEBUG or settings.TEST_RUN:
    urlpatterns.append(path("design/", design.design, name="design"))
