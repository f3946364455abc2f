"""The axes by which the coverage table can sort projects into rows or columns."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from portal.core.formatting import number


@dataclass(frozen=True)
class Axis:
    """A way to group projects.

    `facet` is that of the project list; it is empty for periods, which group by year of start. `counted` explains how a
    project is assigned, if that is not obvious. `lacking(n)` says that n projects have no value. A project can have
    `several` values. Members are in their own order, or those with the most projects first (`fullest`).
    """

    name: str
    label: str
    facet: str
    lacking: Callable[[int], str]
    counted: str = ""
    several: bool = True
    fullest: bool = False


def _lacking_country(count):
    return ngettext(
        "%(count)s project names no country of Central Asia and counts only in totals.",
        "%(count)s projects name no country of Central Asia and count only in totals.",
        count,
    ) % {"count": number(count)}


def _lacking_issue(count):
    return ngettext(
        "%(count)s project addresses none of the issues and counts only in totals.",
        "%(count)s projects address none of the issues and count only in totals.",
        count,
    ) % {"count": number(count)}


def _lacking_area(count):
    return ngettext(
        "%(count)s project belongs to no area and counts only in totals.",
        "%(count)s projects belong to no area and count only in totals.",
        count,
    ) % {"count": number(count)}


def _lacking_level(count):
    return ngettext(
        "%(count)s project has no level and counts only in totals.",
        "%(count)s projects have no level and count only in totals.",
        count,
    ) % {"count": number(count)}


def _lacking_organisation(count):
    return ngettext(
        "%(count)s project names no organisation and counts only in totals.",
        "%(count)s projects name no organisation and count only in totals.",
        count,
    ) % {"count": number(count)}


def _lacking_start(count):
    return ngettext(
        "%(count)s project has no known start and counts only in totals.",
        "%(count)s projects have no known start and count only in totals.",
        count,
    ) % {"count": number(count)}


AXES = {
    axis.name: axis
    for axis in (
        Axis(
            "issue",
            _("Issue"),
            "issue",
            _lacking_issue,
            counted=_("A main issue counts the projects of the issues under it too."),
        ),
        Axis("country", _("Country"), "country", _lacking_country),
        Axis("area", _("Area of cooperation"), "area", _lacking_area, fullest=True),
        Axis(
            "level",
            _("Lead (Korean side)"),
            "level",
            _lacking_level,
            counted=_("The lead is the body that leads the project on the Korean side."),
            several=False,
        ),
        Axis(
            "organisation-kind",
            _("Kind of organisation"),
            "organisation_kind",
            _lacking_organisation,
            counted=_("A project counts once for each kind of participating organisation, whatever its country."),
            fullest=True,
        ),
        Axis(
            "period",
            _("Period of start"),
            "",
            _lacking_start,
            counted=_("A project is counted in the five-year period in which it starts."),
            several=False,
        ),
    )
}
ROWS, COLUMNS = "area", "country"
