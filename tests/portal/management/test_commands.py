"""Commands: the content is loaded once, and written from a dossier without losing a word."""

import json
from io import StringIO

import pytest
import yaml
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command, load_command_class
from django.core.management.base import BaseCommand
from django.db import connection

from portal.management.commands.write_fixtures import STAMP
from portal.models import Place, Source

FIXTURES = django_settings.BASE_DIR / "fixtures"
DOSSIER = django_settings.BASE_DIR.parent / "shared" / "dossier"


def run(command, *arguments, **options):
    """What a command says, line by line."""
    out = StringIO()
    call_command(command, *arguments, stdout=out, **options)
    return out.getvalue().splitlines()


# ── seed ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def tiny_fixtures(settings, tmp_path):
    """Two fixtures in place of the portal's own: the second names a record of the first."""
    record = {"publication": "published", "created_at": STAMP, "updated_at": STAMP}
    source = {"key": "micklin-2016", "title": "The Future Aral Sea", "publisher": "Springer", "kind": "report"}
    place = {"key": "aral-sea", "name_en": "Aral Sea", "kind": "lake"}
    citation = {"place": ["aral-sea"], "source": ["micklin-2016"]}
    (tmp_path / "fixtures").mkdir()
    for name, rows in {
        "20_places": [("portal.place", record | place), ("portal.placecitation", citation)],
        "10_sources": [("portal.source", record | source | {"language": "en"})],
    }.items():
        written = [{"model": model, "fields": fields} for model, fields in rows]
        (tmp_path / "fixtures" / f"{name}.json").write_text(json.dumps(written), encoding="utf-8")
    settings.BASE_DIR = tmp_path


def test_seed_loads_all_fixtures_in_order_into_an_empty_database(db, tiny_fixtures):
    run("seed", verbosity=0)
    place = Place.objects.get(key="aral-sea")
    assert (place.name_en, [source.key for source in place.sources.all()]) == ("Aral Sea", ["micklin-2016"])
    assert f"{place.updated_at:%Y-%m-%d}" == STAMP[:10]


def test_seed_leaves_a_database_that_editors_have_changed(db, tiny_fixtures):
    run("seed", verbosity=0)
    Place.objects.update(name_en="The Aral Sea")
    Source.objects.update(title="The Future of the Aral Sea")
    assert run("seed") == ["The database has records already; they stay as they are."]
    assert Place.objects.get().name_en == "The Aral Sea"
    assert Source.objects.get().title == "The Future of the Aral Sea"


@pytest.mark.postgres
def test_loading_leaves_the_database_with_statistics_to_plan_by(db, tiny_fixtures):
    run("seed", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT attname FROM pg_stats WHERE tablename = 'portal_source' AND attname = 'publication'")
        assert cursor.fetchall() == [("publication",)]


# ── write_fixtures, from the dossier that the content came from ──────────────────────────────────────────────


def test_fixtures_are_what_the_dossier_says(tmp_path):
    if not DOSSIER.is_dir():
        pytest.skip("../shared is not there")
    run("write_fixtures", DOSSIER, output=tmp_path)
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    kept = {path.name: path.read_bytes() for path in FIXTURES.glob("*.json")}
    del kept["15_sectors.json"]  # the OECD's list, not the dossier's
    del kept["90_page_choices.json"]  # what editors chose for pages
    assert sorted(written) == sorted(kept)
    assert [name for name in sorted(kept) if written[name] != kept[name]] == []


# ── write_fixtures, from a tiny one ──────────────────────────────────────────────────────────────────────────


def text(words):
    return {"en": words, "ko": f"{words} (ko)", "ru": f"{words} (ru)"}


def source(key, **fields):
    return {
        "key": key,
        "title": "The Future Aral Sea",
        "publisher": "Springer",
        "url": f"https://example.org/{key}",
        "kind": "journal-article",
        "language": "en",
        **fields,
    }


def issue(key="aral", **fields):
    sections = ("drivers", "pressures", "state", "impacts", "responses")
    return {
        "key": key,
        "parent": "none",
        **{name: text("Known.") for name in ("name", "summary", *sections)},
        **fields,
    }


@pytest.fixture
def write(tmp_path):
    """Write fixtures from these files of a dossier: file name without .yaml -> records. Gives rows by fixture."""

    def write(**files):
        dossier, output = tmp_path / "dossier", tmp_path / "fixtures"
        dossier.mkdir(), output.mkdir()
        for name, records in files.items():
            path = dossier / f"{name.replace('_', '-')}.yaml"
            path.write_text(yaml.safe_dump(records, allow_unicode=True), encoding="utf-8")
        write.said = run("write_fixtures", dossier, output=output)
        return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(output.iterdir())}

    return write


