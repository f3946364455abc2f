"""A Varnish server with the configuration of compose.yaml, for tests and measurements, on its own port."""

import contextlib
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import yaml

from tests.browser.served import ROOT, free_port
from tests.faults.visiting import until

NO_PROGRAM = "varnishd or its modules were not found: install varnish and varnish-modules"


def configuration(portal_url, name=None):
    """Return the VCL of compose.yaml for a portal on this machine, which Varnish calls by a name that it allows."""
    text = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["configs"]["vcl"]["content"]
    host, port = urlsplit(portal_url).netloc.split(":")
    for old, new in (
        ("$$", "$"),
        ('.host = "portal"', f'.host = "{host}"'),
        ('.port = "8000"', f'.port = "{port}"'),
        ("portal:8000", name or f"{host}:{port}"),
    ):
        assert old in text
        text = text.replace(old, new)
    return text


@contextlib.contextmanager
def running_varnish(portal_url, name=None):
    """Run Varnish before a portal during the block. Yield its URL. Skip the test if it is not installed."""
    if not shutil.which("varnishd") or not list(Path("/usr/lib").glob("*/varnish/vmods/libvmod_var.so")):
        pytest.skip(NO_PROGRAM)
    command = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]["varnish"]["command"]
    with tempfile.TemporaryDirectory(prefix="varnish-") as folder:
        (Path(folder) / "portal.vcl").write_text(configuration(portal_url, name), encoding="utf-8")
        port = free_port()
        changed = {":8080": f"127.0.0.1:{port}", "/etc/varnish/portal.vcl": f"{folder}/portal.vcl"}
        words = [changed.get(word, word) for word in shlex.split(command)]
        log = Path(folder) / "varnish.log"
        with log.open("wb") as output:
            # Without a jail, so that its processes can read the folder.
            server = subprocess.Popen([*words, "-j", "none", "-n", folder], stdout=output, stderr=output)
        try:
            url = f"http://127.0.0.1:{port}"
            until(lambda: server.poll() is not None or answers(url))
            assert server.poll() is None, log.read_text()
            yield url
        finally:
            server.terminate()
            server.wait(timeout=20)


def answers(url):
    with contextlib.suppress(httpx.TransportError):
        return httpx.request("PURGE", url, trust_env=False, timeout=5).status_code == 405
