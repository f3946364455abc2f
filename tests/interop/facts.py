"""What the database holds, by other queries than those of the files and the API: clients must read the same."""

import os


def facts(url):
    """Return what each client compares with what it reads from the portal at `url`, as values of JSON."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    os.environ.setdefault("SECRET_KEY", "a-key-that-lives-as-long-as-this-process-0123456789-abcdefghijklm")
    import django

    django.setup()
    from django.db.models import Count, Q

    from issues.models import Event, Indicator, Issue, Observation, Term
    from portal.models import Place, Source
    from projects.models import Agreement, Organisation, Participation, Project, Result

    models = {
        "issues": Issue,
        "projects": Project,
        "organisations": Organisation,
        "agreements": Agreement,
        "results": Result,
        "places": Place,
        "indicators": Indicator,
        "events": Event,
        "sources": Source,
        "terms": Term,
    }
    public = {name: model.objects.filter(publication="published") for name, model in models.items()}
    of_published = {f"{record}__publication": "published" for record in ("indicator", "place", "source")}
    public["observations"] = Observation.objects.filter(**of_published)
    projects = public["projects"]
    area = public["observations"].filter(indicator__key="aral-sea-area").order_by("year", "place__key", "source__key")
    funding = Participation.objects.filter(project__publication="published", role="funding").order_by()
    funding = funding.values("organisation__key").annotate(rows=Count("pk"))
    by_country = projects.exclude(countries=None).order_by().values("countries__key").annotate(rows=Count("pk"))
    places = public["places"].exclude(latitude=None)
    return {
        "url": url,
        "robots": {
            "/en/projects/": True,
            "/en/projects/?page=2": True,
            "/en/projects/?country=uz": False,
            "/en/projects.csv": False,
            "/en/projects.atom": True,
            "/en/indicators/aral-sea-area.csv": True,
            "/ko/issues/?view=causes": True,
            "/admin/": False,
        },
        "datasets": 1 + len(public) + public["indicators"].count(),  # all data, each table, each indicator
        "counts": {name: rows.count() for name, rows in public.items()}
        | {"countries": public["places"].filter(kind="country").count()},
        "projects": {
            key: {"en": english, "ko": korean or english}
            for key, english, korean in projects.values_list("key", "title_en", "title_ko")
        },
        "sources": {
            key: original or title
            for key, original, title in public["sources"].values_list("key", "title_original", "title")
        },
        "area": [[year, place, float(value)] for year, place, value in area.values_list("year", "place__key", "value")],
        "indicator": public["indicators"].get(key="aral-sea-area").name_en,
        "funding": dict(
            funding.values("organisation__key").annotate(rows=Count("pk")).values_list("organisation__key", "rows")
        ),
        "by_country": dict(by_country.values_list("countries__key", "rows")),
        "points": {key: [float(x), float(y)] for key, x, y in places.values_list("key", "longitude", "latitude")},
        "projects_on_map": projects.filter(Q(places__latitude__isnull=False) | Q(countries__isnull=False))
        .distinct()
        .count(),
        "places": dict(public["places"].values_list("key", "name_ko")),
        "names": {
            f"{url}/en/{kind}/{key}/": name
            for kind, field in (("issues", "name_en"), ("organisations", "name_en"), ("projects", "title_en"))
            for key, name in public[kind].values_list("key", field)
        },
    }
