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
WEB_PORTS = {"http": "80", "https": "443"}
MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}


def env_bool(name: str, default: bool = False) -> bool:
    """An environment variable as yes or no; any other word is an error that names it."""
    value = os.environ.get(name, "").strip().lower()
    if value in {"", "1", "true", "yes", "on", "0", "false", "no", "off"}:
        return value in {"1", "true", "yes", "on"} if value else default
    raise ImproperlyConfigured(
        f"{name}={value!r} is neither yes nor no. Set it to 1 or 0 (docs/operation.md, Settings)."
    )


def env_list(name: str) -> list[str]:
    """A comma-separated environment variable as a list."""
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()]


def env_choice(name: str, *choices: str) -> str:
    """An environment variable that is one of a few words; the first one if not set."""
    value = os.environ.get(name, "").strip().lower() or choices[0]
    if value in choices:
        return value
    raise ImproperlyConfigured(f"{name}={value!r} is none of {', '.join(choices)} (docs/operation.md, Settings).")


def networks(name: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """A comma-separated environment variable as networks such as 10.0.0.0/8."""
    try:
        return [ipaddress.ip_network(word) for word in env_list(name)]
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} names what is no network: {error} (docs/operation.md, Settings)."
        ) from error


def env_int(name: str, default: int) -> int:
    """An environment variable as a whole number, 0 or more."""
    value = os.environ.get(name, "").strip()
    if not value or (value.isascii() and value.isdecimal()):
        return int(value or default)
    raise ImproperlyConfigured(f"{name}={value!r} is no whole number (docs/operation.md, Settings).")


def lookup_address(name: str) -> str:
    """An environment variable that is an https address with a place for a DOI, {doi}; empty if not set."""
    address = os.environ.get(name, "").strip()
    if not address or (address.startswith("https://") and "{doi}" in address):
        return address
    raise ImproperlyConfigured(
        f"{name} is no address such as https://example.org/{{doi}} (docs/operation.md, Settings)."
    )


def mail_server(name: str) -> SplitResult:
    """An environment variable such as smtp+tls://user:password@mail.example.org:587, in parts; empty if not set."""
    url = urlsplit(os.environ.get(name, "").strip())
    if (url.scheme in MAIL_PORTS and url.hostname) or not url.geturl():
        return url
    raise ImproperlyConfigured(
        f"{name} is not the address of a mail server. Write smtp+tls://user:password@host:587, smtps://… or smtp://… "
        "(docs/operation.md, Settings)."
    )


def hosts(name: str) -> list[tuple[str, str]]:
    """A comma-separated environment variable as pairs of host and port; the port is empty where none is given."""
    found = [(word, HOST.fullmatch(word)) for word in env_list(name)]
    if wrong := [word for word, match in found if not match]:
        raise ImproperlyConfigured(
            f"{name} names {wrong[0]!r}, which is not a host. Write portal.example.org, or portal.example.org:8080 if "
            "readers use that port (docs/operation.md, Settings)."
        )
    return [(match["host"].lower().rstrip("."), match["port"] or "") for _word, match in found]


