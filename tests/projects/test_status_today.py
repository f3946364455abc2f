"""The status that readers see today is the same on pages, in files and in the API, and turns over at midnight."""

import csv
import io
import json

import pytest
from lxml import html
from openpyxl import load_workbook

from portal.http import page_cache
from portal.open_data import archive
from projects.filters import ProjectFilter
from projects.models import Project, StatedStatus, StatusNow
from tests import reading
from tests.conftest import empty_caches
from tests.counting import settle
from tests.make import make_country, make_place, make_project

pytestmark = pytest.mark.django_db

# One project for each status of 27 November 2026: stated status, end, date of the report.
PROJECTS = {
    "pipeline": ("pipeline", None, "2026-06"),
    "implementation": ("implementation", "2027", "2026-06"),
    "finalisation": ("finalisation", None, "2025"),
    "pipeline-last-reported": ("pipeline", None, "2012-12"),
    "implementation-last-reported": ("implementation", None, "2021"),
    "finalisation-last-reported": ("finalisation", "2027", "2021"),
    "pipeline-undated": ("pipeline", None, None),
    "implementation-undated": ("implementation", None, None),
    "finalisation-undated": ("finalisation", None, None),
    "end-passed": ("implementation", "2024", "2023"),
    "closed": ("closed", "2024", None),
    "cancelled": ("cancelled", None, None),
    "suspended": ("suspended", None, None),
}


@pytest.fixture
def projects(on):
    on("2026-11-27")
    country = make_country(key="uz")
    place = make_place(key="nukus", country=country, latitude="42.46", longitude="59.61")
    made = {}
    for key, (status, end, as_of) in PROJECTS.items():
        made[key] = make_project(key=f"is-{key}", title_en=f"Trees {key}", status=status, end=end, status_as_of=as_of)
        made[key].countries.add(country)
        made[key].places.add(place)
    return made


def badges(response):
    """Return the texts of the statuses of a page."""
    found = html.fromstring(response.content).xpath("//span[contains(@class, 'tag-status')]")
    return [" ".join(one.text_content().split()) for one in found]


def badge(response):
    """Return the text of the first status of a page."""
    return badges(response)[0]


def rows_of(response):
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return {row["key"]: row for row in csv.DictReader(io.StringIO(body.decode("utf-8-sig")))}


def test_codes_are_those_of_the_table_and_never_a_stated_one_that_is_old():
    assert set(PROJECTS) == set(StatusNow.values)


@pytest.mark.parametrize("language", ["en", "ko", "ru"])
def test_page_list_files_and_api_state_the_same(client, projects, language):
    listed = client.get(f"/{language}/projects/", {"per_page": 50})
    by_key = {
        row.xpath(".//td[contains(@class, 'name')]//a/@href")[0].split("/")[-2]: reading.words(
            row.xpath(".//span[contains(@class, 'tag-status')]")[0]
        )
        for row in html.fromstring(listed.content).xpath("//tbody/tr")
    }
    rows = rows_of(client.get(f"/{language}/projects/", {"format": "csv"}))
    items = {
        item["key"]: item for item in client.get("/api/v1/projects", {"lang": language, "limit": 50}).json()["items"]
    }
    whole = json.loads(b"".join(client.get(f"/{language}/projects/", {"format": "json"}).streaming_content))
    geo = json.loads(b"".join(client.get(f"/{language}/projects/", {"format": "geojson"}).streaming_content))
    in_files = {item["key"]: item for item in whole["items"]}
    on_the_map = {feature["id"]: feature["properties"] for feature in geo["features"]}
    for code, project in projects.items():
        page = badge(client.get(project.get_absolute_url().replace("/en/", f"/{language}/")))
        item, row = items[project.key], rows[project.key]
        label = item["status_now"]["name"]
        assert by_key[project.key] == page
        assert page.split()[0] == label.split()[0]  # Russian joins the date by other words than it ends a label
        assert (item["status_now"]["code"], row["status_now"]) == (code, code)
        assert row[f"status_now_{language}"] == label
        assert in_files[project.key]["status_now"]["name"][language] == label
        assert on_the_map[project.key]["status_now_code"] == code
        assert on_the_map[project.key]["status_now"] == label
        assert (item["status"]["code"], row["status"]) == PROJECTS[code][:1] * 2
        assert (item["status_as_of"], row["status_as_of"] or None) == (PROJECTS[code][2],) * 2
        stated = PROJECTS[code][0]
        assert (code == stated) or code not in StatedStatus.values


