"""Addresses of projects, agreements and organisations."""

from django.urls import path

from portal.generic.changes import changes_paths
from portal.history.snapshots import past_paths
from projects import views

urlpatterns = [
    path("projects/", views.ProjectList.as_view(), name="projects"),
    path("projects/<slug:key>/", views.ProjectPage.as_view(), name="project"),
    path("organisations/", views.OrganisationList.as_view(), name="organisations"),
    path("organisations/<slug:key>/", views.OrganisationPage.as_view(), name="organisation"),
    path("agreements/", views.AgreementList.as_view(), name="agreements"),
    path("agreements/<slug:key>/", views.AgreementPage.as_view(), name="agreement"),
    *changes_paths("projects/<slug:key>/", views.ProjectPage),
    *past_paths("projects/<slug:key>/", views.ProjectPage),
    *changes_paths("organisations/<slug:key>/", views.OrganisationPage),
    *past_paths("organisations/<slug:key>/", views.OrganisationPage),
    *changes_paths("agreements/<slug:key>/", views.AgreementPage),
    *past_paths("agreements/<slug:key>/", views.AgreementPage),
]
