"""The API of reports: those that the caller may read, and one of them with its sections."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import permissions, serializers, viewsets

from hotline.accounts.access import holders_of, person
from hotline.accounts.permissions import Permission as P
from hotline.keyset import KeysetPagination
from reports.content import withholding
from reports.models import Edition, ReportRun

from . import versions


class ReportSerializer(serializers.ModelSerializer):
    """A report as it was built, and where it stands in its life. Of one that is not issued there is no number."""

    state = serializers.ChoiceField(source="edition.state", choices=Edition.State.choices)
    number = serializers.IntegerField(source="edition.report.number", allow_null=True)
    version = serializers.IntegerField(source="edition.version", allow_null=True)
    draft = serializers.IntegerField(source="edition.draft")
    department = serializers.IntegerField(
        source="edition.report.unit_id", allow_null=True, help_text="Whose own report it is; null: everybody's."
    )
    scope = serializers.CharField(source="edition.report.scope", help_text="What it is narrowed to: kind=complaint")
    is_partial = serializers.BooleanField(help_text="It was built before its period was over.")
    issued_at = serializers.DateTimeField(source="edition.issued_at", allow_null=True)
    reason = serializers.CharField(source="edition.reason", help_text="Why it was corrected.")

    class Meta:
        model = ReportRun
        fields: tuple[str, ...] = (
            "id", "kind", "period", "start", "end", "title", "built_at", "is_partial", "state", "number", "version",
            "draft", "department", "scope", "issued_at", "reason",
        )  # fmt: skip


class WholeReportSerializer(ReportSerializer):
    """A report with its sections: columns and rows as they are kept, numbers as numbers."""

    sections = serializers.SerializerMethodField()

    class Meta(ReportSerializer.Meta):
        fields = (*ReportSerializer.Meta.fields, "sections")

    @extend_schema_field({"type": "array", "items": {"type": "object", "additionalProperties": {}}})
    def get_sections(self, run: ReportRun) -> list[dict[str, Any]]:
        return [
            {
                "key": versions.key_of(section), "title": section["title"], "note": section["note"],
                "paragraphs": section.get("paragraphs", []), "columns": section["columns"], "rows": section["rows"],
            }
            for section in withholding.sections_of(run)
        ]  # fmt: skip


class ReportPagination(KeysetPagination):
    ordering = ("-built_at", "-id")


class ReportViewSet(viewsets.ReadOnlyModelViewSet):
    """Reports, the newest first: for departments those that were issued, to all or to them."""

    permission_classes = (permissions.IsAuthenticated, holders_of(P.READ_REPORTS))
    queryset = ReportRun.objects.none()
    pagination_class = ReportPagination
    filterset_fields = ("kind", "period")

    def get_serializer_class(self) -> type[ReportSerializer]:
        return WholeReportSerializer if self.action == "retrieve" else ReportSerializer

    def get_queryset(self) -> QuerySet[ReportRun]:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        found = ReportRun.objects.visible_to(person(self.request)).select_related("edition__report")
        return found if self.action == "retrieve" else found.defer("sections")
