"""How complete the data of the portal are, computed from the records."""

from django.db.models import Count, Q

from issues.models import AreaReport, Event, Indicator, Issue, Observation, Term
from portal.core.choices import Area, Confidence, Level, PublicationStatus
from portal.facets import registry
from portal.http import page_cache
from portal.models import Place, Source
from portal.search.ranking import matching
from projects.models import Agreement, Organisation, Project, Result, RioMarker

VISIBLE = PublicationStatus.PUBLISHED
NAMED = (Issue, Indicator, Event, Project, Agreement, Result, Organisation, Place, Term)  # names are translated


def completeness():
    """Return the counts for the page on the data: by kind, area, level, country and confidence, and what is missing."""
    projects = registry.facet_index(Project)
    scanned = page_cache.cached_for_version(expensive_counts, "completeness")
    agreements = counts_by(Agreement.objects.published(), "confidence")
    report = AreaReport.objects.shown()
    return {
        "kinds": kinds(projects.all),
        "areas": areas(projects.facets, report.areas if report else ()),
        "named_words": scanned["words"],
        "report": report,
        "levels": [(level, len(projects.facets["level"][level.value])) for level in Level],
        "confidences": [
            (one, len(projects.facets["confidence"][one.value]), agreements.get(one.value, 0)) for one in Confidence
        ],
        "countries": countries(projects.facets["country"]),
        "missing": scanned["missing"],
        "translations": [
            (model._meta.verbose_name_plural, *counts)
            for model, counts in zip(NAMED, scanned["translations"], strict=True)
        ],
    }


def expensive_counts():
    """Return the counts that need a scan of all records, because no facet bitmap gives them. The caller caches them."""
    report = AreaReport.objects.shown()
    words = [(word, projects_with(word)) for word in report.searched_words] if report else []
    return {"words": words, "missing": missing(), "translations": [translations(model) for model in NAMED]}


def counts_by(queryset, path):
    """Return a dict from each value at the lookup `path` to the number of records in the queryset that have it."""
    return dict(queryset.order_by().values_list(path).annotate(Count("pk", distinct=True)))


def kinds(projects):
    """Return (name, number of published records) of each kind of record. `projects` are the ids of the projects."""
    models = (Issue, Indicator, Observation, Event, Project, Agreement, Result, Organisation, Place, Source, Term)
    return [
        (model._meta.verbose_name_plural, len(projects) if model is Project else model.objects.published().count())
        for model in models
    ]


def areas(facets, named):
    """Return (area, projects, provincial projects, municipal projects, whether it is in `named`) for each area."""
    levels = [facets["level"][level.value] for level in (Level.PROVINCIAL, Level.MUNICIPAL)]
    rows = []
    for area in Area:
        here = facets["area"][area.value]
        rows.append((area, len(here), *map(here.intersection_cardinality, levels), area in named))
    return rows


def projects_with(word):
    """Return the number of provincial and municipal projects with the word in their English titles or summaries."""
    projects = Project.objects.published().filter(level__in=[Level.PROVINCIAL, Level.MUNICIPAL])
    return matching(projects, word).filter(Q(title_en__icontains=word) | Q(summary_en__icontains=word)).count()


def countries(projects):
    """Return (country, projects, agreements, organisations, issues) for each country of the portal.

    `projects` maps the key of a country to the bitmap of its projects.
    """
    agreements = counts_by(Agreement.objects.published(), "parties__country")
    organisations = counts_by(Organisation.objects.published(), "country")
    issues = counts_by(Issue.objects.published(), "countries")
    return [
        (
            place,
            len(projects[place.key]),
            agreements.get(place.pk, 0),
            organisations.get(place.pk, 0),
            issues.get(place.pk, 0),
        )
        for place in Place.objects.published().exclude(group="").order_by("group", "key")
    ]


def missing():
    """Return how many records lack something, and of how many."""
    places = Place.objects.published().exclude(kind__in=Place.IN_NO_COUNTRY)
    marked = RioMarker.objects.filter(project__publication=VISIBLE).aggregate(n=Count("project", distinct=True))["n"]
    counts = Project.objects.published().aggregate(
        all=Count("pk"),
        budget=Count("pk", filter=Q(budget=None)),
        start=Count("pk", filter=Q(start=None)),
        end=Count("pk", filter=Q(end=None)),
        finance=Count("pk", filter=Q(finance="")),
        results=Count("pk", filter=~Q(results_en__gt="")),
    )
    return counts | {
        "one_source": with_one_source(Project),
        "markers": counts["all"] - marked,
        "agreements": Agreement.objects.published().count(),
        "agreements_one_source": with_one_source(Agreement),
        "places": places.filter(group="").count(),
        "places_without_position": places.filter(latitude=None).count(),
    }


def with_one_source(model):
    """Return the number of published records that cite exactly one published source."""
    citation = model._meta.get_field("citations")
    of_record = citation.field.name
    visible = {"source__publication": VISIBLE, f"{of_record}__publication": VISIBLE}
    rows = citation.related_model.objects.filter(**visible).order_by()
    return rows.values(of_record).annotate(n=Count("pk")).filter(n=1).count()


def translations(model):
    """Return how many published records of a model lack a Korean name, and how many lack a Russian one."""
    lacking = {
        language: Count("pk", filter=Q(**{name: ""}) | Q(**{name: None}))
        for language in ("ko", "ru")
        for name in (f"{model.name_field}_{language}",)
    }
    return list(model.objects.published().aggregate(**lacking).values())
