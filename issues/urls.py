"""URLs of issues, indicators, events and the glossary."""

from django.urls import path

from issues import views
from portal.generic.changes import changelog_urls
from portal.history.snapshots import snapshot_urls

urlpatterns = [
    path("issues/", views.IssueList.as_view(), name="issues"),
    path("issues/<slug:key>/", views.IssuePage.as_view(), name="issue"),
    path("indicators/", views.IndicatorList.as_view(), name="indicators"),
    path("indicators/<slug:key>/", views.IndicatorPage.as_view(), name="indicator"),
    path("timeline/<slug:key>/", views.EventPage.as_view(), name="event"),
    path("glossary/", views.Glossary.as_view(), name="glossary"),
    *changelog_urls("issues/<slug:key>/", views.IssuePage),
    *snapshot_urls("issues/<slug:key>/", views.IssuePage),
    *changelog_urls("indicators/<slug:key>/", views.IndicatorPage),
    *snapshot_urls("indicators/<slug:key>/", views.IndicatorPage),
    *changelog_urls("timeline/<slug:key>/", views.EventPage),
    *snapshot_urls("timeline/<slug:key>/", views.EventPage),
]
