"""A Host header must name a host of the portal and a port that belongs to it."""

import pytest
from django.core.cache import caches

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture
def public(settings):
    """Use the settings of PUBLIC_URL=https://portal.example.org and three further hosts."""
    settings.ALLOWED_HOSTS = ["portal.example.org", "portal", ".example.net", "[2001:db8::1]", *settings.LOOPBACK]
    settings.HOST_PORTS = [
        *(("portal", "8000"), (".example.net", "8080"), ("[2001:db8::1]", "8443")),
        ("portal.example.org", "443"),
    ]


@pytest.mark.parametrize(
    "host",
    [
        *("portal.example.org", "portal.example.org:443", "PORTAL.example.org:443", "portal.example.org.:443"),
        *("portal", "portal:8000", "www.example.net:8080", "www.example.net", "[2001:db8::1]:8443", "[2001:DB8::1]"),
        *("localhost:1", "LOCALHOST:31337", "localhost.:8000", "127.0.0.1:4", "[::1]:65535", "localhost", "[::1]"),
    ],
)
def test_port_of_a_host_is_taken(public, client, host):
    assert client.get("/en/about/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        *("portal.example.org:80", "portal.example.org:8000", "portal.example.org:4", "PORTAL.EXAMPLE.ORG:4"),
        *("portal.example.org.:8080", "portal.example.org:0443", "portal:443", "www.example.net:443"),
        *("[2001:db8::1]:443", "portal.example.org:", "portal.example.org:x", "elsewhere.example", "[::2]:8000"),
    ],
)
@pytest.mark.parametrize("address", ["/en/about/", "/admin/", "/healthz", "/oai?verb=Identify", "/api/v1/terms"])
def test_any_other_port_is_answered_400(public, client, host, address):
    response = client.get(address, headers={"host": host})
    assert response.status_code == 400
    assert "Content-Security-Policy" in response.headers


def test_wrong_port_is_answered_400_before_it_is_led_to_https(public, client, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/en/about/", headers={"host": "portal.example.org:4"}).status_code == 400
    led = client.get("/en/about/", headers={"host": "portal.example.org"})
    assert led.headers["Location"] == "https://portal.example.org/en/about/"


def test_page_that_is_kept_is_the_same_for_every_host_and_refused_to_a_wrong_one(public, client, page_cache):
    first = client.get("/en/about/", headers={"host": "portal.example.org"})
    again = client.get("/en/about/", headers={"host": "portal:8000"})
    assert again.content == first.content
    assert len(caches["pages"]._cache) == 1
    assert client.get("/en/about/", headers={"host": "portal:8001"}).status_code == 400


def test_wrong_port_is_told_in_the_language_of_the_page(public, client):
    page = client.get("/ko/about/", headers={"host": "portal:4"})
    assert page.headers["Content-Language"] == "ko"
    assert client.get("/api/v1/terms", headers={"host": "portal:4"})["Content-Type"] == "application/problem+json"
