"""Finds the projects that address an issue or one of its sub-issues: how many there are, and the most relevant ones."""

from dataclasses import dataclass

from django.db.models import Q

from issues.models import Issue
from portal.core.choices import PublicationStatus
from portal.facets import registry
from portal.facets.bitmaps import BitMap, union

MOST = 24  # projects on the page of an issue


def _projects():
    return Issue._meta.get_field("projects").related_model


def _answering():
    """Return the bitmaps of the published projects that address each issue, from the facet index.

    Under the key of an issue are the projects that address it or a sub-issue. Under a pair of key and significance are
    the projects that address exactly this issue with that significance.
    """
    return registry.facet_index(_projects()).facets["issue"]


def with_project_counts(issues):
    """Return the issues as a list, each with `project_count`.

    `project_count` is the number of published projects that address the issue or one of its sub-issues.
    """
    issues, answering = list(issues), _answering()
    for issue in issues:
        issue.project_count = len(answering[issue.key])
    return issues


@dataclass(frozen=True)
class Answer:
    """A project that addresses an issue.

    `link` is the ProjectIssue row with significance and rationale; None if readers may not see the linked issue.
    `under` is the sub-issue if the project addresses only a sub-issue; then `link` belongs to that sub-issue.
    """

    project: object
    link: object
    under: Issue | None


def projects_for_issue(issue, most=MOST):
    """Return (count, answers) for the published projects that address an issue or one of its sub-issues.

    `answers` holds at most `most` projects: those with the issue as principal aim, then those with it as significant
    aim, then those that address only a sub-issue. Each group has the newest projects first.
    """
    projects, answering = _projects().objects.published().latest_first(), _answering()
    rows = issue.project_links.model
    everyone = answering[issue.key]
    pks = []
    for keys in (*(answering[issue.key, aim] for aim in rows.Significance.values), everyone):
        pks += registry.first_ids(projects, keys - BitMap(pks), most - len(pks))
    visible = Q(issue=issue) | Q(issue__parent=issue, issue__publication=PublicationStatus.PUBLISHED)
    links = {}
    for link in (
        rows.objects.filter(visible, project__in=pks)
        .select_related("issue")
        .order_by("significance", "issue__position", "issue__key")
    ):
        if link.issue_id == issue.pk or link.project_id not in links:
            links[link.project_id] = link
    shown = []
    for project in registry.in_bulk_ordered(projects.for_list(), pks):
        link = links.get(project.pk)
        under = link.issue if link is not None and link.issue_id != issue.pk else None
        shown.append(Answer(project, link, under))
    return len(everyone), shown


def latest_projects_for_issues(issues, most=3):
    """Return (count, projects): how many published projects address any of `issues`, and the `most` latest of them."""
    answering = _answering()
    ids = union([answering[issue.key] for issue in issues])
    return len(ids), registry.first_records(_projects().objects.published().latest_first().for_list(), ids, most)
