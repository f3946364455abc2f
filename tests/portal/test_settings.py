"""The settings: an invalid environment variable gets a clear message, and a missing one has a safe default."""

import ast
import importlib.util
import os
import re
import runpy
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client
from django.utils.module_loading import import_string

from tests.make import make_term

pytestmark = pytest.mark.any_database

BASE_DIR = settings.BASE_DIR
VARIABLES = (
    *("DEBUG", "ALLOWED_HOSTS", "PUBLIC_URL", "ID_BASE_URL", "SECRET_KEY", "SECRET_KEY_FALLBACKS"),
    *("CSRF_TRUSTED_ORIGINS", "DATABASE_URL", "EMBED_ANCESTORS"),
    *("HTTPS", "BEHIND_PROXY", "TIME_ZONE", "LOG_LEVEL", "CACHE_URL", "EMAIL_URL", "EMAIL_FROM"),
    *(
        "STAFF_MFA",
        "REVIEW_OWN",
        "COUNT_USAGE",
        "DOI_LOOKUP_URL",
        "DATA_DIR",
        "LIMIT_SEARCH",
        "LIMIT_EXPORT",
        "LIMIT_API",
    ),
    *("LIMIT_PAGES", "LIMIT_REPORTS", "LIMIT_AT_ONCE", "COUNT_USAGE"),
    *("MOST_PICTURE_MB", "MOST_ATTACHMENT_MB", "MOST_STORED_MB", "S3_BUCKET", "S3_ENDPOINT_URL"),
    *("LOG_FORMAT", "METRICS_NETWORKS", "REPLICA_URL", "CONTACT_EMAIL"),
    "DJANGO_ALLOW_ASYNC_UNSAFE",  # from tests in a browser
)
KEY = "a-key-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGH"


def check(*arguments, **environment):
    """Run `manage.py check` as an operator would. Return the exit status and the last line of its output."""
    inherited = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    command = [sys.executable, "manage.py", "check", *arguments]
    done = subprocess.run(
        command, cwd=BASE_DIR, env=inherited | environment, capture_output=True, text=True, check=False
    )
    return done.returncode, (done.stdout + done.stderr).strip().splitlines()[-1]


@pytest.fixture
def configured():
    """Return the settings with only these variables. The environment of the test stays as it is."""

    def run(**environment):
        with pytest.MonkeyPatch.context() as changed:
            for name in VARIABLES:
                changed.delenv(name, raising=False)
            for name, value in environment.items():
                changed.setenv(name, value)
            return runpy.run_path(str(BASE_DIR / "portal" / "settings.py"))

    return run


def test_nothing_needs_to_be_set_on_ones_own_machine():
    assert check() == (0, "System check identified no issues (0 silenced).")


def test_a_public_host_needs_a_secret_key_and_is_told_so():
    code, said = check(ALLOWED_HOSTS="portal.example.org")
    assert code == 1
    assert said == (
        "django.core.exceptions.ImproperlyConfigured: SECRET_KEY is not set, and ALLOWED_HOSTS names a public host. "
        "Set SECRET_KEY to a long random text that stays the same from start to start and is the same for every worker "
        "(docs/operation.md, Settings)."
    )


def test_a_public_host_with_its_key_passes_the_deployment_check():
    assert check("--deploy", "--fail-level", "WARNING", ALLOWED_HOSTS="portal.example.org", SECRET_KEY=KEY) == (
        0,
        "System check identified no issues (0 silenced).",
    )


def test_a_switch_that_is_neither_yes_nor_no_is_named():
    code, said = check(DEBUG="maybe")
    assert (code, said) == (
        1,
        "django.core.exceptions.ImproperlyConfigured: "
        "DEBUG='maybe' is neither yes nor no. Set it to 1 or 0 (docs/operation.md, Settings).",
    )


@pytest.mark.parametrize("environment", [{"DEBUG": "maybe"}, {"ALLOWED_HOSTS": "portal.example.org"}])
def test_settings_that_cannot_be_safe_are_not_made(configured, environment):
    with pytest.raises(ImproperlyConfigured, match=r"docs/operation\.md, Settings"):
        configured(**environment)


