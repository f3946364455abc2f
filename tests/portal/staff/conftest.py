"""Signing in as somebody of a group, as in the tests of the workflow."""

from tests.portal.staff.test_workflow import desk  # noqa: F401 - a fixture