def fields_of(rows, model):
    return [row["fields"] for row in rows if row["model"] == model]


def test_write_fixtures_says_how_many_rows_each_has(write):
    rows = write(sources_one=[source("a"), source("b")])
    assert write.said == [f"{name}: {len(found)} rows" for name, found in rows.items()]
    assert (len(rows["10_sources"]), len(rows["80_glossary"])) == (2, 0)


def test_written_records_are_published_and_stamped(write):
    [written] = write(sources_one=[source("a")])["10_sources"]
    assert {name: written["fields"][name] for name in ("publication", "version", "created_at", "updated_at")} == {
        "publication": "published",
        "version": 1,
        "created_at": STAMP,
        "updated_at": STAMP,
    }


def test_sources_with_one_address_become_one_with_all_that_is_known(write):
    rows = write(
        sources_one=[source("micklin", url="https://example.org/aral", date="2016")],
        sources_two=[
            source(
                "micklin-2016",
                url="https://example.org/aral",
                title="Another title of the same page",
                author="Philip Micklin",
                date="2016-05",
            ),
            source("other"),
        ],
    )["10_sources"]
    kept, other = fields_of(rows, "portal.source")
    assert (kept["key"], other["key"]) == ("micklin", "other")
    assert (kept["title"], kept["author"], kept["date"]) == ("The Future Aral Sea", "Philip Micklin", "2016-05")
    assert fields_of(rows, "portal.formerkey") == [{"kind": "source", "key": "micklin-2016", "now": "micklin"}]


def test_sources_without_an_address_stay_apart(write):
    rows = write(sources_one=[source("a", url=None), source("b", url=None)])["10_sources"]
    assert [(row["fields"]["key"], row["fields"]["url"]) for row in rows] == [("a", None), ("b", None)]


def test_two_extracts_of_one_dataset_keep_both_descriptions(write):
    address = {"url": "https://example.org/data", "kind": "dataset"}
    [kept, _former] = write(
        sources_one=[
            source("water", title="Water", version="2024", note="First part.", publisher="FAO", **address),
            source("land", title="Land", version="2025", note="Second part.", publisher="UN FAO", **address),
        ]
    )["10_sources"]
    assert {name: kept["fields"][name] for name in ("title", "edition", "note", "publisher")} == {
        "title": "Water; Land",
        "edition": "2024; 2025",
        "note": "First part. Second part.",
        "publisher": "FAO",
    }


def test_files_of_one_repository_stay_apart(write):
    address = {"url": "https://example.org/data", "kind": "dataset"}
    rows = write(
        sources_one=[
            source("water", note="File withdrawal.csv.", **address),
            source("land", note="Files forest_share and soil.", **address),
            source("air", note="Dataset pm25 with its description.", **address),
        ]
    )["10_sources"]
    assert {row["fields"]["key"]: row["fields"]["url"] for row in rows} == {
        "water": "https://example.org/data",
        "land": "https://example.org/data#forest_share",
        "air": "https://example.org/data#pm25",
    }


