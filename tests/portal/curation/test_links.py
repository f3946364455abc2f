"""Links to other websites: which exist, what their check results mean, and who is told."""

from datetime import timedelta

import pytest
from django.core import serializers
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal.core.choices import PublicationStatus
from portal.curation import links
from portal.curation.links import due_links, record_check
from portal.models import Source
from portal.models.curation import ExternalLink, ExternalLinkUsage
from projects.models import Organisation, Project
from tests import reading
from tests.make import make_organisation, make_project, make_source, make_term
from tests.portal.staff.test_admin import address, change_address, listed

pytestmark = pytest.mark.django_db

CheckOutcome, LinkStatus = ExternalLink.CheckOutcome, ExternalLink.LinkStatus
URL = "https://example.org/report"


def addresses():
    return set(ExternalLink.objects.values_list("address", flat=True))


def broken_link(url=URL, **fields):
    link = ExternalLink.objects.get(address=url)
    record_check(link, CheckOutcome.NOT_FOUND, 404)
    ExternalLink.objects.filter(pk=link.pk).update(**fields)
    return link


# ── Which addresses ──────────────────────────────────────────────────────────────────────────────────────────


def test_addresses_dois_and_links_in_prose_are_collected():
    make_source(url=URL, doi="10.1007/s12665-015-4957-3")
    make_organisation(url="https://koica.go.kr/")
    make_project(note_en="See https://example.org/a_(b), and (http://example.org/c). Not ftp://example.org/d.")
    assert addresses() == {
        URL,
        "https://doi.org/10.1007/s12665-015-4957-3",
        "https://koica.go.kr/",
        "https://example.org/a_(b)",
        "http://example.org/c",
    }


def test_an_address_that_is_mended_takes_the_place_of_the_old_one():
    source = make_source(url=URL)
    source.url = "https://example.org/new"
    source.save()
    assert addresses() == {"https://example.org/new"}
    Source.objects.update(url="https://example.org/newer")
    assert addresses() == {"https://example.org/newer"}
    source.refresh_from_db()
    source.url = "https://example.org/newest"
    source.save(update_fields=["url"])
    assert addresses() == {"https://example.org/newest"}
    source.delete()
    assert not ExternalLink.objects.exists()


def test_an_address_stays_as_long_as_any_record_leads_there():
    source, organisation = make_source(url=URL), make_organisation(url=URL)
    source.delete()
    assert addresses() == {URL}
    organisation.delete()
    assert addresses() == set()


def test_what_is_created_at_once_is_collected_and_other_changes_ask_nothing():
    Organisation.objects.bulk_create([Organisation(key="koica", name_en="KOICA", kind="government", url=URL)])
    assert addresses() == {URL}
    source = make_source(url="https://example.org/b")
    with CaptureQueriesContext(connection) as asked:
        source.save(update_fields=["version"])
        Source.objects.update(publisher="Another")
    assert not [query for query in asked if "portal_link" in query["sql"]]


def test_fixtures_are_collected_when_links_are_checked():
    source = make_source()
    for one in serializers.deserialize("json", serializers.serialize("json", [source])):
        one.object.url = URL
        one.save()
    assert addresses() == set()
    links.sync_links()
    assert addresses() == {URL}
    Source.objects.all()._raw_delete("default")
    links.sync_links()
    assert addresses() == set()


def test_only_some_kinds_are_collected_if_one_asks_for_them():
    source = make_source()
    organisation = make_organisation()
    for record in (source, organisation):
        for one in serializers.deserialize("json", serializers.serialize("json", [record])):
            one.object.url = f"https://example.org/{record._meta.model_name}"
            one.save()
    links.sync_links(["source"])
    assert addresses() == {"https://example.org/source"}


def test_a_use_stands_once():
    make_source(url=URL)
    use = ExternalLinkUsage.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        ExternalLinkUsage.objects.create(link=use.link, kind=use.kind, record=use.record)
    with pytest.raises(IntegrityError), transaction.atomic():
        ExternalLink.objects.create(address=URL)


# ── Order ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_waited_longest_is_asked_first_and_what_was_asked_lately_is_left_out():
    now = timezone.now()
    for name, days in (("a", 3), ("b", 30), ("c", None), ("d", 10)):
        make_source(url=f"https://example.org/{name}")
        if days:
            ExternalLink.objects.filter(address__endswith=name).update(checked_at=now - timedelta(days=days))
    order = [link.address[-1] for link in due_links(now - timedelta(days=7))]
    assert order == ["c", "b", "d"]
    assert [link.address[-1] for link in due_links(limit=2)] == ["c", "b"]


