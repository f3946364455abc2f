"""Several pasted references become a table; the ticked rows become draft sources, all or none."""

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.citations import doi
from portal.models import Source
from tests import reading
from tests.make import make_former_key, make_source
from tests.portal.staff.test_admin import address
from tests.staff import sign_in

pytestmark = pytest.mark.django_db
TABLE = address(Source, "references")
RIS = """TY  - JOUR
TI  - Water in the Aral basin
AU  - Micklin, Philip
JO  - Water Journal
PY  - 2016
LA  - en
ER  -
TY  - RPRT
TI  - Trees on the seabed
AU  - World Bank
PB  - World Bank
PY  - 2020
LA  - en
ER  -
"""


def pasted(client, text):
    return client.post(TABLE, {"_reference": text})


def sent(response):
    """Return what a browser sends of the table."""
    page, data = reading.page(response), {}
    for field in page.xpath("//div[@id='content-main']/form//*[@name]"):
        if field.tag == "select":
            data[field.get("name")] = (field.xpath("./option[@selected]/@value") or [""])[0]
        elif field.get("type") != "checkbox" or field.get("checked") is not None:
            data[field.get("name")] = field.get("value", "on" if field.get("type") == "checkbox" else "")
    return data


def test_each_reference_is_a_row_and_the_ticked_ones_become_drafts(client):
    sign_in(client, "editor")
    data = sent(pasted(client, RIS))
    assert (data["row-0-title"], data["row-0-key"], data["row-0-is_ticked"]) == (
        "Water in the Aral basin",
        "micklin-2016",
        "on",
    )
    assert not Source.objects.exists()
    answer = client.post(TABLE, data, follow=True)
    assert [str(message) for message in answer.context["messages"]] == ["2 sources were created as drafts."]
    stored = Source.objects.order_by("key").values_list("key", "title", "author", "kind", "publication")
    assert list(stored) == [
        ("micklin-2016", "Water in the Aral basin", "Philip Micklin", "journal-article", "draft"),
        ("world-bank-2020", "Trees on the seabed", "World Bank", "report", "draft"),
    ]
    assert (LogEntry.objects.count(), Source.history.count()) == (2, 2)


def test_all_or_none_are_created_and_only_ticked_rows_are_checked(client):
    sign_in(client, "editor")
    data = sent(pasted(client, RIS.replace("PB  - World Bank\n", "")))
    page = client.post(TABLE, data)
    words = reading.words(reading.page(page))
    assert "Nothing was created. Correct the marked fields, or untick the reference." in words
    assert words.count("This field is required.") == 1
    assert not Source.objects.exists()
    data = sent(page)
    del data["row-1-is_ticked"]
    client.post(TABLE, data)
    assert [source.key for source in Source.objects.all()] == ["micklin-2016"]
    del data["row-0-is_ticked"]
    assert "Tick a reference first." in client.post(TABLE, data).content.decode()


def test_what_the_portal_has_is_named_and_not_ticked(client):
    make_source(key="known", title="Water in the Aral basin", publisher="Water Journal", publication="draft")
    sign_in(client, "editor")
    page = pasted(client, RIS)
    rows = page.context["rows"]
    assert [[str(match.record) for match, _url in row["known"]] for row in rows] == [["Water in the Aral basin"], []]
    data = sent(page)
    assert [f"row-{number}-is_ticked" in data for number in (0, 1)] == [False, True]


def test_keys_and_addresses_are_used_once(client):
    make_former_key(key="micklin-2016", now="other")
    sign_in(client, "editor")
    twice = RIS.split("TY  - RPRT")[0].replace("ER  -", "UR  - https://example.org/a\nER  -") * 2
    data = sent(pasted(client, twice))
    assert (data["row-0-key"], data["row-1-key"]) == ("micklin-2016-water", "micklin-2016-water-aral")
    words = reading.words(reading.page(client.post(TABLE, data)))
    assert words.count("Another ticked reference has the same value.") == 2
    assert not Source.objects.exists()


def test_lines_are_dois_or_citations(client, settings, monkeypatch):
    settings.DOI_LOOKUP_URL = "https://example.org/{doi}"
    monkeypatch.setattr(doi, "looked_up", lambda one: '{"title": "Looked up", "publisher": "Press", "type": "report"}')
    sign_in(client, "editor")
    text = "1. 10.1234/abc\n2. Micklin, P. (2016). The sea. Water Journal, 3(1), 5.\n3. Nobody knows. https://x.org/a"
    page = pasted(client, text)
    data = sent(page)
    assert [data[f"row-{number}-title"] for number in range(3)] == ["Looked up", "The sea", ""]
    assert [data[f"row-{number}-doi"] for number in range(3)] == ["10.1234/abc", "", ""]
    assert data["row-2-url"] == "https://x.org/a"
    row = page.context["rows"][2]
    assert row["left_out"] == ["text: Nobody knows. https://x.org/a"]
    assert row["form"].missing() == ["Title in English", "Publisher", "Kind", "Language", "Key"]


@pytest.mark.parametrize(
    ("text", "problem"), [("", "Paste a reference"), ("10.1234/x\n" * 101, "These are 101 references.")]
)
def test_unusable_text_is_told(client, text, problem):
    sign_in(client, "editor")
    assert problem in pasted(client, text).content.decode()


@pytest.mark.parametrize(
    ("who", "may"),
    [("anonymous", False), ("translator", False), ("editor", True), ("reviewer", True), ("administrator", True)],
)
def test_who_enters_several_references(client, who, may):
    sign_in(client, "editor")
    data = sent(pasted(client, RIS))
    sign_in(client, who)
    assert (client.get(TABLE).status_code == 200) is may
    client.post(TABLE, data)
    assert Source.objects.exists() is may
    if who != "anonymous":
        assert (TABLE in client.get(address(Source, "changelist")).content.decode()) is may


@pytest.mark.any_database
def test_table_asks_the_same_of_the_database_for_few_as_for_many(client):
    sign_in(client, "editor")
    counted = []
    for count in (2, 12):
        text = "\n".join(f"Micklin, P. (2016). The sea, part {number}. Water Journal." for number in range(count))
        pasted(client, text)
        with CaptureQueriesContext(connection) as queries:
            pasted(client, text)
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 20
