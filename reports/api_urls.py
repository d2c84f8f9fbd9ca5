from django.urls import path

from . import catalogue, operators

urlpatterns = [
    path("operators/", operators.OperatorsView.as_view(), name="api-operators"),
    path("indicators/", catalogue.IndicatorsView.as_view(), name="api-indicators"),
    path("figures/", catalogue.FiguresView.as_view(), name="api-figures"),
]
