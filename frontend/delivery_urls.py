"""Pages of delivery, inside an organization."""

from __future__ import annotations

from django.urls import path, re_path

from frontend.views import plan_looks, plans

urlpatterns = [
    path("plans/", plans.PlanTable.as_view(), name="plans"),
    path("plans/filter/", plans.PlanFilterForm.as_view(), name="plan-filter"),
    path("plans/columns/", plans.PlanColumns.as_view(), name="plan-columns"),
    re_path(r"^plans/export\.(?P<extension>csv|xlsx)$", plan_looks.PlanExport.as_view(), name="plan-export"),
    path("plans/views/", plan_looks.ViewSave.as_view(), name="plan-view-save"),
    path("plans/views/<int:view_id>/delete/", plan_looks.ViewDelete.as_view(), name="plan-view-delete"),
]
