"""Ties between local governments of Korea and their partners in Central Asia, computed from records.

A tie is a pair of sides that share an agreement, or take part in a project together. Nothing of it is stored, because
its state depends on the day. `docs/editors.md` states the rules.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product

from django.conf import settings
from django.db.models import Exists, OuterRef, Prefetch

from issues.models import Event
from portal.core.choices import PublicationStatus
from portal.core.database import IdList
from portal.core.partial_dates import PartialDate
from portal.facets import registry
from portal.facets.bitmaps import NONE
from portal.models import Place
from projects.models import (
    Agreement,
    AgreementActivity,
    AgreementOutcome,
    AgreementParty,
    Organisation,
    Participation,
    Project,
)

VISIBLE = PublicationStatus.PUBLISHED
MOST_PROJECTS = 2_000  # ties are computed from so many joint projects, those with the latest start
JOINT_PROJECT = "project"  # the kind of a tie without an agreement
# The kinds of agreements, the closest tie first: a tie is named by the first kind that it has.
CLOSENESS = (
    *(Agreement.Kind.SISTER_CITY, Agreement.Kind.FRIENDSHIP_CITY, Agreement.Kind.STRATEGIC_PARTNERSHIP),
    *(Agreement.Kind.TREATY, Agreement.Kind.JOINT_DECLARATION, Agreement.Kind.MOU, Agreement.Kind.FORUM),
    *(Agreement.Kind.SUMMIT, Agreement.Kind.VISIT, Agreement.Kind.DIPLOMATIC_RELATIONS),
)


def newest_until(today: datetime.date, dates: Iterable[PartialDate | None]) -> PartialDate | None:
    """Return the latest of the dates that have begun by `today`; None if there is none."""
    return max((date for date in dates if date is not None and date.first_day <= today), default=None)


def sign_of_project(today: datetime.date, start: PartialDate | None, end: PartialDate | None) -> PartialDate | None:
    """Return the date on which a project was last active: its end, else its start. A date ahead does not count."""
    return newest_until(today, (end,)) or newest_until(today, (start,))


@dataclass
class Tie:
    """A pair of sides, and what they share: agreements by date and projects by start, the newest first.

    `korean` and `partner` are places for governments with a known seat, and organisations otherwise. `outcomes` are
    projects that one of the agreements led to, as a source states. `signs` are further dates of common activity.
    """

    korean: Place | Organisation
    partner: Place | Organisation
    today: datetime.date
    agreements: list[Agreement] = field(default_factory=list)
    projects: list[Project] = field(default_factory=list)
    outcomes: list[Project] = field(default_factory=list)
    signs: list[PartialDate] = field(default_factory=list)

    @property
    def key(self):
        return self.korean.key, self.partner.key

    @property
    def country(self) -> Place:
        """The country of the partner."""
        return self.partner.country

    @property
    def kinds(self) -> list[str]:
        """The kinds of the agreements, the closest first, or JOINT_PROJECT without an agreement."""
        found = {agreement.kind for agreement in self.agreements}
        return [kind for kind in CLOSENESS if kind in found] or [JOINT_PROJECT]

    @property
    def first_sign(self) -> PartialDate | None:
        """The earliest date of an agreement, or of the start of a project without one."""
        dates = [agreement.date for agreement in self.agreements] or [one.start for one in self.projects if one.start]
        return min(dates, default=None)

    @property
    def last_sign(self) -> PartialDate | None:
        """The date of the newest agreement, activity, event or project that both sides share; None if not known."""
        return newest_until(
            self.today,
            [
                *(agreement.date for agreement in self.agreements),
                *(activity.date for agreement in self.agreements for activity in agreement.activities.all()),
                *(sign_of_project(self.today, project.start, project.end) for project in self.projects),
                *self.signs,
            ],
        )

    @property
    def state(self) -> Agreement.State:
        """The state today. A tie has ended if sources state that each of its agreements has."""
        ended = bool(self.agreements) and all(agreement.ended for agreement in self.agreements)
        return Agreement.State.on(self.today, ended, self.last_sign)

    @property
    def joint_projects(self) -> list[Project]:
        """The common projects that are no outcome of an agreement."""
        known = {project.pk for project in self.outcomes}
        return [project for project in self.projects if project.pk not in known]


def local_governments(*, only_gyeonggi: bool):
    """Return the published local governments of Korea, with their seats; only those of Gyeonggi if asked."""
    bodies = Organisation.objects.published().filter(
        kind=Organisation.Kind.LOCAL_GOVERNMENT, country__group=Place.Group.KOREA
    )
    bodies = bodies.of_gyeonggi() if only_gyeonggi else bodies
    return bodies.select_related("seat", "country")


def side_of(organisation: Organisation) -> Place | Organisation:
    """Return the published place that a local government is of, or the organisation itself.

    So a department, a council and the government of one region are one side.
    """
    seat = organisation.seat
    is_local = organisation.kind == Organisation.Kind.LOCAL_GOVERNMENT
    return seat if is_local and seat is not None and seat.publication == VISIBLE else organisation


def ties_of(bodies: Iterable[Organisation], today: datetime.date) -> list[Tie]:
    """Return the ties of these local governments. Constant number of queries.

    The Korean side with the most ties comes first; its ties are in the order of country and date, the newest first.
    """
    korean = {body.pk: side_of(body) for body in bodies}
    agreements, projects = _agreements(korean), _projects(bodies)
    partners = _partners({pk for _what, organisations in [*agreements, *projects] for pk in organisations})
    found: dict[tuple[str, str], Tie] = {}

    def ties(organisations):
        """Yield the tie of each pair of a Korean side and a partner among the organisations, by primary key, once."""
        ours, theirs = (
            {side.key: side for pk in organisations if (side := sides.get(pk))} for sides in (korean, partners)
        )
        for pair in product(ours, theirs):
            if pair not in found:
                found[pair] = Tie(ours[pair[0]], theirs[pair[1]], today)
            yield found[pair]

    for agreement, organisations in agreements:
        for tie in ties(organisations):
            tie.agreements.append(agreement)
            tie.outcomes += [outcome.project for outcome in agreement.outcomes.all()]
    for project, organisations in projects:
        for tie in ties(organisations):
            tie.projects.append(project)
    for event in _events(korean.values()):
        here = [place.key for place in event.places.all()]
        for (one, other), shared in found.items():
            if one in here and other in here:
                shared.signs.append(event.date)
    for one in found.values():
        one.outcomes = list({project.pk: project for project in one.outcomes}.values())
    return _in_order(found.values())


def _in_order(ties):
    """Return the ties by Korean side, the side with the most ties first."""
    counts = {}
    for tie in ties:
        counts[tie.korean.key] = counts.get(tie.korean.key, 0) + 1
    newest = sorted(ties, key=lambda tie: tie.last_sign or "", reverse=True)
    return sorted(newest, key=lambda tie: (-counts[tie.korean.key], tie.korean.key, tie.country.key))


def _partners(organisations):
    """Return a dict from the primary keys of published organisations of Central Asia among these to their sides."""
    rows = Organisation.objects.published().filter(
        pk__in_ids=IdList(organisations), country__group=Place.Group.CENTRAL_ASIA, country__publication=VISIBLE
    )
    return {one.pk: side_of(one) for one in rows.select_related("country", "seat__country")}


def _agreements(korean):
    """Return the published agreements of the Korean bodies, the newest first, each with its parties’ organisations.

    They come with all that ties show of them.
    """
    ours = AgreementParty._base_manager.filter(agreement=OuterRef("pk"), organisation__in=list(korean))
    outcomes = AgreementOutcome.objects.filter(project__publication=VISIBLE).select_related("project")
    found = (
        Agreement.objects.published()
        .filter(Exists(ours))
        .order_by("-date", "key")
        .prefetch_related(
            "parties",
            Prefetch("activities", AgreementActivity.objects.order_by("-date")),
            Prefetch("outcomes", outcomes),
        )
    )
    return [(one, [party.organisation_id for party in one.parties.all() if party.organisation_id]) for one in found]


def _projects(bodies):
    """Return the newest MOST_PROJECTS published projects of the Korean bodies with an organisation of Central Asia.

    Each comes with the primary keys of the organisations that take part in it.
    """
    taking_part = registry.facet_index(Project).facets["organisation"]
    partners = Organisation.objects.published().filter(country__group=Place.Group.CENTRAL_ASIA)
    ours, theirs = (
        NONE.union(*(taking_part[key] for key in keys))
        for keys in ([body.key for body in bodies], partners.values_list("key", flat=True))
    )
    projects = (
        Project.objects.published()
        .filter(pk__in_ids=IdList(ours & theirs))
        .latest_first()
        .only("key", "start", "end", *(f"title_{language}" for language in settings.MODELTRANSLATION_LANGUAGES))
    )
    found = {project.pk: (project, []) for project in projects[:MOST_PROJECTS]}
    rows = Participation.objects.filter(project__pk__in_ids=IdList(found)).values_list("project", "organisation")
    for project, organisation in rows:
        found[project][1].append(organisation)
    return list(found.values())


def _events(sides):
    """Return the published events that name the place of a Korean side and a place of Central Asia."""
    places = [side.pk for side in sides if isinstance(side, Place)]
    rows = Event.places.through._base_manager.filter(event=OuterRef("pk"))
    return (
        Event.objects.published()
        .filter(
            Exists(rows.filter(place__in=places)), Exists(rows.filter(place__country__group=Place.Group.CENTRAL_ASIA))
        )
        .prefetch_related(Prefetch("places", Place.objects.only("key")))
        .only("key", "date")
    )
