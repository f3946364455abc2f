"""The files of the offline edition at their addresses."""

import pytest
from django.utils.http import http_date

from portal.open_data.offline import edition
from tests.portal.open_data.offline.test_edition import make_edition
from tests.portal.open_data.tables import content

pytestmark = pytest.mark.django_db

ZIP, ZIM = "/data/offline.zip", "/data/offline.zim"


def test_files_are_served_with_their_date_and_state(client):
    made = make_edition()
    for path, media in ((ZIP, "application/zip"), (ZIM, "application/x-zim")):
        response = client.get(path)
        assert content(response) == path.rpartition("/")[2].encode()
        assert response.headers["Content-Type"] == media
        assert response.headers["Content-Length"] == "11"
        assert response.headers["Last-Modified"] == http_date(int(made.made_at.timestamp()))
        assert "central-asia-environment-offline." in response.headers["Content-Disposition"]
        assert response.headers["Accept-Ranges"] == "bytes"
        again = client.get(path, headers={"If-None-Match": response.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_compressed_files_are_not_compressed_again(client):
    make_edition()
    response = client.get(ZIP, headers={"Accept-Encoding": "gzip, br", "Range": "bytes=0-3"})
    assert (response.status_code, content(response)) == (206, b"offl")
    assert "Content-Encoding" not in response.headers
    assert response.headers["Content-Length"] == "4"


def test_request_writes_no_edition(client):
    assert [client.get(path).status_code for path in (ZIP, ZIM)] == [404, 404]
    assert not edition.folder().exists()
    make_edition(zim_size=None)
    assert content(client.get(ZIP)) == b"offline.zip"
    assert client.get(ZIM).status_code == 404


@pytest.mark.parametrize(
    ("asked", "status", "sent", "told"),
    [
        ("bytes=0-3", 206, b"offl", "bytes 0-3/11"),
        ("bytes=8-", 206, b"zip", "bytes 8-10/11"),
        ("bytes=8-99", 206, b"zip", "bytes 8-10/11"),
        ("bytes=-3", 206, b"zip", "bytes 8-10/11"),
        ("bytes=-99", 206, b"offline.zip", "bytes 0-10/11"),
        ("bytes=11-", 416, b"", "bytes */11"),
        ("bytes=-0", 416, b"", "bytes */11"),
        ("bytes=5-2", 200, b"offline.zip", None),
        ("bytes=0-1,3-4", 200, b"offline.zip", None),
        ("bytes=-", 200, b"offline.zip", None),
        ("lines=1-2", 200, b"offline.zip", None),
    ],
)
def test_download_goes_on_where_it_broke_off(client, asked, status, sent, told):
    make_edition()
    response = client.get(ZIP, headers={"Range": asked})
    assert (response.status_code, content(response), response.headers.get("Content-Range")) == (status, sent, told)


def test_part_of_another_edition_is_answered_with_the_whole_file(client):
    make_edition()
    whole = client.get(ZIP)
    etag, _sent = whole.headers["ETag"], content(whole)
    for tag, status in ((etag, 206), ('"other"', 200)):
        response = client.get(ZIP, headers={"Range": "bytes=8-", "If-Range": tag})
        assert (response.status_code, content(response)[-3:]) == (status, b"zip")


def test_data_page_offers_the_files_with_date_and_size_in_each_language(client):
    words = {"en": "Offline edition", "ko": "오프라인판", "ru": "Офлайн-версия"}
    for language, heading in words.items():
        page = client.get(f"/{language}/data/").content.decode()
        assert heading in page
        assert ZIP not in page
    make_edition(zip_size=11)
    for language in words:
        page = client.get(f"/{language}/data/").content.decode()
        assert f'href="{ZIP}"' in page
        assert f'href="{ZIM}"' in page
        assert "11" in page
    edition.withdraw()
    assert "because a record in it was withdrawn" in client.get("/en/data/").content.decode()
