"""Fixtures of tests of maps and of backups."""

import pytest

from portal.core.choices import Level, PublicationStatus
from portal.models import Place
from tests.conftest import Switch
from tests.make import make_country, make_place, make_project
from tests.maps import FIVE, NUKUS, SEOUL, TASHKENT
from tests.portal.ops.backups import portal_with_backup


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


@pytest.fixture(scope="class")
def backed_up(django_db_setup, django_db_blocker, tmp_path_factory):
    """Make a portal with data of every kind, in its own database, and its backup."""
    with portal_with_backup(django_db_blocker, tmp_path_factory) as portal:
        yield portal


@pytest.fixture
def portal(backed_up, db):
    """Use the database of `backed_up`. Data are committed there: the test's transaction is in the usual database."""
    with Switch(backed_up.database):
        yield backed_up
