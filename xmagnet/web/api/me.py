"""``GET /me``: what this token or session may do here."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from xmagnet.web.api.views import OrgView


class MeSchema(serializers.Serializer):  # type: ignore[type-arg]
    organization = serializers.CharField()
    user = serializers.CharField()
    role = serializers.CharField()
    permissions = serializers.ListField(child=serializers.CharField())
    agency_id = serializers.IntegerField(allow_null=True)


class MeView(OrgView):
    """The caller, as the gate sees it."""

    permissions: ClassVar[dict[str, str]] = {"GET": "jobs:read"}

    @extend_schema(operation_id="me", summary="Who am I", responses=MeSchema)
    def get(self, request: Request, org: str) -> Response:
        return Response(
            {
                "organization": self.actor.organization_slug,
                "user": self.actor.user_name,
                "role": self.actor.role,
                "permissions": sorted(self.actor.permissions),
                "agency_id": self.actor.agency_id,
            }
        )
