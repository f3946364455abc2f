"""What every answer goes through on its way to a reader."""

import gzip
import hashlib

import brotli
import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory

from portal.middleware import BrotliMiddleware

PAGE = "<p>Ташкент, 타슈켄트, Tashkent</p>" * 50


@pytest.fixture
def plain(client, db):
    return client.get("/en/about/").content


@pytest.mark.parametrize("takes", ["br", "gzip, deflate, br, zstd", "gzip;q=0.8, br;q=1.0", "br;q=0.5"])
def test_page_comes_in_brotli_where_the_browser_takes_it(client, plain, takes):
    response = client.get("/en/about/", headers={"accept-encoding": takes})
    assert response.headers["Content-Encoding"] == "br"
    assert "Accept-Encoding" in response.headers["Vary"]
    assert brotli.decompress(response.content) == plain
    assert len(response.content) < len(gzip.compress(plain)) * 0.92


@pytest.mark.parametrize("takes", ["gzip", "gzip, br;q=0", "br; q=0.00, gzip", "gzip, abra"])
def test_page_comes_in_gzip_where_it_does_not(client, plain, takes):
    response = client.get("/en/about/", headers={"accept-encoding": takes})
    assert response.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(response.content) == plain


def test_page_comes_as_it_is_to_whom_takes_neither(client, plain):
    response = client.get("/en/about/", headers={"accept-encoding": "identity"})
    assert "Content-Encoding" not in response.headers
    assert "Accept-Encoding" in response.headers["Vary"]
    assert response.content == plain


def answered(response, takes="br"):
    return BrotliMiddleware(lambda request: response)(RequestFactory().get("/", headers={"accept-encoding": takes}))


def test_tag_of_a_compressed_page_is_weak():
    response = answered(HttpResponse(PAGE, headers={"ETag": '"one"', "Content-Length": str(len(PAGE.encode()))}))
    assert response.headers["ETag"] == 'W/"one"'
    assert response.headers["Content-Length"] == str(len(response.content))


@pytest.mark.parametrize(
    "response",
    [
        HttpResponse("short"),
        HttpResponse(PAGE, headers={"Content-Encoding": "zstd"}),
        StreamingHttpResponse([PAGE]),
    ],
)
def test_what_is_short_streamed_or_compressed_is_left_alone(response):
    before = response.headers.get("Content-Encoding")
    assert answered(response).headers.get("Content-Encoding") == before


def test_what_would_grow_is_left_alone():
    noise = hashlib.shake_128(b"noise").digest(300)
    assert answered(HttpResponse(noise)).content == noise
