"""Check the installed packages for known vulnerabilities: `make advisories`.

It asks PyPI for the advisories of each package that is installed here, and of each that the image installs. A package
with an advisory is an error. If PyPI does not answer, or a mirror without advisories answers instead, the command says
so and does not fail: such a failure would depend on the network, not on the portal.
"""

import json
import subprocess
import sys

SECONDS = 240
COMMAND = ("-m", "pip_audit", "--format", "json", "--progress-spinner", "off", "--timeout", "10")
INSTALLED = ("--local",)
IMAGE = ("--require-hashes", "--disable-pip", "--requirement", "requirements.lock")


def report(*options):
    """Return the result of pip-audit and "", or None and the reason why there is no result."""
    try:
        done = subprocess.run(
            [sys.executable, *COMMAND, *options], capture_output=True, text=True, timeout=SECONDS, check=False
        )
        return json.loads(done.stdout)["dependencies"], ""
    except subprocess.TimeoutExpired:
        return None, f"no answer within {SECONDS} seconds"
    except json.JSONDecodeError:
        return None, (done.stderr.strip().splitlines() or ["it said nothing"])[-1]


def verdict(packages, why):
    """Return the lines to print and the exit status."""
    if packages is None:
        return [f"Nothing was asked: the advisories could not be had ({why})."], 0
    unsafe = [package for package in packages if package.get("vulns")]
    asked = [package for package in packages if "skip_reason" not in package]
    lines = []
    for package in unsafe:
        for found in package["vulns"]:
            mended = ", ".join(found["fix_versions"]) or "no version"
            lines.append(f"{package['name']} {package['version']}: {found['id']}, mended in {mended}")
    if not asked:
        lines.append(f"Nothing was asked: the registry has no advisories for any of {len(packages)} packages.")
    else:
        lines.append(f"{len(asked)} of {len(packages)} packages were asked about; {len(unsafe)} have an advisory.")
    return lines, int(bool(unsafe))


def main():
    worst = 0
    for title, options in (("Installed here", INSTALLED), ("Installed by the image", IMAGE)):
        lines, status = verdict(*report(*options))
        print(f"{title}:", *lines, sep="\n  ")
        worst = max(worst, status)
    return worst


if __name__ == "__main__":
    sys.exit(main())