def test_only_this_machine_is_served_unless_hosts_are_named(configured):
    assert configured()["ALLOWED_HOSTS"] == ["127.0.0.1", "localhost", "[::1]"]
    assert configured(ALLOWED_HOSTS=" ")["ALLOWED_HOSTS"] == ["127.0.0.1", "localhost", "[::1]"]
    named = configured(
        ALLOWED_HOSTS="portal.example.org, www.example.org,", PUBLIC_URL="https://www.example.org", SECRET_KEY=KEY
    )
    assert named["ALLOWED_HOSTS"] == ["portal.example.org", "www.example.org"]


def test_former_keys_are_named_by_commas(configured):
    assert configured()["SECRET_KEY_FALLBACKS"] == []
    named = configured(SECRET_KEY=KEY, SECRET_KEY_FALLBACKS="newest, older")
    assert (named["SECRET_KEY_FALLBACKS"], named["SECRET_KEY_IS_TEMPORARY"]) == (["newest", "older"], False)


@pytest.mark.parametrize("hosts", ["", "localhost", "127.0.0.1,localhost"])
def test_a_key_is_made_up_where_only_this_machine_is_served(configured, hosts):
    assert configured(ALLOWED_HOSTS=hosts)["SECRET_KEY_IS_TEMPORARY"]
    one, other = (configured(ALLOWED_HOSTS=hosts)["SECRET_KEY"] for _ in range(2))
    assert len(one) == len(other) >= 50
    assert one != other


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", False),
        ("1", True),
        ("TRUE", True),
        ("yes", True),
        ("on", True),
        ("0", False),
        ("no", False),
        (" off ", False),
    ],
)
def test_debug_is_off_unless_asked_for(configured, value, expected):
    assert configured(DEBUG=value)["DEBUG"] is expected


def test_uploaded_files_are_in_the_data_folder_or_in_a_bucket(configured, monkeypatch, tmp_path):
    own = configured(DATA_DIR=str(tmp_path))
    assert own["MEDIA_ROOT"] == tmp_path / "files"
    assert own["STORAGES"]["default"] == {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: find(name if name == "leaflet" else "django"))
    bucket = configured(S3_BUCKET="portal", S3_ENDPOINT_URL="https://s3.example.org")["STORAGES"]["default"]
    assert bucket["BACKEND"] == "storages.backends.s3.S3Storage"
    assert bucket["OPTIONS"]["bucket_name"] == "portal"
    assert bucket["OPTIONS"]["endpoint_url"] == "https://s3.example.org"


def test_bucket_without_its_packages_stops_the_portal(configured, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "storages" else find(name))
    with pytest.raises(ImproperlyConfigured, match=r"S3_BUCKET is set, but its packages are not installed"):
        configured(S3_BUCKET="portal")


def test_debug_serves_static_files_by_their_own_names(configured):
    names = {debug: configured(DEBUG=debug)["STORAGES"]["staticfiles"]["BACKEND"] for debug in ("0", "1")}
    assert names == {
        "0": "portal.ops.staticfiles.HashedStaticFilesStorage",
        "1": "django.contrib.staticfiles.storage.StaticFilesStorage",
    }


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, False),
        ({"HTTPS": "1"}, True),
        ({"ALLOWED_HOSTS": "portal.example.org", "SECRET_KEY": KEY}, True),
        ({"ALLOWED_HOSTS": "portal.example.org", "SECRET_KEY": KEY, "HTTPS": "0"}, False),
        ({"ALLOWED_HOSTS": "portal.example.org", "DEBUG": "1"}, False),
    ],
)
def test_https_is_demanded_on_a_public_host_unless_switched_off(configured, environment, expected):
    found = configured(**environment)
    assert [
        found[name]
        for name in ("SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_HSTS_PRELOAD")
    ] == [expected] * 4
    assert found["SECURE_HSTS_SECONDS"] == (31_536_000 if expected else 0)


PUBLIC = {"ALLOWED_HOSTS": "portal.example.org", "SECRET_KEY": KEY}


def test_cookies_on_a_public_host_are_taken_from_it_alone_and_read_by_no_script(configured):
    found = configured(**PUBLIC)
    assert (found["SESSION_COOKIE_NAME"], found["CSRF_COOKIE_NAME"]) == ("__Host-sessionid", "__Host-csrftoken")
    assert found["CSRF_COOKIE_HTTPONLY"] is True
    assert "SESSION_COOKIE_NAME" not in configured()  # browsers refuse such a name without HTTPS


