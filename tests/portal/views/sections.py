"""Read sections of pages in tests."""

from tests import reading


def sections(response):
    """Return the text below each heading of the second level, by heading."""
    parts = reading.page(response).xpath("//main//section[h2]")
    return {reading.words(part.find("h2")): reading.words(part) for part in parts}


def keys(addresses):
    return [address.rstrip("/").rpartition("/")[2] for address in addresses]
