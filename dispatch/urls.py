from django.urls import path

from . import views
from .directory import views as directory

urlpatterns = [
    path("dispatch/", views.queue, name="dispatch-queue"),
    path("dispatch/many/", views.many_at_once, name="dispatch-many"),
    path("dispatch/panel/<ticket:number>/", views.ticket_panel, name="dispatch-panel"),
    path("dispatch/review/<ticket:number>/", views.review, name="dispatch-review"),
    path("dispatch/automatic/", views.switch, name="automatic-dispatch"),
    path("dispatch/suggestions/", views.suggestions, name="suggestions"),
    path("directory/", directory.lines, name="directory"),
    path("directory/line/", directory.line, name="directory-line"),
    path("directory/import/", directory.import_sheet, name="directory-import"),
    path("directory/directory.xlsx", directory.export_sheet, name="directory-export"),
    path("directory/check/", directory.check_page, name="directory-check"),
    path("directory/versions/", directory.version_list, name="directory-versions"),
    path("directory/versions/<int:pk>/", directory.version, name="directory-version"),
    path("precedents/", directory.precedent_list, name="precedents"),
    path("dispatch/call/", views.call_panel, name="call-panel"),
]