def test_every_cookie_of_a_public_host_is_taken_from_it_alone(configured, db, settings):
    """Visit the pages that set cookies, with the cookie settings of a public host."""
    for name, value in configured(**PUBLIC).items():
        if "COOKIE" in name or name == "MESSAGE_STORAGE":
            setattr(settings, name, value)
    settings.STAFF_MFA = False
    User.objects.create_superuser("gulnara", "gulnara@example.org", "a-dry-sea-remembers-1960")
    term = make_term()
    client, found = Client(), {}
    for address, data in (
        ("/en/", None),
        ("/", None),
        ("/accounts/login/", None),
        ("/accounts/language/", {"language": "ko"}),
        ("/accounts/login/", {"login": "gulnara", "password": "wrong"}),
        ("/accounts/password/reset/", {"email": "gulnara@example.org"}),
        ("/accounts/login/", {"login": "gulnara", "password": "a-dry-sea-remembers-1960"}),
        ("/accounts/", None),
        ("/accounts/2fa/totp/activate/", None),
        ("/admin/", None),
        ("/admin/issues/term/", {"action": "delete_selected", "_selected_action": [term.pk], "post": "yes"}),
        ("/admin/issues/term/", None),
        ("/en/", None),
        ("/accounts/logout/", {}),
    ):
        send = client.get if data is None else client.post
        response = send(address, data or {}, secure=True)
        assert response.status_code in {200, 302}, address
        found |= {name: cookie for name, cookie in response.cookies.items() if cookie.value}
    assert set(found) == {"__Host-sessionid", "__Host-csrftoken", "__Host-django_language"}
    for cookie in found.values():  # browsers require this for the prefix
        assert (cookie["secure"], cookie["path"], cookie["domain"], cookie["httponly"]) == (True, "/", "", True)


def test_a_public_host_asks_browsers_for_https_in_all_that_a_page_names(configured):
    policies = [found["CONTENT_SECURITY_POLICY"]["DIRECTIVES"] for found in (configured(**PUBLIC), configured())]
    assert [policy.get("upgrade-insecure-requests") for policy in policies] == [True, None]


def test_limits_are_those_of_the_environment(configured):
    standard = {"pages": 600, "search": 240, "export": 60, "api": 300, "reports": 10, "at_once": 2}
    assert configured()["THROTTLE_RATES"] == standard
    own = configured(LIMIT_PAGES="1200", LIMIT_SEARCH="1000", LIMIT_EXPORT="0", LIMIT_API=" 30 ")
    assert own["THROTTLE_RATES"] == standard | {"pages": 1200, "search": 1000, "export": 0, "api": 30}


@pytest.mark.parametrize("value", ["many", "-1", "1.5", "٣"])
def test_a_limit_that_is_no_number_is_named(configured, value):
    with pytest.raises(ImproperlyConfigured, match=r"LIMIT_SEARCH='.*' is no whole number"):
        configured(LIMIT_SEARCH=value)


def test_health_answers_without_https(configured):
    assert configured()["SECURE_REDIRECT_EXEMPT"] == [r"^healthz$", r"^readyz$", r"^content-version$", r"^metrics$"]


def test_forwarded_protocol_is_believed_only_behind_a_proxy(configured):
    assert "SECURE_PROXY_SSL_HEADER" not in configured()
    assert configured(BEHIND_PROXY="1")["SECURE_PROXY_SSL_HEADER"] == ("HTTP_X_FORWARDED_PROTO", "https")


def test_database_is_a_file_beside_the_code_unless_named(configured):
    database = configured()["DATABASES"]["default"]
    assert (database["ENGINE"], database["NAME"]) == ("django.db.backends.sqlite3", str(BASE_DIR / "db.sqlite3"))
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_sqlite_keeps_commits_through_a_power_failure(configured, tmp_path):
    database = configured(DATABASE_URL=f"sqlite:///{tmp_path}/portal.sqlite3")["DATABASES"]["default"]
    with closing(sqlite3.connect(database["NAME"])) as connection:
        connection.executescript(database["OPTIONS"]["init_command"])
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_database_of_the_environment_is_taken(configured):
    database = configured(DATABASE_URL="postgres://portal:pass@db.example.org:5433/knowledge")["DATABASES"]["default"]
    assert {
        name: database[name] for name in ("ENGINE", "HOST", "PORT", "NAME", "CONN_MAX_AGE", "CONN_HEALTH_CHECKS")
    } == {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": "db.example.org",
        "PORT": 5433,
        "NAME": "knowledge",
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }
    assert "transaction_mode" not in database.get("OPTIONS", {})


