"""Every page. Names are ``frontend:<name>``; inside an organization the first argument is its slug."""

from __future__ import annotations

from allauth.account import views as account
from django.urls import include, path

from frontend.views import entrance, jobs, notifications, overview, search

organization = [
    path("", overview.Overview.as_view(), name="overview"),
    path("search/", search.SearchPage.as_view(), name="search"),
    path("search/suggestions/", search.SearchSuggestions.as_view(), name="search-suggestions"),
    path("notifications/", notifications.Notifications.as_view(), name="notifications"),
    path("notifications/unread/", notifications.UnreadCount.as_view(), name="notifications-unread"),
    path("jobs/", jobs.JobList.as_view(), name="jobs"),
    path("jobs/<str:job_id>/", jobs.JobPage.as_view(), name="job"),
    path("jobs/<str:job_id>/progress/", jobs.JobProgress.as_view(), name="job-progress"),
    path("jobs/<str:job_id>/cancel/", jobs.JobCancel.as_view(), name="job-cancel"),
]

pages = [
    path("", entrance.ChooseOrganization.as_view(), name="home"),
    path("language/", entrance.set_language, name="set-language"),
    path("o/<slug:org>/", include(organization)),
]

# Only the parts of allauth that we serve: there is no sign-up, members come by invitation.
sign_in = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/", account.password_change, name="account_change_password"),
    path("two-factor/", include("allauth.mfa.urls")),
    path("sessions/", include("allauth.usersessions.urls")),
]

urlpatterns = [
    path("", include((pages, "frontend"))),
    path("account/", include(sign_in)),
]