def test_only_links_of_some_kinds_are_asked_if_one_asks_for_them():
    make_source(url=URL), make_organisation(url="https://koica.go.kr/")
    assert [link.address for link in due_links(kinds=["organisation"])] == ["https://koica.go.kr/"]


# ── What an answer means ─────────────────────────────────────────────────────────────────────────────────────


def answered(*outcomes, days_apart=1):
    """The link after these answers, each on another day unless said otherwise."""
    link, start = ExternalLink.objects.create(address=URL), timezone.now()
    for number, outcome in enumerate(outcomes):
        with pytest.MonkeyPatch.context() as patch:
            moment = start + timedelta(days=number * days_apart)
            patch.setattr(links.timezone, "now", lambda moment=moment: moment)
            record_check(link, outcome)
    link.refresh_from_db()
    return link


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ([CheckOutcome.ANSWERS], LinkStatus.GOOD),
        ([CheckOutcome.MOVED], LinkStatus.MOVED),
        ([CheckOutcome.FRONT_PAGE], LinkStatus.MOVED),
        ([CheckOutcome.NOT_FOUND], LinkStatus.BROKEN),
        ([CheckOutcome.GONE], LinkStatus.BROKEN),
        ([CheckOutcome.TIMEOUT], LinkStatus.FAILING),
        ([CheckOutcome.TIMEOUT, CheckOutcome.NO_HOST], LinkStatus.BROKEN),
        ([CheckOutcome.TIMEOUT, CheckOutcome.ANSWERS, CheckOutcome.TIMEOUT], LinkStatus.FAILING),
        ([CheckOutcome.REFUSED], LinkStatus.UNCLEAR),
        ([CheckOutcome.REFUSED] * 3, LinkStatus.UNCLEAR),
        ([CheckOutcome.TOO_MANY], LinkStatus.UNCLEAR),
        ([CheckOutcome.UNAVAILABLE], LinkStatus.UNCLEAR),
        ([CheckOutcome.CERTIFICATE], LinkStatus.UNCLEAR),
        ([CheckOutcome.PRIVATE], LinkStatus.UNCLEAR),
        ([CheckOutcome.TIMEOUT, CheckOutcome.REFUSED, CheckOutcome.TIMEOUT], LinkStatus.BROKEN),
        ([CheckOutcome.NOT_FOUND, CheckOutcome.REFUSED], LinkStatus.BROKEN),
        ([CheckOutcome.NOT_FOUND, CheckOutcome.TIMEOUT], LinkStatus.BROKEN),
        ([CheckOutcome.NOT_FOUND, CheckOutcome.ANSWERS], LinkStatus.GOOD),
    ],
)
def test_a_link_is_broken_after_a_clear_no_or_two_failures_on_different_days(outcomes, state):
    assert answered(*outcomes).state == state


def test_failures_of_one_day_are_one():
    link = answered(*[CheckOutcome.TIMEOUT] * 3, days_apart=0)
    assert (link.state, link.failures) == (LinkStatus.FAILING, 1)


def test_the_last_good_day_is_kept_while_it_fails():
    link = answered(CheckOutcome.ANSWERS, CheckOutcome.NOT_FOUND)
    assert link.good_at.date() == link.checked_at.date() - timedelta(days=1)


# ── Who hears of it ──────────────────────────────────────────────────────────────────────────────────────────


def test_records_with_a_broken_link_are_a_list_to_work_down(desk):
    source = make_source(url=URL, publication=PublicationStatus.DRAFT)
    make_source(url="https://example.org/good")
    client = desk("editor")
    url = address(Source, "changelist")
    assert listed(client.get(url, {"care": "broken"})) == set()
    broken_link()
    assert listed(client.get(url, {"care": "broken"})) == {source}
    assert "Broken links" in client.get("/admin/").content.decode()
    source.url = "https://example.org/mended"
    source.save()
    assert listed(client.get(url, {"care": "broken"})) == set()


def test_records_with_a_link_that_moved_are_another(desk):
    project = make_project(note_en=f"See {URL}.")
    link = ExternalLink.objects.get()
    record_check(link, CheckOutcome.MOVED, 200, "https://example.org/new")
    client = desk("reviewer")
    assert listed(client.get(address(Project, "changelist"), {"care": "moved"})) == {project}
    words = reading.words(reading.page(client.get(change_address(project))))
    assert f"{URL}: Moved permanently. New address: https://example.org/new" in words


