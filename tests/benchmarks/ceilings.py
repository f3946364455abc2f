"""Measure how near the cached home page comes to what the machine can do: `make bench` runs it.

The same bytes, compressed with Brotli, are served as a file by nginx and by Caddy, from the memory of Varnish before
the portal as in compose.yaml, and by the portal. An empty view is the ceiling of the portal itself. The rates are
requests per second over the loopback, with wrk on the same machine.
"""

import contextlib
import sys
import tempfile
import urllib.request
from pathlib import Path

from tests.benchmarks.load import BROWSER, asked, portal, running, set_up, store
from tests.browser.served import free_port

PAGE = "/en/"
SECONDS, ROUNDS = 3, 3
CONNECTIONS = (4, 16)
# What Varnish must reach of the rate of nginx, by the number of connections.
LEAST_OF_NGINX = {4: 0.6, 16: 0.8}

NGINX = """
daemon off; worker_processes auto; pid {folder}/nginx.pid; error_log stderr error;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; open_file_cache max=10; keepalive_requests 1000000;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port};
    location / {{ root {folder}; try_files /page =404; default_type text/html; add_header Content-Encoding br; }}
  }}
}}
"""
CADDY = """
{{
  admin off
  auto_https off
  persist_config off
  log {{
    output discard
  }}
}}
http://127.0.0.1:{port} {{
  rewrite * /page
  header Content-Encoding br
  header Content-Type text/html
  file_server {{
    root {folder}
  }}
}}
"""


@contextlib.contextmanager
def files_of(server, page):
    """Run nginx or Caddy, which serves the bytes of a page as a file, during the block. Yield its URL."""
    with tempfile.TemporaryDirectory(prefix="ceilings-") as name:
        folder, port = Path(name), free_port()
        folder.chmod(0o755)  # nginx serves as another user
        (folder / "page").write_bytes(page)
        text, words = {
            "nginx": (NGINX, ["nginx", "-p", name, "-c"]),
            "caddy": (CADDY, [Path(sys.executable).with_name("caddy"), "run", "--adapter", "caddyfile", "--config"]),
        }[server]
        (folder / "configuration").write_text(text.format(folder=name, port=port))
        url = f"http://127.0.0.1:{port}"
        with running([*words, folder / "configuration"], url + PAGE, {"HOME": name, "XDG_DATA_HOME": name}):
            yield url


def main():
    vendor, _count = set_up()
    from tests.faults.varnish_server import running_varnish

    with portal("pages") as (base, _server, _seconds), contextlib.ExitStack() as servers:
        with urllib.request.urlopen(urllib.request.Request(base + PAGE, headers=BROWSER)) as response:
            page = response.read()
        urls = {
            "nginx, a file": servers.enter_context(files_of("nginx", page)) + PAGE,
            "Caddy, a file": servers.enter_context(files_of("caddy", page)) + PAGE,
            "Varnish before the portal": servers.enter_context(running_varnish(base)) + PAGE,
            "the portal, cached page": base + PAGE,
            "the portal, empty view": base + "/empty/",
        }
        headers = BROWSER | {"Host": base.removeprefix("http://"), "Accept": "text/html"}
        measured = {name: {} for name in urls}
        for connections in CONNECTIONS:
            for _ in range(ROUNDS):  # in turn, so that a slow moment of the machine meets all of them
                for name, url in urls.items():
                    rate, *_times, failed = asked(url, connections, SECONDS, **headers)
                    if failed:
                        raise SystemExit(f"{name}: {failed:.0f} requests failed.")
                    measured[name].setdefault(connections, []).append(rate)
    report(len(page), measured)
    store(f"ceilings-{vendor}", {"bytes": len(page)} | measured)


def report(size, measured):
    """Print the median rate of each server, and its share of nginx's."""
    print(f"\nThe home page, {size:,} bytes: requests a second, median of {ROUNDS} rounds of {SECONDS} s\n")
    print(f"{'':32}" + "".join(f"{f'{connections} ask':>10}{': nginx':>9}" for connections in CONNECTIONS))
    rates = {name: {some: sorted(rounds)[ROUNDS // 2] for some, rounds in by.items()} for name, by in measured.items()}
    for name, by in rates.items():
        shares = {some: rate / rates["nginx, a file"][some] for some, rate in by.items()}
        print(f"{name:32}" + "".join(f"{rate:10,.0f}{shares[some]:9.2f}" for some, rate in by.items()))
        if name.startswith("Varnish"):
            missed = [f"{some} ask: ≥ {least}" for some, least in LEAST_OF_NGINX.items() if shares[some] < least]
            print(f"{'':32}{'target missed: ' + ', '.join(missed) if missed else 'target met'}")


if __name__ == "__main__":
    main()
