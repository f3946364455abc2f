"""How complete the portal's data are, counted from the records themselves."""

from django.db.models import Count, Q

from issues.models import AreaReport, Event, Indicator, Issue, Observation, Term
from portal.core.choices import Area, Confidence, Level, PublicationStatus
from portal.facets import registry
from portal.http import page_cache
from portal.models import Place, Source
from portal.search.ranking import matching
from projects.models import Agreement, Organisation, Project, RioMarker

VISIBLE = PublicationStatus.PUBLISHED
NAMED = (Issue, Indicator, Event, Project, Agreement, Organisation, Place, Term)  # in the reader’s language


def completeness():
    """Counts for the page on the data: by kind, area, level, country and confidence, and what is missing."""
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
    """What is counted by going through all records: no set that is kept in memory tells it."""
    report = AreaReport.objects.shown()
    words = [(word, projects_with(word)) for word in report.searched_words] if report else []
    return {"words": words, "missing": missing(), "translations": [translations(model) for model in NAMED]}


def counts_by(queryset, path):
    """How many records of a queryset have each value at a path."""
    return dict(queryset.order_by().values_list(path).annotate(Count("pk", distinct=True)))


def kinds(projects):
    """Each kind of record with how many are published; the primary keys of the projects are known."""
    models = (Issue, Indicator, Observation, Event, Project, Agreement, Organisation, Place, Source, Term)
    return [
        (model._meta.verbose_name_plural, len(projects) if model is Project else model.objects.published().count())
        for model in models
    ]


def areas(facets, named):
    """For each area: all projects, provincial ones, municipal ones, and whether it is among those that are `named`."""
    levels = [facets["level"][level.value] for level in (Level.PROVINCIAL, Level.MUNICIPAL)]
    rows = []
    for area in Area:
        here = facets["area"][area.value]
        rows.append((area, len(here), *map(here.intersection_cardinality, levels), area in named))
    return rows


def projects_with(word):
    """Return how many provincial and municipal projects have the word in their titles or summaries."""
    projects = Project.objects.published().filter(level__in=[Level.PROVINCIAL, Level.MUNICIPAL])
    return matching(projects, word).filter(Q(title_en__icontains=word) | Q(summary_en__icontains=word)).count()


def countries(projects):
    """For each country of the portal: projects, of which the sets are known, agreements, organisations and issues."""
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
    """What records lack: counts, of how many."""
    places = Place.objects.published().exclude(kind__in=["country", "world"])
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
    """How many published records rest on one published source alone."""
    citation = model._meta.get_field("citations")
    of_record = citation.field.name
    visible = {"source__publication": VISIBLE, f"{of_record}__publication": VISIBLE}
    rows = citation.related_model.objects.filter(**visible).order_by()
    return rows.values(of_record).annotate(n=Count("pk")).filter(n=1).count()


def translations(model):
    """How many names of a kind of record lack Korean, and how many lack Russian."""
    lacking = {
        language: Count("pk", filter=Q(**{name: ""}) | Q(**{name: None}))
        for language in ("ko", "ru")
        for name in (f"{model.name_field}_{language}",)
    }
    return list(model.objects.published().aggregate(**lacking).values())
