"""The API of the knowledge base: reading and searching what callers may be told."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers, viewsets
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from hotline.accounts.access import person
from hotline.accounts.permissions import Permission as P
from hotline.keyset import KeysetPagination
from hotline.text import clean
from knowledge import searching
from knowledge.models import Article

LONGEST = 200  # characters of a search


class ArticleSerializer(serializers.ModelSerializer):
    department_name = serializers.CharField(source="department.name", read_only=True)

    class Meta:
        model = Article
        fields = (
            "id", "question", "answer", "department", "department_name", "category", "valid_from", "valid_until",
            "source", "state", "instead_of", "released_at",
        )  # fmt: skip


class ArticlePagination(KeysetPagination):
    ordering = ("-made_at", "-id")


@extend_schema_view(
    list=extend_schema(
        parameters=[
            OpenApiParameter(
                "q", OpenApiTypes.STR, description="Words, a question, pinyin or initials; the best first."
            )
        ]
    )
)
class ArticleViewSet(viewsets.ReadOnlyModelViewSet):
    """Articles in force; one by its id also when it has ended, for whoever may read it."""

    serializer_class = ArticleSerializer
    queryset = Article.objects.none()
    pagination_class = ArticlePagination
    filterset_fields = ("department", "category")

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        if not person(request).may(P.READ_ARTICLES):
            raise PermissionDenied

    def get_queryset(self) -> QuerySet[Article]:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        rows = Article.objects.visible_to(person(self.request)).select_related("department").defer("search")
        return rows.in_force() if self.action == "list" else rows

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What is searched for comes on one page, since its order is how well it fits."""
        words = clean(request.query_params.get("q", ""))[:LONGEST].strip()
        if not words:
            return super().list(request, *args, **kwargs)
        found = [one.pk for one in searching.find(words)]
        rows = self.filter_queryset(self.get_queryset()).in_bulk(found)
        best = [rows[pk] for pk in found if pk in rows]
        return Response({"next": None, "previous": None, "results": self.get_serializer(best, many=True).data})
