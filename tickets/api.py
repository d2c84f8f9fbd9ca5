"""The API of tickets. It holds no rule of its own: the workflow table decides, its inputs check what is sent."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _t
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
    inline_serializer,
)
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action as route
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hotline import telephone
from hotline.accounts.access import person
from hotline.accounts.models import Department
from hotline.accounts.permissions import Permission as P
from hotline.incoming import Misfit, as_typed
from hotline.receipts import services as receipts
from hotline.shell import number_in
from tickets.calls import recording, words
from tickets.calls.forms import CallForm
from tickets.converters import TicketNumber
from tickets.lists.filters import TicketFilter
from tickets.models import Category, Contribution, Ticket, TicketEvent
from tickets.reading import read
from tickets.workflow import performing, timeline, unmasking
from tickets.workflow.correcting import NUMBERS
from tickets.workflow.performing import InvalidInput, NotAllowed, Refused, Stale
from tickets.workflow.table import ACTIONS, STARTING, Action


class DepartmentSerializer(serializers.ModelSerializer):
    class Meta:
        model = Department
        fields = ("id", "name", "level", "parent", "region", "is_open")


class CategorySerializer(serializers.ModelSerializer):
    level = serializers.IntegerField(read_only=True)

    class Meta:
        model = Category
        fields = ("id", "code", "name", "parent", "level", "is_used")


# What is said of a ticket as its reader may read it.
AS_READ = (
    "title", "description", "address", "caller_name", "caller_phone", "contact_phone", "happened", "plate", "amount",
)  # fmt: skip


class TicketSerializer(serializers.ModelSerializer):
    """A ticket in a list. Caller's name and number are empty where the reader may not see them; numbers are masked."""

    region_name = serializers.CharField(source="region.full_name", read_only=True)
    department_name = serializers.CharField(source="department.name", read_only=True, default=None)

    class Meta:
        model = Ticket
        fields = (
            "number", "version", "title", "kind", "channel", "urgency", "status", "category", "region", "region_name",
            "address", "department", "department_name", "caller_name", "caller_phone", "is_anonymous", "is_secret",
            "is_binding", "risk", "round", "hops", "returns", "urges", "matter", "registered_at", "dispatched_at",
            "accepted_at", "answered_at", "closed_at", "answer_due_at", "stage_due_at", "closing", "contacted",
            "solved", "satisfaction", "cause", "closing_reason", "contact_phone", "happened", "plate", "amount",
            "forgotten_at",
        )  # fmt: skip

    def to_representation(self, instance: Ticket) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        reading = read(instance, self.context["request"].user)
        told = {name: getattr(reading, name) for name in AS_READ if name in shown}
        return shown | told | {name: telephone.masked(told[name]) for name in NUMBERS if name in told}


class WhySerializer(serializers.Serializer):
    """Why somebody needs to see a number; `words` say it where `why` is `other`."""

    why = serializers.ChoiceField(choices=unmasking.Why.choices)
    words = serializers.CharField(max_length=100, required=False)


class NumbersSerializer(serializers.Serializer):
    caller_phone = serializers.CharField()
    contact_phone = serializers.CharField()


class EventSerializer(serializers.ModelSerializer):
    actor = serializers.CharField(source="actor.full_name", default=None)
    department = serializers.CharField(source="department.name", default=None)

    class Meta:
        model = TicketEvent
        fields = (
            "sequence",
            "action",
            "from_status",
            "to_status",
            "actor",
            "department",
            "at",
            "round",
            "note",
            "data",
        )


class ContributionSerializer(serializers.ModelSerializer):
    """What another department owes or has given."""

    department = serializers.CharField(source="department.name")
    names = serializers.CharField(source="names.name", default=None)

    class Meta:
        model = Contribution
        fields = ("department", "part", "round", "asked_at", "due_at", "given_at", "text", "names", "principle")


class TicketDetailSerializer(TicketSerializer):
    """A ticket with what is asked, its events, and the actions that the reader can perform now."""

    events = serializers.SerializerMethodField()
    contributions = serializers.SerializerMethodField()
    actions = serializers.SerializerMethodField()

    class Meta(TicketSerializer.Meta):
        fields = (*TicketSerializer.Meta.fields, "description", "events", "contributions", "actions")  # type: ignore[assignment]

    @extend_schema_field(EventSerializer(many=True))
    def get_events(self, ticket: Ticket) -> Any:
        told = timeline.retold(ticket, ticket.events.all(), self.context["request"].user)
        return EventSerializer(told, many=True).data

    @extend_schema_field(ContributionSerializer(many=True))
    def get_contributions(self, ticket: Ticket) -> Any:
        given = list(ticket.contributions.filter(withdrawn_at__isnull=True).select_related("department", "names"))
        reading = read(ticket, self.context["request"].user)
        for one in given:
            one.text = reading.text(one.text)
        return ContributionSerializer(given, many=True).data

    def get_actions(self, ticket: Ticket) -> list[str]:
        return [action.name for action in performing.available(ticket, self.context["request"].user)]


