from django.urls import path

from . import views

urlpatterns = [
    path("dispatch/", views.queue, name="dispatch-queue"),
    path("dispatch/panel/<ticket:number>/", views.ticket_panel, name="dispatch-panel"),
    path("dispatch/suggestions/", views.suggestions, name="suggestions"),
    path("dispatch/call/", views.call_panel, name="call-panel"),
]
