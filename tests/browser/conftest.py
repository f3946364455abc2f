"""Fixtures of the admin in real browsers: a server on a copy of the content that tests may change, and its users."""

import contextlib
import functools
import sqlite3

import pytest
from django.conf import global_settings, settings
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import override_settings
from playwright.sync_api import expect

from portal.settings import uploaded_files_storage
from tests.browser.served import serve, settings_of_a_local_run
from tests.conftest import Switch, empty_caches
from tests.staff import session_of

expect.set_options(timeout=15_000)  # milliseconds: a page that nobody has made yet takes long on a busy machine

# The users of the admin and their groups. Those without a group are superusers.
PEOPLE = {"kim": None, "lee": None, "han": "Editor", "seo": "Reviewer", "park": "Translator (Korean)"}


@pytest.fixture(scope="session")
def database_of_a_server(django_db_blocker):
    """Return a context manager in which this process uses a database file of a server of `serve`, like that server.

    Changes are committed at once: the server has them in its next response. Uploaded files are in the folder of the
    database, which must be the server's DATA_DIR.
    """

    @contextlib.contextmanager
    def use(path):
        as_the_server = override_settings(
            SECRET_KEY=settings_of_a_local_run()["SECRET_KEY"],
            PASSWORD_HASHERS=global_settings.PASSWORD_HASHERS,
            DATA_DIR=path.parent,
            MEDIA_ROOT=path.parent / "files",
            STORAGES=settings.STORAGES | {"default": uploaded_files_storage()},
        )
        empty_caches()
        try:
            with django_db_blocker.unblock(), Switch(str(path)), as_the_server:
                yield
        finally:
            empty_caches()

    return use


@pytest.fixture(scope="module")
def desk(content_database, database_of_a_server, tmp_path_factory):
    """Run the portal on a copy of the content that tests may change. `sessions` are the session cookies of PEOPLE.

    In the block of `desk.database()` a test reads and changes that copy.
    """
    if connection.vendor != "sqlite":
        pytest.skip("what a browser sees does not depend on the database")
    copy = tmp_path_factory.mktemp("desk") / "desk.sqlite3"
    with contextlib.closing(sqlite3.connect(content_database)) as original:  # a server may have it open
        original.execute("VACUUM INTO ?", [str(copy)])
    database = functools.partial(database_of_a_server, copy)
    sessions = []
    with database():
        for name, group in PEOPLE.items():
            user = User.objects.create_user(name, is_staff=True, is_superuser=group is None)
            user.groups.set(Group.objects.filter(name=group))
            sessions.append(session_of(user))
    with serve(f"sqlite:///{copy}", DATA_DIR=str(copy.parent)) as site:
        site.sessions, site.database = sessions, database
        yield site


@pytest.fixture
def editor(new_context, desk):
    """Return a function that opens the browser of a user of the admin, by number, in a language."""

    def signed_in(number, language="en", **options):
        context = new_context(locale=language, **options)
        context.add_cookies([{"name": "sessionid", "value": desk.sessions[number], "url": desk.url}])
        return context.new_page()

    return signed_in
