"""Fixtures of the admin in real browsers: a server on a copy of the content that tests may change, and its users."""

import shutil
import subprocess
import sys

import pytest
from django.db import connection
from playwright.sync_api import expect

from tests.browser.served import ROOT, serve, settings_of_a_local_run

expect.set_options(timeout=15_000)  # milliseconds: a page that nobody has made yet takes long on a busy machine

SESSIONS = """
from django.contrib.auth.models import Group, User
from django.test import Client
people = (("kim", None), ("lee", None), ("han", "Editor"), ("seo", "Reviewer"), ("park", "Translator (Korean)"))
for name, group in people:
    account = {"username": name, "password": "a-dry-sea-remembers-1960"}
    user = User.objects.create_user(**account, is_staff=True, is_superuser=group is None)
    user.groups.set(Group.objects.filter(name=group))
    client = Client(SERVER_NAME="localhost")
    # By the form: it notes the time, and screens that ask for the password again open.
    client.post("/accounts/login/", {"login": name, "password": account["password"]})
    print(client.cookies["sessionid"].value)
"""


@pytest.fixture(scope="module")
def desk(content_database, tmp_path_factory):
    """Run the portal on a copy of the content that tests may change. `sessions` are the session cookies of its users.

    `desk.run(code)` runs Python code on that copy and returns what it prints.
    """
    if connection.vendor != "sqlite":
        pytest.skip("what a browser sees does not depend on the database")
    copy = tmp_path_factory.mktemp("desk") / "desk.sqlite3"
    shutil.copy(content_database, copy)
    url = f"sqlite:///{copy}"

    def run(code):
        return subprocess.run(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
            cwd=ROOT,
            env=settings_of_a_local_run(url) | {"DATA_DIR": str(copy.parent)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    sessions = run(SESSIONS).split()
    with serve(url, DATA_DIR=str(copy.parent)) as site:
        site.sessions, site.run = sessions, run
        yield site


@pytest.fixture
def editor(new_context, desk):
    """Return a function that opens the browser of a user of the admin, by number, in a language."""

    def signed_in(number, language="en", **options):
        context = new_context(locale=language, **options)
        context.add_cookies([{"name": "sessionid", "value": desk.sessions[number], "url": desk.url}])
        return context.new_page()

    return signed_in
