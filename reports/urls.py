from django.urls import path

from . import views

urlpatterns = [
    path("dashboard/", views.dashboard, name="dashboard"),
    path("figures/<str:name>/", views.figure_tickets, name="figure-tickets"),
    path("reports/", views.reports, name="reports"),
    path("reports/build/", views.build_report, name="build-report"),
    path("reports/<int:pk>/", views.report, name="report"),
    path("reports/<int:pk>/report.<str:form>", views.report_file, name="report-file"),
]