def test_the_form_says_what_is_amiss_and_since_when(desk):
    source = make_source(url=URL)
    broken_link(good_at=timezone.now() - timedelta(days=40))
    words = reading.words(reading.page(desk("editor").get(change_address(source))))
    assert f"{URL}: Page not found (404)." in words
    assert f"It last answered on {timezone.localdate() - timedelta(days=40)}." in words


@pytest.mark.parametrize("state", [LinkStatus.GOOD, LinkStatus.UNCLEAR, LinkStatus.UNCHECKED])
def test_the_form_is_silent_of_what_is_well_or_unknown(desk, state):
    source = make_source(url=URL)
    ExternalLink.objects.update(state=state)
    assert "External links with problems" not in desk("editor").get(change_address(source)).content.decode()


def test_readers_are_told_kindly_and_only_of_what_is_broken(client):
    source = make_source(url=URL, doi="10.1007/s12665-015-4957-3")
    page = source.get_absolute_url()
    assert "did not respond" not in client.get(page).content.decode()
    broken_link(good_at="2026-03-01T12:00Z", checked_at="2026-04-02T12:00Z")
    words = reading.words(reading.page(client.get(page)))
    told = "This address did not respond when last checked (2 April 2026). Last available on 1 March 2026."
    assert (told in words, words.count("did not respond")) == (True, 1)
    ExternalLink.objects.update(state=LinkStatus.FAILING)
    assert "did not respond" not in client.get(page).content.decode()


@pytest.mark.parametrize(
    ("language", "told"),
    [("ko", "이 주소는 2026년 4월 2일에 마지막으로 확인했을 때"), ("ru", "При последней проверке, 2 апреля 2026")],
)
def test_readers_are_told_in_their_language(client, language, told):
    source = make_source(url=URL)
    broken_link(checked_at="2026-04-02T12:00Z")
    page = client.get(reverse("source", args=[source.key]).replace("/en/", f"/{language}/"))
    assert told in reading.words(reading.page(page))


# ── The list ─────────────────────────────────────────────────────────────────────────────────────────────────

LIST = "/admin/portal/externallink/"


@pytest.mark.parametrize(
    ("who", "status"),
    [("anonymous", 302), ("translator", 403), ("editor", 200), ("reviewer", 200), ("administrator", 200)],
)
def test_who_sees_the_list_of_links(desk, who, status):
    make_source(url=URL)
    client, link = desk(who), ExternalLink.objects.get()
    assert client.get(LIST).status_code == status
    assert client.get(f"{LIST}{link.pk}/change/").status_code == status
    for page in (f"{LIST}add/", f"{LIST}{link.pk}/delete/"):
        assert client.post(page).status_code == (302 if who == "anonymous" else 403)
    assert ExternalLink.objects.exists()


def test_the_list_is_narrowed_by_state_and_names_the_records(desk):
    source = make_source(url=URL, title="The Future Aral Sea")
    make_organisation(url="https://koica.go.kr/")
    broken_link()
    client = desk("editor")
    assert {str(link) for link in listed(client.get(LIST, {"state__exact": "broken"}))} == {URL}
    assert {str(link) for link in listed(client.get(LIST, {"q": "koica"}))} == {"https://koica.go.kr/"}
    page = reading.page(client.get(LIST, {"state__exact": "broken"}))
    assert page.xpath("//td[contains(@class, 'used_by')]/a/@href") == [change_address(source)]
    assert page.xpath("//td[contains(@class, 'where_to')]//a/@href") == [URL]


@pytest.mark.any_database
def test_the_list_asks_the_same_of_the_database_for_one_as_for_three(desk):
    client = desk("editor")

    def queries():
        with CaptureQueriesContext(connection) as asked:
            client.get(LIST)
        return len(asked)

    make_source(url=URL)
    queries()
    one = queries()
    make_source(url="https://example.org/b"), make_source(url="https://example.org/c")
    assert queries() == one


def test_every_kind_of_record_may_be_asked_for():
    assert {model._meta.model_name for model in links.models_with_links()} >= {
        "source",
        "organisation",
        "project",
        "term",
    }
    make_term()
    links.sync_links()


def test_former_address_of_the_list_redirects_to_it(desk):
    response = desk("editor").get("/admin/portal/link/", {"state": "broken"})
    assert (response.status_code, response.headers["Location"]) == (302, f"{LIST}?state=broken")
