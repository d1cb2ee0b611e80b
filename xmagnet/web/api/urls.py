"""The API of this floor: who am I."""

from __future__ import annotations

from django.urls import path

from xmagnet.web.api import me

urlpatterns = [
    path("me", me.MeView.as_view(), name="me"),
]
