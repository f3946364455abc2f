"""Settings and fixtures of all tests.

**Two databases.** Most tests create the few records that they need in the empty test database. Each test is rolled
back. Some tests need the real content: they check that every fixture is valid and that every real page works. The
content is loaded into a copy of the test database, one for each test process. The fixture `content` replaces the empty
database by that copy for one test or one class. Such a test is rolled back too:

    def test_the_aral_sea_has_a_page(content, client): …

- An empty database stays empty: the two are different files (SQLite) or databases (PostgreSQL). A transaction around a
  group of tests would also isolate them, but only for tests that run in order and in one process. A server process
  could not see its data.
- `content` has the scope of a class, because pytest sets up wider scopes first: the copy must be in place before
  pytest-django opens the test's transaction. On a function outside a class it lasts for that one test.
- A test of the content must not request `transactional_db` or `live_server`, which empty the database at the end.

**Cached databases.** Both databases are copied from those that an earlier run has built (tests/databases.py). They are
built again after a change of a migration, a fixture or code that builds them, and with `--create-db`.

**A server.** `site` is the portal under gunicorn on that copy, as `make run` starts it, for tests in a browser. The
server is another process and sees the data because they are committed. Its tests must only read: their changes would
stay.
"""

import contextlib
import functools
import gc
import itertools
import os
import threading
import time
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.core.management import call_command
from django.core.management.commands.flush import Command as Flush
from django.core.management.commands.migrate import Command as Migrate
from django.db import connections
from django.test import client as test_client
from django.utils import timezone, translation
from hypothesis import settings as hypothesis

from portal.core import after_response
from portal.facets import bitmaps
from tests import databases
from tests.browser.served import CHROMIUM_ARGS, NO_CHROMIUM, chromium, serve
from tests.databases import store_of
from tests.staff import note_sign_in, sign_in

# With this variable in the environment (.ci/run sets it) a skipped test fails: a machine without Chromium, Java or a
# checker has not tested the portal. Only these reasons are allowed: a file outside the repository, the other database.
NO_SKIP = "PORTAL_NO_SKIP"
POSTGRES_ONLY = "has something to say only on PostgreSQL"
SQLITE_ONLY = "has something to say only on SQLite"
EXPECTED_SKIPS = ("../shared is not there", POSTGRES_ONLY, SQLITE_ONLY)


# Use the same examples in each run, so that no test passes or fails by chance. To search for new examples:
# make test PYTEST_ARGS="--hypothesis-profile=default -k …"
hypothesis.register_profile("repeatable", derandomize=True, deadline=None, database=None)
hypothesis.load_profile("repeatable")


def pytest_configure(config):
    if settings.DEBUG:
        raise pytest.UsageError("Tests run as the portal does, without DEBUG. Unset it, or use `make test`.")
    # Use the original names of static files. Hashed names need collectstatic, and only tests with a server run it.
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.WHITENOISE_AUTOREFRESH = True
    settings.WHITENOISE_USE_FINDERS = True
    settings.PUBLIC_URL = settings.ID_BASE_URL = "http://testserver"  # the host of the test client
    settings.THROTTLE_RATES = dict.fromkeys(settings.THROTTLE_RATES, 0)  # all tests come from one address
    settings.COUNT_USAGE = False  # a test writes no counts after its responses
    settings.SCHEDULE_SECONDS = None  # query counts of pages must not include the scheduler's query
    settings.CACHES["pages"] = {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}  # pages are not cached either
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast; protects nothing
    # Playwright keeps an event loop in the thread of the tests. Django would then refuse all queries as unsafe and
    # give the thread a second connection, as in a coroutine. The tests are not in a coroutine.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    connections._connections = threading.local()


