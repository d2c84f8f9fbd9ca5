from django.urls import include, path
from rest_framework.routers import SimpleRouter

from . import catalogue, operators
from .runs.api import ReportViewSet

router = SimpleRouter()
router.register("reports", ReportViewSet, basename="api-report")

urlpatterns = [
    path("operators/", operators.OperatorsView.as_view(), name="api-operators"),
    path("indicators/", catalogue.IndicatorsView.as_view(), name="api-indicators"),
    path("figures/", catalogue.FiguresView.as_view(), name="api-figures"),
    path("", include(router.urls)),
]