def test_address_of_the_database_may_say_that_no_connection_is_kept(configured):
    database = configured(DATABASE_URL="postgres://db.example.org/knowledge?conn_max_age=0")["DATABASES"]["default"]
    assert database["CONN_MAX_AGE"] == 0
    assert "conn_max_age" not in database["OPTIONS"], "libpq refuses options that it does not know."


@pytest.mark.parametrize(
    ("url", "option", "usual", "given"),
    [
        ("sqlite:///portal.sqlite3", "timeout", 20, 1),
        ("postgres://db.example.org/knowledge", "connect_timeout", 5, 15),
    ],
)
def test_address_of_the_database_may_say_how_long_to_wait_for_it(configured, url, option, usual, given):
    waits = [
        configured(DATABASE_URL=address)["DATABASES"]["default"]["OPTIONS"][option]
        for address in (url, f"{url}?{option}={given}")
    ]
    assert waits == [usual, given]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, False),
        ({"STAFF_MFA": "1"}, True),
        ({"ALLOWED_HOSTS": "portal.example.org", "SECRET_KEY": KEY}, True),
        ({"ALLOWED_HOSTS": "portal.example.org", "SECRET_KEY": KEY, "STAFF_MFA": "0"}, False),
    ],
)
def test_second_step_is_asked_of_staff_on_a_public_host_unless_switched_off(configured, environment, expected):
    assert configured(**environment)["STAFF_MFA"] is expected


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, True),
        ({"REVIEW_OWN": "0"}, False),
        ({"ALLOWED_HOSTS": "portal.example.org", "SECRET_KEY": KEY}, False),
        ({"ALLOWED_HOSTS": "portal.example.org", "DEBUG": "1"}, True),
        ({"ALLOWED_HOSTS": "portal.example.org", "SECRET_KEY": KEY, "REVIEW_OWN": "1"}, True),
    ],
)
def test_two_people_review_on_a_public_host_unless_switched_off(configured, environment, expected):
    assert configured(**environment)["REVIEW_OWN"] is expected


