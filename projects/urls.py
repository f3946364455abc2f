"""URLs of projects, agreements, results and organisations."""

from django.urls import path

from portal.generic.changes import changelog_urls
from portal.history.snapshots import snapshot_urls
from projects import views
from projects.ledger import Ledger

urlpatterns = [
    path("projects/", views.ProjectList.as_view(), name="projects"),
    path("projects/<slug:key>/", views.ProjectPage.as_view(), name="project"),
    path("organisations/", views.OrganisationList.as_view(), name="organisations"),
    path("organisations/<slug:key>/", views.OrganisationPage.as_view(), name="organisation"),
    path("agreements/", views.AgreementList.as_view(), name="agreements"),
    path("agreements/ledger/", Ledger.as_view(), name="ledger"),  # before the key: `ledger` is reserved
    path("agreements/<slug:key>/", views.AgreementPage.as_view(), name="agreement"),
    path("lessons/", views.ResultList.as_view(), name="results"),
    path("lessons/<slug:key>/", views.ResultPage.as_view(), name="result"),
    *changelog_urls("projects/<slug:key>/", views.ProjectPage),
    *snapshot_urls("projects/<slug:key>/", views.ProjectPage),
    *changelog_urls("organisations/<slug:key>/", views.OrganisationPage),
    *snapshot_urls("organisations/<slug:key>/", views.OrganisationPage),
    *changelog_urls("agreements/<slug:key>/", views.AgreementPage),
    *snapshot_urls("agreements/<slug:key>/", views.AgreementPage),
    *changelog_urls("lessons/<slug:key>/", views.ResultPage),
    *snapshot_urls("lessons/<slug:key>/", views.ResultPage),
]
