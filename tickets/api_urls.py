from django.urls import path
from rest_framework.routers import SimpleRouter

from tickets import api
from tickets.places import api as places
from tickets.telephony import api as telephony

router = SimpleRouter()
router.register("tickets", api.TicketViewSet, basename="api-ticket")
router.register("departments", api.DepartmentViewSet, basename="api-department")
router.register("categories", api.CategoryViewSet, basename="api-category")
router.register("missed-calls", telephony.MissedCallViewSet, basename="api-missed-call")
router.register("places", places.PlaceViewSet, basename="api-place")

urlpatterns = [
    *router.urls,
    path("call-events/", telephony.CallEventView.as_view(), name="api-call-event"),
    *[
        path(f"tickets/<ticket:number>/{name}/", view, name=f"api-ticket-{name}")
        for name, view in api.ACTION_VIEWS.items()
    ],
]
