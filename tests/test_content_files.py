"""The content files of November 2026 and the fixtures, counted by kind. Each difference is named with its reason.

The files are not part of the project. Without them these tests are skipped. What today's models cannot hold waits:
needs, promises, the newest facts of issues, sources of country notes, budgets and stories.
"""

import csv
import functools
import json
import re
from collections import defaultdict
from decimal import Decimal

import pytest
import yaml
from django.conf import settings

FILES = settings.BASE_DIR.parent / "shared" / "content" / "november-2026"
pytestmark = pytest.mark.skipif(not FILES.is_dir(), reason="../shared is not there")

LANGUAGES = ("en", "ko", "ru")
CORRECTIONS = [f"corrections-{number}.yaml" for number in range(2, 7)]
MODELS = {
    "agreement": "projects.agreement",
    "event": "issues.event",
    "indicator": "issues.indicator",
    "issue": "issues.issue",
    "link": "issues.issuelink",
    "organisation": "projects.organisation",
    "place": "portal.place",
    "project": "projects.project",
    "result": "projects.result",
    "source": "portal.source",
    "term": "issues.term",
    "agreementactivity": "projects.agreementactivity",
    "agreementoutcome": "projects.agreementoutcome",
    "projectissue": "projects.projectissue",
    "resultfigure": "projects.resultfigure",
}
# The fields that name a row in the files, where it has no key of its own.
NAMED_BY = {
    "link": ("cause", "effect"),
    "agreementactivity": ("agreement", "date"),
    "agreementoutcome": ("agreement", "project"),
    "projectissue": ("project", "issue"),
    "resultfigure": ("result", "position"),
}