def test_data_table_states_the_status_of_today(client, projects):
    rows = rows_of(client.get("/data/projects.csv"))
    assert {key.removeprefix("is-"): row["status_now"] for key, row in rows.items()} == {
        code: code for code in PROJECTS
    }


def test_workbook_states_the_status_of_today(client, projects):
    sheet = load_workbook(io.BytesIO(client.get("/en/projects/", {"format": "xlsx"}).content)).worksheets[0]
    head, *rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    key, now = head.index("key"), head.index("status_now")
    assert {row[key].removeprefix("is-"): row[now] for row in rows} == {code: code for code in PROJECTS}


@pytest.mark.parametrize("address", ["/en/countries/uz/", "/en/places/nukus/", "/en/"])
def test_pages_with_projects_show_the_date_of_an_old_status(client, projects, address):
    shown = badges(client.get(address))
    assert shown
    assert "Under way" not in shown  # never without the date of its source


def test_map_shows_the_date_of_an_old_status_of_projects_known_only_by_country(client, projects):
    Project.places.through._base_manager.all().delete()
    shown = badges(client.get("/en/map/"))
    assert shown
    assert "Under way" not in shown


def test_map_data_search_and_comparison_show_the_date_of_an_old_status(client, projects):
    for code, project in projects.items():
        if code != "implementation-last-reported":
            project.delete()
    words = "Under way when last reported (2021)"
    marks = client.get("/en/map/", {"format": "json"}).json()
    assert [link["status"] for mark in marks["features"] for link in mark["properties"]["links"]] == [words]
    assert badges(client.get("/en/search/", {"q": "trees"})) == [words]
    other = make_project(key="other", status="closed")
    compared = client.get("/en/compare/", {"project": [projects["implementation-last-reported"].key, other.key]})
    assert words in compared.content.decode()


def test_search_for_a_status_word_shows_what_readers_see_today(client, projects):
    found = client.get("/en/search/", {"q": "“under way”"})
    assert "Under way" not in badges(found)
    excerpts = html.fromstring(found.content).xpath("//*[contains(@class, 'hit-excerpt')]")
    assert all("Under way" not in excerpt.text_content() for excerpt in excerpts)


# ── Filters ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", [1, 3])
def test_counts_of_both_statuses_are_the_lengths_of_their_lists(client, on, size):
    on("2026-11-27")
    for number in range(size):
        for key, (status, end, as_of) in PROJECTS.items():
            make_project(key=f"{key}-{number}", status=status, end=end, status_as_of=as_of)
    counts = reading.options(client.get("/en/projects/"), "status_now")
    assert counts == dict.fromkeys(StatusNow.values, size)
    stated = reading.options(client.get("/en/projects/"), "status")
    assert stated == {
        status.value: size * sum(row[0] == status for row in PROJECTS.values()) for status in StatedStatus
    }
    for code in PROJECTS:
        expected = sorted(f"{code}-{number}" for number in range(size))
        assert sorted(reading.shown(client.get("/en/projects/", {"status_now": code}))) == expected
        api = client.get("/api/v1/projects", {"status_now": code, "status": PROJECTS[code][0]}).json()
        assert sorted(item["key"] for item in api["items"]) == expected
    counted_in_the_database = ProjectFilter().filters["status_now"].counts_from_queryset(Project.objects.all())
    assert counted_in_the_database == counts
    both = client.get("/en/projects/", {"status_now": ["end-passed", "closed"], "q": "saxaul"})
    assert len(reading.shown(both)) == 2 * size


def test_filter_of_the_stated_status_finds_old_ones_too(client, projects):
    found = reading.shown(client.get("/en/projects/", {"status": "implementation"}))
    assert sorted(found) == sorted(
        f"is-{code}" for code, (status, _end, _as_of) in PROJECTS.items() if status == "implementation"
    )


