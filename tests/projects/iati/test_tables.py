"""Tables as IATI activities: mappings, their errors and the kept columns."""

import contextlib
import gzip
import json
import re
import tomllib
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.management.base import CommandError
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from projects.iati import tables
from projects.iati.findings import ImportRefused
from projects.models import (
    ImportedActivity,
    ImportedFile,
    Project,
)
from tests.iati import shared
from tests.make import (
    make_imported,
    make_imported_file,
)
from tests.projects.iati.files import activity, file
from tests.projects.iati.imports import (
    HEADER,
    LINE,
    MAPPING,
    PERSONS_HEADER,
    PERSONS_LINE,
    WRONG_MAPPINGS,
    states,
    whole_database,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("central_asia")]


# ── Tables ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_table_comes_through_its_mapping(command, mapping):
    said = command(
        (HEADER + LINE).encode("utf-8-sig"), "--mapping", str(mapping), name="list.csv", using="import_projects"
    )
    assert said == "list.csv: New: 1\n"
    project = Project.objects.get()
    assert (project.title_en, project.title_ko, project.summary_en, project.iati_identifier) == (
        "Canals",
        "수로",
        "Dig them",
        None,
    )
    assert (project.status, project.finance, project.level) == (
        "implementation",
        "technical-cooperation",
        "",
    )
    assert (str(project.start), str(project.end)) == ("1996-12-03", "2001-05-31")
    assert (str(project.budget), project.currency) == ("1500.50", "USD")
    assert sorted(project.countries.values_list("key", flat=True)) == ["kz", "uz"]
    assert list(project.sectors.values_list("code", flat=True)) == ["14040"]
    assert list(project.sdgs.values_list("code", flat=True)) == ["6.5"]
    assert list(project.rio_markers.values_list("marker", "significance")) == [("desertification", 2)]
    assert sorted(project.participations.values_list("organisation__name_en", "role")) == [
        ("Fictional Bank", "funding"),
        ("Water Board", "implementing"),
    ]
    assert project.imported.identifier == "bank-7"
    assert json.loads(project.imported.content)["agency"] == "Water Board"
    again = command((HEADER + LINE).encode(), "--mapping", str(mapping), name="list.csv", using="import_projects")
    assert again == "list.csv: Unchanged: 1\n"


# ── Persons in tables ───────────────────────────────────────────────────────────────────────────────────────────

OTHER_LINE = PERSONS_LINE.replace("7,", "8,", 1)


def test_only_the_named_columns_of_a_table_are_kept(command, mapping):
    content = (PERSONS_HEADER + PERSONS_LINE + OTHER_LINE).encode("utf-8-sig")
    arguments = ("--mapping", str(mapping))
    assert command(content, *arguments, name="list.csv", using="import_projects") == "list.csv: New: 2\n"
    activities = ImportedActivity.objects.order_by("identifier")
    assert [(one.identifier, one.line) for one in activities] == [("bank-7", 2), ("bank-8", 4)]
    assert sorted(json.loads(activities[0].content)) == sorted(HEADER.strip().split(","))
    assert json.loads(activities[0].content)["agency"] == "Water Board"
    kept = ImportedFile.objects.get()
    assert kept.content.decode("utf-8-sig") == HEADER + LINE + "\n" + LINE.replace("7,", "8,", 1) + "\n"
    assert b"Roe" not in kept.content + b"".join(one.content for one in activities)
    assert (kept.size, len(kept.sha256)) == (len(content), 64)
    again = command(content, *arguments, name="list.csv", using="import_projects")
    assert again == "list.csv: Unchanged: 2\n"
    assert ImportedFile.objects.count() == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp949"])
def test_a_reduced_table_reads_as_the_whole_one_and_at_the_same_lines(tmp_path, encoding):
    read_by = tables.mapping_of(MAPPING.replace("date_format", f'encoding = "{encoding}"\ndate_format'))
    whole = PERSONS_HEADER + "\r\n" + PERSONS_LINE + OTHER_LINE.replace("Dig them", '"Dig\r\nthem"') + "9,short\n"
    found = []
    for content in (whole.encode(encoding), tables.named_columns_only(whole.encode(encoding), read_by)):
        path = tmp_path / "list.csv"
        path.write_bytes(content)
        found.append([(one.line, one.activity, one.findings) for one in tables.rows(path, read_by)])
    assert found[0] == found[1]
    assert [line for line, _activity, _findings in found[0]] == [3, 5, 8]


