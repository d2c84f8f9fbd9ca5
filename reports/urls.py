from django.urls import path

from . import behind, catalogue, dashboard, operators
from .files import setting_up
from .runs import pages

urlpatterns = [
    path("dashboard/", dashboard.dashboard, name="dashboard"),
    path("dashboard/wall/", dashboard.wall, name="dashboard-wall"),
    path("figures/", catalogue.catalogue, name="figures"),
    path("figures/<str:name>/", behind.figure_tickets, name="figure-tickets"),
    path("figures/abnormal/<str:way>/", behind.abnormal_tickets, name="abnormal-tickets"),
    path("desk/day/", operators.my_day, name="my-day"),
    path("operators/", operators.operators, name="operators"),
    path("set-up/report-template/", setting_up.report_template, name="report-template"),
    path("set-up/report-template/back/", setting_up.back_to_shipped, name="report-template-back"),
    path("set-up/report-template/<str:which>.docx", setting_up.report_template_file, name="report-template-file"),
    path("reports/", pages.reports, name="reports"),
    path("reports/build/", pages.build_report, name="build-report"),
    path("reports/special/", pages.special, name="report-special"),
    path("reports/own/", pages.own_report, name="report-own"),
    path("reports/progress/", pages.progress, name="report-progress"),
    path("reports/jobs/<int:pk>/cancel/", pages.cancel, name="report-cancel"),
    path("reports/<int:pk>/", pages.report, name="report"),
    path("reports/<int:pk>/again/", pages.again, name="report-again"),
    path("reports/<int:pk>/step/", pages.step, name="report-step"),
    path("reports/<int:pk>/against/<int:other>/", pages.against, name="report-against"),
    path("reports/<int:pk>/report.<str:form>", pages.report_file, name="report-file"),
]
