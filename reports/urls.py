from django.urls import path

from . import operators, views
from .files import setting_up

urlpatterns = [
    path("dashboard/", views.dashboard, name="dashboard"),
    path("figures/<str:name>/", views.figure_tickets, name="figure-tickets"),
    path("desk/day/", operators.my_day, name="my-day"),
    path("operators/", operators.operators, name="operators"),
    path("reports/", views.reports, name="reports"),
    path("reports/build/", views.build_report, name="build-report"),
    path("reports/<int:pk>/", views.report, name="report"),
    path("reports/<int:pk>/report.<str:form>", views.report_file, name="report-file"),
    path("set-up/report-template/", setting_up.report_template, name="report-template"),
    path("set-up/report-template/back/", setting_up.back_to_shipped, name="report-template-back"),
    path("set-up/report-template/<str:which>.docx", setting_up.report_template_file, name="report-template-file"),
]