# -- inputs: a serializer for the schema is made from the form that checks -----------------------------------

FIELD_TYPES: tuple[tuple[type[forms.Field], type[serializers.Field]], ...] = (
    (forms.ModelMultipleChoiceField, serializers.ListField),
    (forms.ModelChoiceField, serializers.IntegerField),
    (forms.TypedChoiceField, serializers.ChoiceField),
    (forms.ChoiceField, serializers.ChoiceField),
    (forms.DateTimeField, serializers.DateTimeField),
    (forms.IntegerField, serializers.IntegerField),
    (forms.BooleanField, serializers.BooleanField),
    (forms.UUIDField, serializers.UUIDField),
    (forms.CharField, serializers.CharField),
)


def describe(field: forms.Field, *, is_proposed: bool = False) -> serializers.Field:
    """The serializer field that stands in the schema for a form field; what is proposed may be left out."""
    kind = next(made for known, made in FIELD_TYPES if isinstance(field, known))
    options: dict[str, Any] = {"required": bool(field.required and field.initial is None and not is_proposed)}
    if kind is serializers.ChoiceField:
        options["choices"] = [choice for choice in field.choices if choice[0] != ""]  # type: ignore[attr-defined]
        if not field.required:
            options["allow_blank"] = True
    elif kind is serializers.ListField:
        options["child"] = serializers.IntegerField()
    elif kind is serializers.CharField:
        options |= {"max_length": field.max_length, "allow_blank": not field.required}  # type: ignore[attr-defined]
    elif not field.required:
        options["allow_null"] = True
    return kind(**options)


def input_serializer(action: Action) -> Any:
    fields = {name: describe(field) for name, field in action.input.base_fields.items()}
    fields["version"] = serializers.IntegerField(required=False, help_text="The ticket's version that you saw.")
    return inline_serializer(f"{''.join(part.title() for part in action.name.split('_'))}Input", fields)


CALL_SERIALIZER = inline_serializer(
    "CallInput",
    {name: describe(field, is_proposed=name == "kind") for name, field in CallForm.base_fields.items()},
)  # fmt: skip
PROBLEM = inline_serializer(
    "Problem",
    {
        "detail": serializers.CharField(),
        "errors": serializers.DictField(child=serializers.ListField(child=serializers.CharField()), required=False),
    },
)
PROBLEMS = dict.fromkeys((400, 401, 403, 404, 409), PROBLEM)


IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER,
    description="A text of your own, up to 100 characters: what you send again with it is done once.",
)  # fmt: skip


def once(
    do: Callable[[], str], request: Request, *, content: dict[str, Any], key: uuid.UUID | None = None
) -> receipts.Done:
    """`receipts.once` for a request, by the key in its header or else by `key`. Raises ValidationError."""
    given = request.headers.get("Idempotency-Key")
    if given is not None and not receipts.is_key(given):
        raise serializers.ValidationError({"Idempotency-Key": _t("1 to 100 plain characters.")})
    return receipts.once(
        do, person=person(request), key=given or str(key or ""), content={"to": request.path, "fields": content}
    )


def problem(message: str, code: int, errors: Any = None) -> Response:
    """An answer that says what is wrong; `errors` maps fields to messages."""
    body: dict[str, Any] = {"detail": message}
    if errors is not None:
        body["errors"] = {name: [str(error) for error in found] for name, found in errors.items()}
    return Response(body, status=code)


