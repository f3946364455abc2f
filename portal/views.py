"""The portal's own pages: home, countries, places, sources, what it is and how complete it is."""

import sys

from django.conf import settings
from django.db.models import Count, Prefetch, Q
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext, npgettext, pgettext
from django.utils.translation import gettext_lazy as _
from django.views import defaults
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView

from issues import aral
from issues.answers import with_project_counts
from issues.charts import figures_for
from issues.figures import latest_observations, latest_rows
from issues.models import Event, Indicator, Issue, IssueInCountry, KeyFigure, Observation, Term
from portal import known, limits
from portal.care.links import DOI, links_of
from portal.choices import Area, Level, Publication
from portal.completeness import completeness, tally
from portal.discovery import schema
from portal.discovery.head import Told
from portal.filters import SourceFilter
from portal.formats import serving
from portal.formats.serialisers import Records
from portal.levels import levels_by_country, levels_file
from portal.listing import RecordListView
from portal.maps import with_project_ids
from portal.members import all_ids
from portal.models import Link, Place, Source
from portal.outage import is_outage, unavailable
from portal.parameters import checks_parameters_itself
from portal.places import wholes_by_part
from portal.querysets import reader_text
from portal.readiness import readiness
from portal.records import RecordView, cited_sources
from portal.tables import SourceTable
from projects.models import Agreement, Organisation, Project

VISIBLE = Publication.PUBLISHED


def published(model):
    """How many published records a model has."""
    return model.objects.published().count()


def count_choices(sets, choices, among):
    """The choices that some of the records with these primary keys have, with how many do, the most first."""
    counts = [(choice, among.intersection_cardinality(sets[choice.value])) for choice in choices]
    return sorted((pair for pair in counts if pair[1]), key=lambda pair: (-pair[1], pair[0]))


class Home(Told, TemplateView):
    """The way in."""

    template_name = "portal/home.html"

    def told_things(self, tell, context):
        """The portal, and how to search it."""
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
        projects = known.facet_index(Project)
        figures = KeyFigure.objects.filter(headline=True).prefetch_related(
            Prefetch("sources", Source.objects.published())
        )
        return super().get_context_data(**kwargs) | {
            "mains": with_project_counts(
                Issue.objects.published()
                .filter(parent=None)
                .without_sections()
                .prefetch_related(Prefetch("key_figures", figures, to_attr="headlines"))
            ),
            "counts": [
                (count, words(count), reverse(url))
                for url, count, words in (
                    ("projects", len(projects.all), lambda n: npgettext("count", "project", "projects", n)),
                    ("agreements", published(Agreement), lambda n: npgettext("count", "agreement", "agreements", n)),
                    (
                        "organisations",
                        published(Organisation),
                        lambda n: npgettext("count", "organisation", "organisations", n),
                    ),
                    ("issues", published(Issue), lambda n: npgettext("count", "issue", "issues", n)),
                    ("indicators", published(Indicator), lambda n: npgettext("count", "indicator", "indicators", n)),
                    ("sources", published(Source), lambda n: npgettext("count", "source", "sources", n)),
                )
            ],
            "picture": aral.picture(),
            "projects": Project.objects.published().latest_first().for_list()[:6],
            "events": Event.objects.published().order_by("-date", "key")[:6],
            "countries": countries_with_counts(),
            "areas": count_choices(projects.facets["area"], Area, projects.all),
        }


def countries_with_counts():
    """The countries of the portal with how many published projects, agreements' parties and issues each has."""
    countries = list(Place.objects.published().exclude(group="").order_by("group", reader_text("name")))
    projects = known.facet_index(Project).facets["country"]
    issues = tally(Issue.objects.published(), "countries")
    organisations = tally(Organisation.objects.published(), "country")
    for place in countries:
        place.project_count = len(projects[place.key])
        place.issue_count = issues.get(place.pk, 0)
        place.organisation_count = organisations.get(place.pk, 0)
    return countries


