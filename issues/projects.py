"""Finds the projects that address an issue or one of its sub-issues: how many there are, and the most relevant ones."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Q

from issues.models import Issue
from portal.core.choices import PublicationStatus
from portal.core.database import IdList
from portal.facets import registry
from portal.facets.bitmaps import BitMap, union
from portal.models import Place

MOST = 24  # projects on the page of an issue
LEADING = ("accountable", "extending", "implementing", "funding")  # roles of bodies that lead a project
MOST_LEADING = 4


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


def with_project_counts_in_countries(issue):
    """Return what is known of an issue in each country as a list, each with `project_count`.

    `project_count` is the number of published projects in that country that address the issue or a sub-issue.
    """
    parts, answering = list(issue.in_countries.all()), _answering()
    in_country = registry.facet_index(_projects()).facets["country"]
    for part in parts:
        part.project_count = answering[issue.key].intersection_cardinality(in_country[part.country.key])
    return parts


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


@dataclass(frozen=True)
class IssueResponse:
    """What Korea does about an issue and its sub-issues, as numbers of published projects.

    `under_way` counts those that a current source states as unfinished. `leading` are the Korean organisations that
    most often lead, at most MOST_LEADING. `results` counts the results and lessons.
    """

    projects: int
    under_way: int
    completed: int
    gyeonggi: int
    results: int
    leading: list


def response_to_issue(issue) -> IssueResponse:
    """Return what Korea does about an issue, counted as the lists of projects and results count it."""
    model, index = _projects(), registry.facet_index(_projects())
    ids = index.facets["issue"][issue.key]

    def count(statuses):
        return ids.intersection_cardinality(registry.ids_with(index, model, "status_now", statuses))

    by_organisation = Counter()
    for value, taking_part in index.facets["organisation"].items():
        if isinstance(value, tuple) and value[1] in LEADING:
            by_organisation[value[0]] += ids.intersection_cardinality(taking_part)
    most = [key for key, times in by_organisation.most_common(10 * MOST_LEADING) if times]
    organisations = {
        one.key: one
        for one in model._meta.get_field("organisations")
        .related_model.objects.published()
        .filter(key__in=most, country__group=Place.Group.KOREA)
    }
    results = model._meta.get_field("result_records").related_model.objects.published()
    of_projects = results.filter(project__isnull=False).order_by()
    with_results = ids & BitMap(of_projects.values_list("project", flat=True).distinct())
    return IssueResponse(
        projects=len(ids),
        under_way=count(model.Status.unfinished()),
        completed=count([model.Status.CLOSED]),
        gyeonggi=ids.intersection_cardinality(index.facets["gyeonggi"]["1"]),
        results=results.filter(
            Q(issues=issue) | Q(issues__parent=issue) | Q(project__pk__in_ids=IdList(with_results)),
        )
        .distinct()
        .count(),
        leading=[organisations[key] for key in most if key in organisations][:MOST_LEADING],
    )


def latest_projects_for_issues(issues, most=3):
    """Return (count, projects): how many published projects address any of `issues`, and the `most` latest of them."""
    answering = _answering()
    ids = union([answering[issue.key] for issue in issues])
    return len(ids), registry.first_records(_projects().objects.published().latest_first().for_list(), ids, most)
