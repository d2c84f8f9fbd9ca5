"""The place book for other programs: its places, and which one a text speaks of."""

from __future__ import annotations

from dataclasses import asdict

from drf_spectacular.utils import extend_schema
from rest_framework import permissions, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from hotline.accounts.access import holders_of
from hotline.accounts.permissions import Permission as P
from hotline.keyset import KeysetPagination
from tickets.models import Place
from tickets.places import book


class PlaceSerializer(serializers.ModelSerializer):
    class Meta:
        model = Place
        fields = ("id", "name", "kind", "region", "community", "aliases", "source", "confidence", "changed_at")


class TextSerializer(serializers.Serializer):
    text = serializers.CharField(max_length=book.READ, help_text="An address, or what a caller says of the place.")


class FoundSerializer(serializers.Serializer):
    """A place that may be meant; several regions: it is open which."""

    name = serializers.CharField()
    kind = serializers.CharField(help_text="A kind of place, or region, community, department.")
    region = serializers.IntegerField()
    region_name = serializers.CharField()
    community = serializers.CharField(allow_blank=True)
    confidence = serializers.IntegerField(help_text="Percent.")
    words = serializers.CharField(help_text="The words that matched, folded.")
    place = serializers.IntegerField(help_text="0 where it is no place of the book but a region or a community.")


class ByName(KeysetPagination):
    ordering = ("name", "id")


class PlaceViewSet(viewsets.ReadOnlyModelViewSet):
    """The places in use."""

    serializer_class = PlaceSerializer
    permission_classes = (permissions.IsAuthenticated, holders_of(P.SEE_PLACES))
    queryset = Place.objects.filter(retired_at=None).order_by("name", "pk")
    pagination_class = ByName
    filterset_fields = ("kind", "region")

    @extend_schema(request=TextSerializer, responses={200: FoundSerializer(many=True)}, filters=False)
    @action(detail=False, methods=["post"], pagination_class=None)
    def find(self, request: Request) -> Response:
        """Which places a text may speak of, surest first. Posted: what a caller says stands in no address."""
        asked = TextSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response([asdict(found) for found in book.place_of(asked.validated_data["text"]).found])
