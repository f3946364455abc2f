"""Which projects answer an issue or one under it: how many they are, and those that aim at it most."""

from dataclasses import dataclass

from django.db.models import Q

from issues.models import Issue
from portal.core.choices import PublicationStatus
from portal.facets import registry
from portal.facets.bitmaps import BitMap

MOST = 24  # on the page of an issue


def _projects():
    return Issue._meta.get_field("projects").related_model


def _answering():
    """The published projects that answer each issue or one under it, by its key; and those that aim at just this one,
    by pairs of its key and how far.
    """
    return registry.facet_index(_projects()).facets["issue"]


def with_project_counts(issues):
    """The issues as a list, each with `project_count`: how many published projects answer it or one under it."""
    issues, answering = list(issues), _answering()
    for issue in issues:
        issue.project_count = len(answering[issue.key])
    return issues


@dataclass(frozen=True)
class Answer:
    """A project with what it is to an issue: how far it aims at it and why we say so. Where it answers only one under
    it, that one is `under`, and the link is of that; there is none where readers may not see it.
    """

    project: object
    link: object
    under: Issue | None


def projects_for_issue(issue, most=MOST):
    """How many published projects answer an issue or one under it, and which of them aim at it most, the newest first:
    those of which it is the principal aim, then those of which it is another, then those that answer one under it.
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