@pytest.mark.parametrize(("sort", "first"), [("status", "is-pipeline"), ("-status", "is-suspended")])
def test_list_is_sorted_by_the_status_of_today(client, projects, sort, first):
    keys = reading.shown(client.get("/en/projects/", {"sort": sort, "per_page": 50}))
    order = [f"is-{code}" for code in StatusNow.values]
    assert keys == (order if sort == "status" else order[::-1])
    assert keys[0] == first


def test_coverage_counts_the_statuses_of_today(client, projects):
    page = html.fromstring(client.get("/en/coverage/").content)
    counts = {reading.words(link) for link in page.xpath("//p[contains(@class, 'figure-sentence')]//a")}
    assert {
        "Under way (1)",
        "Under way when last reported (1)",
        "End date passed; completion not confirmed (1)",
    } <= counts
    [address] = page.xpath("//a[starts-with(., 'Under way when last reported')]/@href")
    assert reading.shown(client.get(address)) == ["is-implementation-last-reported"]


# ── Midnight ─────────────────────────────────────────────────────────────────────────────────────────────────

ADDRESSES = (
    "/en/projects/",
    "/en/projects/over/",
    "/en/",
    "/api/v1/projects",
    "/api/v1/projects/over",
    "/data/projects.csv",
)


def body(response):
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_status_turns_over_at_midnight_of_the_portals_time_zone_and_nothing_else_changes(client, on):
    on("2026-12-31", "23:59:59")
    project = make_project(key="over", status="implementation", end="2026", status_as_of="2026-06")
    settle()
    before = {address: client.get(address) for address in ADDRESSES}
    bodies = {address: body(response) for address, response in before.items()}
    changed = client.get("/api/v1/projects/over").json()["changed"]
    feed = html.fromstring(client.get("/en/feed/").content).xpath("//updated/text()")
    oai = "/oai?verb=ListIdentifiers&metadataPrefix=oai_dc"
    stamps = html.fromstring(client.get(oai).content).xpath("//datestamp/text()")
    assert reading.options(client.get("/en/projects/"), "status_now") == {"implementation": 1}

    on("2027-01-01", "00:00:00")
    assert reading.options(client.get("/en/projects/"), "status_now") == {"end-passed": 1}
    assert reading.shown(client.get("/en/projects/", {"status_now": "implementation"})) == []
    assert reading.shown(client.get("/en/projects/", {"status_now": "end-passed"})) == ["over"]
    for address, old in before.items():
        for header, value in (
            ("If-None-Match", old.headers.get("ETag")),
            ("If-Modified-Since", old.headers.get("Last-Modified")),
        ):
            if value:
                again = client.get(address, headers={header: value})
                assert again.status_code == 200, (address, header)
                assert body(again) != bodies[address], (address, header)
    now = client.get("/api/v1/projects/over").json()
    assert (now["status_now"]["code"], now["status"]["code"]) == ("end-passed", "implementation")
    assert now["changed"] == changed
    assert html.fromstring(client.get("/en/feed/").content).xpath("//updated/text()") == feed
    assert html.fromstring(client.get(oai).content).xpath("//datestamp/text()") == stamps
    project.refresh_from_db()
    assert project.version == 1


def test_archive_is_built_again_on_the_next_day(on, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    on("2026-12-31", "23:59:59")
    make_project(key="over", end="2026", status_as_of="2026-06")
    settle()
    assert archive.make().is_fresh
    on("2027-01-01", "00:00:00")
    assert not archive.current_archive().is_fresh
    assert archive.make().is_fresh


def test_cached_values_end_with_the_day(on):
    on("2026-12-31", "23:59:59")
    key = page_cache.cache_key(1, "list")
    on("2027-01-01", "00:00:00")
    assert page_cache.cache_key(1, "list") != key


def test_past_version_shows_the_status_of_its_day(client, on, settings):
    on("2026-12-01")
    make_project(key="over", status="implementation", end="2026", status_as_of="2026-06")
    empty_caches()
    on("2027-02-01")
    assert badge(client.get("/en/projects/over/")) == "End date 2026 passed; completion not confirmed"
    past = client.get("/en/projects/over/on/2026-12-05/")
    assert badge(past) == "Under way · last reported June 2026"