def test_what_cited_a_merged_source_cites_the_one_that_stays(write):
    rows = write(
        sources_one=[source("stays", url="https://example.org/aral"), source("goes", url="https://example.org/aral")],
        issues=[
            issue(
                drivers=text("Cotton [goes]."),
                responses=text("A dam [stays][goes]."),
                sources=["goes"],
                key_figures=[{"label": text("Area"), "value": 68000, "unit": "km²", "year": 1960, "sources": ["goes"]}],
            )
        ],
        places_one=[
            {
                "key": "lake-balkhash",
                "name": text("Lake Balkhash"),
                "kind": "lake",
                "country": "none",
                "sources": ["goes", "stays"],
            }
        ],
    )
    [written] = fields_of(rows["40_issues"], "issues.issue")
    assert (written["drivers_en"], written["responses_ko"]) == ("Cotton [stays].", "A dam [stays][stays]. (ko)")
    assert fields_of(rows["40_issues"], "issues.issuecitation") == [
        {"issue": ["aral"], "source": ["stays"], "position": 0}
    ]
    assert fields_of(rows["40_issues"], "issues.keyfigurecitation") == [
        {"figure": ["aral", 1], "source": ["stays"], "position": 0}
    ]
    assert fields_of(rows["20_places"], "portal.placecitation") == [
        {"place": ["lake-balkhash"], "source": ["stays"], "position": 0}
    ]


def test_a_place_stands_after_the_ones_that_it_names(write):
    rows = write(
        places_one=[
            {
                "key": "nukus",
                "name": text("Nukus"),
                "kind": "city",
                "country": "UZ",
                "latitude": 42.46,
                "longitude": 59.6,
            },
            {"key": "karakalpakstan", "name": text("Karakalpakstan"), "kind": "province", "country": "UZ"},
        ]
    )["20_places"]
    places = {row["fields"]["key"]: row["fields"] for row in rows}
    assert [key for key in places if key in {"uz", "nukus", "karakalpakstan"}] == ["uz", "karakalpakstan", "nukus"]
    nukus = places["nukus"]
    assert (nukus["country"], nukus["part_of"], nukus["latitude"]) == (["uz"], ["karakalpakstan"], "42.46")


PROJECT = {
    **{"key": "trees", "title": text("Trees"), "summary": text("Trees."), "evidence": "The ministry names it."},
    **{"level": "national", "status": "implementation", "confidence": "high"},
}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"sources_one": [source("a", abstract="Long.", pages=12)]}, "source a: no place for abstract, pages"),
        (
            {"issues": [issue(countries=[{"country": "UZ", "note": text("Here."), "since": 1960}])]},
            "country note of aral: no place for since",
        ),
        (
            {"projects_one": [PROJECT | {"budget": {"amount": 1, "currency": "USD", "year": 2020}}]},
            "budget of trees: no place for year",
        ),
        (
            {
                "projects_one": [
                    PROJECT | {"organisations": [{"organisation": "koica", "role": "funding", "share": 50}]}
                ]
            },
            "participation in trees: no place for share",
        ),
    ],
)
def test_a_field_without_a_place_stops_the_writing(write, files, message):
    with pytest.raises(CommandError) as refusal:
        write(**files)
    assert str(refusal.value) == message


def test_a_unit_without_its_words_stops_the_writing(write):
    figure = {"label": text("Area"), "value": 1, "unit": "acres", "year": 1960, "sources": []}
    with pytest.raises(CommandError) as refusal:
        write(issues=[issue(key_figures=[figure])])
    assert str(refusal.value) == (
        "'acres' is not among the units of dossier_words.json. Add it there in three languages."
    )


def test_a_folder_that_is_not_there_is_named(tmp_path):
    missing = tmp_path / "nowhere"
    with pytest.raises(CommandError) as refusal:
        run("write_fixtures", missing, output=tmp_path)
    assert str(refusal.value) == f"{missing} is no folder. Name the folder that holds sources-*.yaml and the rest."
    assert list(tmp_path.iterdir()) == []


# ── Former names ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("app", "old", "new"),
    [
        ("portal", "find_doubles", "find_duplicates"),
        ("portal", "search_rebuild", "rebuild_search_index"),
        ("portal", "write_data", "build_data_archive"),
        ("projects", "generate_load", "generate_test_data"),
    ],
)
def test_command_answers_to_its_former_name_and_says_so(app, old, new, monkeypatch):
    command = load_command_class(app, old)
    assert isinstance(command, type(load_command_class(app, new)))
    monkeypatch.setattr(BaseCommand, "execute", lambda self, **options: f"done in {options['language']}")
    command.stderr = StringIO()
    assert command.execute(language="en") == "done in en"
    assert command.stderr.getvalue() == f"{old} is now called {new}. The former name goes with the next release."