def base_url(name: str) -> str:
    """An environment variable such as https://portal.example.org, in lower case, without a stroke at the end or a port
    that goes without saying; empty if not set.
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
    """The base URL of a host. The default port of the scheme is left out."""
    return f"{scheme}://{host}" + (f":{port}" if port and port != WEB_PORTS[scheme] else "")


# ── Where it runs ────────────────────────────────────────────────────────────────────────────────────────────

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
    SECRET_KEY = get_random_secret_key()  # enough for commands and one process on this machine
SECRET_KEY_IS_TEMPORARY = not os.environ.get("SECRET_KEY")  # what it encrypts is lost when the process ends
SECRET_KEY_FALLBACKS = env_list(
    "SECRET_KEY_FALLBACKS"
)  # former keys, newest first (docs/operation.md, A new SECRET_KEY)
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")


def public_url() -> str:
    """PUBLIC_URL, or the base URL of the only public host in ALLOWED_HOSTS, or of gunicorn on this machine."""
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


# Every absolute address begins with it. The Host header says nothing: whoever asks may write any allowed name there.
PUBLIC_URL = public_url()
# The address in the ids of feeds and of OAI-PMH, which must stay what they were when the portal moves.
ID_BASE_URL = base_url("ID_BASE_URL") or PUBLIC_URL
# Ports that a Host header may name, as pairs of host and port; on this machine any (portal/http/hosts.py).
PUBLIC_HOST, PUBLIC_PORT = split_domain_port(urlsplit(PUBLIC_URL).netloc)
HOST_PORTS = [(host, port) for host, port in NAMED_HOSTS if port]
HOST_PORTS.append((PUBLIC_HOST, PUBLIC_PORT or WEB_PORTS[urlsplit(PUBLIC_URL).scheme]))

# ── What it is made of ───────────────────────────────────────────────────────────────────────────────────────

INSTALLED_APPS = [
    "portal.apps.PortalConfig",  # first, for its loaddata
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

REPLICA_URL = os.environ.get("REPLICA_URL", "").strip()  # of a copy that readers read from (portal/ops/replicas.py)
METRICS_NETWORKS = networks("METRICS_NETWORKS")  # that /metrics answers to
MIDDLEWARE = [
    "portal.ops.logs.RequestIdMiddleware",
    "portal.http.hosts.HostPortMiddleware",  # outside all that asks for the host
    *(["portal.ops.metrics.MetricsMiddleware"] if METRICS_NETWORKS else []),
    *(["portal.ops.replicas.ReplicaMiddleware"] if REPLICA_URL else []),
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Below WhiteNoise: files do not need the header of pages.
    "portal.http.middleware.PermissionsPolicyMiddleware",
    "portal.publishing.scheduler.PublishScheduledMiddleware",  # outside the kept pages, which it makes old
    "portal.http.page_cache.PageCacheMiddleware",  # outside all that a page needs only when it is made
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "portal.http.parameters.ParametersMiddleware",
    "portal.http.throttling.ThrottlingMiddleware",  # outside of the compression, which holds a place too
    "django.middleware.gzip.GZipMiddleware",
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
    "portal.http.throttling.RequestSizeMiddleware",  # asks who is signed in, before anything reads the body
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
        "APP_DIRS": True,
        "OPTIONS": {
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
            ],
        },
    }
]

# ── Database ─────────────────────────────────────────────────────────────────────────────────────────────────


def database(url: str, *, read_only: bool = False) -> dict:
    """A database by its address. What the address says of options itself, as in …?connect_timeout=10, holds."""
    found = dj_database_url.parse(url, conn_max_age=600, conn_health_checks=True)
    options = {}
    if found["ENGINE"] == "django.db.backends.sqlite3":
        # Readers go on while an editor writes; a writer waits for its turn instead of failing.
        options = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # FULL: what was committed is still there after a power failure. NORMAL may lose the last commits.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        }
        if read_only:
            options["init_command"] = "PRAGMA query_only=ON;"
    elif found["ENGINE"] == "django.db.backends.postgresql":
        # A host that has gone silent, or somebody’s lock, must not keep all threads waiting: readers are told, and
        # return.
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

# Limits on attempts to sign in are counted in the cache, so every worker must see the same one.
CACHE_URL = os.environ.get("CACHE_URL", "").strip()
REDIS = {"LOCATION": CACHE_URL, "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1}}  # seconds
CACHES = {
    "default": (
        REDIS | {"BACKEND": "django.core.cache.backends.redis.RedisCache"}
        if CACHE_URL
        else {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "portal_cache",  # made by a migration
            "OPTIONS": {"MAX_ENTRIES": 10_000},  # past it, the oldest counts would go
        }
    ),
    # What any process can make again from the same words, such as the layout of a graph.
    "local": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # What any process can make again of the same content: pages as they went out, counts of lists
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
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
FORMAT_MODULE_PATH = ["portal.dateformats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = os.environ.get("TIME_ZONE") or "Asia/Seoul"
MODELTRANSLATION_DEFAULT_LANGUAGE = "en"
MODELTRANSLATION_LANGUAGES = ("en", "ko", "ru")
MODELTRANSLATION_FALLBACK_LANGUAGES = ("en",)
MODELTRANSLATION_CUSTOM_FIELDS = ()

# ── Publishing ───────────────────────────────────────────────────────────────────────────────────────────────

SCHEDULE_SECONDS = 30  # a process asks at most this often when the next scheduled record is due; None: never

# ── History ──────────────────────────────────────────────────────────────────────────────────────────────────

SIMPLE_HISTORY_DATE_INDEX = False  # a record’s states are found by the record

# ── References ───────────────────────────────────────────────────────────────────────────────────────────────

DOI_LOOKUP_URL = lookup_address("DOI_LOOKUP_URL")  # asked for what a DOI names; nobody is asked where it is not set

# ── Links to the outside ─────────────────────────────────────────────────────────────────────────────────────

LINKS_MAY_BE_PRIVATE = False  # check_links asks no host of the network that it runs in; tests do

# ── Static files ─────────────────────────────────────────────────────────────────────────────────────────────

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
# Of django-leaflet only Leaflet's own files are served; as an application it would want GDAL.
LEAFLET_DIR = Path(importlib.util.find_spec("leaflet").submodule_search_locations[0]) / "static" / "leaflet"
STATICFILES_DIRS = [BASE_DIR / "static", ("leaflet", LEAFLET_DIR)]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "portal.ops.staticfiles.HashedStaticFilesStorage"
        )
    },
}

# ── Files that are made of the content ──────────────────────────────────────────────────────────────────────

DATA_DIR = Path(os.environ.get("DATA_DIR") or BASE_DIR / "var")  # the archive of everything

# ── Safety ───────────────────────────────────────────────────────────────────────────────────────────────────

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
# What browsers may do for the portal’s pages: nothing but sign in with passkeys.
PERMISSIONS_POLICY = {
    **dict.fromkeys(
        (
            *("accelerometer", "autoplay", "browsing-topics", "camera", "display-capture"),
            *("encrypted-media", "gamepad", "geolocation", "gyroscope", "hid", "idle-detection", "magnetometer"),
            *("microphone", "midi", "payment", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
        ),
        "()",
    ),
    **dict.fromkeys(("publickey-credentials-create", "publickey-credentials-get"), "(self)"),
}
# Scripts of any site may read the API, IATI and OAI-PMH; none may send anything.
CORS_URLS_REGEX = r"^/(api/v1|iati|oai)(/|$)"
CORS_ALLOW_ALL_ORIGINS = True
CORS_ALLOW_METHODS = ["GET", "HEAD", "OPTIONS"]
CORS_ALLOW_HEADERS = ["accept", "accept-language", "if-none-match", "if-modified-since"]
CORS_EXPOSE_HEADERS = ["ETag", "Last-Modified", "Link", "Content-Language"]
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True  # forms carry the token; no script reads it
if HTTPS:  # browsers then take these cookies from nobody else, no neighbouring host either
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    LANGUAGE_COOKIE_NAME = "__Host-django_language"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # one cookie less
if env_bool("BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# How often a network may ask in a minute, and how many of its requests a process works on at once; 0 is no limit.
# Signing in has limits of its own (allauth). What a page or file costs is in portal/http/throttling.py.
THROTTLE_RATES = {
    "pages": env_int("LIMIT_PAGES", 600),
    "search": env_int("LIMIT_SEARCH", 240),
    "export": env_int("LIMIT_EXPORT", 60),
    "api": env_int("LIMIT_API", 300),
    "at_once": env_int("LIMIT_AT_ONCE", 2),
}

MOST_UPLOADED = 64 * 1024 * 1024  # bytes, at the desk: the largest IATI file, and the form around it

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
SESSION_COOKIE_AGE = 60 * 60  # a session ends after an hour without a request (portal/accounts/sessions.py)
SESSION_MAX_SECONDS = 10 * 60 * 60  # and after a working day, whatever is done in it
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"

# Staff sign in with a second step besides the password, and set one up before the desk opens.
STAFF_MFA = env_bool("STAFF_MFA", default=PUBLIC)

# E-mail goes to the console of one's own machine. A public host that names no mail server sends none: its console is a
# log, where a link that resets a password has no place.
MAIL = mail_server("EMAIL_URL")
SENDS_EMAIL = bool(MAIL.scheme) or not PUBLIC
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
CONTACT_EMAIL = os.environ.get("CONTACT_EMAIL") or DEFAULT_FROM_EMAIL  # whom harvesters of the data can write to

ACCOUNT_ADAPTER = "portal.accounts.adapters.AccountAdapter"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # nobody gets mail who has no account
ACCOUNT_EMAIL_VERIFICATION = "none"  # administrators make the accounts
ACCOUNT_FORMS = {"reset_password": "portal.accounts.adapters.ResetForm"}
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True  # the way in for an owner whom strangers' attempts keep out
# Attempts with a password; portal/accounts/adapters.py says which ones count. From one network come at most 20 a day,
# so that it cannot spend the 100 of an account. allauth has limits of its own for the second step, and for other pages.
ACCOUNT_RATE_LIMITS = {
    "attempts_from_address": "10/m/ip",
    "attempts_on_account_from_network": "5/5m/key,20/d/key",
    "attempts_on_account": "100/d/key",
}
# Django’s, which only reads the account. allauth’s copies the address, unverified, and then refuses a second step.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
ACCOUNT_SESSION_REMEMBER = True  # for as long as SESSION_COOKIE_AGE says
ACCOUNT_USER_DISPLAY = "portal.accounts.adapters.display"
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if env_bool("BEHIND_PROXY") else 0
MFA_ADAPTER = "portal.accounts.adapters.FactorAdapter"
MFA_FORMS = {
    "add_webauthn": "portal.accounts.adapters.AddKeyForm",
    "edit_webauthn": "portal.accounts.adapters.EditKeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1  # a telephone's clock may be half a minute off
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS

# ── Logging ──────────────────────────────────────────────────────────────────────────────────────────────────

LOGGING = logs.configuration(os.environ.get("LOG_LEVEL") or "INFO", env_choice("LOG_FORMAT", "text", "json"))

PORTAL_NAME = _("Central Asia Environment and Cooperation Portal")