def test_the_migration_removes_what_the_stored_mapping_does_not_name():
    persons = dict(zip(PERSONS_HEADER.strip().split(","), PERSONS_LINE.strip().split(","), strict=False))
    known = make_imported_file(
        kind="table", mapping=tables.mapping_of(MAPPING), content=(PERSONS_HEADER + PERSONS_LINE).encode()
    )
    unknown = make_imported_file(kind="table", mapping=None, content=(PERSONS_HEADER + PERSONS_LINE).encode())
    iati = make_imported_file(content=file())
    rows = [
        make_imported(file=one, original=gzip.compress(json.dumps(persons).encode())) for one in (known, unknown, iati)
    ]
    import_module("projects.migrations.0012_imported_tables_keep_named_columns").reduce(
        apps, SimpleNamespace(connection=connection)
    )
    for one in (known, unknown, iati, *rows):
        one.refresh_from_db()
    assert known.content.decode() == "\ufeff" + HEADER + LINE + "\n"
    assert sorted(json.loads(rows[0].content)) == sorted(HEADER.strip().split(","))
    assert (unknown.content, json.loads(rows[1].content)) == (b"", {})
    assert (iati.content, json.loads(rows[2].content)) == (file(), persons)


def test_a_table_takes_nothing_from_what_iati_tells(command, run, tmp_path):
    path = tmp_path / "mapping.toml"
    path.write_text(MAPPING.replace('"bank-{id}"', '"XM-DAC-99999-{id}"'))
    run(file(activity("7")))
    before = whole_database()
    said = command((HEADER + LINE).encode(), "--mapping", str(path), name="list.csv", using="import_projects")
    assert said.startswith("list.csv: Left unchanged: 1")
    assert whole_database() == before


def test_iati_takes_the_place_of_a_table(command, run, tmp_path):
    path = tmp_path / "mapping.toml"
    path.write_text(MAPPING.replace('"bank-{id}"', '"XM-DAC-99999-{id}"\niati = true'))
    command((HEADER + LINE).encode(), "--mapping", str(path), name="list.csv", using="import_projects")
    assert states(run(file(activity("7")))) == {"changed": 1}
    assert Project.objects.get().imported.transactionsums.count() == 2


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("7,Canals,수로", "7,,", "list.csv:2: the title is empty"),
        ("7,Canals", ",Canals", "list.csv:2: no identifier"),
        ("Open", "Ajar", "list.csv:2: the mapping does not define “Ajar” (status)"),
        ("3 December 1996", "soon", "list.csv:2: “soon” is not a date (start)"),
        ("UZ;KZ", "UZB", "list.csv:2: “UZB” is not on the list Country (countries)"),
        ('"1,500.50"', "much", "list.csv:2: “much” is not a number (budget)"),
        ('"1,500.50"', "1" * 17, f"list.csv:2: the amount {'1' * 17} has too many digits"),
        ("31 May 2001", "31 May 1991", "list.csv:2: it ends (1991-05-31) before it starts (1996-12-03)"),
        (LINE, LINE + LINE, "list.csv:3: identifier bank-7 also occurs on line 2"),
        ("7,Canals", f"{'7' * 260},Canals", "list.csv:2: the identifier is longer than 255 characters"),
        ("id,name", "id,nom", "list.csv:1: column name, named in the mapping, is missing"),
        ("Dig them", '"Dig" them', "list.csv:2: the row cannot be read: a separator or a quotation mark"),
        ("Dig them", "Dig" * 50_000, "list.csv:2: a cell has more than 131072 characters"),
        ("Dig them", "Dig\0them", "list.csv:2: a null character (U+0000) is in the column aim"),
        ('"1,500.50"', "-1500", "list.csv:2: the amount -1500 is below zero"),
        (HEADER + LINE, "", "list.csv:1: the file is empty"),
    ],
)  # fmt: skip
def test_a_faulty_table_is_refused_with_its_line(command, capsys, mapping, old, new, words):
    with pytest.raises(CommandError, match="Refused"):
        command(
            (HEADER + LINE).replace(old, new).encode(),
            "--mapping",
            str(mapping),
            name="list.csv",
            using="import_projects",
        )
    assert words in capsys.readouterr().out
    assert Project.objects.count() == 0


