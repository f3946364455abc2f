"""A read replica: readers use it; writes and signed-in users use the primary database."""

import os
import time
from urllib.parse import urlsplit

import httpx
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import OperationalError, connections, transaction
from django.test import Client, override_settings

from portal.ops import replicas
from portal.ops.replicas import ReplicaMiddleware, ReplicaRouter
from portal.tracking import content_version
from projects.models import Project
from tests.browser.served import serve, settings_of_a_local_run
from tests.conftest import Switch

router = ReplicaRouter()


# ── Where ────────────────────────────────────────────────────────────────────────────────────────────────────


class Copy:
    """A connection to a replica that is available or not."""

    def __init__(self, there=True):
        self.there, self.looks = there, 0

    def close_if_health_check_failed(self):
        self.looks += 1

    def ensure_connection(self):
        if not self.there:
            raise OperationalError("could not connect")


@pytest.fixture
def copy(monkeypatch):
    """Configure a replica beside the test database for this test."""
    copy = Copy()

    class Both:
        def __getitem__(self, alias):
            return copy if alias == "replica" else connections[alias]

    monkeypatch.setattr(replicas, "connections", Both())
    yield copy
    replicas._reads_replica.set(False)


def reads(request, model=Project):
    """Return the database from which a request reads the records of a model."""
    found = []
    ReplicaMiddleware(lambda request: found.append(router.db_for_read(model)))(request)
    return found[0]


@pytest.mark.parametrize(
    "path", ["/en/", "/ko/projects/?q=a", "/api/v1/projects", "/data/projects.csv", "/sitemap.xml", "/readyz"]
)
def test_reader_reads_from_the_copy(rf, copy, path):
    assert [reads(rf.get(path)), reads(rf.head(path))] == ["replica", "replica"]


@pytest.mark.parametrize("path", ["/admin/", "/accounts/login/", "/en/preview/token/", "/healthz", "/metrics"])
def test_staff_drafts_and_health_have_the_first_database(rf, copy, path):
    assert reads(rf.get(path)) == "default"


def test_whoever_is_signed_in_and_whoever_sends_something_has_the_first_database(rf, copy):
    signed_in = rf.get("/en/projects/")
    signed_in.COOKIES[settings.SESSION_COOKIE_NAME] = "a-session"
    assert reads(signed_in) == "default"
    assert reads(rf.post("/en/projects/")) == "default"


@pytest.mark.parametrize("model", [User, Session])
def test_accounts_and_sessions_are_never_a_moment_behind(rf, copy, model):
    assert reads(rf.get("/en/"), model) == "default"


def test_outside_of_requests_there_is_one_database(copy):
    assert router.db_for_read(Project) == "default"


def test_what_is_written_goes_to_the_first_database_and_is_read_there(rf, copy):
    def answer(request):
        return router.db_for_read(Project), router.db_for_write(Project), router.db_for_read(Project)

    assert ReplicaMiddleware(answer)(rf.get("/en/")) == ("replica", "default", "default")
    assert reads(rf.get("/en/")) == "replica", "The next request begins anew."


@pytest.mark.django_db(transaction=True)
def test_a_transaction_reads_where_it_writes(rf, copy):
    def answer(request):
        with transaction.atomic():
            return router.db_for_read(Project)

    assert ReplicaMiddleware(answer)(rf.get("/en/")) == "default"


def test_relations_hold_and_a_copy_is_not_migrated():
    assert router.allow_relation(Project(), User())
    assert [router.allow_migrate(name, "portal") for name in ("default", "replica")] == [True, False]


def test_a_copy_that_does_not_answer_is_left_alone_for_a_while(rf, copy, monkeypatch, caplog):
    now = [1000.0]
    monkeypatch.setattr(replicas, "monotonic", lambda: now[0])
    found = []
    middleware = ReplicaMiddleware(lambda request: found.append(router.db_for_read(Project)))
    copy.there = False
    for _ in range(3):
        middleware(rf.get("/en/"))
    copy.there = True
    middleware(rf.get("/en/"))
    now[0] += replicas.PAUSE
    middleware(rf.get("/en/"))
    assert found == ["default"] * 4 + ["replica"]
    assert copy.looks == 2
    assert [record.message for record in caplog.records] == [
        "The replica does not answer; readers get the first database."
    ]


# ── Two real databases ───────────────────────────────────────────────────────────────────────────────────────


