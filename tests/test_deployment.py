"""The deployment files (Dockerfile, compose, proxy) agree with the portal. The tests need no container engine."""

import contextlib
import json
import os
import re
import shlex
import socket
import ssl
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from ipaddress import ip_network
from urllib.parse import urlsplit

import httpx
import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from portal.ops import metrics
from tests.browser.served import free_port, serve
from tests.faults.varnish_server import running_varnish
from tests.faults.visiting import ask, early_in_a_minute, until
from tests.portal.test_settings import variables_of

pytestmark = pytest.mark.any_database

ROOT = settings.BASE_DIR
READ = {name for path in ("portal/settings.py", "gunicorn.conf.py") for name in variables_of(ROOT / path)}


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture
def composed():
    return yaml.safe_load(text("compose.yaml"))


def instructions():
    """Return the instructions of the Dockerfile in order: pairs of an instruction and its arguments."""
    lines = [line for line in text("Dockerfile").splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [tuple(line.split(maxsplit=1)) for line in joined.splitlines() if line]


# ── The image ────────────────────────────────────────────────────────────────────────────────────────────────


def test_image_is_as_the_linter_of_images_likes_it():
    done = subprocess.run(
        ["hadolint", "Dockerfile"], cwd=ROOT, env=with_tools(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def with_tools():
    return os.environ | {"PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"}


def test_image_runs_as_nobody_special_and_says_how_it_is():
    said = dict(instructions())
    assert said["USER"] == "10001:10001"
    assert said["EXPOSE"] == "8000"
    assert json.loads(said["CMD"]) == ["gunicorn", "--bind", "0.0.0.0:8000"]
    names = [name for name, _rest in instructions()]
    assert names.index("USER") < names.index("CMD")


def test_image_leaves_out_what_is_secret_or_not_needed():
    left_out = set(text(".dockerignore").split())
    assert {".git", ".env*", "*.sqlite3*", "tests", ".venv"} <= left_out
    needed = {"portal", "issues", "projects", "templates", "static", "fixtures", "manage.py", "gunicorn.conf.py"}
    assert needed & left_out == set()


def test_image_installs_what_the_portal_runs_on_and_no_tools_of_ours():
    copied = [rest for name, rest in instructions() if name == "COPY"]
    assert copied[0] == "requirements.lock ."
    assert any("pip install --require-hashes -r requirements.lock" in rest for _name, rest in instructions())
    assert not any("requirements-dev" in rest for _name, rest in instructions())


def locked():
    """Return the version that requirements.lock pins for each package, by normalized name."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+) \\$", text("requirements.lock"), re.MULTILINE))


def test_lock_pins_what_the_portal_needs_with_hashes():
    pins = locked()
    stated = [line.partition("#")[0].strip() for line in text("requirements.txt").splitlines()]
    for requirement in (Requirement(line) for line in stated if line):
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), "Run make lock."
    blocks = re.split(r"^(?=\S)", text("requirements.lock"), flags=re.MULTILINE)
    packages = [block for block in blocks if "==" in block.partition("\n")[0]]
    assert len(packages) == len(pins)
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", block) for block in packages)


def test_lock_has_what_its_packages_need():
    """pip rejects a file with hashes that lacks a package which another one requires."""
    pins = locked()
    here = {canonicalize_name(one.name): one for one in metadata.distributions()}
    needed = {
        (name, canonicalize_name(requirement.name))
        for name, version in pins.items()
        if name in here and here[name].version == version
        for requirement in map(Requirement, here[name].requires or ())
        if requirement.marker is None or requirement.marker.evaluate({"python_version": "3.13", "extra": ""})
    }
    assert len(needed) > 20
    assert {pair for pair in needed if pair[1] not in pins} == set()


def test_image_lists_what_it_is_made_of(tmp_path):
    [step] = [rest for _name, rest in instructions() if "cyclonedx-py" in rest]
    installed, _and, listed = step.rpartition(" && ")
    [tool] = re.findall(r"cyclonedx-bom==(\S+)", installed)
    [line] = [line for line in text("requirements-dev.txt").splitlines() if line.startswith("cyclonedx-bom")]
    assert Requirement(line.partition("#")[0]).specifier.contains(tool)
    command = shlex.split(listed.replace("/sbom.cdx.json", str(tmp_path / "sbom.json")))
    command[0], command[-1] = "cyclonedx-py", sys.executable
    subprocess.run(command, env=with_tools(), check=True, capture_output=True)
    stated = json.loads((tmp_path / "sbom.json").read_text())
    assert stated["bomFormat"] == "CycloneDX"
    versions = {one["name"].lower(): one["version"] for one in stated["components"]}
    assert versions["django"] == metadata.version("django")


def test_health_check_of_the_image_asks_what_the_portal_answers(content_url):
    command = json.loads(dict(instructions())["HEALTHCHECK"].partition("CMD ")[2])
    assert command[:2] == ["python", "-c"]
    with serve(content_url) as site:
        port = site.url.rpartition(":")[2]
        check = [sys.executable, "-c", command[2].replace("8000", port)]
        assert subprocess.run(check, check=False).returncode == 0
        assert subprocess.run(
            check, env={"ALLOWED_HOSTS": "elsewhere.example"}, check=False, capture_output=True
        ).returncode
    assert subprocess.run(check, check=False, capture_output=True).returncode == 1


def test_server_takes_its_configuration():
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--check-config"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


# ── The services ─────────────────────────────────────────────────────────────────────────────────────────────


def test_services_are_those_that_the_portal_needs(composed):
    assert set(composed["services"]) == {"database", "cache", "prepare", "portal", "timer", "varnish", "proxy"}
    images = {name: service["image"] for name, service in composed["services"].items()}
    assert images["portal"] == images["prepare"] == images["timer"] == "portal"
    assert all(re.search(r":\d", image) for image in images.values() if image != "portal"), "Each names its version."


def test_only_the_proxy_is_to_be_reached(composed):
    assert [name for name, service in composed["services"].items() if "ports" in service] == ["proxy"]


def test_portal_is_given_only_variables_that_it_reads(composed):
    for name in ("portal", "prepare", "timer"):
        assert set(composed["services"][name]["environment"]) - READ == set()


def test_portal_is_given_every_variable_but_those_that_the_document_names(composed):
    left = {"DEBUG", "HTTPS", "STAFF_MFA", "CSRF_TRUSTED_ORIGINS", "PROMETHEUS_MULTIPROC_DIR"}
    left |= {"S3_BUCKET", "S3_ENDPOINT_URL", "DATA_DIR"}  # the image names the folder, and has no packages for S3
    assert READ - set(composed["services"]["portal"]["environment"]) == left


def test_portal_starts_with_the_variables_that_it_is_given(composed):
    given = composed["services"]["portal"]["environment"]
    filled = {"HOST": "portal.example.org", "SECRET_KEY": "k" * 60, "DATABASE_PASSWORD": "abc123"}

    def value(text):
        text = re.sub(r"\$\{(\w+):-([^}]*)\}", lambda found: found[2], text)
        return re.sub(r"\$\{(\w+)(?::\?[^}]*)?\}", lambda found: filled[found[1]], text)

    environment = {"PATH": os.environ["PATH"], **{name: value(text) for name, text in given.items()}}
    said = (
        "import json; from django.conf import settings as s; "
        "print(json.dumps([s.ALLOWED_HOSTS, s.PUBLIC_URL, s.HTTPS, s.DEBUG, s.DATABASES['default']['HOST'], "
        "s.CACHES['default']['LOCATION'], s.STAFF_MFA]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", said],
        cwd=ROOT,
        env=environment | {"DJANGO_SETTINGS_MODULE": "portal.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == [
        ["portal.example.org", "portal"],
        "https://portal.example.org",
        True,
        False,
        "database",
        "redis://cache:6379/0",
        True,
    ]


def test_commands_before_the_start_are_commands_of_the_portal(composed):
    command = composed["services"]["prepare"]["command"].removeprefix("sh -c ").strip('"')
    for step in command.split(" && "):
        python, manage, name, *_options = shlex.split(step)
        assert (python, manage) == ("python", "manage.py")
        assert name in get_commands()


@pytest.mark.parametrize(
    ("clock", "also"),
    [
        ("0000", []),
        ("0001", ["manage.py write_edition", "manage.py erase_expired_data", "manage.py send_digests"]),
        ("1201", []),
        ("07", ["manage.py write_offline --if-due"]),  # the minute
    ],
)
def test_timer_runs_its_command_at_each_full_minute_and_others_once_a_day(composed, tmp_path, clock, also):
    """Return the shell loop of compose, with programs that print their arguments."""
    for name, does in {
        "date": f'[ "$1" = +%s ] && echo 1767258047 || echo {clock}',
        "sleep": 'echo "sleep $1"; exit $((n > 0))',
        "python": 'echo "$@"',
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    command = shlex.split(composed["services"]["timer"]["command"].replace("$$", "$"))
    assert command[:2] == ["sh", "-c"]
    done = subprocess.run(
        [*command[:2], command[2].replace("; done", "; n=1; export n; done")],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert lines[:2] == ["sleep 13", "manage.py publish_scheduled"]
    # Mails are sent beside the loop.
    assert sorted(lines[2:]) == sorted([*also, "manage.py send_notices", "sleep 13"])
    assert {"publish_scheduled", "send_notices", "erase_expired_data", "send_digests", "write_offline"} <= set(
        get_commands()
    )


# ── The proxy ────────────────────────────────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def proxied(composed, folder, *, portal_port, host=None, pages_from=None):
    """Yield the URL of compose's proxy for a portal on a port of this machine, and how to trust its certificate."""
    said = composed["configs"]["caddyfile"]["content"]
    assert said.startswith("{\n")
    assert "{$$HOST} {" in said  # compose turns two dollar signs into one
    assert re.findall(r"reverse_proxy (.*) \{", said) == ["@pages {$$PAGES_FROM} portal:8000", *["portal:8000"] * 2]
    said = said.replace("$$", "$").replace("portal:8000", f"127.0.0.1:{portal_port}")
    # It has its own certificate, which no one else must trust, and only this port of this address: on all addresses, a
    # client of another test that has the same port on its own address would keep it from starting.
    options = "{\n admin off\n skip_install_trust\n auto_https disable_redirects\n default_bind 127.0.0.1\n"
    (folder / "Caddyfile").write_text(options + said.removeprefix("{\n"))
    proxy = None
    for chosen in [host] if host else [f"localhost:{free_port()}" for _ in range(3)]:
        proxy, trust = started_proxy(composed, folder, chosen, pages_from or f"127.0.0.1:{portal_port}")
        if proxy:
            break
    assert proxy, "Every port was taken between choosing it and listening there."
    try:
        yield f"https://{chosen}", trust
    finally:
        proxy.terminate()
        proxy.wait(timeout=20)


def started_proxy(composed, folder, host, pages_from):
    """Start the proxy. Return its process and how to trust it, or two times None if another program uses the port."""
    command = [*shlex.split(composed["services"]["proxy"]["command"])[:2], "--config", str(folder / "Caddyfile")]
    environment = {"PATH": with_tools()["PATH"], "HOST": host, "PAGES_FROM": pages_from}
    environment |= {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    root = folder / "caddy/pki/authorities/local/root.crt"
    log = folder / "caddy.log"
    with log.open("wb") as said:
        proxy = subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=said)
    try:
        until(lambda: proxy.poll() is not None or (root.exists() and root.stat().st_size))
        trust = ssl.create_default_context(cafile=root) if proxy.poll() is None else None
        until(lambda: proxy.poll() is not None or is_trusted(host, trust))
    except BaseException as error:
        proxy.kill()
        error.add_note(log.read_text())
        raise
    if proxy.poll() is None:
        return proxy, trust
    assert "address already in use" in log.read_text(), log.read_text()
    return None, None


def is_trusted(host, trust):
    """Return True if the proxy answers with a certificate, which it needs a moment to create."""
    name, port = host.split(":")
    with contextlib.suppress(OSError), socket.create_connection((name, int(port)), timeout=5) as connection:
        trust.wrap_socket(connection, server_hostname=name).close()
        return True
    return False


def test_readers_reach_the_portal_through_the_proxy(composed, content_url, tmp_path):
    environment = {"BEHIND_PROXY": composed["services"]["portal"]["environment"]["BEHIND_PROXY"], "LOG_FORMAT": "json"}
    host = f"localhost:{free_port()}"
    environment |= {"ALLOWED_HOSTS": f"{host},portal:8000", "PUBLIC_URL": f"https://{host}", "HTTPS": "1"}
    environment |= {"METRICS_NETWORKS": "0.0.0.0/0", "LIMIT_SEARCH": "10"}
    with (
        serve(content_url, **environment) as site,
        proxied(composed, tmp_path, portal_port=urlsplit(site.url).port, host=host) as (address, trust),
        httpx.Client(base_url=address, verify=trust, trust_env=False, timeout=30) as reader,
    ):
        page = reader.get("/ko/projects/")
        assert page.status_code == 200
        assert page.headers["Strict-Transport-Security"]
        assert f'<link rel="canonical" href="{address}/ko/projects/">' in page.text
        assert page.headers["X-Request-ID"] in site.log()
        for inside in ("/metrics", "/readyz", "/content-version"):
            for name in ("portal", "portal:8000"):  # Prometheus sends the port
                assert ask(site, inside, Host=name).status == 200
            assert ask(site, inside, Host="portal:9000").status == 400
            assert reader.get(inside).status_code == 404
        assert reader.post("/en/", content=b"x" * (64 * 2**20 + 1)).status_code == 413
        assert reader.post("/en/", content=b"x" * 2_700_000).headers["X-Request-ID"] in site.log()  # from the portal
        # The proxy identifies clients by their address. A header that a client sends does not count.
        early_in_a_minute()
        forged = [reader.get(f"/en/search/?q={n}", headers={"X-Forwarded-For": f"203.0.113.{n}"}) for n in range(30)]
        assert forged[-1].status_code == 429


def test_proxy_tells_readers_in_their_languages_that_the_portal_is_away(composed, tmp_path):
    composed["configs"]["caddyfile"]["content"] = composed["configs"]["caddyfile"]["content"].replace("30s", "1s")
    with proxied(composed, tmp_path, portal_port=free_port()) as (address, trust):
        told = httpx.get(f"{address}/ko/", verify=trust, trust_env=False, timeout=30)
    assert (told.status_code, told.headers["Retry-After"]) == (503, "30")
    assert told.text == "Back in a moment. 곧 다시 열립니다. Скоро вернёмся."


def test_readers_wait_at_the_proxy_while_the_portal_starts_anew(composed, content_url, tmp_path):
    # A busy machine may need more than the proxy's 30 seconds to start the portal.
    composed["configs"]["caddyfile"]["content"] = composed["configs"]["caddyfile"]["content"].replace("30s", "120s")
    environment = {"BEHIND_PROXY": "1", "ALLOWED_HOSTS": "localhost,portal", "PUBLIC_URL": "https://localhost"}
    port = free_port()
    with proxied(composed, tmp_path, portal_port=port) as (address, trust), ThreadPoolExecutor() as readers:
        for _ in range(2):  # start and restart
            early = readers.submit(httpx.get, f"{address}/en/glossary/", verify=trust, trust_env=False, timeout=180)
            with serve(content_url, "--bind", f"127.0.0.1:{port}", **environment):
                assert early.result().status_code == 200


def test_proxy_takes_pages_from_the_cache_and_does_without_it(composed, content_url, tmp_path):
    host = f"localhost:{free_port()}"
    environment = {"BEHIND_PROXY": "1", "ALLOWED_HOSTS": f"{host},portal:8000", "PUBLIC_URL": f"https://{host}"}
    environment |= {"HTTPS": "1", "LIMIT_SEARCH": "10"}
    with contextlib.ExitStack() as stack:
        site = stack.enter_context(serve(content_url, **environment))
        cache = contextlib.ExitStack()
        pages_from = cache.enter_context(running_varnish(site.url, "portal:8000")).removeprefix("http://")
        proxy = proxied(composed, tmp_path, portal_port=urlsplit(site.url).port, host=host, pages_from=pages_from)
        address, trust = stack.enter_context(proxy)
        reader = stack.enter_context(httpx.Client(base_url=address, verify=trust, trust_env=False, timeout=60))
        try:
            assert [reader.get("/ko/projects/").status_code for _ in range(2)] == [200, 200]
            assert int(reader.get("/ko/projects/").headers["Age"]) >= 0  # from the cache
            assert "Age" not in reader.get("/api/v1/terms").headers
            early_in_a_minute()  # limits go by the address of the reader, not by what it says
            forged = [
                reader.get(f"/en/search/?q={n}", headers={"X-Forwarded-For": f"203.0.113.{n}"}) for n in range(30)
            ]
            assert forged[-1].status_code == 429
        finally:
            cache.close()
        assert reader.get("/ko/projects/").status_code == 200


# ── The words about it ───────────────────────────────────────────────────────────────────────────────────────


def test_every_variable_that_is_asked_for_beside_compose_is_explained():
    asked = set(re.findall(r"(?<!\$)\$\{(\w+)", text("compose.yaml")))
    rows = [line.strip() for line in text("docs/operation.md").splitlines() if line.strip().startswith("| `")]
    explained = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert asked - explained == set()


def test_every_variable_in_capitals_in_the_manual_is_one_that_somebody_reads():
    assert "MALLOC_ARENA_MAX=2" in text("Dockerfile")  # the C library reads it
    assert "TMPDIR=/data" in text("Dockerfile")  # Python reads it
    storage = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"}  # the library of S3 reads them
    others = {
        "MALLOC_ARENA_MAX",
        "TMPDIR",
        "HOST",
        "DATABASE_PASSWORD",
        "CONCURRENTLY",
        "INFO",
        "PAGES_FROM",
        "COMPOSE_PROFILES",
        "PURGE",
        "BAN",
    }
    named = set(re.findall(r"`([A-Z][A-Z_]{3,})`?", text("docs/operation.md")))
    assert named - READ - others - storage == set()


@pytest.mark.django_db
def test_manual_names_the_numbers_that_there_are(rf, settings):
    settings.METRICS_NETWORKS = [ip_network("127.0.0.0/8")]
    told = metrics.metrics(rf.get("/metrics")).content.decode()
    named = set(re.findall(r"`(portal_\w+)", text("docs/operation.md")))
    assert named
    assert {name for name in named if name not in told} == set()