@pytest.hookimpl(wrapper=True)
def pytest_collection(session):
    """Keep tests and modules, which live until the end, from the garbage collector.

    Looking through them again and again took up to a quarter of the processor time of a test.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 20, 50)
        gc.enable()


def pytest_collection_modifyitems(config, items):
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        if "content_database" in names:
            marker = item.get_closest_marker("django_db")
            if names & {"transactional_db", "live_server"} or (marker and marker.kwargs.get("transaction")):
                raise pytest.UsageError(f"{item.nodeid}: a transactional test would empty the content for all others.")
            if not marker:
                item.add_marker(pytest.mark.django_db)
        if names & {"page", "context", "new_context", "browser"}:
            item.add_marker(pytest.mark.browser)
        if not is_kept_from_the_database(item):
            item.add_marker(pytest.mark.database)
    items.sort(key=lambda item: not begins_early(item))  # the others keep their order


def begins_early(item):
    """Return True for long tests, and for those of faults, which mostly wait: others use the processor meanwhile."""
    return item.get_closest_marker("long") is not None or item.path.parent.name == "faults"


# Names that a test module imports if it starts other processes, which read DATABASE_URL themselves.
STARTS_PROCESSES = {"subprocess", "multiprocessing", "serve"}


def is_kept_from_the_database(item):
    """Return True if pytest-django blocks the database for the test, and its module starts no other process."""
    asks = item.get_closest_marker("django_db") or "django_db_setup" in getattr(item, "fixturenames", ())
    return not asks and not item.get_closest_marker("postgres") and not STARTS_PROCESSES & set(vars(item.module))


def pytest_runtest_setup(item):
    on_sqlite = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    if item.get_closest_marker("postgres") and on_sqlite:
        pytest.skip(POSTGRES_ONLY)
    if item.get_closest_marker("sqlite") and not on_sqlite:
        pytest.skip(SQLITE_ONLY)


def failed_if_skipped(report):
    """Return the report of a test or a module. A skip becomes a failure where skips are not allowed."""
    if report.skipped and os.environ.get(NO_SKIP) and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not any(expected in reason for expected in EXPECTED_SKIPS):
            report.outcome = "failed"
            report.longrepr = f"{NO_SKIP} is set, and this was skipped: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    return failed_if_skipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return failed_if_skipped((yield))


_folders = itertools.count()
_bitmaps_of_the_content = {}


def empty_caches():
    """Empty the caches and the facet indexes. A cache in the database is emptied by the rollback of the test."""
    bitmaps.snapshots.clear()
    for cache in caches.all(initialized_only=True):
        if not isinstance(cache, DatabaseCache):
            cache.clear()


@pytest.fixture(autouse=True)
def _empty_caches(request):
    """Empty the caches after each test. The bitmaps of the content stay for its next test: no test commits a change."""
    is_of_content = "content_database" in request.fixturenames
    if is_of_content:
        bitmaps.snapshots.newest |= _bitmaps_of_the_content
    yield
    if is_of_content:
        _bitmaps_of_the_content.update(bitmaps.snapshots.newest)
    empty_caches()


PARTS_OF_PAGES = ("django/forms/", "components/")


@pytest.fixture(autouse=True, scope="session")
def _contexts_of_pages():
    """Keep the contexts of pages for `response.context`, but not those of the hundreds of widgets in a form.

    To copy and to discard those took a twentieth of the processor time of the tests.
    """
    store = test_client.store_rendered_templates

    def store_pages(found, signal, sender, template, context, **kwargs):
        if not (template.name or "").startswith(PARTS_OF_PAGES):
            store(found, signal, sender, template, context, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(test_client, "store_rendered_templates", store_pages)
        yield


@pytest.fixture(autouse=True)
def _own_data_folder(settings, tmp_path_factory):
    """Give each test its own folder for the data archive."""
    settings.DATA_DIR = tmp_path_factory.getbasetemp() / f"data-{next(_folders)}"  # created on the first write


@pytest.fixture(autouse=True)
def _nothing_left_after_a_response(monkeypatch):
    """Run the jobs that a response leaves for later at once, so that they are done when the client has the response."""
    monkeypatch.setattr(after_response.executor, "submit", lambda run, job: job())


@pytest.fixture(autouse=True)
def _one_day():
    """Begin no test in the last minute of a day in the portal's time zone: what it compares is of one day."""
    now = timezone.localtime()
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    if midnight - now < timedelta(minutes=1):
        time.sleep((midnight - now).total_seconds())


@pytest.fixture(autouse=True)
def _english():
    """Start every test in English, whatever language the previous test requested."""
    with translation.override("en"):
        yield


