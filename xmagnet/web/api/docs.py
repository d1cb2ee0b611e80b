"""The documentation page: Swagger UI under our content policy, so without a script or a style inside the page."""

from __future__ import annotations

from drf_spectacular.views import SpectacularSwaggerSplitView


class DocsView(SpectacularSwaggerSplitView):
    """The page, and with ``?script`` the script that starts it."""

    url_name = "api-schema"
    template_name = "web/api_docs.html"
