"""Webhook endpoints and the log of their deliveries."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from xmagnet.core.errors import NotFound
from xmagnet.web.api.problems import problems
from xmagnet.web.api.views import OrgView
from xmagnet.webhooks import services
from xmagnet.webhooks.choices import DeliveryState, Event
from xmagnet.webhooks.models import WebhookDelivery, WebhookEndpoint
from xmagnet.webhooks.selectors import visible_deliveries, visible_endpoints

MANAGE = "webhooks:manage"
LOG_LENGTH = 200


class EndpointRequestSchema(serializers.Serializer):  # type: ignore[type-arg]
    url = serializers.CharField(max_length=500, help_text="https://, without a user, a password or a fragment")
    description = serializers.CharField(max_length=120, required=False, allow_blank=True)
    events = serializers.ListField(
        child=serializers.ChoiceField(Event.choices), required=False, help_text="Empty: all of them"
    )
    is_active = serializers.BooleanField(required=False)


class EndpointChangeSchema(EndpointRequestSchema):
    """What is not named stays as it is."""

    url = serializers.CharField(max_length=500, required=False)


class EndpointSchema(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.IntegerField()
    url = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    events = serializers.ListField(child=serializers.ChoiceField(Event.choices), help_text="Empty: all of them")
    is_active = serializers.BooleanField()
    disabled_reason = serializers.CharField(
        allow_blank=True, help_text="Why we stopped calling it: gone, unreachable, or empty"
    )


class NewEndpointSchema(EndpointSchema):
    secret = serializers.CharField(help_text="whsec_…; shown once")


class EndpointListSchema(serializers.Serializer):  # type: ignore[type-arg]
    items = EndpointSchema(many=True)


class DeliverySchema(serializers.Serializer):  # type: ignore[type-arg]
    id = serializers.IntegerField()
    message_id = serializers.CharField(help_text="webhook-id; the same for every attempt")
    event = serializers.ChoiceField(Event.choices)
    state = serializers.ChoiceField(DeliveryState.choices)
    attempts = serializers.IntegerField()
    response_status = serializers.IntegerField(allow_null=True)
    response_body = serializers.CharField(allow_blank=True, help_text="The beginning of the last answer")
    error = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    next_at = serializers.DateTimeField(help_text="When it is or was to be tried next")


class DeliveryListSchema(serializers.Serializer):  # type: ignore[type-arg]
    items = DeliverySchema(many=True, help_text="The newest 200")


WRITING = problems(400, 415, 422)


class WebhooksView(OrgView):
    """The receivers; making one shows its secret once."""

    permissions: ClassVar[dict[str, str]] = {"GET": MANAGE, "POST": MANAGE}

    @extend_schema(operation_id="webhooks", summary="List webhook endpoints", responses=EndpointListSchema)
    def get(self, request: Request, org: str) -> Response:
        return Response({"items": [_endpoint(endpoint) for endpoint in visible_endpoints(self.actor)]})

    @extend_schema(
        operation_id="webhook_create",
        summary="Add a webhook endpoint",
        request=EndpointRequestSchema,
        responses={201: NewEndpointSchema, **WRITING},
    )
    def post(self, request: Request, org: str) -> Response:
        given = _validated(request)
        given.pop("is_active", None)
        made = services.create_endpoint(self.actor, **given)
        return Response(_endpoint(made.endpoint) | {"secret": made.secret}, status=201)


class WebhookView(OrgView):
    """One receiver. Switching it on again forgets why it was switched off."""

    permissions: ClassVar[dict[str, str]] = {"GET": MANAGE, "PATCH": MANAGE, "DELETE": MANAGE}

    @extend_schema(operation_id="webhook", summary="Look at a webhook endpoint", responses=EndpointSchema)
    def get(self, request: Request, org: str, endpoint_id: int) -> Response:
        endpoint = visible_endpoints(self.actor).filter(pk=endpoint_id).first()
        if endpoint is None:
            raise NotFound
        return Response(_endpoint(endpoint))

    @extend_schema(
        operation_id="webhook_change",
        summary="Change a webhook endpoint",
        request=EndpointChangeSchema,
        responses={200: EndpointSchema, **WRITING},
    )
    def patch(self, request: Request, org: str, endpoint_id: int) -> Response:
        given = _validated(request, partial=True)
        return Response(_endpoint(services.change_endpoint(self.actor, endpoint_id, **given)))

    @extend_schema(
        operation_id="webhook_delete",
        summary="Remove a webhook endpoint and its log",
        responses={204: OpenApiResponse(description="Removed")},
    )
    def delete(self, request: Request, org: str, endpoint_id: int) -> Response:
        services.delete_endpoint(self.actor, endpoint_id)
        return Response(status=204)


class WebhookRotateView(OrgView):
    """A new secret; for a day messages carry both signatures."""

    permissions: ClassVar[dict[str, str]] = {"POST": MANAGE}

    @extend_schema(
        operation_id="webhook_rotate", summary="Rotate the secret", request=None, responses={200: NewEndpointSchema}
    )
    def post(self, request: Request, org: str, endpoint_id: int) -> Response:
        made = services.rotate_secret(self.actor, endpoint_id)
        return Response(_endpoint(made.endpoint) | {"secret": made.secret})


class WebhookTestView(OrgView):
    """Sends endpoint.test."""

    permissions: ClassVar[dict[str, str]] = {"POST": MANAGE}

    @extend_schema(
        operation_id="webhook_test", summary="Send a test message", request=None, responses={202: DeliverySchema}
    )
    def post(self, request: Request, org: str, endpoint_id: int) -> Response:
        return Response(_delivery(services.send_test(self.actor, endpoint_id)), status=202)


class WebhookDeliveriesView(OrgView):
    """What was and is to be sent, newest first."""

    permissions: ClassVar[dict[str, str]] = {"GET": MANAGE}

    @extend_schema(
        operation_id="webhook_deliveries", summary="Read the delivery log", responses={200: DeliveryListSchema}
    )
    def get(self, request: Request, org: str, endpoint_id: int) -> Response:
        if not visible_endpoints(self.actor).filter(pk=endpoint_id).exists():
            raise NotFound
        log = visible_deliveries(self.actor).filter(endpoint_id=endpoint_id)[:LOG_LENGTH]
        return Response({"items": [_delivery(delivery) for delivery in log]})


class WebhookRedeliverView(OrgView):
    """Sends a message again, under the same message id."""

    permissions: ClassVar[dict[str, str]] = {"POST": MANAGE}

    @extend_schema(
        operation_id="webhook_redeliver", summary="Send a message again", request=None, responses={202: DeliverySchema}
    )
    def post(self, request: Request, org: str, delivery_id: int) -> Response:
        return Response(_delivery(services.redeliver(self.actor, delivery_id)), status=202)


def _validated(request: Request, *, partial: bool = False) -> dict[str, Any]:
    data = request.data
    unknown = sorted(set(data) - set(EndpointRequestSchema().fields)) if isinstance(data, dict) else []
    if unknown:
        raise serializers.ValidationError({unknown[0]: ["Unknown field."]})
    serializer = EndpointRequestSchema(data=data, partial=partial)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _endpoint(endpoint: WebhookEndpoint) -> dict[str, Any]:
    names = ("id", "url", "description", "events", "is_active", "disabled_reason")
    return {name: getattr(endpoint, name) for name in names}


def _delivery(delivery: WebhookDelivery) -> dict[str, Any]:
    names = ("id", "message_id", "event", "state", "response_status", "response_body", "error", "created_at", "next_at")
    return {name: getattr(delivery, name) for name in names} | {"attempts": delivery.attempt_count}
