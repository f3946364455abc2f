"""Events: those of Gyeonggi, those that are an agreement too, and their order."""

import pytest

from issues.models import Event
from portal.models import Place
from tests.make import UNPUBLISHED, make_agreement, make_citation, make_event, make_place, make_source

pytestmark = pytest.mark.django_db

TITLE, DATE = "Memorandum on forests", "2021-07-02"


def test_event_of_gyeonggi_names_a_place_in_the_province_and_counts_once():
    province = make_place(key="gyeonggi", kind=Place.Kind.PROVINCE)
    city = make_place(part_of=province)
    event, elsewhere = make_event(), make_event()
    event.places.add(province, city)
    elsewhere.places.add(make_place(key="seoul"))
    make_event()
    assert list(Event.objects.of_gyeonggi()) == [event]


@pytest.mark.parametrize(
    ("fields", "is_same"),
    [
        ({}, True),
        ({"date": "2021-07"}, False),
        ({"date": "2021-07-03"}, False),
        ({"title_en": "Memorandum on Forests"}, False),
        *(({"publication": publication}, False) for publication in UNPUBLISHED),
    ],
)
def test_event_is_an_agreement_too_if_a_published_one_has_its_title_and_date(fields, is_same):
    event = make_event(title_en=TITLE, date=DATE)
    agreement = make_agreement(**{"title_en": TITLE, "date": DATE, **fields})
    assert list(Event.objects.without_agreements()) == ([] if is_same else [event])
    [annotated] = Event.objects.with_same_agreement()
    assert annotated.same_agreement == (agreement.pk if is_same else None)


def test_of_two_same_agreements_the_first_by_key_is_named():
    make_event(title_en=TITLE, date=DATE)
    _second, first = (make_agreement(key=key, title_en=TITLE, date=DATE) for key in ("b", "a"))
    [event] = Event.objects.with_same_agreement()
    assert event.same_agreement == first.pk


def test_same_agreement_takes_no_query_of_its_own(django_assert_num_queries):
    for number in range(3):
        make_event(title_en=f"Talks {number}", date=DATE)
        make_agreement(title_en=f"Talks {number}", date=DATE)
    with django_assert_num_queries(1):
        assert all(event.same_agreement for event in Event.objects.with_same_agreement())
    with django_assert_num_queries(1):
        assert len(Event.objects.without_agreements()) == 0


def test_earliest_event_comes_first_and_a_month_before_its_days():
    for key, date in (("day", "2005-08-08"), ("b", "2005-08"), ("a", "2005-08"), ("year", "2005"), ("old", "1960-05")):
        make_event(key=key, date=date)
    assert [event.key for event in Event.objects.all()] == ["old", "year", "a", "b", "day"]


def test_event_has_an_address_on_the_timeline():
    assert Event(key="kok-aral").get_absolute_url() == "/en/timeline/kok-aral/"


def test_citation_is_found_by_its_natural_key():
    citation = make_citation(make_event(key="kok-aral"), make_source(key="report"))
    assert citation.natural_key() == ("kok-aral", "report")
    assert type(citation).objects.get_by_natural_key("kok-aral", "report") == citation
