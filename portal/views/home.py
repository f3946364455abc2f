"""The home page, and counts that other pages use too."""

from django.db.models import Prefetch
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from issues import aral
from issues.key_figures import with_observations
from issues.models import Event, Indicator, Issue, KeyFigure, Observation
from issues.motifs import CARD, motifs_of_issues
from issues.projects import with_project_counts
from portal.core.choices import Area
from portal.core.formatting import number
from portal.core.urls import with_query
from portal.facets import registry
from portal.facets.filters import OfGyeonggi
from portal.models import Outlook, Place, Source
from portal.models.querysets import reader_text
from portal.seo.head import PageMetadataMixin
from portal.views.completeness import counts_by
from projects.filters import projects_of_countries
from projects.models import Agreement, Organisation, Project

LATEST = 4  # most projects, and most dated records, on the home page
AREAS = 8  # areas of cooperation that are shown at once
# Searches that the home page suggests.
EXAMPLES = (_("water stress Uzbekistan"), _("Gyeonggi Samarkand"))


def published(model):
    """Return the number of published records of a model."""
    return model.objects.published().count()


def choice_counts(sets, choices, among):
    """Return (choice, count) of the choices that occur in the records `among`, the highest count first.

    `among` is a bitmap of primary keys. `sets` maps the value of each choice to the bitmap of the records that have it.
    """
    counts = [(choice, among.intersection_cardinality(sets[choice.value])) for choice in choices]
    return sorted((pair for pair in counts if pair[1]), key=lambda pair: (-pair[1], pair[0]))


def merge_by_date(*lists):
    """Return dated records of several lists as one list, the newest first; records of the same date by key."""
    together = sorted((record for found in lists for record in found), key=lambda record: record.key)
    return sorted(together, key=lambda record: record.date, reverse=True)


def latest_dated(day):
    """Return the latest events and agreements, the newest first; those whose outcome is not recorded come last."""
    found = merge_by_date(
        Event.objects.published().without_agreements().with_news_first(day)[:LATEST],
        Agreement.objects.published().with_news_first(day)[:LATEST],
    )
    return sorted(found, key=lambda record: record.outlook == Outlook.NOT_RECORDED)[:LATEST]


def doors(projects):
    """Return the three ways into the portal, each with its name, a sentence and its URL.

    `projects` is the facet index of projects.
    """
    gyeonggi = len(projects.facets["gyeonggi"][OfGyeonggi.YES.value])
    values = published(Observation)
    return [
        {
            "name": gettext("Gyeonggi"),
            "words": ngettext(
                "%(all)s project of the province, its cities and institutions",
                "%(all)s projects of the province, its cities and institutions",
                gyeonggi,
            )
            % {"all": number(gyeonggi)},
            "url": reverse("gyeonggi"),
        },
        {
            "name": pgettext("menu", "Plan"),
            "words": gettext("Check a plan for overlap with all projects"),
            "url": reverse("plan"),
        },
        {
            "name": gettext("Indicators"),
            "words": ngettext("%(all)s sourced value", "%(all)s sourced values", values) % {"all": number(values)},
            "url": reverse("indicators"),
        },
    ]


class Home(PageMetadataMixin, TemplateView):
    """The home page."""

    template_name = "portal/home.html"

    def schema_objects(self, tell, context):
        """Return the schema.org description of the portal and its search."""
        search = {
            "@type": "SearchAction",
            "target": {
                "@type": "EntryPoint",
                "urlTemplate": f"{tell.base}{reverse('search')}?q={{search_term_string}}",
            },
            "query-input": "required name=search_term_string",
        }
        return [tell.site | {"publisher": tell.portal, "potentialAction": search}]

    def get_context_data(self, **kwargs):
        projects = registry.facet_index(Project)
        sea = aral.issue_of_the_sea()
        figures = KeyFigure.objects.filter(headline=True).prefetch_related("citations__source")
        mains = with_project_counts(
            Issue.objects.published()
            .filter(parent=None)
            .without_sections()
            .prefetch_related(Prefetch("key_figures", figures, to_attr="headlines"))
        )
        stated = with_observations(figure for issue in mains for figure in issue.headlines)
        pictures = motifs_of_issues(mains, CARD)
        for issue in mains:
            issue.picture = pictures.get(issue.pk)
            issue.headlines = [figure for figure in issue.headlines if figure in stated]
        areas = choice_counts(projects.facets["area"], Area, projects.all)
        return super().get_context_data(**kwargs) | {
            "mains": mains,
            "totals": [
                (_("Projects"), len(projects.all), reverse("projects")),
                (_("Agreements"), published(Agreement), reverse("agreements")),
                (_("Organisations"), published(Organisation), reverse("organisations")),
                (_("Issues"), published(Issue), reverse("issues")),
                (_("Indicators"), published(Indicator), reverse("indicators")),
                (_("Sources"), published(Source), reverse("sources")),
            ],
            "picture": aral.picture(sea) if sea else None,
            "projects": Project.objects.published().latest_first().for_list()[:LATEST],
            "dated": latest_dated(timezone.localdate()),
            "countries": countries_with_counts(),
            "areas": areas[:AREAS],
            "more_areas": areas[AREAS:],
            "doors": doors(projects),
            "examples": [
                {"words": words, "url": with_query(reverse("search"), {"q": str(words)})} for words in EXAMPLES
            ],
        }


def countries_with_counts():
    """Return the countries of the portal with the numbers of their published projects, issues and organisations.

    The numbers are the attributes `project_count`, `issue_count` and `organisation_count`.
    """
    countries = list(Place.objects.published().exclude(group="").order_by("group", reader_text("name")))
    issues = counts_by(Issue.objects.published(), "countries")
    organisations = counts_by(Organisation.objects.published(), "country")
    projects = projects_of_countries([place.key for place in countries])
    for place in countries:
        place.project_count = len(projects[place.key])
        place.issue_count = issues.get(place.pk, 0)
        place.organisation_count = organisations.get(place.pk, 0)
    return countries
