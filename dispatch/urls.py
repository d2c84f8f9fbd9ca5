from django.urls import path

from . import views

urlpatterns = [
    path("dispatch/", views.queue, name="dispatch-queue"),
    path("dispatch/many/", views.many_at_once, name="dispatch-many"),
    path("dispatch/panel/<ticket:number>/", views.ticket_panel, name="dispatch-panel"),
    path("dispatch/suggestions/", views.suggestions, name="suggestions"),
    path("dispatch/call/", views.call_panel, name="call-panel"),
]
