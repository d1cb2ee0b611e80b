"""The roof: pages under /o/<org>/, JSON under /api/v1/o/<org>/, machines' questions at the top."""

from __future__ import annotations

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from xmagnet.web import health
from xmagnet.web.api.docs import DocsView

api = [
    path("", include("xmagnet.web.api.urls")),
    path("", include("campaigns.api.urls")),
]

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/docs/", DocsView.as_view(), name="api-docs"),
    path("api/v1/o/<slug:org>/", include((api, "api"))),
    path("", include("frontend.urls")),
]

handler400 = "frontend.views.errors.bad_request"
handler403 = "frontend.views.errors.permission_denied"
handler404 = "frontend.views.errors.not_found"
handler500 = "frontend.views.errors.server_error"