class CountryList(Told, TemplateView):
    """The countries, those that the portal is about first."""

    @staticmethod
    def known_parameters(as_file):
        return {"format", *(("lang",) if as_file else ())}

    template_name = "portal/country_list.html"
    kinds = ("place",)
    page_kind = "CollectionPage"

    def get(self, request, *args, **kwargs):
        if serving.asked_format(request):
            return serving.answer(request, self.kinds, self.get_records)
        return super().get(request, *args, **kwargs)

    def get_records(self):
        """The countries, those that the portal is about first."""
        countries = Place.objects.published().filter(kind=Place.Kind.COUNTRY)
        about = countries.exclude(group="").order_by("group", reader_text("name"))
        others = countries.filter(group="").in_order_of("name")
        return Records(
            [pk for found in (about, others) for pk in found.values_list("pk", flat=True)],
            kind="place",
            label="countries",
            title=_("Countries"),
            **serving.addresses(self.request),
        )

    def render_to_response(self, context, **kwargs):
        if self.request.GET.get("format") == "svg" and context["levels"]:
            return levels_file(self.request, context["levels"])
        return super().render_to_response(context, **kwargs)

    def get_context_data(self, **kwargs):
        return super().get_context_data(**kwargs) | {
            "title": _("Countries"),
            "trail": [(_("Countries"), None)],
            "formats": serving.links_of(self.request, self.kinds),
            "countries": (countries := countries_with_counts()),
            "levels": levels_by_country(countries),
            "others": Place.objects.published()
            .filter(kind=Place.Kind.COUNTRY, group="")
            .annotate(
                organisation_count=Count("organisations", filter=Q(organisations__publication=VISIBLE), distinct=True)
            )
            .in_order_of("name"),
        }


# What a country's profile shows in charts, beside the other countries: an editors' choice of indicators.
PROFILE = (
    "water-stress",
    "drinking-water-safely-managed",
    "forest-area-share",
    "temperature-anomaly",
    "co2-emissions-per-capita",
    "electricity-renewables-share",
)


def gaps(country):
    """What the portal has no sourced project for in a country of Central Asia: areas, and issues that trouble it."""
    if country.group != Place.Group.CENTRAL_ASIA:
        return None
    facets = known.facet_index(Project).facets
    here = facets["country"][country.key]
    issues = Issue.objects.published().filter(in_countries__country=country).without_sections()
    return {
        "areas": [area for area in Area if here.isdisjoint(facets["area"][area.value])],
        "issues": [issue for issue in issues if here.isdisjoint(facets["issue"][issue.key])],
    }


def newest_of(*lists):
    """Dated records of several lists as one, the newest first."""
    together = sorted((record for found in lists for record in found), key=lambda record: record.key)
    return sorted(together, key=lambda record: record.date, reverse=True)


class CountryPage(RecordView):
    """A country, with everything that touches it."""

    model = Place
    template_name = "portal/country.html"
    list_title, list_url = _("Countries"), "countries"
    shown = 8

    def get_queryset(self):
        return super().get_queryset().filter(kind=Place.Kind.COUNTRY)

    def told_things(self, tell, context):
        return [schema.place(tell, self.object, [])]

    def told_countries(self, context):
        return [self.object]

    def get_context_data(self, **kwargs):
        country = self.object
        return super().get_context_data(**kwargs) | {"country": country, "notes": cited_sources(country)}

    def around(self, country):
        facets = known.facet_index(Project).facets
        projects = facets["country"][country.key]
        agreements = (
            Agreement.objects.published()
            .filter(Q(pk__in=country.agreement_parties.values("agreement")) | Q(parties__organisation__country=country))
            .distinct()
        )
        organisations = country.organisations.published().for_list().order_by("-project_count", "key")
        events = country.events_of_country.published().order_by("-date", "key")
        agreement_count, event_count = agreements.count(), events.count()
        return {
            "issue_notes": IssueInCountry.objects.filter(country=country, issue__publication=VISIBLE)
            .select_related("issue")
            .order_by("issue__position"),
            "charts": figures_for(
                Indicator.objects.published().filter(key__in=PROFILE),
                most=len(PROFILE),
                focus=country,
                place__group__in=Place.Group.values,
            )
            if country.group
            else [],
            "gaps": gaps(country),
            "columns": [country],
            "latest": latest_rows(latest_observations(place=country), [country]),
            "project_count": len(projects),
            "projects": known.first_records(
                Project.objects.published().latest_first().for_list(), projects, self.shown
            ),
            "areas": count_choices(facets["area"], Area, projects),
            "levels": count_choices(facets["level"], Level, projects),
            "agreement_count": agreement_count,
            "organisation_count": organisations.count(),
            "organisations": organisations[: self.shown],
            "event_count": event_count,
            "dated_count": agreement_count + event_count,
            "dated": newest_of(agreements[: self.shown], events[: self.shown])[: self.shown],
            "places": with_project_ids(country.places.published().in_order_of("name")),
            "shaded": [country],
        }