@extend_schema_view(
    list=extend_schema(
        responses={200: TicketSerializer(many=True), 401: PROBLEM, 403: PROBLEM},
        parameters=[OpenApiParameter("after", OpenApiTypes.STR, description="Where the page begins; from `next`.")],
    ),
    retrieve=extend_schema(responses={200: TicketDetailSerializer, 401: PROBLEM, 404: PROBLEM}),
)
class TicketViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Tickets that the signed-in person may see, newest first."""

    serializer_class = TicketSerializer
    filterset_class = TicketFilter
    lookup_field = "number"
    lookup_value_regex = TicketNumber.regex
    queryset = Ticket.objects.none()

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        visible = Ticket.objects.visible_to(self.request.user)
        visible = visible.select_related("region__parent", "department").defer("search", "caller_search")
        return (
            visible.prefetch_related("events__actor", "events__department", "events__caller_told")
            if self.action == "retrieve"
            else visible
        )

    def get_serializer_class(self) -> Any:
        return TicketDetailSerializer if self.action == "retrieve" else TicketSerializer

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        user = person(request)
        if not (user.may(P.SEE_ALL_TICKETS) or user.may(P.SEE_DEPARTMENT_TICKETS)):
            raise PermissionDenied
        return super().list(request, *args, **kwargs)

    @extend_schema(request=WhySerializer, responses={200: NumbersSerializer, **PROBLEMS})
    @route(detail=True, methods=["post"])
    def numbers(self, request: Request, number: str) -> Response:
        """The caller's numbers in full, for whoever may know them and says why; the audit log keeps the reason."""
        ticket = self.get_object()
        try:
            form = unmasking.WhyForm(as_typed(request.data, unmasking.WhyForm.base_fields))
        except Misfit as misfit:
            return problem(_t("Please check what was entered."), 400, misfit.errors)
        if not form.is_valid():
            return problem(_t("Please check what was entered."), 400, form.errors)
        try:
            reading = unmasking.numbers(ticket, person(request), request, form.reason)
        except unmasking.Withheld as withheld:
            raise PermissionDenied from withheld
        return Response(NumbersSerializer(reading).data)

    @extend_schema(
        request=CALL_SERIALIZER,
        responses={200: TicketSerializer, 201: TicketSerializer, **PROBLEMS},
        parameters=[IDEMPOTENCY_KEY],
    )
    def create(self, request: Request) -> Response:
        """Records a call.

        The same call sent again with the same `Idempotency-Key` (or `form_key`) is answered with the ticket that the
        first one made, and 200; another call with that key is another ticket. Where kind, address, happened, plate,
        amount or contact_phone are not given, what title and description say of them is taken, as at the desk.
        """
        user = person(request)
        if not user.may(P.REGISTER):
            raise PermissionDenied
        try:
            data = as_typed(request.data, CallForm.base_fields)
        except Misfit as misfit:
            return problem(_t("Please check what was entered."), 400, misfit.errors)
        form = CallForm(words.filled_in(data, timezone.now()))
        if not form.is_valid():
            return problem(_t("Please check what was entered."), 400, form.errors)

        def record() -> str:
            return recording.register(actor=user, **form.recorded).number

        try:
            done = once(record, request, key=form.cleaned_data["form_key"], content=data)
        except Refused as refused:
            return problem(refused.message, 409)
        ticket = Ticket.objects.select_related("region__parent", "department").get(number=done.outcome)
        body = TicketSerializer(ticket, context={"request": request}).data
        return Response(body, status=status.HTTP_201_CREATED if done.now else status.HTTP_200_OK)


class TicketActionView(APIView):
    """One action of the workflow table. A class of its own for each, made by `action_view`."""

    step: Action

    def take(self, request: Request, number: str) -> Response:
        user = person(request)
        ticket = Ticket.objects.visible_to(user).filter(number=number).first()
        if ticket is None:
            raise NotFound
        try:
            data = as_typed(request.data, self.step.input.base_fields | {"version": forms.CharField()})
        except Misfit as misfit:
            return problem(_t("Please check what was entered."), 400, misfit.errors)
        sent = data.pop("version", "")
        version = next(iter(number_in(sent)), None) if isinstance(sent, str) else None
        if version is None and sent != "":
            return problem(_t("Please check what was entered."), 400, {"version": [_t("Enter a whole number.")]})

        def perform() -> str:
            return performing.perform(self.step.name, ticket, actor=user, given=data, version=version).number

        try:
            once(perform, request, content=data | {"version": version})
        except InvalidInput as refused:
            return problem(refused.message, 400, refused.errors)
        except NotAllowed as refused:
            return problem(refused.message, 403)
        except (Stale, Refused) as refused:
            return problem(refused.message, 409)
        shown = Ticket.objects.select_related("region__parent", "department").get(pk=ticket.pk)
        return Response(TicketSerializer(shown, context={"request": request}).data)


def action_view(action: Action) -> Any:
    """A view of its own for `action`, so that the schema tells what each one asks for."""

    @extend_schema(
        operation_id=f"tickets_{action.name}",
        description=f"{action.name}: see docs/workflow.md.",
        request=input_serializer(action),
        parameters=[IDEMPOTENCY_KEY],
        responses={200: TicketSerializer, **PROBLEMS},
    )
    def post(self: TicketActionView, request: Request, number: str) -> Response:
        return self.take(request, number)

    name = "".join(part.title() for part in action.name.split("_"))
    return type(f"{name}View", (TicketActionView,), {"step": action, "post": post}).as_view()  # type: ignore[attr-defined]


ACTION_VIEWS = {name: action_view(action) for name, action in ACTIONS.items() if name != STARTING}


class DepartmentViewSet(viewsets.ReadOnlyModelViewSet):
    """The department tree."""

    serializer_class = DepartmentSerializer
    queryset = Department.objects.order_by("path")
    pagination_class = None
    filterset_fields = ("level", "is_open", "parent")


class CategoryViewSet(viewsets.ReadOnlyModelViewSet):
    """The category tree; tickets take the third level."""

    serializer_class = CategorySerializer
    queryset = Category.objects.order_by("code")
    pagination_class = None
    filterset_fields = ("parent", "is_used")
