"""Likely doubles: found, listed, told apart, and counted on the desk."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from portal.core.choices import PublicationStatus
from portal.curation import duplicates
from portal.models.curation import DuplicateCandidate
from projects.models import Organisation, Project
from tests import reading
from tests.make import make_organisation, make_place, make_project
from tests.portal.staff.test_admin import address, listed

pytestmark = pytest.mark.django_db

PAGE = "/admin/doubles/"


def two(name="Korea Forest Service"):
    return make_organisation(name_en=name), make_organisation(name_en=name)


def search(client):
    """Press the button that searches for doubles. Return what the page says then."""
    response = client.post(PAGE, {"look": "1"}, follow=True)
    return [str(message) for message in response.context["messages"]]


def pairs(client, kind="organisation"):
    """The names on the page of what looks alike, a pair each."""
    tree = reading.page(client.get(PAGE))
    items = tree.xpath(f"//section[@id='{kind}']//li")
    return [[reading.words(link) for link in item.xpath("./p/a")] for item in items]


def on_the_desk(client):
    """What the first page says of doubles: words, and where they lead."""
    links = reading.page(client.get("/admin/")).xpath(
        "//dt[starts-with(normalize-space(), 'Likely duplicates')]/../dd/a"
    )
    return [(reading.words(link), link.get("href")) for link in links]


def test_the_desk_invites_to_look_and_then_counts_what_is_left(desk):
    two(), make_place(name_en="Nukus")
    client = desk("editor")
    assert on_the_desk(client) == [("find them", PAGE)]
    assert "Nobody has searched for duplicates yet." in client.get(PAGE).content.decode()
    assert search(client) == ["1 pair of likely duplicates."]
    assert "Last search: 20" in client.get(PAGE).content.decode()
    assert pairs(client) == [["Korea Forest Service", "Korea Forest Service"]]
    assert on_the_desk(client) == [("Organisations 1", f"{PAGE}#organisation")]
    client.post(PAGE, {"apart": DuplicateCandidate.objects.get().pk})
    assert on_the_desk(client) == []


def test_what_was_told_apart_stays_apart(desk):
    two()
    client = desk("editor")
    search(client)
    [double] = DuplicateCandidate.objects.all()
    response = client.post(PAGE, {"apart": double.pk}, follow=True)
    assert [str(message) for message in response.context["messages"]] == ["Marked as different."]
    assert search(client) == ["0 pairs of likely duplicates."]
    assert pairs(client) == []
    double.refresh_from_db()
    assert double.told_apart_by.username == "editor"


def test_pairs_that_no_longer_look_alike_or_are_gone_leave_the_list(desk):
    first, _second = two()
    third, _fourth = two("Ministry of Water Resources")
    client = desk("editor")
    search(client)
    assert len(pairs(client)) == 2
    first.name_en = "National Institute of Meteorology"
    first.save()
    search(client)
    assert len(pairs(client)) == 1
    third.delete()
    assert not DuplicateCandidate.objects.exists()


def test_archived_records_are_nobodys_doubles(desk):
    one, _other = two()
    client = desk("editor")
    search(client)
    one.publication = PublicationStatus.ARCHIVED
    one.save()
    assert pairs(client) == []
    assert search(client) == ["0 pairs of likely duplicates."]


def test_lists_are_narrowed_to_records_with_a_double(desk):
    alike = set(two())
    make_organisation(name_en="Green Climate Fund")
    call_command("find_duplicates", verbosity=0)
    assert listed(desk("editor").get(address(Organisation, "changelist"), {"care": "double"})) == alike


def test_only_whoever_may_merge_is_led_there_and_what_readers_see_stays(desk):
    draft = make_project(title_en="Trees for the Aralkum desert", key="draft", publication=PublicationStatus.DRAFT)
    seen = make_project(title_en="Trees for the Aralkum desert", key="seen")
    duplicates.find_duplicates(Project)
    links = "//section[@id='project']//form/a/@href"
    assert reading.page(desk("reviewer").get(PAGE)).xpath(links) == []
    [link] = reading.page(desk("administrator").get(PAGE)).xpath(links)
    assert link == f"{address(type(seen), 'merge', seen.pk)}?with={draft.key}"


@pytest.mark.parametrize(
    ("who", "status"), [("anonymous", 302), ("translator", 403), ("editor", 200), ("reviewer", 200)]
)
def test_who_sees_the_page_and_tells_records_apart(desk, who, status):
    two()
    duplicates.find_duplicates(Organisation)
    [double] = DuplicateCandidate.objects.all()
    client = desk(who)
    assert client.get(PAGE).status_code == status
    client.post(PAGE, {"apart": double.pk})
    double.refresh_from_db()
    assert (double.told_apart_at is not None) == (status == 200)


@pytest.mark.parametrize("number", ["", "0", "x"])
def test_what_is_no_pair_is_not_told_apart(desk, number):
    assert desk("editor").post(PAGE, {"apart": number}).status_code == 404


@pytest.mark.any_database
def test_page_asks_the_same_of_the_database_for_one_pair_as_for_three(desk):
    client = desk("administrator")

    def queries():
        with CaptureQueriesContext(connection) as asked:
            assert pairs(client)
        return len(asked)

    two()
    search(client)
    queries()
    one = queries()
    two("Ministry of Water Resources"), two("Green Climate Fund")
    search(client)
    assert len(pairs(client)) == 3
    assert queries() == one


def test_opening_the_page_compares_and_stores_nothing(desk):
    two()
    client = desk("editor")
    assert pairs(client) == []
    assert not DuplicateCandidate.objects.exists()


def test_two_searches_at_once_store_each_pair_once(monkeypatch):
    two()
    compare = duplicates.similar_pairs

    def other_search_first(model):
        found = compare(model)
        monkeypatch.setattr(duplicates, "similar_pairs", compare)
        duplicates.find_duplicates(model)
        return found

    monkeypatch.setattr(duplicates, "similar_pairs", other_search_first)
    assert duplicates.find_duplicates(Organisation) == 1
    assert DuplicateCandidate.objects.count() == 1


def test_a_search_refreshes_why_two_records_are_alike(desk):
    two()
    DuplicateCandidate.objects.create(
        kind="projects.organisation", one=Organisation.objects.first().pk, other=Organisation.objects.last().pk
    )
    client = desk("editor")
    assert "the same name" not in client.get(PAGE).content.decode()
    search(client)
    assert "the same name: Korea Forest Service" in client.get(PAGE).content.decode()


def test_only_the_likeliest_pairs_are_stored(monkeypatch):
    monkeypatch.setattr(duplicates, "MOST_STORED", 1)
    two("Korea Forest Service of the South"), two("Green Climate Fund")
    similar = make_organisation(name_en="Korea Forest Service of the Soth")
    assert duplicates.find_duplicates(Organisation) == 1
    assert similar.pk not in {pk for double in DuplicateCandidate.objects.all() for pk in (double.one, double.other)}


def test_a_table_that_is_too_large_for_the_desk_is_left_to_the_command(desk, monkeypatch):
    monkeypatch.setattr(duplicates, "MOST_AT_DESK", 1)
    two()
    assert search(desk("editor")) == [
        "Organisations: 2 records are too many to compare while you wait. The command find_duplicates does it.",
        "0 pairs of likely duplicates.",
    ]
    call_command("find_duplicates", verbosity=0)
    assert DuplicateCandidate.objects.count() == 1


def test_a_pair_is_kept_once_the_older_record_first():
    DuplicateCandidate.objects.create(kind="projects.project", one=1, other=2)
    for one, other in ((1, 2), (2, 1), (3, 3)):
        with pytest.raises(IntegrityError), transaction.atomic():
            DuplicateCandidate.objects.create(kind="projects.project", one=one, other=other)