class PlacePage(RecordView):
    """A place, with everything that touches it or its parts. A country has a page of its own."""

    model = Place
    template_name = "portal/place.html"
    list_title, list_url = _("Countries"), "countries"
    shown = 12

    def get_queryset(self):
        return (
            super()
            .get_queryset()
            .prefetch_related(*(Prefetch(name, Place.objects.published()) for name in ("country", "part_of")))
        )

    def told_things(self, tell, context):
        wholes = [whole for whole in (self.object.part_of, self.object.country) if whole is not None]
        return [schema.place(tell, self.object, wholes)]

    def told_countries(self, context):
        return context["shaded"]

    def get(self, request, *args, **kwargs):
        response = super().get(request, *args, **kwargs)
        found = getattr(self, "object", None)
        if found is not None and found.kind == Place.Kind.COUNTRY and self.day is None:
            return redirect(found, permanent=True)
        return response

    def get_context_data(self, **kwargs):
        place = self.object
        context = super().get_context_data(**kwargs)
        if place.country:
            context["trail"].insert(1, (str(place.country), place.country.get_absolute_url()))
        return context | {
            "place": place,
            "here": [place],
            "shaded": [place.country] if place.country else [],
            "notes": cited_sources(place),
        }

    def around(self, place):
        within = [part for part, wholes in wholes_by_part("pk").items() if place.pk in wholes]
        parts = list(Place.objects.published().filter(pk__in=within).in_order_of("name"))
        here = [place.pk, *(part.pk for part in parts)]
        projects = known.facet_index(Project).facets["place"][place.key]
        return {
            "parts": parts,
            "issues": Issue.objects.published()
            .filter(pk__in=Issue.places.through.objects.filter(place__in=here).values("issue"))
            .without_sections(),
            "project_count": len(projects),
            "projects": known.first_records(
                Project.objects.published().latest_first().for_list(), projects, self.shown
            ),
            "events": Event.objects.published()
            .filter(pk__in=Event.places.through.objects.filter(place__in=here).values("event"))
            .order_by("-date", "key"),
            "columns": [],
            "latest": latest_rows(latest_observations(place=place), []),
        }


class SourceList(RecordListView):
    """All sources."""

    queryset = Source.objects.all()
    filterset_class = SourceFilter
    table_class = SourceTable
    title = _("Sources")
    lead = _("Everything that was read for the portal. Each page of a source lists what rests on it.")
    default_sort = "-date"

    @staticmethod
    def count_words(count):
        return ngettext("%(count)s source", "%(count)s sources", count) % {"count": count}


