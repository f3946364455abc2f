"""The pages of archived and deleted records."""

import pytest
from django.utils import timezone, translation

from portal.core.choices import PublicationStatus
from portal.models import FormerKey, Tombstone
from tests import reading
from tests.make import (
    make_agreement,
    make_country,
    make_event,
    make_former_key,
    make_indicator,
    make_issue,
    make_organisation,
    make_place,
    make_project,
    make_source,
    make_tombstone,
)

pytestmark = pytest.mark.django_db

MAKERS = [
    *(make_project, make_agreement, make_organisation, make_issue, make_indicator, make_event),
    *(make_country, make_place, make_source),
]
TITLES = {
    "en": ("This page was removed", "This page was archived"),
    "ko": ("이 페이지는 삭제되었습니다", "이 페이지는 보관되었습니다"),
    "ru": ("Эта страница удалена", "Эта страница перенесена в архив"),
}
WHY = {
    "en": "It duplicated another record.",
    "ko": "다른 자료와 중복되었습니다.",
    "ru": "Она повторяла другую запись.",
}


def in_language(record, language):
    with translation.override(language):
        return record.get_absolute_url()


def heading(response):
    [title] = reading.page(response).xpath("//h1/text()")
    return title


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("language", TITLES)
def test_a_removed_record_says_why_and_where_to_go(client, make, language):
    record, successor = make(), make()
    kind = record._meta.model_name
    make_tombstone(kind=kind, key=record.key, successor=successor.key, note_en="See there.", note_ko="거기를 보세요.")
    path = in_language(record, language)
    assert client.get(path).status_code == 200, "a record that is there stands before its tombstone"
    record.delete()
    response = client.get(path)
    page = response.content.decode()
    assert (response.status_code, heading(response)) == (410, TITLES[language][0])
    assert WHY[language] in page
    assert {"en": "See there.", "ko": "거기를 보세요.", "ru": '<span lang="en">See there.</span>'}[language] in page
    assert f'href="{in_language(successor, language)}"' in page


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("language", TITLES)
def test_an_archived_record_says_so_and_nothing_more(client, make, language):
    record = make(publication=PublicationStatus.ARCHIVED)
    response = client.get(in_language(record, language))
    assert (response.status_code, heading(response)) == (410, TITLES[language][1])
    assert str(record) not in response.content.decode()


def test_an_archived_record_may_say_why(client):
    record = make_project(publication=PublicationStatus.ARCHIVED)
    make_tombstone(key=record.key, reason=Tombstone.Reason.OUTDATED)
    page = client.get(record.get_absolute_url()).content.decode()
    assert "It is out of date." in page
    assert timezone.localdate().strftime("%Y") in page


def test_a_successor_that_readers_do_not_see_is_not_named(client):
    successor = make_project(title_en="Zzyzx", publication=PublicationStatus.DRAFT)
    stone = make_tombstone(successor=successor.key)
    response = client.get(f"/en/projects/{stone.key}/")
    assert (response.status_code, "Zzyzx" in response.content.decode()) == (410, False)


@pytest.mark.parametrize("publication", [PublicationStatus.DRAFT, PublicationStatus.IN_REVIEW])
def test_what_readers_never_saw_is_not_found(client, publication):
    assert client.get(make_project(publication=publication).get_absolute_url()).status_code == 404
    assert client.get("/en/projects/never-there/").status_code == 404


def test_a_former_key_leads_on_even_where_a_record_was_removed(client):
    source = make_source()
    former = make_former_key(kind=FormerKey.Kind.SOURCE, now=source.key)
    make_tombstone(kind=Tombstone.Kind.SOURCE, key=former.key)
    response = client.get(f"/en/sources/{former.key}/")
    assert (response.status_code, response.headers["Location"]) == (301, f"/en/sources/{source.key}/")
