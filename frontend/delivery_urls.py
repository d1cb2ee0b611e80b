"""Pages of delivery, inside an organization."""

from django.urls import path, re_path

from frontend.views import (
    annotations,
    builder,
    change_log,
    plan_changes,
    plan_looks,
    plan_page,
    plan_upload,
    plans,
    templates,
)

urlpatterns = [
    path("plans/", plans.PlanTable.as_view(), name="plans"),
    path("plans/filter/", plans.PlanFilterForm.as_view(), name="plan-filter"),
    path("plans/columns/", plans.PlanColumns.as_view(), name="plan-columns"),
    re_path(r"^plans/export\.(?P<extension>csv|xlsx)$", plan_looks.PlanExport.as_view(), name="plan-export"),
    path("plans/views/", plan_looks.ViewSave.as_view(), name="plan-view-save"),
    path("plans/views/<int:view_id>/delete/", plan_looks.ViewDelete.as_view(), name="plan-view-delete"),
    path("plans/build/", builder.Builder.as_view(), name="build"),
    path("plans/build/preview/", builder.BuildPreview.as_view(), name="build-preview"),
    path("plans/build/draft/", builder.BuildDraft.as_view(), name="build-draft"),
    path("plans/build/submit/", builder.BuildSubmit.as_view(), name="build-submit"),
    path("plans/build/materials/", builder.BuildMaterials.as_view(), name="build-materials"),
    path("plans/build/templates/", builder.BuildTemplates.as_view(), name="build-templates"),
    path("plans/change/", plan_changes.BulkForm.as_view(), name="plan-bulk"),
    path("plans/change/preview/", plan_changes.ChangePreviewList.as_view(), name="plan-change-preview"),
    path("plans/change/apply/", plan_changes.ChangeApply.as_view(), name="plan-change-apply"),
    path("plans/<int:plan_id>/", plan_page.PlanPage.as_view(), name="plan"),
    path("plans/<int:plan_id>/chart/", plan_page.PlanChart.as_view(), name="plan-chart"),
    path("plans/<int:plan_id>/edit/<slug:field>/", plan_changes.InlineEdit.as_view(), name="plan-edit"),
    path("changes/", change_log.ChangeLog.as_view(), name="changes"),
    path("changes/<int:event_id>/undo/", change_log.UndoEvent.as_view(), name="undo-event"),
    path("changes/job/<str:job_id>/undo/", change_log.UndoJob.as_view(), name="undo-job"),
    path("plans/labels/", annotations.PlanLabels.as_view(), name="plan-labels"),
    path("plans/<int:plan_id>/note/", annotations.PlanNote.as_view(), name="plan-note"),
    path("plans/upload/", plan_upload.PlanUpload.as_view(), name="plan-upload"),
    path("plans/upload/check/", plan_upload.UploadCheck.as_view(), name="upload-check"),
    re_path(
        r"^plans/upload/template\.(?P<extension>csv|xlsx)$",
        plan_upload.UploadTemplate.as_view(),
        name="upload-template",
    ),
    path("templates/", templates.TemplateList.as_view(), name="templates"),
    path("templates/<int:template_id>/", templates.TemplatePage.as_view(), name="template"),
    path("templates/<int:template_id>/share/", templates.TemplateShare.as_view(), name="template-share"),
    path("templates/<int:template_id>/delete/", templates.TemplateDelete.as_view(), name="template-delete"),
]