# Texts that stand otherwise than the file says, by record, field and language ("*" for all three).
LATER = {
    ("issue/soil-salinization", "state", "en"): "the wording writes salinized, as UN terms do",
    ("organisation/uz-ministry-higher-education", "name", "*"): "a later correction has the full former name",
    ("organisation/rishtan-city-government", "name", "ko"): "the wording transcribes Rishtan as its place does",
    ("project/gg-doctor-training-uz-eleven", "note", "*"): "a later correction reads the numbers of the releases",
    ("result/kfs-aral-sea-forest-restoration-kz-lesson-1", "text", "*"): "removed: the campaign is not the project’s",
    ("result/koica-kg-election-capacity-result-1", "text", "en"): "a second reader: a first use, not a trial",
    ("result/koica-kg-election-capacity-result-1", "text", "ru"): "a second reader: a first use, not a trial",
    ("result/motie-uz-farm-machinery-rd-result-1", "text", "en"): "a second reader: the fourth calendar year",
    ("result/motie-uz-farm-machinery-rd-result-1", "text", "ru"): "a second reader: the fourth calendar year",
    ("result/gg-bolashak-medical-training-lesson-1", "text", "ko"): "a second reader: an inference, as in English",
    ("term/term-cryosphere", "definition", "ru"): "a second reader: a description, not an official name",
}
# Texts that the second reads of December changed, by record and field.
READ_AGAIN = (
    ("agreementactivity/chungnam-fergana-2024/2025-07-15", "text"),
    ("agreementactivity/gimpo-fergana-2024/2025-09-25", "text"),
    ("issue/extreme-heat", "state"),
    ("note/air-pollution/tm", "note"),
    ("note/drinking-water-and-health/kz", "note"),
    ("note/drinking-water-and-health/tj", "note"),
    ("note/drinking-water-and-health/uz", "note"),
    ("note/drought/kz", "note"),
    ("note/extreme-heat/kg", "note"),
    ("note/floods-and-mudflows/uz", "note"),
    ("note/forest-and-tugai-loss/kz", "note"),
    ("note/glacier-retreat/tj", "note"),
    ("note/pasture-degradation/uz", "note"),
    ("note/soil-salinization/uz", "note"),
    ("project/edcf-uz-general-hospital", "note"),
    ("project/gg-fire-vehicles-kyrgyzstan", "results"),
    ("project/incheon-bishkek-heart-children", "note"),
    ("project/myongji-hospital-uzbekistan", "note"),
)
LATER |= {(record, field, "*"): "a second read of December" for record, field in READ_AGAIN}
# Texts that were put more clearly when the records were read whole, by record and field.
READ_WHOLE = (
    ("agreement/cheongju-kokand-2024", "outcome_note"),
    ("figure/water-scarcity/Chronic deficit expected by 2028, upper bound (forecast of 2023)", "label"),
    ("indicator/drinking-water-safely-managed", "definition"),
    ("project/arkadag-medical-cluster", "summary"),
    ("project/cha-bundang-uzbek-heart-children", "results"),
    ("project/cha-bundang-uzbek-heart-children", "summary"),
    ("project/chungbuk-education-office-kyrgyz-digital", "results"),
    ("project/chungbuk-education-office-kyrgyz-digital", "summary"),
    ("project/edcf-uz-ngis", "evidence"),
    ("project/edcf-uz-ngis", "note"),
    ("project/gg-koryo-settlement-2023", "note"),
    ("project/gg-koryo-settlement-2023", "summary"),
    ("project/gg-koryo-settlement-2025", "note"),
    ("project/gg-koryo-settlement-2026", "note"),
    ("project/gg-oda-central-asia-korean-books-2021", "summary"),
    ("project/gg-salamatty-kazakhstan-patients", "summary"),
    ("project/gimpo-uzbek-egov-study-visit", "note"),
    ("project/gimpo-uzbek-egov-study-visit", "summary"),
    ("project/good-neighbors-kamarob-livelihoods", "summary"),
    ("project/hyundai-buses-turkmenistan", "results"),
    ("project/hyundai-kiyanly-commissioning-2024", "note"),
    ("project/jeonnam-education-office-kyrgyz-ict", "note"),
    ("project/jeonnam-education-office-kyrgyz-ict", "results"),
    ("project/jeonnam-education-office-kyrgyz-ict", "summary"),
    ("project/jeonnam-education-office-kyrgyz-ict", "title"),
    ("project/kdhc-bishkek-heating", "note"),
    ("project/kdhc-kazakhstan-heating", "summary"),
    ("project/keco-kemin-sanitary-landfill", "evidence"),
    ("project/keco-kemin-sanitary-landfill", "note"),
    ("project/keco-kemin-sanitary-landfill", "summary"),
    ("project/kind-alatau-smart-city", "evidence"),
    ("project/king-sejong-centre-ashgabat", "note"),
    ("project/koica-jeonnam-farm-machinery-training", "title"),
    ("project/koica-kg-electronic-id", "note"),
    ("project/koica-kg-electronic-id", "summary"),
    ("project/koica-kg-public-sector-electric-vehicles", "results"),
    ("project/koica-kg-public-sector-electric-vehicles", "summary"),
    ("project/koica-tajik-shahritus-water-2016", "results"),
    ("project/koica-tajik-shahritus-water-2016", "summary"),
    ("project/koica-tajik-shahritus-water-2016", "title"),
    ("project/koica-uz-bukhara-women-centres", "evidence"),
    ("project/koica-uz-bukhara-women-centres", "summary"),
    ("project/koica-uz-covid-response-2020", "results"),
    ("project/koica-uz-korean-medicine-rehabilitation", "summary"),
    ("project/koica-uz-preschool-courses-2021", "note"),
    ("project/koica-uz-preschool-teacher-centre", "summary"),
    ("project/koica-uz-shahrisabz-training", "evidence"),
    ("project/koica-uz-tashkent-training", "evidence"),
    ("project/koica-uz-uzstandard-ict", "evidence"),
    ("project/koica-uz-uzstandard-ict", "summary"),
    ("project/koica-uz-uzstandard-ict", "title"),
    ("project/korail-uzbekistan-high-speed", "note"),
    ("project/korail-uzbekistan-high-speed", "title"),
    ("project/ksit-balkan-cargo-ships", "note"),
    ("project/ksit-balkan-cargo-ships", "summary"),
    ("project/mof-kg-aquaculture-centre", "note"),
    ("project/mof-kg-aquaculture-centre", "summary"),
    ("project/seongnam-oda-dolmago-bishkek-2016", "summary"),
    ("project/seongnam-oda-dolmago-bishkek-2016", "title"),
    ("project/snubh-tashkent-digital-health-centre", "note"),
    ("project/snubh-tashkent-digital-health-centre", "title"),
    ("project/soonchunhyang-bucheon-bishkek-video-centre", "summary"),
    ("project/st-mary-west-kazakhstan-health", "summary"),
    ("project/suwon-toilets-tajik-agrarian-university", "summary"),
    ("project/wfp-korea-rasht-schools", "summary"),
    ("project/wonkwang-astana-telehealth", "summary"),
    ("project/yangsan-pnu-uz-children-telehealth", "summary"),
    ("project/yangsan-pnu-uz-children-telehealth", "title"),
)
LATER |= {(record, field, "*"): "read whole" for record, field in READ_WHOLE}
# Values that stand otherwise than the file says, by record and field.
LATER_VALUES = {}


class DatesAsText(yaml.CSafeLoader):
    """Reads YAML. A date stays the text that it is."""


DatesAsText.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


@functools.cache
def from_yaml(name):
    return yaml.load((FILES / name).read_text("utf-8"), Loader=DatesAsText)  # noqa: S506 - a safe loader