@pytest.fixture
def page_cache(settings):
    """Cache pages in the memory of the process. Without this fixture, tests cache no page."""
    settings.CACHES = settings.CACHES | {
        "pages": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "pages of a test"}
    }
    caches["pages"].clear()


@pytest.fixture
def set_clock():
    """Return a function that sets the clock of this process to a moment, where it stands still.

    Columns that the database fills keep its own clock.
    """
    with contextlib.ExitStack() as stack:
        coordinates = []

        def move(moment):
            if coordinates:
                coordinates[0].move_to(moment, tick=False)
            else:
                coordinates.append(stack.enter_context(time_machine.travel(moment, tick=False)))

        yield move


@pytest.fixture
def at(set_clock):
    """Return a function that sets the clock to a time after the start of the test: `at(hours=1)`.

    A test that starts just before midnight in the portal's time zone begins after it: its seconds are of one day.
    """
    start = timezone.now()
    today, soon = timezone.localdate(start), timezone.localdate(start + timedelta(seconds=120))
    start += timedelta(seconds=0 if today == soon else 120)
    return lambda **later: set_clock(start + timedelta(**later))


@pytest.fixture
def on(set_clock):
    """Set the clock to a day and time in the portal's time zone: `on("2026-12-31", "23:59:59")`. Without time, noon."""

    def move(day, time_of_day="12:00:00"):
        set_clock(timezone.make_aware(datetime.fromisoformat(f"{day}T{time_of_day}"), timezone.get_default_timezone()))

    return move


@pytest.fixture
def later(set_clock):
    """Stop the clock and return a function that sets it forward."""
    set_clock(timezone.now())
    return lambda by: set_clock(timezone.now() + by)


# ── The databases ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def desk(client):
    """Sign in as a role or a group: `desk("editor")` returns the client; `desk("anonymous")` signs out."""
    return functools.partial(sign_in, client)


@pytest.fixture
def administrator(desk, settings):
    """The client of an administrator who has just signed in: no page asks for a password or a second factor."""
    settings.STAFF_MFA = False
    client = desk("administrator")
    note_sign_in(client)
    return client


