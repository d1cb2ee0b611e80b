"""Plans, bulk jobs and their results."""

from __future__ import annotations

from django.urls import URLPattern, path

from campaigns.api import bulk, jobs, plan_changes, plans, waiting

urlpatterns: list[URLPattern] = [
    path("limits", bulk.LimitsView.as_view(), name="limits"),
    path("plans/bulk", bulk.BulkView.as_view(), name="plans-bulk"),
    path("plans/bulk/template", bulk.TemplateView.as_view(), name="plans-bulk-template"),
    path("plans", plans.PlanListView.as_view(), name="plans"),
    path("plans/bulk-update", plan_changes.BulkUpdateView.as_view(), name="plans-bulk-update"),
    path("plans/undo", plan_changes.UndoView.as_view(), name="plans-undo"),
    path("plans/waiting-changes", waiting.WaitingChangesView.as_view(), name="plans-waiting"),
    path("plans/waiting-changes/cancel", waiting.CancelWaitingView.as_view(), name="plans-waiting-cancel"),
    path("plans/labels", plan_changes.LabelsView.as_view(), name="plans-labels"),
    path("plans/<int:plan_id>", plans.PlanView.as_view(), name="plan"),
    path("plans/<int:plan_id>/metrics", plans.PlanMetricsView.as_view(), name="plan-metrics"),
    path("accounts", plans.AccountListView.as_view(), name="accounts"),
    path("materials", plans.MaterialListView.as_view(), name="materials"),
    path("campaigns", plans.CampaignListView.as_view(), name="campaigns"),
    path("jobs", jobs.JobListView.as_view(), name="jobs"),
    path("jobs/<str:job_id>", jobs.JobView.as_view(), name="job"),
    path("jobs/<str:job_id>/rows", jobs.JobRowsView.as_view(), name="job-rows"),
    path("jobs/<str:job_id>/results", jobs.JobResultsView.as_view(), name="job-results"),
    path("jobs/<str:job_id>/cancel", jobs.JobCancelView.as_view(), name="job-cancel"),
    path("jobs/<str:job_id>/retry", jobs.JobRetryView.as_view(), name="job-retry"),
]
