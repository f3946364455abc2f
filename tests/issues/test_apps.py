"""What the app of issues registers when it is loaded."""

import pytest

from portal.publishing.checks import publishing_blockers
from tests.make import make_citation, make_figure_of_series, make_indicator, make_issue, make_place


@pytest.mark.django_db
def test_issue_whose_key_figure_has_no_value_is_not_published():
    """The check is registered by a module that no other module has to import."""
    issue = make_issue(publication="draft")
    make_citation(issue)
    before = list(publishing_blockers(issue))
    make_figure_of_series(issue=issue, indicator=make_indicator(), place=make_place())
    assert len(list(publishing_blockers(issue))) == len(before) + 1
