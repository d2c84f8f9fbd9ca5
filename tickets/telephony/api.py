"""Where a telephone system sends the events of calls; docs/telephone.md tells its integrator how."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import permissions, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hotline.accounts.access import holders_of
from hotline.accounts.permissions import Permission as P
from hotline.keyset import KeysetPagination
from tickets.models import Call, MissedCall
from tickets.models.calls import LONGEST_ID
from tickets.reading import missed_number
from tickets.telephony import events

LONGEST_PHONE = 60  # characters of a number as it is written, with a label and blanks


class InstantField(serializers.DateTimeField):
    """An instant of any year that Python can move into another time zone; others are refused as no instant."""

    def to_internal_value(self, value: Any) -> Any:
        try:
            return super().to_internal_value(value)
        except (OverflowError, ValueError):
            self.fail("overflow")


class CallEventSerializer(serializers.Serializer):
    call_id = serializers.CharField(max_length=LONGEST_ID, help_text="Names the call; the same for all its events.")
    kind = serializers.ChoiceField(choices=Call.Event.choices)
    at = InstantField(help_text="When it happened; without an offset in the city's time.")
    phone = serializers.CharField(
        max_length=LONGEST_PHONE, required=False, allow_blank=True, allow_null=True,
        help_text="The caller's number in any writing; empty where it is withheld.",
    )  # fmt: skip
    operator = serializers.CharField(
        max_length=150, required=False, allow_blank=True, allow_null=True, help_text="The operator's user name."
    )
    extension = serializers.CharField(
        max_length=20, required=False, allow_blank=True, allow_null=True, help_text="The operator's extension."
    )


ANSWER = inline_serializer(
    "CallEventTaken",
    {
        "call_id": serializers.CharField(),
        "state": serializers.ChoiceField(choices=Call.State.choices, help_text="Where the call stands now."),
        "operator": serializers.CharField(allow_null=True, help_text="The user name of the operator, where known."),
        "remarks": serializers.ListField(
            child=serializers.CharField(), help_text="What of the event could not be used."
        ),
    },
)
PROBLEM = inline_serializer(
    "CallEventProblem",
    {
        "detail": serializers.CharField(),
        "errors": serializers.DictField(child=serializers.ListField(child=serializers.CharField()), required=False),
    },
)


class CallEventView(APIView):
    """Events of incoming calls. The answer tells no number."""

    permission_classes = (permissions.IsAuthenticated, holders_of(P.TELL_OF_CALLS))

    @extend_schema(
        operation_id="call_events_create", request=CallEventSerializer,
        responses={200: ANSWER, 201: ANSWER, **dict.fromkeys((400, 401, 403, 503), PROBLEM)},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Takes one event in: 201 the first time, 200 where this kind of event of this call is known already.

        Events may come in any order; where the call stands follows from which have come.
        """
        asked = CallEventSerializer(data=request.data)
        if not asked.is_valid():
            return _refused(asked.errors)
        given = {name: value or "" for name, value in asked.validated_data.items() if name != "at"}
        try:
            taken = events.take(events.Event(at=asked.validated_data["at"], **given))
        except ValidationError as error:
            return _refused({"at": error.messages})
        call = taken.call
        body = {
            "call_id": call.call_id, "state": call.state,
            "operator": call.operator.username if call.operator else None, "remarks": list(taken.remarks),
        }  # fmt: skip
        return Response(body, status=status.HTTP_201_CREATED if taken.is_new else status.HTTP_200_OK)


def _refused(errors: Any) -> Response:
    body = {"detail": _t("Please check what was entered."), "errors": errors}
    return Response(body, status=status.HTTP_400_BAD_REQUEST)


class MissedCallSerializer(serializers.ModelSerializer):
    """A missed call. The number is empty where it was withheld or the reader may not read it; so is the note then."""

    call_id = serializers.CharField(source="call.call_id")
    holder = serializers.CharField(source="holder.username", default=None, help_text="Who is calling back just now.")
    ticket = serializers.CharField(source="ticket.number", default=None)

    class Meta:
        model = MissedCall
        fields = (
            "id", "call_id", "phone", "missed_at", "due_at", "holder", "tries", "called_back_at", "settled_at",
            "outcome", "note", "ticket",
        )  # fmt: skip

    def to_representation(self, instance: MissedCall) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        number = missed_number(instance, self.context["request"].user)
        return shown | {"phone": number, "note": instance.note if number else ""}


class MissedCallPagination(KeysetPagination):
    ordering = ("-missed_at", "-id")


class MissedCallViewSet(viewsets.ReadOnlyModelViewSet):
    """Missed calls, the newest first; `settled_at__isnull=true` leaves those whose caller has to be called back."""

    serializer_class = MissedCallSerializer
    permission_classes = (permissions.IsAuthenticated, holders_of(P.SEE_MISSED_CALLS))
    queryset = MissedCall.objects.select_related("call", "taken_by", "ticket")
    pagination_class = MissedCallPagination
    filterset_fields = {"outcome": ["exact"], "settled_at": ["isnull"]}
