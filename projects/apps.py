"""Configuration of the app for projects, organisations, agreements and IATI."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProjectsConfig(AppConfig):
    name = "projects"
    verbose_name = _("Cooperation")

    def ready(self):
        # Models can be imported only after all apps are loaded.
        from issues.models import Issue  # noqa: PLC0415
        from portal.facets import registry  # noqa: PLC0415
        from portal.models import Place  # noqa: PLC0415
        from portal.tracking import content_version  # noqa: PLC0415
        from projects import filters, models  # noqa: PLC0415

        content_version.track_changes_of(models.Project, Issue, models.Organisation, Place, models.Sector)

        def all_projects():
            return filters.ProjectFilter(queryset=models.Project.objects.published())

        # A page asks for the index about ten times, so the filters, which are many, are made only to read it.
        registry.register(
            models.Project, lambda: filters.ProjectFilter.index_of(all_projects), filters.ProjectFilter.base_filters
        )
        registry.register_preload(read_overlap)


def read_overlap():
    """Read what the overlap check keeps in memory."""
    # Only processes that answer readers need these modules.
    from projects.overlap.names import name_index  # noqa: PLC0415
    from projects.overlap.places import place_map  # noqa: PLC0415
    from projects.overlap.words import rarity  # noqa: PLC0415

    name_index(), place_map(), rarity()
