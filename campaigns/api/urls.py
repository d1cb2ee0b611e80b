"""Plans, bulk jobs and their results."""

from __future__ import annotations

from django.urls import URLPattern, path

from campaigns.api import bulk, jobs

urlpatterns: list[URLPattern] = [
    path("limits", bulk.LimitsView.as_view(), name="limits"),
    path("plans/bulk", bulk.BulkView.as_view(), name="plans-bulk"),
    path("plans/bulk/template", bulk.TemplateView.as_view(), name="plans-bulk-template"),
    path("jobs", jobs.JobListView.as_view(), name="jobs"),
    path("jobs/<str:job_id>", jobs.JobView.as_view(), name="job"),
    path("jobs/<str:job_id>/rows", jobs.JobRowsView.as_view(), name="job-rows"),
    path("jobs/<str:job_id>/results", jobs.JobResultsView.as_view(), name="job-results"),
    path("jobs/<str:job_id>/cancel", jobs.JobCancelView.as_view(), name="job-cancel"),
    path("jobs/<str:job_id>/retry", jobs.JobRetryView.as_view(), name="job-retry"),
]
