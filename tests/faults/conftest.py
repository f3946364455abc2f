"""What tests of faults stand on: a database of their own, which a server that they start reads and writes."""

import os
from urllib.parse import urlsplit

import pytest
from django.db import connections

from tests.conftest import Switch


@pytest.fixture(scope="class")
def own_database(django_db_setup, django_db_blocker, tmp_path_factory):
    """An empty database of this test's own, in the place of the usual one, and its address for a server."""
    connection = connections["default"]
    with django_db_blocker.unblock():
        if connection.vendor == "sqlite":
            name = str(tmp_path_factory.mktemp("faults") / "faults.sqlite3")
            with connection.cursor() as cursor:
                cursor.execute("VACUUM INTO %s", [name])
            url = f"sqlite:///{name}"
        else:
            connection.creation.clone_test_db("faults", verbosity=0, autoclobber=True)
            name = connection.creation.get_test_db_clone_settings("faults")["NAME"]
            url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
        with Switch(name):
            yield url
        if connection.vendor != "sqlite":
            connection.creation.destroy_test_db(verbosity=0, suffix="faults")
