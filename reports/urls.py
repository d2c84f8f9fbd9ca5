from django.urls import path

from . import operators, views

urlpatterns = [
    path("dashboard/", views.dashboard, name="dashboard"),
    path("figures/<str:name>/", views.figure_tickets, name="figure-tickets"),
    path("desk/day/", operators.my_day, name="my-day"),
    path("operators/", operators.operators, name="operators"),
    path("reports/", views.reports, name="reports"),
    path("reports/build/", views.build_report, name="build-report"),
    path("reports/<int:pk>/", views.report, name="report"),
    path("reports/<int:pk>/report.<str:form>", views.report_file, name="report-file"),
]
