"""The URLs of the portal. Pages have a language prefix; all other URLs have none."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from portal import views
from portal.api import docs as api_docs
from portal.api.mcp import mcp
from portal.formats.short_addresses import file_urls
from portal.generic.changes import changelog_urls
from portal.history.snapshots import snapshot_urls
from portal.http.middleware import redirect_to_language
from portal.maps.share_image import share_image_view
from portal.open_data import archive, datacite, dcat, edition_views, oai, sitemaps, tables
from portal.open_data.feeds import ChangesFeed, corrections_feed, feed
from portal.open_data.offline.serving import MEDIA, offline_file
from portal.ops import metrics
from portal.publishing.preview import preview
from portal.views import embeds, files, map, search
from portal.views.brief import BriefOfPlan, BriefPage
from portal.views.compare import Compare
from portal.views.coverage import CoveragePage
from portal.views.digests import DigestPage, confirm_digest, digest_sent, stop_digest
from portal.views.gyeonggi import GyeonggiPage, TiesPage
from portal.views.llms import llms
from portal.views.oembed import oembed
from portal.views.plan import PlanPage, kept_result, stored_result
from portal.views.share_images import indicator_share_image, record_share_image
from portal.views.styleguide import styleguide
from portal.views.timeline import Timeline
from projects.iati import serving

pages = [
    path("", views.Home.as_view(), name="home"),
    path("countries/", views.CountryList.as_view(), name="countries"),
    path("countries/<slug:key>/", views.CountryPage.as_view(), name="country"),
    path("places/<slug:key>/", views.PlacePage.as_view(), name="place"),
    path("sources/", views.SourceList.as_view(), name="sources"),
    path("sources/<slug:key>/", views.SourcePage.as_view(), name="source"),
    path("timeline/", Timeline.as_view(), name="timeline"),
    path("map/", map.Explorer.as_view(), name="map"),
    path("coverage/", CoveragePage.as_view(), name="coverage"),
    path("compare/", Compare.as_view(), name="compare"),
    path("brief/", BriefPage.as_view(), name="brief"),
    path("plan/brief/", BriefOfPlan.as_view(), name="plan-brief"),
    path("gyeonggi/", GyeonggiPage.as_view(), name="gyeonggi"),
    path("gyeonggi/ties/", TiesPage.as_view(), name="gyeonggi-ties"),
    path("plan/", PlanPage.as_view(), name="plan"),
    path("plan/result/<slug:address>/", stored_result, name="plan-result"),
    path("plan/result/<slug:address>/<slug:secret>/", kept_result, name="plan-kept"),
    path("search/", search.Search.as_view(), name="search"),
    path("embed/indicators/<slug:key>/", embeds.IndicatorEmbed.as_view(), name="embed-indicator"),
    path("embed/projects/", embeds.ProjectListEmbed.as_view(), name="embed-projects"),
    path("embed/projects/<slug:key>/", embeds.ProjectEmbed.as_view(), name="embed-project"),
    path("embed/agreements/", embeds.AgreementListEmbed.as_view(), name="embed-agreements"),
    path("embed/map/", embeds.MapEmbed.as_view(), name="embed-map"),
    path("search/suggest/", search.suggest, name="suggest"),
    path("preview/<str:token>/", preview, name="preview"),
    *changelog_urls("countries/<slug:key>/", views.CountryPage),
    *snapshot_urls("countries/<slug:key>/", views.CountryPage),
    *changelog_urls("places/<slug:key>/", views.PlacePage),
    *snapshot_urls("places/<slug:key>/", views.PlacePage),
    *changelog_urls("sources/<slug:key>/", views.SourcePage),
    *snapshot_urls("sources/<slug:key>/", views.SourcePage),
    path("about/", views.About.as_view(), name="about"),
    path("contact/", views.Contact.as_view(), name="contact"),
    path("changes/", views.WhatChanged.as_view(), name="what-changed"),
    path("changes/feed/", ChangesFeed.as_view(), name="what-changed-feed"),
    path("digests/", DigestPage.as_view(), name="digest"),
    path("digests/sent/", digest_sent, name="digest-sent"),
    path("digests/confirm/", confirm_digest, name="digest-confirm"),
    path("digests/stop/", stop_digest, name="digest-stop"),
    path("corrections/", views.CorrectionLog.as_view(), name="corrections"),
    path("corrections/feed/", corrections_feed, name="corrections-feed"),
    path("privacy/", views.Privacy.as_view(), name="privacy"),
    path("report/", views.ReportMistake.as_view(), name="report"),
    path("report/sent/<int:number>/", views.report_sent, name="report-sent"),
    path("opensearch.xml", views.opensearch, name="opensearch"),
    path("manifest.webmanifest", views.manifest, name="manifest"),
    path("picture/indicators/<slug:key>.png", indicator_share_image, name="indicator-card"),
    path("feed/", feed, name="feed"),
    path("data/", tables.Data.as_view(), name="data"),
    path("data/editions/<slug:quarter>/", edition_views.EditionPage.as_view(), name="edition"),
    path("about/data/", views.AboutData.as_view(), name="about-data"),
    path("", include("issues.urls")),
    path("", include("projects.urls")),
]
pages += file_urls(pages)
if settings.DEBUG:
    pages.append(path("styleguide/", styleguide, name="styleguide"))

urlpatterns = [
    path("", redirect_to_language),
    path("admin/", admin.site.urls),
    path("accounts/", include("portal.accounts.urls")),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("content-version", views.version, name="content-version"),
    path("api/docs", api_docs.docs, name="api-docs"),
    path("api/v1/", api_docs.index, name="api-index"),
    path("api/v1/openapi.json", api_docs.openapi, name="openapi"),
    path("api/v1/", include("portal.api.urls")),
    path("ogc/", include("portal.api.ogc_urls")),
    path("data/", tables.data_in_readers_language),
    path("data/datapackage.json", tables.datapackage, name="datapackage"),
    path("data/csv-metadata.json", tables.tables_metadata, name="data-tables-metadata"),
    path("data/places.geojson", tables.all_places, name="all-places"),
    path("data/datasette.json", tables.datasette, name="datasette"),
    path(f"data/{archive.NAME}", tables.everything, name="archive"),
    path(
        f"data/{archive.SQLITE}",
        tables.everything,
        {"name": archive.SQLITE, "media": "application/vnd.sqlite3"},
        name="archive-sqlite",
    ),
    *(path(f"data/{name}", offline_file, {"name": name}, name.replace(".", "-")) for name in MEDIA),
    *(path(f"data/datacite.{form}", datacite.datacite, {"form": form}, f"datacite-{form}") for form in datacite.FORMS),
    path("data/catalogue.<slug:form>", dcat.catalogue, name="catalogue"),
    path("data/editions/<slug:quarter>/", edition_views.edition_in_readers_language),
    path("data/editions/<slug:quarter>/<str:part>", edition_views.edition_file, name="edition-file"),
    path("data/<slug:file>.csv", tables.table, name="data-table"),
    path("data/<slug:file>.csv-metadata.json", tables.table_metadata, name="data-table-metadata"),
    path("oai", oai.answer, name="oai"),
    path("oembed", oembed, name="oembed"),
    path("mcp", mcp, name="mcp"),
    path("iati/activities.xml", serving.activities, name="iati-activities"),
    path("iati/activities/<slug:key>.xml", serving.activity, name="iati-activity"),
    path("files/pictures/<slug:digest>/<int:width>.webp", files.picture_file, name="picture-file"),
    path("files/attachments/<slug:digest>.<slug:form>", files.attachment_file, name="attachment-file"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("llms.txt", llms, name="llms"),
    path("robots.txt", views.robots, name="robots"),
    path("sitemap.xml", sitemaps.index, name="sitemap"),
    path("sitemap-<slug:section>.xml", sitemaps.section, name="sitemap-section"),
    path("picture/<slug:name>.png", share_image_view, name="card"),
    *(
        path(f"picture/{kind}s/<slug:key>.png", record_share_image, {"kind": kind}, name=f"{kind}-card")
        for kind in ("issue", "place", "project")
    ),
    *i18n_patterns(*pages),
]

if settings.METRICS_NETWORKS:
    urlpatterns.append(path("metrics", metrics.metrics, name="metrics"))

handler404 = "portal.views.not_found"
handler400 = "portal.views.bad_request"
handler500 = "portal.views.server_error"