@functools.cache
def from_csv(name):
    with (FILES / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@functools.cache
def fixture_rows():
    """Return the fields of all rows of the fixtures by the label of their model."""
    rows = defaultdict(list)
    for path in sorted((settings.BASE_DIR / "fixtures").glob("*.json")):
        for row in json.loads(path.read_text("utf-8")):
            rows[row["model"]].append(row["fields"])
    return rows


@functools.cache
def records(kind):
    """Return the rows of a kind by their name in the files: the key, or the values of NAMED_BY."""

    def name(row):
        values = (row[field] for field in NAMED_BY.get(kind, ("key",)))
        return "/".join(value[0] if isinstance(value, list) else str(value) for value in values)

    return {name(row): row for row in fixture_rows()[MODELS[kind]]}


@functools.cache
def issue_files():
    return {
        data["issue"]: data
        for path in sorted(FILES.glob("issues/*.yaml"))
        for data in [from_yaml(f"issues/{path.name}")]
    }


def keys_in(name, part=None):
    data = from_yaml(name)
    return {entry["key"] for entry in (data if part is None else data.get(part, []))}


def spaced(text):
    """Return a text with plain spaces in place of no-break ones, which the wording adds later."""
    return (text or "").replace("\u00a0", " ").replace("\u202f", " ")


def is_named(differences, record, field, language):
    return any((record, field, one) in differences for one in (language, "*"))


def test_sources_are_there_once_a_record_cites_them():
    named = set().union(
        *(keys_in(name) for name in ("new-sources.yaml", "new-sources-2.yaml")),
        *(keys_in(name, "sources") for name in ("needs-sources.yaml", "promises-sources.yaml")),
        keys_in("new-project-sources.yaml"),
        *(keys_in(name, "new_sources") for name in CORRECTIONS),
    )
    held = named & set(records("source"))
    cited = {
        row["source"][0] for rows in fixture_rows().values() for row in rows if isinstance(row.get("source"), list)
    }
    assert held - cited == set()
    assert (len(named), len(held)) == (647, 454)  # the others wait for the statements that cite them


def test_organisations_are_there_but_those_of_needs_and_promises():
    waiting = keys_in("needs-organisations.yaml", "organisations") | keys_in(
        "promises-organisations.yaml", "organisations"
    )
    named = keys_in("project-organisations.yaml").union(*(keys_in(name, "new_organisations") for name in CORRECTIONS))
    assert (len(named), len(waiting)) == (44, 35)
    assert named - set(records("organisation")) == {"agrifood-new-marketing-institute"}  # its only role is not proven
    assert waiting & set(records("organisation")) == {"kz-ministry-water"}  # a new project names it as partner


def test_places_in_use_and_all_units_of_the_first_level_are_records():
    """The rest of the gazetteer is a list of names without pages."""
    readme = (FILES / "README.md").read_text("utf-8")
    used = set(re.split(r",\s*", re.search(r"Used: (.*?)\.\n", readme)[1]))
    first_level = {"ahal-region", "jeju", "mary-region", "north-kazakhstan-region", "pavlodar-region", "ulytau-region"}
    gazetteer = {row["key"] for row in from_csv("gazetteer.csv")} | keys_in("new-places.yaml")
    new = {row["key"] for row in from_csv("gazetteer.csv") if row["existing"] != "yes"} | keys_in("new-places.yaml")
    assert new & set(records("place")) == used | first_level
    assert (len(used), len(gazetteer), len(gazetteer - set(records("place")))) == (60, 992, 738)


def test_indicators_and_all_their_values_are_there():
    assert keys_in("new-indicators.yaml") - set(records("indicator")) == set()
    held = {
        (row["indicator"][0], row["place"][0], row["year"], row["source"][0]): Decimal(row["value"])
        for row in fixture_rows()["issues.observation"]
    }
    missing, count = [], 0
    for data in issue_files().values():
        for series in data["series"]:
            for row in from_csv(f"issues/{series['file']}"):
                count += 1
                key = (series["indicator"], row["place"], int(row["year"]), row["source"])
                if held.get(key) != Decimal(row["value"]):
                    missing.append(key)
    assert (len(keys_in("new-indicators.yaml")), count, missing) == (9, 663, [])


def test_events_projects_and_terms_are_there():
    events = keys_in("new-events.yaml") | keys_in("new-events-2.yaml")
    assert (len(events), events - set(records("event"))) == (53, set())
    projects = keys_in("new-projects.yaml")
    assert (len(projects), projects - set(records("project"))) == (48, set())
    terms = from_yaml("glossary-additions.yaml")["terms"]
    with_source = {term["key"] for term in terms if term["sources"]}
    assert (len(terms), len(with_source)) == (2, 1)  # a term without a source waits for one
    assert with_source - set(records("term")) == set()


def texts_of_the_issue_files():
    """Yield record, field, language, the text of the file and that of the fixtures."""
    notes = {(row["issue"][0], row["country"][0]): row for row in fixture_rows()["issues.issueincountry"]}
    figures = {(row["issue"][0], row["label_en"]): row for row in fixture_rows()["issues.keyfigure"]}
    for key, data in issue_files().items():
        for language in LANGUAGES:
            for section in data["sections"]:
                if text := section[f"new_{language}"]:
                    field = section["field"]
                    yield f"issue/{key}", field, language, text, records("issue")[key][f"{field}_{language}"]
            for note in data["countries"]:
                row = notes[key, note["country"]]
                yield f"note/{key}/{note['country']}", "note", language, note[language], row[f"note_{language}"]
            for figure in data["key_figures"]:
                row = figures[key, figure["label_en"]]
                text = figure[f"label_{language}"]
                yield f"figure/{key}/{figure['label_en']}", "label", language, text, row[f"label_{language}"]
            for link in data["links"]:
                if link["action"] != "remove":
                    name = f"{link['cause']}/{link['effect']}"
                    yield (
                        f"link/{name}",
                        "mechanism",
                        language,
                        link[language],
                        records("link")[name][f"mechanism_{language}"],
                    )


def texts_of_new_records():
    for kind, names, fields in (
        ("event", ("new-events.yaml", "new-events-2.yaml"), ("title", "text")),
        ("project", ("new-projects.yaml",), ("title", "summary", "results", "note", "evidence")),
    ):
        for entry in (entry for name in names for entry in from_yaml(name)):
            for field in fields:
                for language in LANGUAGES:
                    text = entry[f"{field}_{language}"] if kind == "event" else entry[field][language]
                    yield (
                        f"{kind}/{entry['key']}",
                        field,
                        language,
                        text,
                        records(kind)[entry["key"]][f"{field}_{language}"],
                    )


def texts_of_corrections():
    for entry in (entry for name in CORRECTIONS for entry in from_yaml(name)["corrections"]):
        new = entry["new"]
        is_text = isinstance(new, dict) and set(new) <= set(LANGUAGES)
        if entry["mode"] in {"replace", "set", "append"} and is_text and not entry.get("item"):
            row = records(entry["kind"]).get(entry["key"], {})
            for language, text in new.items():
                if text:
                    field = entry["field"]
                    yield f"{entry['kind']}/{entry['key']}", field, language, text, row.get(f"{field}_{language}")


def texts_of_the_wording():
    for entry in from_csv("wording-2.csv"):
        kind, _, name = entry["record"].partition("/")
        field, language = entry["field"], entry["language"]
        row = records(kind).get(name, {})
        yield entry["record"], field, language, entry["new"], row.get(f"{field}_{language}")


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (texts_of_the_issue_files, 1_199),
        (texts_of_new_records, 1_038),
        (texts_of_corrections, 791),
        (texts_of_the_wording, 2_338),
    ],
)
def test_texts_stand_as_the_files_say(texts, expected):
    count, differing = 0, []
    for record, field, language, text, held in texts():
        count += 1
        if spaced(text) not in spaced(held) and not is_named(LATER, record, field, language):
            differing.append((record, field, language, text, held))
    assert (count, differing) == (expected, [])


