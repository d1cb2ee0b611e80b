"""Webhook endpoints and the log of their deliveries."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from xmagnet.core.errors import NotFound
from xmagnet.web.api.views import OrgView
from xmagnet.webhooks import services
from xmagnet.webhooks.models import WebhookDelivery, WebhookEndpoint
from xmagnet.webhooks.selectors import visible_deliveries, visible_endpoints

MANAGE = "webhooks:manage"
LOG_LENGTH = 200


class EndpointSchema(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.IntegerField(read_only=True)
    url = serializers.CharField(max_length=500)
    description = serializers.CharField(max_length=120, required=False)
    events = serializers.ListField(child=serializers.CharField(), required=False)
    is_active = serializers.BooleanField(required=False)
    disabled_reason = serializers.CharField(read_only=True)
    secret = serializers.CharField(read_only=True, required=False, help_text="shown once")


class DeliverySchema(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.IntegerField()
    message_id = serializers.CharField()
    event = serializers.CharField()
    state = serializers.CharField()
    attempts = serializers.IntegerField()
    response_status = serializers.IntegerField(allow_null=True)
    error = serializers.CharField()
    created_at = serializers.DateTimeField()
    next_at = serializers.DateTimeField()


class WebhooksView(OrgView):
    permissions: ClassVar[dict[str, str]] = {"GET": MANAGE, "POST": MANAGE}

    @extend_schema(operation_id="webhooks", responses=EndpointSchema(many=True))
    def get(self, request: Request, org: str) -> Response:
        return Response({"items": [_endpoint(endpoint) for endpoint in visible_endpoints(self.actor)]})

    @extend_schema(operation_id="webhook_create", request=EndpointSchema, responses={201: EndpointSchema})
    def post(self, request: Request, org: str) -> Response:
        given = _validated(request)
        given.pop("is_active", None)
        made = services.create_endpoint(self.actor, **given)
        return Response(_endpoint(made.endpoint) | {"secret": made.secret}, status=201)


class WebhookView(OrgView):
    permissions: ClassVar[dict[str, str]] = {"GET": MANAGE, "PATCH": MANAGE, "DELETE": MANAGE}

    @extend_schema(operation_id="webhook", responses=EndpointSchema)
    def get(self, request: Request, org: str, endpoint_id: int) -> Response:
        endpoint = visible_endpoints(self.actor).filter(pk=endpoint_id).first()
        if endpoint is None:
            raise NotFound
        return Response(_endpoint(endpoint))

    @extend_schema(operation_id="webhook_change", request=EndpointSchema, responses=EndpointSchema)
    def patch(self, request: Request, org: str, endpoint_id: int) -> Response:
        given = _validated(request, partial=True)
        return Response(_endpoint(services.change_endpoint(self.actor, endpoint_id, **given)))

    @extend_schema(operation_id="webhook_delete", responses={204: None})
    def delete(self, request: Request, org: str, endpoint_id: int) -> Response:
        services.delete_endpoint(self.actor, endpoint_id)
        return Response(status=204)


class WebhookRotateView(OrgView):
    permissions: ClassVar[dict[str, str]] = {"POST": MANAGE}

    @extend_schema(operation_id="webhook_rotate", request=None, responses=EndpointSchema)
    def post(self, request: Request, org: str, endpoint_id: int) -> Response:
        made = services.rotate_secret(self.actor, endpoint_id)
        return Response(_endpoint(made.endpoint) | {"secret": made.secret})


class WebhookTestView(OrgView):
    permissions: ClassVar[dict[str, str]] = {"POST": MANAGE}

    @extend_schema(operation_id="webhook_test", request=None, responses={202: DeliverySchema})
    def post(self, request: Request, org: str, endpoint_id: int) -> Response:
        return Response(_delivery(services.send_test(self.actor, endpoint_id)), status=202)


class WebhookDeliveriesView(OrgView):
    permissions: ClassVar[dict[str, str]] = {"GET": MANAGE}

    @extend_schema(operation_id="webhook_deliveries", responses=DeliverySchema(many=True))
    def get(self, request: Request, org: str, endpoint_id: int) -> Response:
        if not visible_endpoints(self.actor).filter(pk=endpoint_id).exists():
            raise NotFound
        log = visible_deliveries(self.actor).filter(endpoint_id=endpoint_id)[:LOG_LENGTH]
        return Response({"items": [_delivery(delivery) for delivery in log]})


class WebhookRedeliverView(OrgView):
    permissions: ClassVar[dict[str, str]] = {"POST": MANAGE}

    @extend_schema(operation_id="webhook_redeliver", request=None, responses={202: DeliverySchema})
    def post(self, request: Request, org: str, delivery_id: int) -> Response:
        return Response(_delivery(services.redeliver(self.actor, delivery_id)), status=202)


def _validated(request: Request, *, partial: bool = False) -> dict[str, Any]:
    data = request.data
    unknown = sorted(set(data) - set(EndpointSchema().fields)) if isinstance(data, dict) else []
    if unknown:
        raise serializers.ValidationError({unknown[0]: ["Unknown field."]})
    serializer = EndpointSchema(data=data, partial=partial)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _endpoint(endpoint: WebhookEndpoint) -> dict[str, Any]:
    names = ("id", "url", "description", "events", "is_active", "disabled_reason")
    return {name: getattr(endpoint, name) for name in names}


def _delivery(delivery: WebhookDelivery) -> dict[str, Any]:
    names = ("id", "message_id", "event", "state", "response_status", "error", "created_at", "next_at")
    return {name: getattr(delivery, name) for name in names} | {"attempts": delivery.attempt_count}