def test_codes_that_a_table_has_of_its_own_are_left_out(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(
        (HEADER + LINE)
        .replace("14040", "33105")
        .replace("6.5", "99")
        .replace(",2,Water", ",9,Water")
        .replace('"1,500.50"', "0")
        .replace("UZ;KZ", "")
    )
    [one] = tables.rows(path, tables.mapping_of(MAPPING))
    assert [finding.words for finding in one.findings] == [
        "no country or region is named",
        "“33105” is not on the list Sector (sectors)",
        "“99” is not on the list UNSDG-Goals (sdgs)",
    ]
    assert (one.activity.markers, one.activity.total) == ({}, None)


def test_a_currency_that_is_none_is_an_error(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(HEADER + LINE)
    [one] = tables.rows(path, tables.mapping_of(MAPPING.replace('"USD"', '"US$"')))
    assert [finding.words for finding in one.errors] == ["“US$” is not on the list Currency (currency)"]


@pytest.mark.parametrize(("old", "new", "words"), WRONG_MAPPINGS)
def test_a_mapping_that_cannot_be_followed_says_what_is_wrong_and_where(command, tmp_path, old, new, words):
    path = tmp_path / "mapping.toml"
    assert old in MAPPING
    path.write_text(MAPPING.replace(old, new, 1))
    with pytest.raises(CommandError, match=re.escape(f"mapping.toml:{words}")):
        command((HEADER + LINE).encode(), "--mapping", str(path), name="list.csv", using="import_projects")


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.sampled_from("{}[]:!.%~;abid7\0é"), max_size=12)
    | st.sampled_from([*HEADER.strip().split(","), "{id:>1500000000}", "{id.x}", "utf-16", "hex", "%Y", "1" * 2000])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["column", "separator", "part", "role", "constant", "ref"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(
    places=st.lists(
        st.tuples(
            st.sampled_from(sorted(tables.TOP)) | st.none(),
            st.sampled_from([*sorted(tables.FIELDS), "ref", "kind", "desertification", "x"]) | st.none(),
            VALUES,
        ),
        min_size=1,
        max_size=3,
    )
)
def test_whatever_a_mapping_holds_it_is_refused_in_words_or_followed(tmp_path_factory, places):
    mapping = tomllib.loads(MAPPING)
    for top, key, value in places:
        if top is None:
            mapping[key or "x"] = value
        elif key is not None and isinstance(mapping.get(top, {}), dict):
            mapping.setdefault(top, {})[key] = value
        else:
            mapping[top] = value
    path = tmp_path_factory.mktemp("fuzz") / "list.csv"
    path.write_text(HEADER + LINE)
    with contextlib.suppress(tables.MappingError, ImportRefused):
        tables.MappingCheck(MAPPING, mapping).run()
        json.dumps(mapping, allow_nan=False)  # it can be stored
        [one] = tables.rows(path, mapping)
        assert len(one.activity.identifier) <= 255


def test_shipped_mappings_can_be_followed():
    found = {name: tables.mapping_of(path.read_text("utf-8"))["name"] for name, path in tables.shipped().items()}
    assert found == {"koica": "KOICA project statistics", "world-bank": "World Bank projects"}


def test_lists_of_others_are_read_by_the_shipped_mappings():
    folder = shared() / "other-sources"
    for name, file_name, wanted in (
        ("world-bank", "worldbank-projects-central-asia-2025-03-31.csv", (582, 1)),
        ("koica", "koica-projects-central-asia.csv", (1673, 175)),
    ):
        found = list(tables.rows(folder / file_name, tables.mapping_of(tables.shipped()[name].read_text("utf-8"))))
        assert (len(found), sum(bool(one.errors) for one in found)) == wanted
