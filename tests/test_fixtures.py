"""The content of fixtures/ is complete, has sources and is in three languages."""

import re

import pytest
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection, models
from modeltranslation.translator import translator

from issues.key_figures import key_figure_blockers
from issues.models import Event, Indicator, Issue, IssueLink, KeyFigure, Observation, Section, Term
from portal.core.citation_marks import cited_keys
from portal.maps.provinces import province_of
from portal.models import FormerKey, Place, Source
from projects.models import Agreement, Organisation, Project, Result

pytestmark = pytest.mark.usefixtures("content")

LANGUAGES = ("en", "ko", "ru")
OURS = ("portal", "issues", "projects")
MODELS = [model for app in OURS for model in apps.get_app_config(app).get_models() if hasattr(model, "natural_key")]
RECORDS = (Source, Place, Issue, Indicator, Event, Term, Organisation, Project, Agreement, Result)


def between(model):
    """Return the names of the tables for a model's many-to-many fields."""
    return [
        field.m2m_db_table()
        for field in model._meta.local_many_to_many
        if field.remote_field.through._meta.auto_created
    ]


def whole_database():
    with connection.cursor() as cursor:
        rows = {}
        for table in (table for model in MODELS for table in (model._meta.db_table, *between(model))):
            cursor.execute(f"SELECT * FROM {table} ORDER BY id")
            rows[table] = cursor.fetchall()
        return rows


def texts():
    """Yield (row, column, text) for every text of every row."""
    for model in MODELS:
        fields = model._meta.concrete_fields
        columns = [field.name for field in fields if isinstance(field, models.CharField | models.TextField)]
        for row in model._base_manager.values("pk", *columns):
            for column in columns:
                yield f"{model.__name__} {row['pk']}", column, row[column] or ""


def translated_texts():
    """Yield (row, field, language, text) for the texts that readers get in their own language."""
    for row, column, text in texts():
        field, _dash, language = column.rpartition("_")
        if language in LANGUAGES:
            yield row, field, language, text


def without(model, *paths):
    """Return the keys of the records of a model that have no related record on one of these paths."""
    return sorted(
        {
            key
            for path in paths
            for key in model.objects.filter(**{f"{path}__isnull": True}).values_list("key", flat=True)
        }
    )


# ── How much there is ────────────────────────────────────────────────────────────────────────────────────────


def test_every_record_is_there():
    assert {model._meta.label_lower: model._base_manager.count() for model in MODELS} == {
        "portal.source": 1_962,
        "portal.alias": 9_651,
        "portal.formerkey": 7,
        "portal.tombstone": 14,
        "portal.place": 255,
        "portal.placeidentifier": 381,
        "portal.placecitation": 374,
        "issues.issue": 28,
        "issues.issuecitation": 538,
        "issues.issueincountry": 123,
        "issues.issuesdg": 116,
        "issues.keyfigure": 133,
        "issues.keyfigurecitation": 133,
        "issues.issuelink": 64,
        "issues.issuelinkcitation": 114,
        "issues.event": 237,
        "issues.eventcitation": 466,
        "issues.indicator": 68,
        "issues.observation": 9_257,
        "issues.pageindicator": 24,
        "issues.issuemotif": 9,
        "issues.issuefeature": 1,
        "issues.areareport": 1,
        "issues.comparisonexample": 3,
        "issues.term": 60,
        "issues.termcitation": 108,
        "projects.organisation": 398,
        "projects.organisationcitation": 448,
        "projects.organisationexternalidentifier": 60,
        "projects.organisationidentifier": 10,
        "projects.sector": 295,
        "projects.project": 271,
        "projects.projectarea": 687,
        "projects.participation": 792,
        "projects.projectissue": 191,
        "projects.projectsdg": 349,
        "projects.riomarker": 13,
        "projects.projectcitation": 962,
        "projects.agreement": 167,
        "projects.agreementparty": 495,
        "projects.agreementarea": 453,
        "projects.agreementcitation": 423,
        "projects.agreementoutcome": 47,
        "projects.agreementoutcomecitation": 59,
        "projects.agreementactivity": 51,
        "projects.agreementactivitycitation": 84,
        "projects.result": 124,
        "projects.resultarea": 26,
        "projects.resultfigure": 133,
        "projects.resultcitation": 279,
    }


