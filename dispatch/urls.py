from django.urls import path

from dispatch.city import pages as city
from dispatch.directory import views as directory
from dispatch.places import proposals
from dispatch.places import views as places
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
    path("places/", places.places, name="places"),
    path("places/new/", places.new_place, name="new-place"),
    path("places/proposals/", proposals.proposals, name="place-proposals"),
    path("places/proposals.xlsx", proposals.export_proposals, name="place-proposals-export"),
    path("places/import/", places.import_places, name="places-import"),
    path("places/import/<int:pk>/", places.place_sheet, name="place-sheet"),
    path("places/import/<int:pk>/rejected.csv", places.rejected_rows, name="place-sheet-rejected"),
    path("places/places.xlsx", places.export_places, name="places-export"),
    path("places/<int:pk>/", places.place, name="place"),
    path("set-up/sheets/<int:pk>/", city.city_sheet, name="city-sheet"),
    path("set-up/sheets/<slug:name>/", city.import_sheet, name="city-import"),
    path("set-up/sheets/<slug:name>.xlsx", city.export_sheet, name="city-export"),
    path("precedents/", directory.precedent_list, name="precedents"),
    path("dispatch/call/", pages.call_panel, name="call-panel"),
    path("dispatch/call/like/", pages.call_like, name="call-like"),
]
