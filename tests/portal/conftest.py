"""Fixtures of tests of maps."""

import pytest

from portal.core.choices import Level, PublicationStatus
from portal.models import Place
from tests.make import make_country, make_place, make_project
from tests.maps import FIVE, NUKUS, SEOUL, TASHKENT


@pytest.fixture
def five():
    """Return the five countries by key."""
    return {key: make_country(key=key, name_en=name, name_ko=f"{name}-ko") for key, name in FIVE.items()}


@pytest.fixture
def located(five):
    """Make projects: two in Nukus (one also in Tashkent), one in Seoul, two without a known place, and a draft."""
    nukus = make_place(key="nukus", country=five["uz"], **NUKUS)
    tashkent = make_place(key="tashkent", name_en="Tashkent", country=five["uz"], **TASHKENT)
    korea = make_country(key="kr", group=Place.Group.KOREA, name_en="Republic of Korea")
    seoul = make_place(key="seoul", name_en="Seoul", country=korea, **SEOUL)
    unknown = make_place(key="unknown", name_en="Unknown", country=five["uz"])
    hidden = make_place(key="hidden", name_en="Hidden", publication=PublicationStatus.DRAFT, **TASHKENT)
    for key, places, fields in (
        ("water", [nukus, tashkent], {"level": Level.NATIONAL}),
        ("trees", [nukus], {"level": Level.PROVINCIAL}),
        ("visit", [seoul], {}),
        ("vague", [unknown], {}),
        ("nowhere", [hidden], {}),
        ("draft", [nukus], {"publication": PublicationStatus.DRAFT}),
    ):
        make_project(key=key, title_en=f"Project {key}", **fields).places.add(*places)
