from django.urls import path

from . import operators

urlpatterns = [path("operators/", operators.OperatorsView.as_view(), name="api-operators")]