def end_other_sessions(name):
    """End the connections to the database, because PostgreSQL copies only a database without other connections.

    The server of `site` keeps its connections. It checks them before each request, so it opens new ones.
    """
    with connections["default"].creation._nodb_cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])


@pytest.fixture
def two(content_database, django_db_blocker, tmp_path):
    """Return the URLs of the primary database and its copy, which differ in one title and in the content version."""
    with django_db_blocker.unblock():
        if connections["default"].vendor == "sqlite":
            names = [str(tmp_path / "first.sqlite3"), str(tmp_path / "copy.sqlite3")]
            with Switch(content_database):
                for name in names:
                    with connections["default"].cursor() as cursor:
                        cursor.execute("VACUUM INTO %s", [name])
            urls = [f"sqlite:///{name}" for name in names]
        else:
            names = []
            for suffix in ("first", "copy"):
                with Switch(content_database):
                    creation = connections["default"].creation
                    end_other_sessions(content_database)
                    creation.clone_test_db(suffix, verbosity=0, autoclobber=True)
                    names.append(creation.get_test_db_clone_settings(suffix)["NAME"])
            urls = [urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl() for name in names]
        with Switch(names[0]):
            user = User.objects.create_superuser("gulnara")
            client = Client()
            with override_settings(SECRET_KEY=settings_of_a_local_run()["SECRET_KEY"]):
                client.force_login(user)
        with Switch(names[1]):
            assert Project.objects.filter(key=KEY).update(title_en="As the copy has it") == 1
            content_version.flush()
        yield urls, client.cookies[settings.SESSION_COOKIE_NAME].value
        if connections["default"].vendor != "sqlite":
            for suffix in ("first", "copy"):
                with Switch(content_database):
                    connections["default"].creation.destroy_test_db(verbosity=0, suffix=suffix)


KEY = "koica-gggi-aral-sea-grip"


def test_readers_get_the_copy_and_staff_the_first_database(two):
    [first, copy], session = two
    page, search = f"/en/projects/{KEY}/", "/api/v1/projects?q=grip"
    with serve(first, REPLICA_URL=copy, STAFF_MFA="0") as site:
        options = {"base_url": site.url, "trust_env": False, "timeout": 30}
        # Two clients, because each keeps the cookies that it gets.
        with (
            httpx.Client(**options) as reader,
            httpx.Client(**options, cookies={settings.SESSION_COOKIE_NAME: session}) as staff,
        ):
            assert "As the copy has it" in reader.get(page).text
            assert "As the copy has it" not in staff.get(page).text
            assert staff.get("/admin/").status_code == 200
            assert KEY in reader.get(search).text
            assert reader.get("/readyz").status_code == 200
            # The content version is the replica’s too: it differs from that of the primary database.
            assert reader.get(search).headers["ETag"] != staff.get(search).headers["ETag"]
        assert "read-only" not in site.log()
        assert "readonly" not in site.log()


def test_readers_get_the_first_database_while_the_copy_is_away(two):
    [first, _copy], _session = two
    nowhere = "postgres://nobody@127.0.0.1:1/nothing"
    with (
        serve(first, REPLICA_URL=nowhere) as site,
        httpx.Client(base_url=site.url, trust_env=False, timeout=30) as client,
    ):
        began = time.monotonic()
        page = client.get(f"/en/projects/{KEY}/")
        assert page.status_code == 200
        assert "As the copy has it" not in page.text
        assert time.monotonic() - began < 20
        assert "The replica does not answer; readers get the first database." in site.log()


def test_readers_get_the_copy_while_the_first_database_is_away(two):
    [_first, copy], _session = two
    is_file = copy.startswith("sqlite")
    nowhere = "sqlite:////nowhere/first.sqlite3" if is_file else "postgres://nobody@127.0.0.1:1/nothing"
    with serve(copy):
        pass  # it stores the values of facets, as the first database of the copy has them
    with (
        serve(nowhere, REPLICA_URL=copy) as site,
        httpx.Client(base_url=site.url, trust_env=False, timeout=30) as client,
    ):
        page = client.get(f"/en/projects/{KEY}/")
        assert page.status_code == 200, site.log()
        assert "As the copy has it" in page.text
        assert client.get("/readyz").status_code == 200, "The proxy sends readers here."
        assert (
            client.get("/admin/", headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={'a' * 32}"}).status_code == 503
        )
