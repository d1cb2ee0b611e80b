"""Every page. Names are ``frontend:<name>``; inside an organization the first argument is its slug."""

from __future__ import annotations

from allauth.account import views as account
from django.urls import URLPattern, URLResolver, include, path, re_path

from frontend import delivery_urls
from frontend.views import (
    accounts,
    agencies,
    audit,
    channels,
    connecting,
    entrance,
    job_rows,
    jobs,
    launch,
    members,
    notifications,
    overview,
    profile,
    search,
    targets,
    tokens,
    webhooks,
)

organization: list[URLPattern | URLResolver] = [
    *delivery_urls.urlpatterns,
    path("", overview.Overview.as_view(), name="overview"),
    path("search/", search.SearchPage.as_view(), name="search"),
    path("search/suggestions/", search.SearchSuggestions.as_view(), name="search-suggestions"),
    path("notifications/", notifications.NotificationList.as_view(), name="notifications"),
    path("notifications/bell/", notifications.Bell.as_view(), name="notifications-bell"),
    path("notifications/unread/", notifications.UnreadCount.as_view(), name="notifications-unread"),
    path("notifications/read/", notifications.MarkRead.as_view(), name="notifications-read"),
    path("notifications/<int:notice_id>/", notifications.OpenNotification.as_view(), name="notification"),
    path("notifications/settings/", notifications.NotificationSettings.as_view(), name="notification-settings"),
    path("notifications/settings/email/", notifications.EmailTest.as_view(), name="notification-email-test"),
    path("notifications/settings/chat/", channels.AddOwnChannel.as_view(), name="own-channel-add"),
    path("targets/", targets.SetTargets.as_view(), name="targets"),
    path("channels/", channels.ChannelList.as_view(), name="channels"),
    path("channels/add/", channels.AddChannel.as_view(), name="channel-add"),
    path("channels/<int:channel_id>/", channels.ChannelPage.as_view(), name="channel"),
    path("channels/<int:channel_id>/action/", channels.ChannelAction.as_view(), name="channel-action"),
    path("jobs/", jobs.JobList.as_view(), name="jobs"),
    path("jobs/<str:job_id>/", jobs.JobPage.as_view(), name="job"),
    path("jobs/<str:job_id>/progress/", jobs.JobProgress.as_view(), name="job-progress"),
    path("jobs/<str:job_id>/rows/", job_rows.JobRows.as_view(), name="job-rows"),
    re_path(
        r"^jobs/(?P<job_id>[^/]+)/results\.(?P<extension>csv|xlsx|ndjson)$",
        job_rows.JobResults.as_view(),
        name="job-results",
    ),
    path("jobs/<str:job_id>/retry/", job_rows.JobRetry.as_view(), name="job-retry"),
    path("jobs/<str:job_id>/launch/", launch.LaunchForm.as_view(), name="job-launch-form"),
    path("jobs/<str:job_id>/launch/start/", launch.Launch.as_view(), name="job-launch"),
    path("jobs/<str:job_id>/cancel/", jobs.JobCancel.as_view(), name="job-cancel"),
    path("accounts/", accounts.AccountList.as_view(), name="accounts"),
    path("accounts/<int:account_id>/action/", accounts.AccountAction.as_view(), name="account-action"),
    path("accounts/<int:account_id>/agency/", accounts.AssignAgency.as_view(), name="account-agency"),
    path("accounts/<int:account_id>/alarm/", accounts.ChangeAlarm.as_view(), name="account-alarm"),
    path("accounts/connect/", connecting.ConnectStart.as_view(), name="connect"),
    path("accounts/connect/callback/", connecting.ConnectCallback.as_view(), name="connect-callback"),
    path(
        "accounts/connect/through/<int:application_id>/",
        connecting.ConnectAuthorize.as_view(),
        name="connect-authorize",
    ),
    path(
        "accounts/connect/<str:vendor>/<int:credential_id>/", connecting.ConnectChoose.as_view(), name="connect-choose"
    ),
    path("agencies/", agencies.AgencyList.as_view(), name="agencies"),
    path("agencies/add/", agencies.AddAgency.as_view(), name="agency-add"),
    path("agencies/<int:agency_id>/", agencies.AgencyPage.as_view(), name="agency"),
    path("agencies/<int:agency_id>/edit/", agencies.ChangeAgency.as_view(), name="agency-change"),
    path("agencies/<int:agency_id>/accounts/", agencies.GiveAccounts.as_view(), name="agency-accounts"),
    path("agencies/<int:agency_id>/switch/", agencies.SwitchAgency.as_view(), name="agency-switch"),
    path("members/", members.MemberList.as_view(), name="members"),
    path("members/invite/", members.InviteMember.as_view(), name="member-invite"),
    path("members/<int:member_id>/", members.ChangeMember.as_view(), name="member-change"),
    path("members/<int:member_id>/suspend/", members.SuspendMember.as_view(), name="member-suspend"),
    path("members/<int:member_id>/sign-in/", members.MemberSignIn.as_view(), name="member-sign-in"),
    path("invitations/<int:invitation_id>/renew/", members.RenewInvitation.as_view(), name="invitation-renew"),
    path("invitations/<int:invitation_id>/revoke/", members.RevokeInvitation.as_view(), name="invitation-revoke"),
    path("tokens/", tokens.TokenList.as_view(), name="tokens"),
    path("tokens/new/", tokens.MakeToken.as_view(), name="token-make"),
    path("tokens/<int:token_id>/revoke/", tokens.RevokeToken.as_view(), name="token-revoke"),
    path("webhooks/", webhooks.EndpointList.as_view(), name="webhooks"),
    path("webhooks/add/", webhooks.AddEndpoint.as_view(), name="webhook-add"),
    path("webhooks/<int:endpoint_id>/", webhooks.EndpointPage.as_view(), name="webhook"),
    path("webhooks/<int:endpoint_id>/edit/", webhooks.ChangeEndpoint.as_view(), name="webhook-change"),
    path("webhooks/<int:endpoint_id>/action/", webhooks.EndpointAction.as_view(), name="webhook-action"),
    path("webhooks/deliveries/<int:delivery_id>/again/", webhooks.Redeliver.as_view(), name="webhook-redeliver"),
    path("audit/", audit.AuditLog.as_view(), name="audit"),
    path("audit/export.csv", audit.AuditExport.as_view(), name="audit-export"),
    path("audit/verify/", audit.VerifyAuditLog.as_view(), name="audit-verify"),
    path("profile/", profile.Profile.as_view(), name="profile"),
]

pages: list[URLPattern | URLResolver] = [
    path("", entrance.ChooseOrganization.as_view(), name="home"),
    path("language/", entrance.set_language, name="set-language"),
    path("sessions/<int:session_id>/end/", entrance.end_session, name="session-end"),
    path("join/<slug:org>/<str:secret>/", members.JoinOrganization.as_view(), name="join"),
    path("o/<slug:org>/", include(organization)),
]

# Only the parts of allauth that we serve: there is no sign-up, members come by invitation.
sign_in = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/", account.password_change, name="account_change_password"),
    path("password/forgotten/", account.password_reset, name="account_reset_password"),
    path("password/forgotten/sent/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/forgotten/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("password/forgotten/done/", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("two-factor/", include("allauth.mfa.urls")),
    path("sessions/", include("allauth.usersessions.urls")),
]

urlpatterns = [
    path("", include((pages, "frontend"))),
    path("account/", include(sign_in)),
]
