"""Read pages of the comparison in tests: rows, heads, notes and files."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.make import (
    make_country,
)
from tests.reading import page, words

KINDS = ("country", "issue", "project")


def address(kind, *records, language="en", **more):
    query = "&".join([f"{kind}={getattr(record, 'key', record)}" for record in records])
    return f"/{language}/compare/?{query}" + "".join(f"&{name}={value}" for name, value in more.items())


def ask(client, kind, *records, **more):
    response = client.get(address(kind, *records, **more))
    assert response.status_code == 200
    return response


def label_of(head):
    """Return the label of a row without the text below it."""
    return words(head.find("a")) if head.find("a") is not None else " ".join(head.text.split())


def rows(response):
    """Return the cells of the rows as elements, by label, over all tables of the page."""
    return {
        label_of(row.find("th")): [cell[0] for cell in row.findall("td")]
        for row in page(response).xpath("//table[contains(@class, 'compare')]/tbody/tr")
    }


def row(response, label):
    """Return the texts of the cells of a row, with a bar between the entries of a list."""
    return [" | ".join(words(entry) for entry in cell.xpath("ul/li") or [cell]) for cell in rows(response)[label]]


def heads(response):
    """Return the column headings of the first table."""
    return [words(head) for head in page(response).xpath("(//table[contains(@class, 'compare')])[1]/thead//th")]


def notes(response):
    """Return the text of the notes by number."""
    return {item.get("value"): words(item) for item in page(response).xpath("//ol[@class='note-list']/li")}


def three_countries():
    return (
        make_country(key="uz", name_en="Uzbekistan"),
        make_country(key="kz", name_en="Kazakhstan"),
        make_country(key="tm", name_en="Turkmenistan"),
    )


def queries(client, url):
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)
