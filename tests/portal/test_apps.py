"""What the configuration of the apps connects when they are loaded."""

from django.contrib import admin

from portal.formats.serialisers import SERIALISERS
from portal.models import Place
from portal.staff.site import PortalAdminSite
from portal.tracking.signals import changes_flushed, rows_changed


def test_one_list_of_receivers_follows_a_change_in_this_order():
    receivers = [f"{receiver.__module__}.{receiver.__name__}" for receiver in rows_changed._live_receivers(Place)[0]]
    assert receivers == [
        "portal.tracking.content_version.mark_changed_for_rows",
        "portal.search.indexing.mark_dirty_for_rows",
        "portal.tracking.audit_log.log_actions_for_rows",
        "portal.curation.translations.compare_translations_for_rows",
        "portal.curation.links.update_links_for_rows",
        "portal.curation.verifications.forget_deleted",
        "portal.curation.duplicates.forget_deleted",
        "portal.models.alias.delete_with_record",
        "portal.models.revision.forget_deleted",
        "portal.publishing.notices.forget_deleted",
    ]


def test_search_index_is_flushed_before_the_version_of_the_content():
    """A page that is cached for the new version must not show results of the old index."""
    receivers = [receiver.__module__ for receiver in changes_flushed._live_receivers(Place)[0]]
    assert sorted(receivers) == [
        "portal.open_data.offline.edition",
        "portal.search.indexing",
        "portal.tracking.content_version",
    ]
    assert receivers.index("portal.search.indexing") < receivers.index("portal.tracking.content_version")


def test_formats_of_all_apps_are_registered():
    assert {serialiser.model._meta.app_label for serialiser in SERIALISERS.values()} == {"portal", "issues", "projects"}


def test_admin_site_is_that_of_the_portal():
    assert isinstance(admin.site, PortalAdminSite)
