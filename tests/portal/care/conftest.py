"""Signing in as somebody of a group, as in the tests of the workflow."""

from tests.portal.test_workflow_admin import desk  # noqa: F401 - a fixture
