"""Files of pictures: who may have them, and that browsers only show them."""

import io

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from portal.core.choices import PublicationStatus
from portal.models import Picture
from tests.make import UNPUBLISHED, make_event, make_issue, make_organisation, make_picture, make_place, make_project

pytestmark = pytest.mark.django_db

OWNERS = {
    "issue": make_issue,
    "place": make_place,
    "project": make_project,
    "event": make_event,
    "organisation": make_organisation,
}


@pytest.mark.parametrize("owner", OWNERS)
def test_reader_gets_each_width_of_a_picture(client, owner):
    picture = make_picture(**{owner: OWNERS[owner]()})
    assert [width for width, _url in picture.files] == [390, 780, 800]
    for width, url in picture.files:
        response = client.get(url)
        assert response.status_code == 200
        assert Image.open(io.BytesIO(response.content)).size[0] == width


def test_browsers_show_a_file_and_run_nothing_of_it(client):
    headers = client.get(make_picture().src).headers
    assert headers["Content-Type"] == "image/webp"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Disposition"] == "inline"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert not client.cookies


@pytest.mark.parametrize("owner", OWNERS)
@pytest.mark.parametrize("publication", UNPUBLISHED)
def test_file_of_an_unpublished_record_does_not_exist_for_readers(client, owner, publication):
    picture = make_picture(**{owner: OWNERS[owner](publication=publication)})
    response = client.get(picture.src)
    unknown = client.get(f"/files/pictures/{'0' * 32}/390.webp")
    assert (response.status_code, unknown.status_code) == (404, 404)
    path = picture.src.encode()
    assert response.content.replace(path, b"") == unknown.content.replace(unknown.request["PATH_INFO"].encode(), b"")


def test_hidden_picture_of_a_published_record_does_not_exist_for_readers(client):
    assert client.get(make_picture(is_shown=False).src).status_code == 404


@pytest.mark.parametrize("role", ["editor", "reviewer", "administrator", "translator"])
def test_staff_see_hidden_pictures_and_no_cache_keeps_them(desk, role):
    response = desk(role).get(make_picture(is_shown=False).src)
    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]
    assert "private" in response.headers["Cache-Control"]


def test_picture_is_public_if_one_of_two_records_shows_it(client):
    shown = make_picture()
    hidden = make_picture(place=make_place(publication=PublicationStatus.DRAFT))
    Picture.objects.filter(pk=hidden.pk).update(digest=shown.digest)
    assert client.get(shown.src).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/files/pictures/{digest}/391.webp",
        "/files/pictures/{digest}/0.webp",
        "/files/pictures/{digest}/390.jpg",
        "/files/pictures/{digest}/390.webp/",
        "/files/pictures/..%2F..%2Fdb/390.webp",
        "/files/pictures/../../manage.py",
        "/files/",
        "/files/pictures/",
    ],
)
def test_only_addresses_of_stored_files_are_answered(client, path):
    assert client.get(path.format(digest=make_picture().digest)).status_code == 404


def test_file_that_the_storage_has_lost_is_not_found(client):
    picture = make_picture()
    default_storage.delete(picture.file_names[0])
    assert client.get(picture.files[0][1]).status_code == 404
    assert client.get(picture.src).status_code == 200


def test_files_are_only_read(client):
    assert client.post(make_picture().src).status_code == 405
