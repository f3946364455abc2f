"""The app configuration of `portal`, and that of its admin site."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = _("Places and sources")

    def ready(self):
        # Models cannot be imported before the apps are loaded.
        from portal.accounts import sessions  # noqa: PLC0415
        from portal.curation import duplicates, links, translations, verifications  # noqa: PLC0415
        from portal.history import revisions  # noqa: PLC0415
        from portal.models import alias, revision  # noqa: PLC0415
        from portal.open_data.offline import edition  # noqa: PLC0415
        from portal.publishing import notices, scheduler  # noqa: PLC0415
        from portal.search import indexing  # noqa: PLC0415
        from portal.tracking import audit_log, content_version, signals  # noqa: PLC0415

        signals.connect(*audit_log.audited_models())
        # Everything that follows a change of rows, in this order. The first receiver refuses changes outside a
        # transaction.
        for receiver in (
            content_version.mark_changed_for_rows,
            indexing.mark_dirty_for_rows,
            audit_log.log_actions_for_rows,
            translations.compare_translations_for_rows,
            links.update_links_for_rows,
            verifications.forget_deleted,
            duplicates.forget_deleted,
            alias.delete_with_record,
            revision.forget_deleted,
            notices.forget_deleted,
        ):
            signals.rows_changed.connect(receiver)
        for receiver in (indexing.flush_log, content_version.flush_log, edition.withdraw_after_commit):
            signals.changes_flushed.connect(receiver)
        scheduler.publishing_due.connect(revisions.publish_due)
        indexing.clear_after_flush()
        audit_log.connect_signals()
        sessions.connect_signals()
        # Each app declares the exported content of its records in its `formats` module, which registers it on import.
        autodiscover_modules("formats")


class PortalAdminConfig(AdminConfig):
    default_site = "portal.staff.site.PortalAdminSite"