def test_places_are_countries_a_region_the_world_and_238_others():
    kinds = {"country": 0, "region": 0, "world": 0, "other": 0}
    for kind in Place.objects.values_list("kind", flat=True):
        kinds[kind if kind in kinds else "other"] += 1
    assert kinds == {"country": 15, "region": 1, "world": 1, "other": 238}


# The map places these in a province that they are not part of.
APART_FROM_THEIR_PROVINCE = {
    "ashgabat": "a city of its own, which the outline of Ahal contains",
    "arkadag": "a city of its own since 2022, which the outline of Ahal contains",
    "karakum-canal": "a canal through three provinces",
    "lake-balkhash": "a lake in four provinces",
    "nurek-dam": "a reservoir between Khatlon and the Districts of Republican Subordination",
    "semipalatinsk-test-site": "a site in three provinces",
    "abramov-glacier": "a glacier where the provinces of Osh and Batken meet",
    "altyn-asyr-lake": "a lake in the provinces of Balkan and Dashoguz",
    "aral-sea-uz": "part of the sea",
    "north-aral-sea": "part of the sea",
    "aral-dried-seabed-kz": "part of the desert on the bed of the sea",
}


def test_places_are_part_of_the_province_in_which_the_map_shows_them():
    """The map counts by position, lists and gaps by `part_of`: without the same province their numbers differ."""
    places = list(Place.objects.published().select_related("country"))
    provinces = {province_of(place): place.key for place in places if place.kind == Place.Kind.PROVINCE}
    wholes = Place.objects.published().wholes_by_part()
    by_position = {place.key: {provinces.get(province_of(place))} - {None, place.key} for place in places}
    by_part = {place.key: wholes.get(place.key, set()) & set(provinces.values()) for place in places}
    placed = {place.key for place in places if province_of(place)}
    assert {key for key in placed if by_part[key] != by_position[key]} == set(APART_FROM_THEIR_PROVINCE)
    assert not any(by_part[key] for key in APART_FROM_THEIR_PROVINCE)


def test_countries_of_the_portal_are_korea_and_five_in_central_asia():
    grouped = Place.objects.exclude(group="").order_by("key").values_list("key", "group")
    assert dict(grouped) == {
        **dict.fromkeys(("kg", "kz", "tj", "tm", "uz"), "central-asia"),
        "kr": "korea",
    }


def test_issues_stand_under_four_main_ones():
    mains = Issue.objects.filter(parent=None).order_by("position").values_list("key", flat=True)
    assert list(mains) == ["aral-sea-depletion", "desertification", "water-scarcity", "climate-change"]
    assert Issue.objects.exclude(parent__key__in=mains).exclude(key__in=mains).count() == 0
    assert set(KeyFigure.objects.filter(headline=True).values_list("issue__key", flat=True)) == set(mains)


def test_everything_is_published():
    assert [record for model in RECORDS for record in model.objects.exclude(publication="published")] == []


# ── Related records ──────────────────────────────────────────────────────────────────────────────────────────


def test_every_tie_is_there():
    rows = whole_database()
    assert {table: len(rows[table]) for model in MODELS for table in between(model)} == {
        "issues_issue_places": 132,
        "portal_place_countries": 51,
        "issues_event_countries": 510,
        "issues_event_issues": 303,
        "issues_event_places": 233,
        "issues_indicator_issues": 96,
        "projects_project_countries": 323,
        "projects_project_places": 369,
        "projects_project_sectors": 318,
        "projects_agreement_issues": 87,
        "projects_result_issues": 1,
        "projects_result_countries": 5,
    }


@pytest.mark.parametrize(
    ("model", "paths"),
    [
        (Issue, ["in_countries", "sdgs", "key_figures", "places", "citations", "sources"]),
        (Indicator, ["observations"]),
        (Event, ["countries", "citations"]),
        (Term, ["citations"]),
        (Organisation, ["citations"]),
        (Project, ["countries", "areas", "participations", "citations"]),
        (Agreement, ["parties", "areas", "citations"]),
        (Result, ["citations"]),
    ],
)
def test_no_record_lacks_what_each_must_have(model, paths):
    assert without(model, *paths) == []


def test_every_place_but_a_country_has_a_source():
    assert set(without(Place, "citations")) == set(
        Place.objects.filter(kind__in=["country", "world"]).values_list("key", flat=True)
    )


def test_every_figure_and_every_cause_has_a_source():
    assert list(KeyFigure.objects.filter(citations=None, indicator=None)) == []
    assert list(IssueLink.objects.filter(citations=None)) == []


