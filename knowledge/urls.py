from django.urls import path

from knowledge import pages

urlpatterns = [
    path("knowledge/", pages.articles, name="articles"),
    path("knowledge/new/", pages.new, name="article-new"),
    path("knowledge/not-found/", pages.missed, name="articles-missed"),
    path("knowledge/call/", pages.call_panel, name="article-panel"),
    path("knowledge/<int:pk>/", pages.article, name="article"),
    path("knowledge/<int:pk>/edit/", pages.edit, name="article-edit"),
    path("knowledge/<int:pk>/settle/", pages.settle, name="article-settle"),
    path("knowledge/files/<int:pk>/", pages.file, name="article-file"),
]