def test_every_worker_counts_in_the_same_cache(configured):
    assert configured()["CACHES"]["default"]["BACKEND"] == "django.core.cache.backends.db.DatabaseCache"
    redis = {
        "LOCATION": "redis://cache.example.org:6379/1",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
    shared = configured(CACHE_URL="redis://cache.example.org:6379/1")["CACHES"]
    assert shared["default"] == redis | {"BACKEND": "django.core.cache.backends.redis.RedisCache"}
    assert shared["pages"] == redis | {"BACKEND": "portal.http.redis_cache.FailSafeRedisCache", "KEY_PREFIX": "pages"}


MAIL = ("HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_TLS", "USE_SSL")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp+tls://desk:p%40ss@mail.example.org", ("mail.example.org", 587, "desk", "p@ss", True, False)),
        ("smtps://mail.example.org:8465", ("mail.example.org", 8465, "", "", False, True)),
        ("smtp://localhost", ("localhost", 25, "", "", False, False)),
    ],
)
def test_mail_goes_through_the_server_of_the_environment(configured, url, expected):
    found = configured(EMAIL_URL=url, EMAIL_FROM="desk@example.org")
    assert found["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"
    assert tuple(found[f"EMAIL_{name}"] for name in MAIL) == expected
    assert (found["DEFAULT_FROM_EMAIL"], found["SENDS_EMAIL"]) == ("desk@example.org", True)


@pytest.mark.parametrize(
    ("environment", "backend", "sends"),
    [
        ({}, "console", True),
        ({"ALLOWED_HOSTS": "portal.example.org", "SECRET_KEY": KEY}, "dummy", False),
    ],
)
def test_without_a_server_mail_is_shown_to_developers_and_sent_to_nobody(configured, environment, backend, sends):
    found = configured(**environment)
    assert (found["EMAIL_BACKEND"], found["SENDS_EMAIL"]) == (
        f"django.core.mail.backends.{backend}.EmailBackend",
        sends,
    )


@pytest.mark.parametrize("url", ["mail.example.org", "imap://mail.example.org", "smtp:///"])
def test_a_mail_server_that_is_none_is_named(configured, url):
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL is not the address of a mail server"):
        configured(EMAIL_URL=url)


def test_limits_count_the_readers_address_behind_a_proxy(configured):
    assert [configured(BEHIND_PROXY=value)["ALLAUTH_TRUSTED_PROXY_COUNT"] for value in ("0", "1")] == [0, 1]


def test_session_lasts_an_hour_without_a_request_and_ten_hours_at_most(configured):
    found = configured()
    assert (found["SESSION_COOKIE_AGE"], found["SESSION_MAX_SECONDS"]) == (3_600, 36_000)


def test_pages_may_use_nothing_from_elsewhere(client, db):
    policy = client.get("/en/about/").headers["Content-Security-Policy"]
    assert sorted(policy.split("; ")) == [
        "base-uri 'none'",
        "connect-src 'self'",
        "default-src 'none'",
        "font-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "img-src 'self'",
        "manifest-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
    ]


@pytest.mark.parametrize(
    ("value", "ancestors"),
    [
        ("", ["*"]),
        ("*", ["*"]),
        ("none", ["'none'"]),
        ("self, https://A.example.org", ["'self'", "https://a.example.org"]),
        ("https://*.example.org:8443 http://localhost:*", ["https://*.example.org:8443", "http://localhost:*"]),
    ],
)
def test_sites_that_may_frame_embeds(configured, value, ancestors):
    assert configured(EMBED_ANCESTORS=value)["EMBED_ANCESTORS"] == ancestors


@pytest.mark.parametrize(
    "value", ["example.org", "* https://a.example.org", "https://a.example/path", "none,self", "a;b"]
)
def test_site_that_is_none_is_named(configured, value):
    with pytest.raises(ImproperlyConfigured, match="EMBED_ANCESTORS="):
        configured(EMBED_ANCESTORS=value)


def test_server_finds_the_portal():
    assert type(import_string(settings.WSGI_APPLICATION)) is WSGIHandler


# ── Where readers find it ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("environment", "url", "ports"),
    [
        ({}, "http://127.0.0.1:8000", [("127.0.0.1", "8000")]),
        ({"PUBLIC_URL": "http://127.0.0.1:8001/"}, "http://127.0.0.1:8001", [("127.0.0.1", "8001")]),
        ({"ALLOWED_HOSTS": "localhost"}, "http://localhost:8000", [("localhost", "8000")]),
        (PUBLIC, "https://portal.example.org", [("portal.example.org", "443")]),
        (PUBLIC | {"HTTPS": "0"}, "http://portal.example.org", [("portal.example.org", "80")]),
        (
            PUBLIC | {"ALLOWED_HOSTS": "127.0.0.1,Portal.Example.org.:8443"},
            "https://portal.example.org:8443",
            [("portal.example.org", "8443"), ("portal.example.org", "8443")],
        ),
        (
            PUBLIC | {"ALLOWED_HOSTS": ".example.org,portal:8000", "PUBLIC_URL": "https://A.example.org:443"},
            "https://a.example.org",
            [("portal", "8000"), ("a.example.org", "443")],
        ),
        (
            PUBLIC | {"ALLOWED_HOSTS": "[2001:DB8::1]:8443"},
            "https://[2001:db8::1]:8443",
            [("[2001:db8::1]", "8443"), ("[2001:db8::1]", "8443")],
        ),
    ],
)
def test_public_url_follows_from_what_is_set(configured, environment, url, ports):
    found = configured(**environment)
    assert (found["PUBLIC_URL"], found["ID_BASE_URL"], found["HOST_PORTS"]) == (url, url, ports)
    assert not any(host.endswith(("8000", "8443", ".")) for host in found["ALLOWED_HOSTS"])


