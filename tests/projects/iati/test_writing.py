"""Activities as XML: languages, dates, shares and characters that XML cannot contain."""

import pytest

from tests.make import (
    make_reporting_organisation,
)
from tests.projects.iati.reports import make_reportable, only

pytestmark = pytest.mark.django_db


def test_texts_are_there_in_their_languages_and_never_twice(client):
    make_reporting_organisation()
    make_reportable(title_en="Trees", title_ko="나무")
    narratives = only(client).findall("title/narrative")
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    assert [(element.get(lang), element.text) for element in narratives] == [(None, "Trees"), ("ko", "나무")]


@pytest.mark.parametrize(
    ("status", "start", "end", "dates"),
    [
        (
            "closed",
            "2019-05",
            "2021",
            [("2", "2019-05-01", "Only the month is known."), ("4", "2021-12-31", "Only the year is known.")],
        ),
        ("implementation", "2019-05-02", "2095-01-31", [("2", "2019-05-02", None), ("3", "2095-01-31", None)]),
        ("pipeline", "2019-05-02", None, [("1", "2019-05-02", None)]),
        ("closed", "2019-05-02", "2095", [("2", "2019-05-02", None), ("3", "2095-12-31", "Only the year is known.")]),
        ("implementation", "2095", None, [("1", "2095-01-01", "Only the year is known.")]),
    ],
)
def test_dates_say_how_exactly_they_are_known_and_whether_they_came(client, status, start, end, dates):
    make_reporting_organisation()
    make_reportable(status=status, start=start, end=end)
    found = only(client).findall("activity-date")
    assert [(day.get("type"), day.get("iso-date"), day.findtext("narrative")) for day in found] == dates


def test_what_xml_cannot_hold_is_left_out(client):
    make_reporting_organisation()
    make_reportable(title_en="Trees \x0b& <b>shrubs</b>\ufffe")
    assert only(client).findtext("title/narrative") == "Trees & <b>shrubs</b>"