def test_all_sources_but_twelve_stand_for_something():
    cited = models.Q()
    for relation in Source._meta.related_objects:
        if relation.related_name != "+":
            cited |= models.Q(**{f"{relation.related_name}__isnull": False})
    unused = Source.objects.exclude(pk__in=Source.objects.filter(cited).values("pk"))
    assert sorted(unused.values_list("key", flat=True)) == [  # read, but nothing cites them
        "derinformant-2024-kg",
        "em-dat-2026",
        "gapminder-fasttrack-co2",  # an old edition, as are the four of Our World in Data
        "imf-faostat-temperature-2022",
        "inform-2025-saxaul-autumn",
        "nodong-2006-uz",
        "owid-co2-per-capita",
        "owid-electricity-mix-2022",
        "owid-pm25-2022",
        "owid-wheat-yields-2022",
        "readonly-tj",
        "yna-2009-tour",
    ]


# ── Sources ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_mark_names_a_published_source_that_the_issue_cites():
    strays = []
    for issue in Issue.objects.all():
        cited = set(issue.sources.published().values_list("key", flat=True))
        for section in Section.values:
            for language in LANGUAGES:
                marks = cited_keys(getattr(issue, f"{section}_{language}"))
                strays += [(issue.key, section, language, mark) for mark in marks if mark not in cited]
    assert strays == []


def test_every_section_rests_on_a_source_and_the_same_ones_in_every_language():
    odd = []
    for issue in Issue.objects.all():
        for section in Section.values:
            english, *others = (set(cited_keys(getattr(issue, f"{section}_{language}"))) for language in LANGUAGES)
            if not english or any(marks != english for marks in others):
                odd.append((issue.key, section))
    assert odd == []


def test_no_address_is_catalogued_twice():
    addresses = [
        re.sub(r"^https?://(www\.)?|/$", "", url)
        for url in Source.objects.exclude(url=None).values_list("url", flat=True)
    ]
    assert sorted(addresses) == sorted(set(addresses))


def test_publishers_and_authors_keep_the_names_that_they_use():
    originals = Source.objects.exclude(publisher_original="")
    assert originals.count() == 842
    assert Source.objects.exclude(author_original="").count() == 225
    assert originals.filter(models.Q(language="en") | models.Q(publisher_original=models.F("publisher"))).count() == 0
    yonhap = originals.filter(publisher="Yonhap News Agency", language="ko")
    assert set(yonhap.values_list("publisher_original", flat=True)) == {"연합뉴스"}


def test_former_keys_lead_to_sources_that_stay():
    former = FormerKey.objects.values_list("kind", "key", "now")
    assert {kind for kind, _key, _now in former} == {"source"}
    assert Source.objects.filter(key__in=[key for _kind, key, _now in former]).count() == 0
    assert {now for _kind, _key, now in former} <= set(Source.objects.values_list("key", flat=True))


def test_indicators_and_datasets_carry_their_licence():
    assert [indicator.key for indicator in Indicator.objects.all() if not indicator.licence_en] == []
    measured = Source.objects.filter(pk__in=Observation.objects.values("source"))
    assert [source.key for source in measured if not source.licence_en] == []


@pytest.mark.parametrize("model", [Project, Agreement])
def test_high_confidence_rests_on_more_than_news(model):
    high = model.objects.filter(confidence="high")
    assert high.exists()
    unproven = high.exclude(pk__in=model.objects.filter(sources__kind__in=Source.CONVINCING).values("pk"))
    assert sorted(unproven.values_list("key", flat=True)) == []


# The series whose edition was replaced as a whole, and the source of the edition that stands.
EDITIONS = {
    "co2-emissions": "owid-co2-2025",
    "co2-emissions-per-capita": "owid-co2-per-capita-2025",
    "electricity-coal-share": "owid-electricity-mix-2024",
    "electricity-renewables-share": "owid-renewables-share-2025",
    "hydropower-generation": "owid-hydro-2025",
    "pm25-exposure": "wdi-pm25-2025",
    "protected-kba-share": "owid-kba-2025",
    "red-list-index": "owid-red-list-2025",
    "renewable-energy-final-share": "owid-sdg7-2025",
    "solar-generation": "owid-solar-2026",
    "wheat-yield": "owid-crop-yields-2025",
    "wind-generation": "owid-wind-2025",
}


