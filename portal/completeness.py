"""How complete the portal's data are, counted from the records themselves."""

from django.db.models import Count, Q

from issues.models import Event, Indicator, Issue, Observation, Term
from portal.choices import Area, Confidence, Level, Publication
from portal.models import Place, Source
from projects.models import Agreement, Organisation, Project, ProjectArea

VISIBLE = Publication.PUBLISHED

# Areas of cooperation that the Gyeonggi Research Institute's report of 2024 names for the province (source
# gri-2024-central-asia). It also names K-pop, which is no area of its own here: projects are asked for the word.
REPORT_SOURCE = "gri-2024-central-asia"
REPORT_AREAS = {
    Area.DESERTIFICATION_PREVENTION,
    Area.SMART_AGRICULTURE,
    Area.NATURAL_RESOURCES,
    Area.INFRASTRUCTURE,
}


def completeness():
    """Counts for the page on the data: by kind, area, level, country and confidence, and what is missing."""
    projects = Project.objects.published()
    return {
        "kinds": kinds(),
        "areas": areas(),
        "kpop": projects.filter(level__in=[Level.PROVINCIAL, Level.MUNICIPAL])
        .filter(Q(title_en__icontains="k-pop") | Q(summary_en__icontains="k-pop"))
        .count(),
        "report": Source.objects.published().filter(key=REPORT_SOURCE).first(),
        "levels": tally(projects, "level", Level),
        "confidences": [
            (confidence, projects_n, agreements_n)
            for (confidence, projects_n), (_c, agreements_n) in zip(
                tally(projects, "confidence", Confidence),
                tally(Agreement.objects.published(), "confidence", Confidence),
                strict=True,
            )
        ],
        "countries": countries(),
        "missing": missing(projects),
        "translations": translations(),
    }


def tally(queryset, field, choices):
    """Pairs of choice and count, zero where there is none."""
    counts = dict(queryset.order_by().values_list(field).annotate(Count("pk")))
    return [(choice, counts.get(choice.value, 0)) for choice in choices]


def kinds():
    """Each kind of record with how many are published."""
    models = (Issue, Indicator, Event, Project, Agreement, Organisation, Place, Source, Term)
    counted = [(model._meta.verbose_name_plural, model.objects.published().count()) for model in models]
    counted.insert(2, (Observation._meta.verbose_name_plural, Observation.objects.published().count()))
    return counted


def areas():
    """For each area: all projects, provincial ones, municipal ones, and whether the 2024 report names it."""
    rows = (
        ProjectArea.objects.filter(project__publication=VISIBLE)
        .values_list("area")
        .annotate(
            every=Count("pk"),
            provincial=Count("pk", filter=Q(project__level=Level.PROVINCIAL)),
            municipal=Count("pk", filter=Q(project__level=Level.MUNICIPAL)),
        )
    )
    counts = {area: numbers for area, *numbers in rows}
    return [(area, *counts.get(area.value, (0, 0, 0)), area in REPORT_AREAS) for area in Area]


def countries():
    """For each country of the portal: projects, agreements, organisations and issues."""
    places = Place.objects.published().exclude(group="").order_by("group", "key")

    def per_country(queryset, path):
        return dict(queryset.order_by().values_list(path).annotate(Count("pk", distinct=True)))

    projects = per_country(Project.objects.published(), "countries")
    agreements = per_country(Agreement.objects.published(), "parties__country")
    organisations = per_country(Organisation.objects.published(), "country")
    issues = per_country(Issue.objects.published(), "countries")
    return [
        (
            place,
            projects.get(place.pk, 0),
            agreements.get(place.pk, 0),
            organisations.get(place.pk, 0),
            issues.get(place.pk, 0),
        )
        for place in places
    ]


def missing(projects):
    """What projects lack: counts, of how many."""
    sources = Count("citations", filter=Q(citations__source__publication=VISIBLE), distinct=True)
    return {
        "all": projects.count(),
        "budget": projects.filter(budget=None).count(),
        "start": projects.filter(start=None).count(),
        "end": projects.filter(end=None).count(),
        "finance": projects.filter(finance="").count(),
        "results": projects.exclude(results_en__gt="").count(),
        "one_source": projects.annotate(n=sources).filter(n=1).count(),
        "markers": projects.exclude(rio_markers__isnull=False).count(),
        "agreements": Agreement.objects.published().count(),
        "agreements_one_source": Agreement.objects.published().annotate(n=sources).filter(n=1).count(),
        "places": Place.objects.published().filter(group="").exclude(kind__in=["country", "world"]).count(),
        "places_without_position": Place.objects.published()
        .exclude(kind__in=["country", "world"])
        .filter(latitude=None)
        .count(),
    }


def translations():
    """For each kind of record: how many names lack Korean, how many lack Russian."""
    rows = []
    for model in (Issue, Indicator, Event, Project, Agreement, Organisation, Place, Term):
        published = model.objects.published()
        field = model.name_field
        rows.append(
            (
                model._meta.verbose_name_plural,
                published.filter(Q(**{f"{field}_ko": ""}) | Q(**{f"{field}_ko": None})).count(),
                published.filter(Q(**{f"{field}_ru": ""}) | Q(**{f"{field}_ru": None})).count(),
            )
        )
    return rows
