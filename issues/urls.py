"""Addresses of issues, indicators, events and the glossary."""

from django.urls import path

from issues import views
from portal.generic.changes import changes_paths
from portal.history.snapshots import past_paths

urlpatterns = [
    path("issues/", views.IssueList.as_view(), name="issues"),
    path("issues/<slug:key>/", views.IssuePage.as_view(), name="issue"),
    path("indicators/", views.IndicatorList.as_view(), name="indicators"),
    path("indicators/<slug:key>/", views.IndicatorPage.as_view(), name="indicator"),
    path("timeline/<slug:key>/", views.EventPage.as_view(), name="event"),
    path("glossary/", views.Glossary.as_view(), name="glossary"),
    *changes_paths("issues/<slug:key>/", views.IssuePage),
    *past_paths("issues/<slug:key>/", views.IssuePage),
    *changes_paths("indicators/<slug:key>/", views.IndicatorPage),
    *past_paths("indicators/<slug:key>/", views.IndicatorPage),
    *changes_paths("timeline/<slug:key>/", views.EventPage),
    *past_paths("timeline/<slug:key>/", views.EventPage),
]