def test_ids_keep_the_address_that_they_were_made_from(configured):
    found = configured(**PUBLIC, ID_BASE_URL="http://Old.example.org/")
    assert (found["PUBLIC_URL"], found["ID_BASE_URL"]) == ("https://portal.example.org", "http://old.example.org")


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        (
            {"ALLOWED_HOSTS": "portal.example.org,portal"},
            "PUBLIC_URL is not set, and ALLOWED_HOSTS does not name exactly",
        ),
        ({"ALLOWED_HOSTS": ".example.org"}, "PUBLIC_URL is not set, and ALLOWED_HOSTS does not name exactly"),
        ({"ALLOWED_HOSTS": "*"}, "PUBLIC_URL is not set, and ALLOWED_HOSTS does not name exactly"),
        ({"PUBLIC_URL": "https://elsewhere.example"}, "ALLOWED_HOSTS does not name that host"),
        ({"PUBLIC_URL": "http://portal.example.org"}, "HTTPS is on. Write https://, or set HTTPS=0"),
        ({"PUBLIC_URL": "portal.example.org"}, "PUBLIC_URL='portal.example.org' is not the address of a host"),
        ({"PUBLIC_URL": "https://portal.example.org/portal"}, "without a path"),
        ({"PUBLIC_URL": "https://user@portal.example.org"}, "is not the address of a host"),
        ({"PUBLIC_URL": "https://"}, "is not the address of a host"),
        ({"PUBLIC_URL": "ftp://portal.example.org"}, "is not the address of a host"),
        ({"PUBLIC_URL": "https://*"}, "is not the address of a host"),
        ({"ID_BASE_URL": "old.example.org"}, "ID_BASE_URL='old.example.org' is not the address of a host"),
        (
            {"ALLOWED_HOSTS": "https://portal.example.org"},
            "ALLOWED_HOSTS names 'https://portal.example.org', which is not",
        ),
        ({"ALLOWED_HOSTS": "portal.example.org:"}, "ALLOWED_HOSTS names 'portal.example.org:', which is not a host"),
        ({"ALLOWED_HOSTS": "::1"}, "ALLOWED_HOSTS names '::1', which is not a host"),
    ],
)
def test_address_that_cannot_be_the_public_one_is_named(configured, environment, told):
    with pytest.raises(ImproperlyConfigured) as error:
        configured(**PUBLIC | environment)
    assert told in str(error.value)
    assert "docs/operation.md, Settings" in str(error.value)


# ── What may be set ──────────────────────────────────────────────────────────────────────────────────────────

READERS = {
    "env_bool",
    "env_list",
    "hosts",
    "base_url",
    "env_int",
    "env_choice",
    "networks",
    "lookup_address",
    "mail_server",
    "frame_ancestors",
}


def variables_of(path):
    """Return the environment variables that a module reads, through any function."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = ast.unparse(node.func)
            if called in READERS or called == "os.environ.get":
                yield node.args[0].value


def test_operation_manual_lists_every_variable_that_the_portal_reads_and_no_other():
    read = {name for path in ("portal/settings.py", "gunicorn.conf.py") for name in variables_of(BASE_DIR / path)}
    manual = (BASE_DIR / "docs" / "operation.md").read_text(encoding="utf-8")
    section = manual.partition("\n## Settings")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == read
    assert len(read) > 20


def test_the_tests_know_every_variable_that_settings_read():
    assert set(variables_of(BASE_DIR / "portal" / "settings.py")) <= set(VARIABLES)


def test_make_runs_the_tests_without_the_settings_of_the_shell():
    """All but DATABASE_URL, which selects the database of every target."""
    makefile = (BASE_DIR / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    [removed] = re.findall(r"^CLEAN_ENV = env (.*)$", makefile, re.MULTILINE)
    read = {name for path in ("portal/settings.py", "gunicorn.conf.py") for name in variables_of(BASE_DIR / path)}
    assert sorted(removed.replace("-u ", "").split()) == sorted(read - {"DATABASE_URL"})


def test_words_of_the_environment_that_mean_nothing_are_named(configured):
    with pytest.raises(ImproperlyConfigured, match="LOG_FORMAT='xml' is none of text, json"):
        configured(LOG_FORMAT="xml")
    with pytest.raises(ImproperlyConfigured, match=r"METRICS_NETWORKS names what is no network: 10\.0\.0\.1/8"):
        configured(METRICS_NETWORKS="192.168.0.0/16, 10.0.0.1/8")


def test_numbers_are_kept_only_where_somebody_may_see_them(configured):
    kept = {
        named: "portal.ops.metrics.MetricsMiddleware" in configured(METRICS_NETWORKS=named)["MIDDLEWARE"]
        for named in ("", "::1")
    }
    assert kept == {"": False, "::1": True}


def test_a_replica_is_read_only_and_has_its_router(configured):
    assert "DATABASE_ROUTERS" not in configured()
    for url, said in (
        ("postgres://portal@copy.example.org/knowledge", "read_only=on"),
        ("sqlite:////tmp/copy", "query_only=ON"),
    ):
        found = configured(REPLICA_URL=url)
        assert said in str(found["DATABASES"]["replica"]["OPTIONS"])
        assert said not in str(found["DATABASES"]["default"]["OPTIONS"])
        assert found["DATABASE_ROUTERS"] == ["portal.ops.replicas.ReplicaRouter"]
        assert found["MIDDLEWARE"].count("portal.ops.replicas.ReplicaMiddleware") == 1
