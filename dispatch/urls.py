from django.urls import path

from dispatch.directory import views as directory
from dispatch.queue import pages

urlpatterns = [
    path("dispatch/", pages.queue, name="dispatch-queue"),
    path("dispatch/many/", pages.many_at_once, name="dispatch-many"),
    path("dispatch/panel/<ticket:number>/", pages.ticket_panel, name="dispatch-panel"),
    path("dispatch/review/<ticket:number>/", pages.review, name="dispatch-review"),
    path("dispatch/automatic/", pages.switch, name="automatic-dispatch"),
    path("dispatch/suggestions/", pages.suggestions, name="suggestions"),
    path("directory/", directory.lines, name="directory"),
    path("directory/line/", directory.line, name="directory-line"),
    path("directory/import/", directory.import_sheet, name="directory-import"),
    path("directory/directory.xlsx", directory.export_sheet, name="directory-export"),
    path("directory/check/", directory.check_page, name="directory-check"),
    path("directory/versions/", directory.version_list, name="directory-versions"),
    path("directory/versions/<int:pk>/", directory.version, name="directory-version"),
    path("precedents/", directory.precedent_list, name="precedents"),
    path("dispatch/call/", pages.call_panel, name="call-panel"),
]
