"""The lookup of a DOI follows redirects only to https URLs with public addresses."""

import socket
from urllib.error import URLError
from urllib.request import Request

import pytest

from portal.citations import doi


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.1.2.3"],
        ["169.254.169.254"],
        ["::1"],
        ["fe80::1%eth0"],
        ["64:ff9b::10.0.0.1"],
        ["93.184.215.14", "192.168.0.1"],
    ],
)
def test_no_answer_leads_into_this_network(monkeypatch, addresses):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: [(0, 0, 0, "", (a, 443)) for a in addresses])
    with pytest.raises(URLError):
        doi.CarefulRedirects().redirect_request(Request("https://a.example"), None, 302, "", {}, "https://b.example/x")


@pytest.mark.parametrize("address", ["http://b.example/", "file:///etc/passwd", "ftp://b.example/", "https:///x"])
def test_no_answer_leads_anywhere_but_by_https(monkeypatch, address):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: [(0, 0, 0, "", ("93.184.215.14", 443))])
    redirects = doi.CarefulRedirects()
    with pytest.raises(URLError):
        redirects.redirect_request(Request("https://a.example"), None, 302, "", {}, address)
    followed = redirects.redirect_request(Request("https://a.example"), None, 302, "", {}, "https://b.example/x")
    assert followed.full_url == "https://b.example/x"


def test_a_host_without_an_address_is_not_public(monkeypatch):
    def unknown(*args, **kwargs):
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert not doi.is_public("nowhere.example")
