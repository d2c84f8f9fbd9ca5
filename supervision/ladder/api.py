"""The API of messages: what a person and their department were told."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from hotline.accounts.access import holders_of, person
from hotline.accounts.permissions import Permission as P
from hotline.keyset import KeysetPagination
from supervision.ladder import messages
from supervision.ladder.messages import Told
from supervision.models import Notice, Step


class MessageSerializer(serializers.Serializer):
    """A message about a ticket, an article, or a page (`title` and `link`), such as that of a report.

    A ticket that the reader may not know of has no number.
    """

    id = serializers.IntegerField(source="notice.pk")
    step = serializers.ChoiceField(source="notice.step", choices=Step.choices)
    ticket = serializers.SerializerMethodField()
    article = serializers.IntegerField(source="notice.article_id", allow_null=True)
    title = serializers.CharField(source="notice.title")
    link = serializers.CharField(source="notice.link")
    text = serializers.CharField()
    is_urgent = serializers.BooleanField(source="notice.is_urgent")
    made_at = serializers.DateTimeField(source="notice.made_at")
    read_at = serializers.DateTimeField(source="notice.read_at", allow_null=True)

    def get_ticket(self, told: Told) -> str | None:
        return told.notice.ticket.number if told.notice.ticket and told.is_known else None


class MessagePagination(KeysetPagination):
    ordering = ("-made_at", "-id")


class MessageViewSet(viewsets.ReadOnlyModelViewSet):
    """What was delivered to oneself and one's department, newest first; `read_at__isnull=true` leaves the unread."""

    serializer_class = MessageSerializer
    permission_classes = (permissions.IsAuthenticated, holders_of(P.SEE_MESSAGES))
    queryset = Notice.objects.none()
    pagination_class = MessagePagination
    filterset_fields = {"read_at": ["isnull"], "article": ["isnull"]}

    def get_queryset(self) -> QuerySet[Notice]:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return messages.for_person(person(self.request))

    def paginate_queryset(self, queryset: Any) -> Any:
        return messages.as_told(super().paginate_queryset(queryset) or (), person(self.request))

    def get_object(self) -> Any:
        return messages.as_told([super().get_object()], person(self.request))[0]

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: str) -> Response:
        """Marks a message as read; a second time changes nothing."""
        messages.mark_read(person(request), [self.get_object().notice.pk])
        return Response(self.get_serializer(self.get_object()).data)
