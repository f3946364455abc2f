"""Settings of the portal.

Values that differ between deployments come from environment variables, which docs/operation.md lists.
"""

import importlib.util
import ipaddress
import os
import re
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key
from django.http.request import split_domain_port, validate_host
from django.utils.translation import gettext_lazy as _

from portal.ops import logs

BASE_DIR = Path(__file__).resolve().parent.parent
LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]
HOST = re.compile(r"(?P<host>\*|\.?[a-z0-9][a-z0-9.-]*|\[[0-9a-f:.]+\])(:(?P<port>[0-9]{1,5}))?", re.IGNORECASE)
FRAME_ORIGIN = re.compile(r"https?://(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:([0-9]{1,5}|\*))?")
WEB_PORTS = {"http": "80", "https": "443"}
MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}


def env_bool(name: str, default: bool = False) -> bool:
    """Return an environment variable as a bool, or `default` if it is not set.

    Raise ImproperlyConfigured, which names the variable, for any word except 1, true, yes, on, 0, false, no and off.
    """
    value = os.environ.get(name, "").strip().lower()
    if value in {"", "1", "true", "yes", "on", "0", "false", "no", "off"}:
        return value in {"1", "true", "yes", "on"} if value else default
    raise ImproperlyConfigured(
        f"{name}={value!r} is neither yes nor no. Set it to 1 or 0 (docs/operation.md, Settings)."
    )


def env_list(name: str) -> list[str]:
    """Return the words of a comma-separated environment variable."""
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()]


def env_choice(name: str, *choices: str) -> str:
    """Return an environment variable that must be one of `choices`, in lower case; the first choice if it is not set.

    Raise ImproperlyConfigured for any other word.
    """
    value = os.environ.get(name, "").strip().lower() or choices[0]
    if value in choices:
        return value
    raise ImproperlyConfigured(f"{name}={value!r} is none of {', '.join(choices)} (docs/operation.md, Settings).")