@pytest.fixture(scope="session")
def django_db_setup(request, django_db_blocker, tmp_path_factory):
    """Set up the test database as pytest-django does. Its tables come from a cached database.

    A transactional test ends with Django's flush. It is replaced by a copy of the database as it was at first, which
    takes a tenth of the time, and has the groups and triggers that migrations made.
    """
    with pytest.MonkeyPatch.context() as patch:
        if not request.config.getoption("create_db"):
            patch.setattr(Migrate, "handle", copy_or_migrate(Migrate.handle))
        request.getfixturevalue("django_db_setup")
    with (
        copy_of_the_test_database("at_first", django_db_blocker, tmp_path_factory) as name,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(Flush, "handle", lambda self, **options: store_of(connections["default"]).load_from(name))
        yield


def copy_or_migrate(migrate):
    """Return a replacement for Migrate.handle that copies the cached database, or migrates if there is none."""

    def handle(self, *args, **options):
        store = store_of(connections[options["database"]])

        def build(part):
            migrate(self, *args, **options)
            store.save_to(part)

        with databases.cached("migrated", build, store) as name:
            store.load_from(name)

    return handle


# ── The content ──────────────────────────────────────────────────────────────────────────────────────────────


class Switch:
    """A context manager that replaces the test database by the database `name`."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.empty = connections["default"]
        self.empty_name = self.empty.settings_dict["NAME"]
        # Every connection, also of other threads, reads the same dictionary. Django's own test runner changes it too.
        self.empty.settings_dict["NAME"] = self.name
        # Use a new connection: closing that of the empty database would destroy a database in memory.
        connections["default"] = connections.create_connection("default")
        ContentType.objects.clear_cache()  # the primary keys of content types differ between the databases

    def __exit__(self, *error):
        connections["default"].close()
        connections["default"] = self.empty
        self.empty.settings_dict["NAME"] = self.empty_name
        ContentType.objects.clear_cache()


@contextlib.contextmanager
def new_database(purpose, django_db_blocker, tmp_path_factory):
    """Yield the name of a database that does not exist yet. If it exists at the end of the block, it is deleted."""
    connection = connections["default"]
    if connection.vendor == "sqlite":
        yield str(tmp_path_factory.mktemp(purpose) / f"{purpose}.sqlite3")
        return
    name = f"{connection.settings_dict['NAME']}_{purpose}"
    yield name
    with django_db_blocker.unblock():
        databases.Templates(connection).delete(name)


@contextlib.contextmanager
def copy_of_the_test_database(purpose, django_db_blocker, tmp_path_factory):
    """Yield the name of an empty copy of the test database, which exists until the end of the block."""
    with new_database(purpose, django_db_blocker, tmp_path_factory) as name:
        with django_db_blocker.unblock():
            store_of(connections["default"]).save_to(name)
        yield name


def address_of(name):
    """Return the DATABASE_URL for another process of the database `name`, which is beside the test databases."""
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def load_content(name):
    """Load all of fixtures/ into the database called `name`."""
    with Switch(name):
        fixtures = sorted((settings.BASE_DIR / "fixtures").glob("*.json"))
        call_command("loaddata", *map(str, fixtures), verbosity=0)


@pytest.fixture(scope="session")
def content_database(request, django_db_setup, django_db_blocker, tmp_path_factory):
    """Yield the name of a copy of the test database with all of fixtures/. It is made on first use."""
    store = store_of(connections["default"])

    def build(name):
        store.save_to(name)
        load_content(str(name))

    with new_database("content", django_db_blocker, tmp_path_factory) as name:
        with django_db_blocker.unblock():
            if request.config.getoption("create_db"):
                build(name)
            else:
                with databases.cached("content", build, store) as cached:
                    store.copy(cached, name)
        yield name


@pytest.fixture(scope="class")
def content(content_database, django_db_blocker):
    """Use the content of fixtures/ in this test or class. See the docstring of this module."""
    empty_caches()
    with django_db_blocker.unblock(), Switch(content_database):
        if connections["default"].vendor == "sqlite":
            _check_only_changes(connections["default"])
        yield


def _check_only_changes(connection):
    """Check foreign keys at the end of a test only if it has changed rows. SQLite looks through all of the content."""
    check_all, checked = connection.check_constraints, [0]

    def check_constraints(table_names=None):
        changes = connection.connection.total_changes
        if changes != checked[0]:
            check_all(table_names)
            checked[0] = changes

    connection.check_constraints = check_constraints


@pytest.fixture(scope="class")
def own_database(django_db_setup, django_db_blocker, tmp_path_factory):
    """Replace the test database by a new empty one for this test, and yield its URL for another process."""
    with (
        copy_of_the_test_database("own", django_db_blocker, tmp_path_factory) as name,
        django_db_blocker.unblock(),
        Switch(name),
    ):
        yield address_of(name)


@pytest.fixture(scope="class")
def blank_database(django_db_setup, django_db_blocker, tmp_path_factory):
    """Replace the test database by a new one without tables, for tests of migrations.

    Migrating forwards to an early state takes seconds. Migrating back to it takes more than a minute.
    """
    connection = connections["default"]
    with new_database("blank", django_db_blocker, tmp_path_factory) as name, django_db_blocker.unblock():
        if connection.vendor != "sqlite":
            databases.Templates(connection).copy("template1", name)
        with Switch(name):
            yield


# ── The browser ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="session")
def content_url(content_database):
    """Return the DATABASE_URL of the content for another process."""
    return address_of(content_database)


@pytest.fixture(scope="session")
def site(content_url):
    """Run the portal under gunicorn with all of fixtures/: `site.url` is its URL, `site.log()` the end of its log."""
    with serve(content_url) as running:
        yield running


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Use the machine's own Chromium, started as pytest-playwright does."""
    executable = chromium()
    if not executable:
        pytest.skip(NO_CHROMIUM)
    return {**browser_type_launch_args, "executable_path": executable, "args": CHROMIUM_ARGS}


def pytest_terminal_summary(terminalreporter):
    """Print the figures that tests recorded with `record_property("figures", …)`."""
    for reports in list(terminalreporter.stats.values()):
        for report in reports:
            for name, told in getattr(report, "user_properties", ()) if getattr(report, "when", "") == "call" else ():
                if name == "figures":
                    terminalreporter.write_line(told)
