"""Files of pictures: who may have them, and that browsers only show them."""

import io

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from portal.core.choices import PublicationStatus
from portal.models import Picture
from tests.make import (
    UNPUBLISHED,
    make_agreement,
    make_attachment,
    make_event,
    make_issue,
    make_organisation,
    make_picture,
    make_place,
    make_project,
    make_source,
)

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


# ── Documents ────────────────────────────────────────────────────────────────────────────────────────────────

DOCUMENT_OWNERS = {"agreement": make_agreement, "project": make_project, "source": make_source}


@pytest.mark.parametrize("owner", DOCUMENT_OWNERS)
def test_reader_downloads_a_document_and_browsers_never_show_it_within_the_portal(client, owner):
    attachment = make_attachment(**{owner: DOCUMENT_OWNERS[owner](key="trees")})
    response = client.get(attachment.src)
    assert (response.status_code, response.content[:5], len(response.content)) == (200, b"%PDF-", attachment.size)
    assert {name: response.headers[name] for name in HEADERS} == {
        "Content-Type": "application/pdf",
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": f'attachment; filename="trees-{attachment.digest[:6]}.pdf"',
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
        "Cache-Control": "public, max-age=31536000, immutable",
    }


HEADERS = (
    *("Content-Type", "X-Content-Type-Options", "Content-Disposition"),
    *("Content-Security-Policy", "Cache-Control"),
)


@pytest.mark.parametrize("owner", DOCUMENT_OWNERS)
@pytest.mark.parametrize("publication", UNPUBLISHED)
def test_document_of_an_unpublished_record_does_not_exist_for_readers(client, owner, publication):
    attachment = make_attachment(**{owner: DOCUMENT_OWNERS[owner](publication=publication)})
    assert client.get(attachment.src).status_code == 404


def test_hidden_document_is_for_staff_only_and_no_cache_keeps_it(desk):
    attachment = make_attachment(is_shown=False)
    assert desk("anonymous").get(attachment.src).status_code == 404
    response = desk("editor").get(attachment.src)
    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["{digest}.docx", "{digest}.pdf/", "{digest}", "..%2F..%2Fdb.pdf", "../../manage.py"])
def test_only_addresses_of_stored_documents_are_answered(client, path):
    assert client.get(f"/files/attachments/{path.format(digest=make_attachment().digest)}").status_code == 404