class SourcePage(RecordView):
    """A source, with all that cites it."""

    model = Source
    list_title, list_url = _("Sources"), "sources"
    shown = 24

    def told_things(self, tell, context):
        return [schema.source(tell, self.object)]

    def around(self, source):
        figures = KeyFigure.objects.filter(sources=source, issue__publication=VISIBLE).select_related("issue")
        links = source.cited_by_issue_links.filter(
            cause__publication=VISIBLE, effect__publication=VISIBLE
        ).select_related("cause", "effect")
        cited_by = [
            (_("Issues"), Issue.objects.published().filter(sources=source).without_sections()),
            (_("Agreements"), Agreement.objects.published().filter(sources=source)),
            (_("Events"), Event.objects.published().filter(sources=source)),
            (
                _("Indicators"),
                Indicator.objects.published().filter(
                    Q(source=source)
                    | Q(pk__in=Observation.objects.published().filter(source=source).values("indicator"))
                ),
            ),
            (_("Organisations"), Organisation.objects.published().filter(sources=source)),
            (_("Places"), Place.objects.published().filter(sources=source)),
            (_("Glossary"), Term.objects.published().filter(sources=source)),
        ]
        cited_by = [(heading, len(found := list(rows)), found) for heading, rows in cited_by]
        newest = Project.objects.published().latest_first()
        projects = all_ids(newest.filter(sources=source))
        cited_by.insert(1, (_("Projects"), len(projects), known.first_records(newest, projects, self.shown)))
        broken = {link.address: link for link in links_of(source).filter(state=Link.State.BROKEN)}
        return {
            "cited_by": [(heading, count, found) for heading, count, found in cited_by if count],
            "figures": figures,
            "links": links,
            "broken_url": broken.get(source.url),
            "broken_doi": broken.get(DOI + source.doi),
        }


class About(Told, TemplateView):
    """Who makes the portal, and how. The text is a template a language."""

    page_kind = "AboutPage"

    def get_template_names(self):
        return [f"portal/about_{self.request.LANGUAGE_CODE}.html", "portal/about_en.html"]

    def get_context_data(self, **kwargs):
        return super().get_context_data(**kwargs) | {
            "title": _("About"),
            "trail": [(_("About"), None)],
        }


class AboutData(TemplateView):
    """How complete the data are, computed."""

    template_name = "portal/about_data.html"

    def get_context_data(self, **kwargs):
        return (
            super().get_context_data(**kwargs)
            | {
                "title": _("How complete the data are"),
                "trail": [(_("About"), reverse("about")), (_("How complete the data are"), None)],
            }
            | completeness()
        )


@checks_parameters_itself  # monitors may add what they like
@never_cache
def healthz(request):
    """That the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@checks_parameters_itself
@never_cache
def readyz(request):
    """That the database answers, holds records and a whole search index: 200, or 503 with what is missing."""
    ready, amiss = readiness()
    return JsonResponse(ready | ({"search_index": amiss} if amiss else {}), status=200 if all(ready.values()) else 503)


def robots(request):
    """What crawlers may read: every public page."""
    lines = [
        "User-agent: *",
        "Disallow: /admin/",
        "Disallow: /accounts/",
        # Every part of a list has an address: that a crawler does not go through all of them, it asks nothing of a page
        # but the next one of the whole list. The longest rule that fits holds (RFC 9309).
        "Disallow: /*?",
        "Allow: /*?page=",
        "Disallow: /*?page=*&",
        "Allow: /*/issues/?view=causes$",
        # What feeds, JSON-LD and the catalogue of the datasets lead to.
        "Allow: /*?*format=atom",
        "Allow: /*/indicators/*?format=",
        "Allow: /sitemap-*.xml?p=",
        "Allow: /oai?",
        f"Sitemap: {settings.PUBLIC_URL}{reverse('sitemap')}",
        "",
    ]
    return HttpResponse("\n".join(lines), content_type="text/plain")


def not_found(request, exception):
    """404 in the reader's language, with ways on. It has to be made like any page, and counts as one."""
    if request.resolver_match is None:  # else it is counted
        try:
            limits.spend(request, "pages")
        except limits.TooOften as error:
            return limits.refusal(request, error)
    return render(request, "404.html", {"title": gettext("Page not found")}, status=404)


def bad_request(request, exception):
    """400 in words. Without the request: its host may be what is wrong with it."""
    return render(None, "400.html", {"title": pgettext("error", "Bad request")}, status=400)


def server_error(request):
    """500 without a database; or 503, where that is what failed."""
    error = sys.exception()
    return unavailable(request, error) if is_outage(error) else defaults.server_error(request)
