"""The list of sources, and the page of a source."""

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from issues.key_figures import with_observations
from issues.models import Event, Indicator, Issue, KeyFigure, Observation, Term
from portal.core.choices import PublicationStatus
from portal.curation.links import DOI, links_of
from portal.facets import registry
from portal.facets.bitmaps import all_ids
from portal.facets.filters import SourceFilter
from portal.generic.detail import RecordView
from portal.generic.list import RecordListView
from portal.generic.tables import SourceTable
from portal.models import ExternalLink, Place, Source
from portal.seo import schema_org
from projects.models import Agreement, AgreementActivity, AgreementOutcome, Organisation, Project, Result

VISIBLE = PublicationStatus.PUBLISHED


class SourceList(RecordListView):
    """The list of all sources."""

    queryset = Source.objects.all()
    filterset_class = SourceFilter
    followed_as = "sources"
    table_class = SourceTable
    title = _("Sources")
    lead = _("All sources read for the portal. Each source page lists the records that cite it.")
    default_sort = "-date"

    @staticmethod
    def count_words(count):
        return ngettext("%(count)s source", "%(count)s sources", count) % {"count": count}


class SourcePage(RecordView):
    """A source, with all records that cite it."""

    model = Source
    list_title, list_url = _("Sources"), "sources"
    preview_limit = 24

    def schema_objects(self, tell, context):
        return [schema_org.source(tell, self.object)]

    def related_context(self, source):
        given = Observation.objects.published().filter(source=source)
        figures = (
            KeyFigure.objects.filter(
                Q(pk__in=source.cited_by_key_figures.values("pk")) | Q(indicator__in=given.values("indicator")),
                issue__publication=VISIBLE,
            )
            .select_related("issue")
            .prefetch_related("citations__source")
        )
        links = source.cited_by_issue_links.filter(
            cause__publication=VISIBLE, effect__publication=VISIBLE
        ).select_related("cause", "effect")
        cited_by = [
            (_("Issues"), Issue.objects.published().filter(sources=source).without_sections()),
            (_("Agreements"), agreements_citing(source)),
            (_("Results and lessons"), Result.objects.published().filter(sources=source)),
            (_("Events"), Event.objects.published().filter(sources=source)),
            (
                _("Indicators"),
                Indicator.objects.published().filter(Q(source=source) | Q(pk__in=given.values("indicator"))),
            ),
            (_("Organisations"), Organisation.objects.published().filter(sources=source)),
            (_("Places"), Place.objects.published().filter(sources=source)),
            (_("Glossary"), Term.objects.published().filter(sources=source)),
        ]
        cited_by = [(heading, len(found := list(rows)), found) for heading, rows in cited_by]
        newest = Project.objects.published().latest_first()
        projects = all_ids(newest.filter(sources=source))
        cited_by.insert(1, (_("Projects"), len(projects), registry.first_records(newest, projects, self.preview_limit)))
        broken = {link.address: link for link in links_of(source).filter(state=ExternalLink.LinkStatus.BROKEN)}
        return {
            "cited_by": [(heading, count, found) for heading, count, found in cited_by if count],
            "figures": [figure for figure in with_observations(figures) if source in figure.stated_sources],
            "links": links,
            "broken_url": broken.get(source.url),
            "broken_doi": broken.get(DOI + source.doi),
        }


def agreements_citing(source):
    """Return the published agreements that cite a source, or whose shown outcomes or activities do."""
    outcomes = AgreementOutcome.objects.filter(agreement=OuterRef("pk"), project__publication=VISIBLE, sources=source)
    activities = AgreementActivity.objects.filter(agreement=OuterRef("pk"), sources=source)
    cited = Agreement.sources.through.objects.filter(agreement=OuterRef("pk"), source=source)
    return Agreement.objects.published().filter(Exists(cited) | Exists(outcomes) | Exists(activities))