def test_named_differences_are_still_there():
    differing = {
        (record, field, one)
        for texts in (texts_of_the_issue_files, texts_of_new_records, texts_of_corrections, texts_of_the_wording)
        for record, field, language, text, held in texts()
        if spaced(text) not in spaced(held)
        for one in (language, "*")
    }
    assert [key for key in LATER if key not in differing] == []


def test_values_stand_as_the_corrections_say():
    count, differing = 0, []
    for entry in (entry for name in CORRECTIONS for entry in from_yaml(name)["corrections"]):
        row = records(entry["kind"]).get(entry["key"])
        if entry["mode"] != "set" or isinstance(entry["new"], (dict, list)) or row is None or entry["field"] not in row:
            continue
        held, new = row[entry["field"]], entry["new"]
        held = held[0] if isinstance(held, list) and held else held
        count += 1
        is_same = (
            Decimal(held) == Decimal(new)
            if entry["field"] == "budget" and held and new
            else (held or "") == (new or "")
        )
        if not is_same and (entry["kind"], entry["key"], entry["field"]) not in LATER_VALUES:
            differing.append((entry["kind"], entry["key"], entry["field"], new, held))
    assert (count, differing) == (172, [])


def test_sources_have_their_original_titles_and_right_addresses():
    sources = records("source")
    faults = [row for row in from_csv("source-faults.csv") if row["apply"] == "yes"]
    assert [row for row in faults if sources[row["key"]][row["field"]] != row["new"]] == []
    originals = from_csv("source-originals.csv")
    differing = [
        (row["key"], field)
        for row in originals
        for field in ("title_original", "author_original", "publisher_original")
        if row[field] and sources[row["key"]][field] != row[field]
    ]
    assert (len(faults), len(originals), differing) == (85, 258, [])