def test_a_replaced_series_holds_one_edition():
    found = {}
    rows = Observation.objects.filter(indicator__key__in=EDITIONS).order_by("pk")
    for indicator, source in rows.values_list("indicator__key", "source__key").distinct().order_by():
        found.setdefault(indicator, []).append(source)
    assert found == {indicator: [source] for indicator, source in EDITIONS.items()}
    abramov = Observation.objects.filter(indicator__key="glacier-mass-balance", place__key="abramov-glacier")
    assert set(abramov.values_list("source__key", flat=True)) == {"wgms-fog-2025-cmct"}


def test_an_event_about_an_agreement_has_its_title_text_and_date():
    agreements = {f"ev-{agreement.key}": agreement for agreement in Agreement.objects.all()}
    pairs = [(event, agreements[event.key]) for event in Event.objects.filter(key__in=agreements)]
    assert len(pairs) == 62
    differing = [
        (event.key, language)
        for event, agreement in pairs
        for language in LANGUAGES
        if getattr(event, f"title_{language}") != getattr(agreement, f"title_{language}")
        or getattr(event, f"text_{language}") != getattr(agreement, f"summary_{language}")
        or event.date != agreement.date
    ]
    assert differing == []


# ── Texts ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_required_text_stands_in_three_languages():
    missing = []
    for model in translator.get_registered_models(abstract=False):
        options = translator.get_options_for_model(model)
        required = options.required_languages
        fields = required["en"] if isinstance(required, dict) else options.all_fields if required else ()
        for field in fields:
            for language in LANGUAGES:
                column = f"{field}_{language}"
                empty = model._base_manager.filter(models.Q(**{column: ""}) | models.Q(**{column: None}))
                missing += [(row.natural_key(), column) for row in empty]
    assert missing == []


def test_a_text_in_one_language_stands_in_all():
    written = {}
    for row, field, _language, text in translated_texts():
        written.setdefault((row, field), set()).add(bool(text))
    assert [name for name, found in written.items() if len(found) > 1] == []


@pytest.mark.parametrize("model", [Project, Agreement])
def test_evidence_is_kept(model):
    assert [record.key for record in model.objects.all() if not record.evidence_en.strip()] == []


def test_notes_are_kept():
    noted = {model: model.objects.exclude(note_en="").count() for model in (Project, Agreement)}
    assert noted == {Project: 233, Agreement: 46}


def test_texts_are_plain():
    markup = re.compile(r"</?[a-z!]|&[a-z]{2,};|&#|\*\*|\]\(|\u200b|\ufeff|\ufffd", re.IGNORECASE)
    assert [(row, column) for row, column, text in texts() if markup.search(text)] == []


def test_texts_have_no_idle_space():
    assert [(row, column, text) for row, column, text in texts() if text != text.strip() or "  " in text] == []


# Spellings that the portal does not use. They stay in what others wrote: original titles, publishers, aliases.
FORBIDDEN = re.compile(r"코이카|싹사울|하였|됐|[㎢㎦㎥㎡㎞㎜㎝℃㎾㎿]|(?:млн|млрд|тыс\.)\s+долларов")


def test_texts_have_one_spelling():
    found = [
        (row, field, language, match[0])
        for row, field, language, text in translated_texts()
        if (match := FORBIDDEN.search(text))
    ]
    assert found == []


def test_korean_is_written_in_hangul_and_russian_in_cyrillic():
    odd = []
    for row, field, language, text in translated_texts():
        hangul, cyrillic = (bool(re.search(letters, text)) for letters in ("[가-힣]", "[а-яё]"))
        if len(text) > 60 and (hangul, cyrillic) != (language == "ko", language == "ru"):
            odd.append((row, field, language))
    assert odd == []


@pytest.mark.any_database
@pytest.mark.parametrize("model", MODELS)
def test_every_field_holds_what_its_form_would_take(model):
    refused = {}
    for row in model._base_manager.all():
        try:
            row.clean_fields()
            row.clean()
        except ValidationError as refusal:
            refused[row.natural_key()] = refusal.messages
    assert refused == {}


# ── Loading ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.long
def test_loading_a_second_time_changes_nothing():
    before = whole_database()
    call_command("loaddata", *sorted(settings.BASE_DIR.glob("fixtures/*.json")), verbosity=0)
    assert sum(map(len, before.values())) > 18_000
    assert whole_database() == before


def test_key_figures_agree_with_the_series_and_each_series_has_its_value():
    gaps = {issue.key: [gap.text for gap in key_figure_blockers(issue)] for issue in Issue.objects.all()}
    assert {key: found for key, found in gaps.items() if found} == {}