def networks(name: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Return the networks, such as 10.0.0.0/8, of a comma-separated environment variable.

    Raise ImproperlyConfigured if one of them is not a network.
    """
    try:
        return [ipaddress.ip_network(word) for word in env_list(name)]
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} names what is no network: {error} (docs/operation.md, Settings)."
        ) from error


def env_int(name: str, default: int) -> int:
    """Return an environment variable as an integer of 0 or more, or `default` if it is not set.

    Raise ImproperlyConfigured for anything else.
    """
    value = os.environ.get(name, "").strip()
    if not value or (value.isascii() and value.isdecimal()):
        return int(value or default)
    raise ImproperlyConfigured(f"{name}={value!r} is no whole number (docs/operation.md, Settings).")


def lookup_address(name: str) -> str:
    """Return an environment variable that is an https URL with the placeholder `{doi}`; "" if it is not set.

    Raise ImproperlyConfigured if the scheme is not https, or if the placeholder is missing.
    """
    address = os.environ.get(name, "").strip()
    if not address or (address.startswith("https://") and "{doi}" in address):
        return address
    raise ImproperlyConfigured(
        f"{name} is no address such as https://example.org/{{doi}} (docs/operation.md, Settings)."
    )


def frame_ancestors(name: str) -> list[str]:
    """Return the sources of an environment variable, separated by commas or spaces; `*` if it is not set.

    A source is *, self, none, or an origin such as https://example.org or https://*.example.org. Raise
    ImproperlyConfigured for anything else, and if `*` or `none` is not the only one.
    """
    words = os.environ.get(name, "").lower().replace(",", " ").split() or ["*"]
    found = [{"self": SELF, "none": NONE}.get(word.strip("'"), word) for word in words]
    wrong = [word for word in found if word not in {"*", SELF, NONE} and not FRAME_ORIGIN.fullmatch(word)]
    if wrong or (len(found) > 1 and {"*", NONE} & set(found)):
        raise ImproperlyConfigured(
            f"{name}={os.environ[name]!r} is neither * nor none nor a list of origins such as https://example.org "
            "(docs/operation.md, Settings)."
        )
    return found


def mail_server(name: str) -> SplitResult:
    """Return an environment variable with the URL of a mail server, parsed; empty if it is not set.

    The URL is such as smtp+tls://user:password@mail.example.org:587. Raise ImproperlyConfigured if the scheme is not in
    MAIL_PORTS, or if the host is missing.
    """
    url = urlsplit(os.environ.get(name, "").strip())
    if (url.scheme in MAIL_PORTS and url.hostname) or not url.geturl():
        return url
    raise ImproperlyConfigured(
        f"{name} is not the address of a mail server. Write smtp+tls://user:password@host:587, smtps://… or smtp://… "
        "(docs/operation.md, Settings)."
    )


def hosts(name: str) -> list[tuple[str, str]]:
    """Return (host, port) pairs of a comma-separated environment variable, in lower case. A port not given is "".

    Raise ImproperlyConfigured if one of the words is not a host.
    """
    found = [(word, HOST.fullmatch(word)) for word in env_list(name)]
    if wrong := [word for word, match in found if not match]:
        raise ImproperlyConfigured(
            f"{name} names {wrong[0]!r}, which is not a host. Write portal.example.org, or portal.example.org:8080 if "
            "readers use that port (docs/operation.md, Settings)."
        )
    return [(match["host"].lower().rstrip("."), match["port"] or "") for _word, match in found]


def base_url(name: str) -> str:
    """Return an environment variable such as https://portal.example.org; "" if it is not set.

    The URL is in lower case, without a slash at the end and without the default port of its scheme. Raise
    ImproperlyConfigured if it has a path, a wildcard, or a scheme other than http and https.
    """
    given = os.environ.get(name, "").strip()
    if not given:
        return ""
    scheme, _, rest = given.lower().removesuffix("/").partition("://")
    match = HOST.fullmatch(rest)
    if scheme not in WEB_PORTS or not match or rest[0] in "*.":
        raise ImproperlyConfigured(
            f"{name}={given!r} is not the address of a host. Write it without a path: https://portal.example.org or "
            "http://127.0.0.1:8000 (docs/operation.md, Settings)."
        )
    return join_url(scheme, match["host"], match["port"])


def join_url(scheme: str, host: str, port: str | None) -> str:
    """Return the base URL of a host. The default port of the scheme is left out."""
    return f"{scheme}://{host}" + (f":{port}" if port and port != WEB_PORTS[scheme] else "")


# ── Deployment ───────────────────────────────────────────────────────────────────────────────────────────────

DEBUG = env_bool("DEBUG")
NAMED_HOSTS = hosts("ALLOWED_HOSTS")
ALLOWED_HOSTS = list(dict.fromkeys(host for host, _port in NAMED_HOSTS)) or LOOPBACK
PUBLIC = not DEBUG and not set(ALLOWED_HOSTS) <= set(LOOPBACK)
HTTPS = env_bool("HTTPS", default=PUBLIC)
SECRET_KEY = os.environ.get("SECRET_KEY", "")
if not SECRET_KEY:
    if PUBLIC:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set, and ALLOWED_HOSTS names a public host. Set SECRET_KEY to a long random text that "
            "stays the same from start to start and is the same for every worker (docs/operation.md, Settings)."
        )
    SECRET_KEY = get_random_secret_key()  # this is enough for commands, and for one process on this machine
SECRET_KEY_IS_TEMPORARY = not os.environ.get("SECRET_KEY")  # what it encrypts is lost when the process ends
SECRET_KEY_FALLBACKS = env_list(
    "SECRET_KEY_FALLBACKS"
)  # former keys, newest first (docs/operation.md, A new SECRET_KEY)
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")


def public_url() -> str:
    """Return the base URL that readers use.

    It is PUBLIC_URL, or else the URL of the only public host in ALLOWED_HOSTS, or else that of gunicorn on this machine
    (port 8000 if ALLOWED_HOSTS gives none). Raise ImproperlyConfigured if PUBLIC_URL contradicts ALLOWED_HOSTS or
    HTTPS, or if it is not set and ALLOWED_HOSTS does not name exactly one public host.
    """
    given = base_url("PUBLIC_URL")
    if given:
        if not validate_host(split_domain_port(urlsplit(given).netloc)[0], ALLOWED_HOSTS):
            raise ImproperlyConfigured(
                f"PUBLIC_URL is {given}, but ALLOWED_HOSTS does not name that host: readers who follow a link would be "
                "refused. Add it to ALLOWED_HOSTS (docs/operation.md, Settings)."
            )
        if HTTPS and given.startswith("http:"):
            raise ImproperlyConfigured(
                f"PUBLIC_URL is {given}, but HTTPS is on. Write https://, or set HTTPS=0 (docs/operation.md, Settings)."
            )
        return given
    named = [(host, port) for host, port in NAMED_HOSTS if host not in LOOPBACK]
    if len(named) > 1 or (named and named[0][0][0] in "*."):
        raise ImproperlyConfigured(
            "PUBLIC_URL is not set, and ALLOWED_HOSTS does not name exactly one public host. Set PUBLIC_URL to the "
            "address that readers use, such as https://portal.example.org (docs/operation.md, Settings)."
        )
    scheme = "https" if HTTPS else "http"
    if named:
        [(host, port)] = named
        return join_url(scheme, host, port)
    host, port = (NAMED_HOSTS or [(LOOPBACK[0], "")])[0]
    return join_url(scheme, host, port or "8000")


# Every absolute URL begins with PUBLIC_URL, never with the Host header: a client can write any allowed host there.
PUBLIC_URL = public_url()
# The base URL in the ids of feeds and of OAI-PMH. The ids must not change when the portal moves to another host.
ID_BASE_URL = base_url("ID_BASE_URL") or PUBLIC_URL
# (host, port) pairs that a Host header may name. On this machine any port is allowed (portal/http/hosts.py).
PUBLIC_HOST, PUBLIC_PORT = split_domain_port(urlsplit(PUBLIC_URL).netloc)
HOST_PORTS = [(host, port) for host, port in NAMED_HOSTS if port]
HOST_PORTS.append((PUBLIC_HOST, PUBLIC_PORT or WEB_PORTS[urlsplit(PUBLIC_URL).scheme]))

# ── Applications and middleware ──────────────────────────────────────────────────────────────────────────────

INSTALLED_APPS = [
    "portal.apps.PortalConfig",  # before modeltranslation, so that this app's `loaddata` is used
    "modeltranslation",  # before admin, which it extends
    "portal.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.sitemaps",
    "django_filters",
    "django_tables2",
    "django_htmx",
    "corsheaders",
    "simple_history",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "issues.apps.IssuesConfig",
    "projects.apps.ProjectsConfig",
]

COUNT_USAGE = env_bool("COUNT_USAGE", default=True)  # count pages, files and searches (portal/http/usage.py)
REPLICA_URL = os.environ.get("REPLICA_URL", "").strip()  # a read replica (portal/ops/replicas.py)
METRICS_NETWORKS = networks("METRICS_NETWORKS")  # the networks that may read /metrics
MIDDLEWARE = [
    "portal.http.outage.DatabaseRestartMiddleware",  # outermost: it may answer a request twice
    "portal.ops.logs.RequestIdMiddleware",
    "portal.http.hosts.HostPortMiddleware",  # before every middleware that reads the host
    *(["portal.ops.metrics.MetricsMiddleware"] if METRICS_NETWORKS else []),
    *(["portal.ops.replicas.ReplicaMiddleware"] if REPLICA_URL else []),
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Below WhiteNoise: static files do not need the header of pages.
    "portal.http.middleware.PermissionsPolicyMiddleware",
    "portal.http.middleware.OpenReadMiddleware",  # outside the page cache: corsheaders answers by the Origin header
    "portal.publishing.scheduler.PublishScheduledMiddleware",  # outside the page cache, which it makes outdated
    "portal.http.usage.UsageMiddleware",  # outside the page cache: its pages count, too
    "portal.http.page_cache.PageCacheMiddleware",  # outside all that only an uncached page needs
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "portal.http.framing.FramingMiddleware",  # inside the two whose headers it changes, outside all that answer
    "corsheaders.middleware.CorsMiddleware",
    "portal.formats.short_addresses.ShortAddressMiddleware",  # outside the middlewares that read the parameters
    "portal.http.parameters.ParametersMiddleware",
    "portal.http.throttling.ThrottlingMiddleware",  # outside compression, which takes part of the slot of a request
    "portal.http.middleware.GZipTextMiddleware",
    "portal.http.middleware.BrotliMiddleware",
    "portal.http.page_cache.ETagMiddleware",
    "portal.http.problems.ProblemMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "portal.http.middleware.UrlLanguageMiddleware",
    "portal.http.middleware.PrivateCacheMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.accounts.sessions.ActivityMiddleware",
    "portal.http.throttling.RequestSizeMiddleware",  # needs the signed-in user; must run before the body is read
    "django.contrib.messages.middleware.MessageMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["portal.core.template_loader.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.search.glossary_terms.glossary",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "portal.templatetags.components",
                "portal.templatetags.discovery",
                "portal.templatetags.figures",
                "portal.templatetags.languages",
                "portal.templatetags.maps",
                "portal.templatetags.navigation",
            ],
        },
    }
]

# ── Database ─────────────────────────────────────────────────────────────────────────────────────────────────


def database(url: str, *, read_only: bool = False) -> dict:
    """Return the settings of the database at `url`.

    Options in the URL, as in …?connect_timeout=10, override the defaults. `conn_max_age` is how many seconds a thread
    keeps its connection; with 0, a pooler can give it to the next thread. `read_only` makes the database refuse writes.
    """
    found = dj_database_url.parse(url, conn_health_checks=True)
    found["CONN_MAX_AGE"] = found.get("OPTIONS", {}).pop("conn_max_age", 600)
    options = {}
    if found["ENGINE"] == "django.db.backends.sqlite3":
        # Readers are not blocked while an editor writes. A second writer waits up to 20 s instead of failing.
        options = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # FULL keeps all committed transactions after a power failure. NORMAL may lose the last commits.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        }
        if read_only:
            options["init_command"] = "PRAGMA query_only=ON;"
    elif found["ENGINE"] == "django.db.backends.postgresql":
        # A host that no longer responds, or a lock, must not block all threads. The request fails after these times,
        # and its thread is free again (seconds; tcp_user_timeout is in milliseconds).
        options = {
            "connect_timeout": 5,
            "tcp_user_timeout": 10_000,
            "keepalives_idle": 30,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "options": "-c lock_timeout=20s" + (" -c default_transaction_read_only=on" if read_only else ""),
        }
    return found | {"OPTIONS": options | found.get("OPTIONS", {})}


DATABASES = {"default": database(os.environ.get("DATABASE_URL") or f"sqlite:///{BASE_DIR / 'db.sqlite3'}")}
if REPLICA_URL:
    DATABASES["replica"] = database(REPLICA_URL, read_only=True)
    DATABASE_ROUTERS = ["portal.ops.replicas.ReplicaRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FIXTURE_DIRS = [BASE_DIR / "fixtures"]

# Attempts to sign in are counted in the default cache, so all workers must share it.
CACHE_URL = os.environ.get("CACHE_URL", "").strip()
REDIS = {"LOCATION": CACHE_URL, "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1}}  # seconds
CACHES = {
    "default": (
        REDIS | {"BACKEND": "django.core.cache.backends.redis.RedisCache"}
        if CACHE_URL
        else {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "portal_cache",  # a migration creates this table
            "OPTIONS": {"MAX_ENTRIES": 10_000},  # beyond this number, the cache would delete the oldest counts
        }
    ),
    # Values that any process can compute again from the same input, such as the layout of a graph.
    "local": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # Values that any process can compute again from the same content: complete pages and the counts of lists
    # (portal/http/page_cache.py).
    "pages": (
        REDIS | {"BACKEND": "portal.http.redis_cache.FailSafeRedisCache", "KEY_PREFIX": "pages"}
        if CACHE_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 500}}
    ),
}

# ── Languages ────────────────────────────────────────────────────────────────────────────────────────────────

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ko", "한국어"), ("ru", "Русский")]
LOCALE_PATHS = [BASE_DIR / "portal" / "locale", BASE_DIR / "portal" / "locale" / "third_party"]
FORMAT_MODULE_PATH = ["portal.dateformats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = os.environ.get("TIME_ZONE") or "Asia/Seoul"
MODELTRANSLATION_DEFAULT_LANGUAGE = "en"
MODELTRANSLATION_LANGUAGES = ("en", "ko", "ru")
MODELTRANSLATION_FALLBACK_LANGUAGES = ("en",)
MODELTRANSLATION_CUSTOM_FIELDS = ()

# ── Publishing ───────────────────────────────────────────────────────────────────────────────────────────────

SCHEDULE_SECONDS = 30  # a process checks the next scheduled record at most this often; None: never

# ── History ──────────────────────────────────────────────────────────────────────────────────────────────────

SIMPLE_HISTORY_DATE_INDEX = False  # the states of a record are found by the record, not by date

# ── DOI lookup ───────────────────────────────────────────────────────────────────────────────────────────────

DOI_LOOKUP_URL = lookup_address("DOI_LOOKUP_URL")  # service that returns the reference of a DOI; empty: no lookup

# ── External links ───────────────────────────────────────────────────────────────────────────────────────────

LINKS_MAY_BE_PRIVATE = False  # check_links requests no host of a private network; tests allow it

# ── Files ────────────────────────────────────────────────────────────────────────────────────────────────────

DATA_DIR = Path(os.environ.get("DATA_DIR") or BASE_DIR / "var")  # the data archive and, by default, uploaded files
MEDIA_ROOT = DATA_DIR / "files"  # what editors upload; only portal/views/files.py serves it


def uploaded_files_storage() -> dict:
    """Return the storage of uploaded files: MEDIA_ROOT, or a bucket of an S3-compatible service if S3_BUCKET is set.

    The S3 client reads the credentials from its own variables (AWS_ACCESS_KEY_ID …). Raise ImproperlyConfigured if
    S3_BUCKET is set and its packages are not installed.
    """
    bucket = os.environ.get("S3_BUCKET", "").strip()
    if not bucket:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    if not (importlib.util.find_spec("storages") and importlib.util.find_spec("boto3")):
        raise ImproperlyConfigured(
            "S3_BUCKET is set, but its packages are not installed. Install django-storages[s3] (docs/operation.md, "
            "Uploaded files)."
        )
    options = {"bucket_name": bucket, "default_acl": None, "file_overwrite": False}
    if endpoint := os.environ.get("S3_ENDPOINT_URL", "").strip():
        options["endpoint_url"] = endpoint
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}


# Bytes. Pictures are stored smaller than they are uploaded. The quota is for all stored files together.
MOST_PICTURE_BYTES = env_int("MOST_PICTURE_MB", 15) * 1_000_000
MOST_ATTACHMENT_BYTES = env_int("MOST_ATTACHMENT_MB", 20) * 1_000_000
MOST_STORED_BYTES = env_int("MOST_STORED_MB", 5_000) * 1_000_000

# ── Static files ─────────────────────────────────────────────────────────────────────────────────────────────

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
# Only Leaflet's own files are served from django-leaflet. As an installed app, django-leaflet would need GDAL.
LEAFLET_DIR = Path(importlib.util.find_spec("leaflet").submodule_search_locations[0]) / "static" / "leaflet"
STATICFILES_DIRS = [BASE_DIR / "static", ("leaflet", LEAFLET_DIR)]
STORAGES = {
    "default": uploaded_files_storage(),
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "portal.ops.staticfiles.HashedStaticFilesStorage"
        )
    },
}

# ── Security ─────────────────────────────────────────────────────────────────────────────────────────────────

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
if HTTPS:
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["upgrade-insecure-requests"] = True
# Browser features that pages of the portal may use: only signing in with passkeys.
# Passkeys are allowed on the portal's own pages without an entry here: that is the default of browsers.
PERMISSIONS_POLICY = dict.fromkeys(
    (
        *("accelerometer", "autoplay", "browsing-topics", "camera", "display-capture"),
        *("encrypted-media", "gamepad", "geolocation", "gyroscope", "hid", "idle-detection", "magnetometer"),
        *("microphone", "midi", "payment", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
    ),
    "()",
)
# Scripts of any site may read what is public (portal.http.middleware.OpenReadMiddleware). Those that send headers of
# their own, or a plan to the overlap check, ask first: they may for the API, IATI and OAI-PMH.
CORS_URLS_REGEX = r"^/(api/v1|iati|oai)(/|$)"
CORS_ALLOW_ALL_ORIGINS = True
CORS_ALLOW_METHODS = ["GET", "HEAD", "OPTIONS", "POST"]  # POST: the overlap check
CORS_ALLOW_HEADERS = ["accept", "accept-language", "content-type", "if-none-match", "if-modified-since"]
CORS_EXPOSE_HEADERS = ["ETag", "Last-Modified", "Link", "Content-Language", "Content-Disposition", "Retry-After"]
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "DENY"
EMBED_ANCESTORS = frame_ancestors("EMBED_ANCESTORS")  # sites that may frame embeds; none may frame other pages
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^content-version$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True  # forms contain the token, and no script reads it
if HTTPS:  # browsers accept `__Host-` cookies only from this host, not from a neighbouring host
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    LANGUAGE_COOKIE_NAME = "__Host-django_language"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # this saves one cookie
if env_bool("BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Requests per minute that a network may make, and the number of its requests that a process handles at the same time
# (`at_once`). 0 means no limit. Sign-in has limits of its own (allauth). The cost of each page and file is in
# portal/http/throttling.py.
THROTTLE_RATES = {
    "pages": env_int("LIMIT_PAGES", 600),
    "search": env_int("LIMIT_SEARCH", 240),
    "export": env_int("LIMIT_EXPORT", 60),
    "api": env_int("LIMIT_API", 300),
    "reports": env_int("LIMIT_REPORTS", 10),
    "at_once": env_int("LIMIT_AT_ONCE", 2),
}

MOST_UPLOADED = 64 * 1024 * 1024  # bytes, in the admin: the largest IATI file and the form around it

# ── Accounts ─────────────────────────────────────────────────────────────────────────────────────────────────

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "mfa_index"
LOGOUT_REDIRECT_URL = "/accounts/login/?signed-out"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
SESSION_COOKIE_AGE = 60 * 60  # seconds; a session ends after an hour without a request (portal/accounts/sessions.py)
SESSION_MAX_SECONDS = 10 * 60 * 60  # seconds; a session ends after a working day in any case
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"

# Staff sign in with a second factor besides the password. They must set one up before they can use the admin.
STAFF_MFA = env_bool("STAFF_MFA", default=PUBLIC)
# On a public host two people check what readers see: nobody publishes what they submitted themselves.
REVIEW_OWN = env_bool("REVIEW_OWN", default=not PUBLIC)

# On one's own machine, e-mail goes to the console. A public host without a mail server sends no e-mail: its console is
# a log, and a link that resets a password must not be logged.
MAIL = mail_server("EMAIL_URL")
SENDS_EMAIL = bool(MAIL.scheme) or not PUBLIC
HAS_MAIL_SERVER = bool(MAIL.scheme)  # digests and notices name their reader: never to a console, which may be a log
EMAIL_BACKEND = (
    f"django.core.mail.backends.{'smtp' if MAIL.scheme else 'console' if SENDS_EMAIL else 'dummy'}.EmailBackend"
)
EMAIL_HOST = MAIL.hostname or "localhost"
EMAIL_PORT = MAIL.port or MAIL_PORTS.get(MAIL.scheme, 25)
EMAIL_HOST_USER = unquote(MAIL.username or "")
EMAIL_HOST_PASSWORD = unquote(MAIL.password or "")
EMAIL_USE_TLS = MAIL.scheme == "smtp+tls"
EMAIL_USE_SSL = MAIL.scheme == "smtps"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = os.environ.get("EMAIL_FROM") or "webmaster@localhost"
CONTACT_EMAIL = os.environ.get("CONTACT_EMAIL") or DEFAULT_FROM_EMAIL  # for harvesters of the data

ACCOUNT_ADAPTER = "portal.accounts.adapters.AccountAdapter"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # send no mail to addresses without an account
ACCOUNT_EMAIL_VERIFICATION = "none"  # administrators create the accounts
ACCOUNT_FORMS = {"reset_password": "portal.accounts.adapters.ResetForm"}
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True  # lets an owner in while strangers' attempts block the account
# Limits on attempts with a password. portal/accounts/adapters.py says which attempts count. One network can make at
# most 20 a day on an account, so that it cannot use up the 100 of that account. allauth has limits of its own for the
# second factor and for other pages.
ACCOUNT_RATE_LIMITS = {
    "attempts_from_address": "10/m/ip",
    "attempts_on_account_from_network": "5/5m/key,20/d/key",
    "attempts_on_account": "100/d/key",
}
# Django's generator only reads the account. allauth's copies the address as unverified and then refuses a second
# factor.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
ACCOUNT_SESSION_REMEMBER = True  # the session lasts as long as SESSION_COOKIE_AGE says
ACCOUNT_USER_DISPLAY = "portal.accounts.adapters.display"
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if env_bool("BEHIND_PROXY") else 0
MFA_ADAPTER = "portal.accounts.adapters.FactorAdapter"
MFA_FORMS = {
    "add_webauthn": "portal.accounts.adapters.AddKeyForm",
    "edit_webauthn": "portal.accounts.adapters.EditKeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1  # one period of 30 s either way: the clock of a phone may be half a minute off
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS

# ── Logging ──────────────────────────────────────────────────────────────────────────────────────────────────

LOGGING = logs.configuration(os.environ.get("LOG_LEVEL") or "INFO", env_choice("LOG_FORMAT", "text", "json"))

PORTAL_NAME = _("Central Asia Environment and Cooperation Portal")
