"""Writes a brief: what the portal knows of a subject as of a day, each statement with its sources.

Nothing is inferred: what no record states is said to be not known. The records are always the present ones. Their dates
decide what belongs to another day than today.
"""

import dataclasses
import datetime
from collections.abc import Iterable

from django.conf import settings
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import strip_tags
from django.utils.translation import get_language, gettext, ngettext, pgettext

from issues.figures import latest_observations
from issues.filters import EventFilter
from issues.models import Event, IssueInCountry, PageIndicator
from portal.citations.references import citations_of, reference_of_source
from portal.citations.styles import apa
from portal.core.choices import Area, PublicationStatus
from portal.core.database import IdList
from portal.core.formatting import (
    date_in_sentence,
    date_range,
    date_text,
    money_in_words,
    number,
    quantity,
)
from portal.core.languages import label_list, text_and_language
from portal.core.partial_dates import PartialDate, not_ended_before
from portal.core.urls import with_query
from portal.facets import registry
from portal.facets.bitmaps import AggregatedIds, BitMap, to_bitmap, union
from portal.facets.filters import OfGyeonggi
from portal.models import Place, Source
from projects.brief.document import Brief, BriefSection, BriefSource, Items, Paragraph, Table, Text
from projects.brief.subject import Subject
from projects.budgets import convert_budget, sum_budgets
from projects.filters import AgreementFilter, ResultFilter
from projects.models import (
    UNDER_WAY,
    Agreement,
    AgreementParty,
    Organisation,
    Participation,
    Project,
    Result,
    ResultCitation,
    StatusNow,
)
from projects.models.project_status import ids_by_status_on, is_current, status_then
from projects.provinces import notes_on_provinces, provinces_without_projects

# The most rows of each part. A brief has two to four pages.
FIGURES, CAUSES, PROJECTS, RESULTS, SILENT, AGREEMENTS, OFFICES, AHEAD = 8, 4, 8, 5, 3, 5, 8, 5
CITED = 2  # sources of one statement: its editors put the main ones first
VISIBLE = PublicationStatus.PUBLISHED


class SourceNumbers:
    """The sources of a brief, numbered where they are first cited."""

    def __init__(self) -> None:
        self.numbers: dict[int, int] = {}
        self.sources: list[Source] = []

    def __call__(self, sources: Iterable[Source]) -> tuple[int, ...]:
        """Return the numbers of the published sources among `sources`, in ascending order."""
        found = set()
        for source in sources:
            if source.publication == VISIBLE:
                if source.pk not in self.numbers:
                    self.sources.append(source)
                    self.numbers[source.pk] = len(self.sources)
                found.add(self.numbers[source.pk])
        return tuple(sorted(found))

    def of(self, record) -> tuple[int, ...]:
        """Return the numbers of the first published sources that a record or a row cites."""
        cited = [citation.source for citation in citations_of(record)]
        return self([source for source in cited if source.publication == VISIBLE][:CITED])


def own(record, field: str) -> str:
    """Return the text of a translated field for the reader."""
    return text_and_language(record, field)[0] or ""


def citation(source: Source) -> str:
    """Return the citation of a source in APA style, without the day on which somebody read it."""
    return str(apa(dataclasses.replace(reference_of_source(source), accessed=None)))


def projects_of(results: QuerySet) -> BitMap:
    """Return the ids of the projects that the results are of."""
    found = results.order_by().exclude(project=None).aggregate(ids=AggregatedIds("project"))
    return to_bitmap(found["ids"])


def _country_words(organisation) -> str:
    """The country of an organisation, as the list of organisations states it; "" for one that readers do not see."""
    if organisation.country:
        return organisation.country.name_and_language()[0]
    return "" if organisation.country_id else gettext("Several countries")


def muted(text: str) -> Paragraph:
    return Paragraph(Text(text), muted=True)


class BriefWriter:
    """Writes the brief of a subject on a day, in the active language."""

    def __init__(self, subject: Subject, day: datetime.date, base: str, currency: str) -> None:
        self.subject, self.day, self.base, self.currency = subject, day, base, currency
        self.today = timezone.localdate()
        self.is_past = day < self.today
        self.notes = SourceNumbers()
        self.questions: list[str] = []  # what was looked for and is not known

    def url(self, record) -> str:
        """Return the URL of a record."""
        return self.base + record.get_absolute_url()

    def named(self, record, notes: tuple[int, ...] = ()) -> Text:
        """Return the name of a record with its URL."""
        return Text(record.name_and_language()[0], notes, self.url(record))

    def write(self, url: str) -> Brief:
        """Return the brief. `url` is the absolute URL of its page."""
        sections = [
            self.situation(),
            *([self.causes()] if self.subject.issue else []),
            self.projects(),
            self.outcomes(),
            self.agreements(),
            self.offices(),
            self.gaps(),
            self.ahead(),
        ]
        sections.append(self.open_questions())
        made = gettext(
            "Compiled on {date} from the records of the portal, without additions. What is not shown may exist all "
            "the same."
        )
        if self.day > self.today:
            made = gettext(
                "As of {day}, by what the records of the portal state on {date}, without additions. What is not shown "
                "may exist all the same."
            )
        if self.is_past:
            made = gettext(
                "As of {day}. Compiled on {date} from the present records of the portal, without additions: their "
                "dates decide what belongs to that day, and their texts may know more. What is not shown may exist "
                "all the same."
            )
        return Brief(
            title=self.title,
            subtitle=gettext("Planning and counterpart brief"),
            made=made.format(date=date_text(self.today), day=date_text(self.day)),
            sources_heading=gettext("Sources"),
            language=get_language(),
            day=self.day,
            url=url,
            author=str(settings.PORTAL_NAME),
            sections=tuple(sections),
            sources=tuple(
                BriefSource(position, citation(source), source.url or self.url(source))
                for position, source in enumerate(self.notes.sources, 1)
            ),
        )

    @property
    def title(self) -> str:
        """The subject in words: “Uzbekistan, KOICA: Water scarcity”."""
        subject = self.subject
        where = [one.name_and_language()[0] for one in (subject.place, subject.organisation) if one is not None]
        topic = subject.issue.name_and_language()[0] if subject.issue else str(subject.area.label)
        return pgettext("title of a brief", "{subject}: {topic}").format(subject=", ".join(where), topic=topic)

    @cached_property
    def ids(self) -> BitMap:
        """The ids of the projects of the subject, of a past day without those that began later."""
        ids = self.subject.projects
        if not self.is_past:
            return ids
        later = Project.objects.filter(pk__in_ids=IdList(ids), start__gt=self.day.isoformat())
        return ids - BitMap(later.order_by().values_list("pk", flat=True))

    @cached_property
    def by_status(self) -> dict[StatusNow | None, BitMap]:
        """The ids of the projects with each status on the day; under None, those of which it is not known."""
        if not self.is_past:
            found = ids_by_status_on(registry.facet_index(Project).facets["status_now"], self.day)
            return {status: self.ids & ids for status, ids in found.items()}
        by_status: dict[StatusNow | None, BitMap] = {}
        dates = ("status", "start", "end", "status_as_of")
        rows = Project.objects.filter(pk__in_ids=IdList(self.ids)).order_by().values_list("pk", *dates)
        for pk, *values in rows:
            by_status.setdefault(status_then(*values, self.day, self.today), BitMap()).add(pk)
        return by_status

    def ids_with(self, *wanted: StatusNow) -> BitMap:
        """Return the ids of the projects that have one of these statuses on the day."""
        return union([self.by_status[status] for status in wanted if status in self.by_status])

    # ── What is so, and why ──────────────────────────────────────────────────────────────────────────────────

    def situation(self) -> BriefSection:
        """What the issue is, what it means in the country, and the newest figures."""
        issue, country = self.subject.issue, self.subject.country
        blocks = []
        if issue:
            blocks.append(Paragraph(Text(own(issue, "summary"), self.notes.of(issue))))
            note = IssueInCountry.objects.filter(issue=issue, country=country).first() if country else None
            if note:
                blocks.append(Paragraph(Text(own(note, "note"))))
        blocks += self.figures()
        return BriefSection(gettext("Situation"), tuple(blocks))

    def figures(self) -> list:
        """The newest value of each indicator of the issue, or of the main ones, for the place or its country."""
        subject = self.subject
        page = PageIndicator.objects.indicators_on(PageIndicator.Page.FIGURES)
        indicators = list(subject.issue.indicators.published()) if subject.issue else list(page)
        where = [place for place in (subject.place, subject.country) if place is not None]
        if not where or not indicators:
            return [muted(gettext("The portal has no indicator of this subject."))]
        at = [place.pk for place in [*where, *self.places_of_the_issue()]]
        newest = latest_observations(
            until=self.day.year if self.is_past else None, indicator__in=indicators, place__in=at
        )
        found: dict = {}
        for one in sorted(newest, key=lambda one: at.index(one.place_id)):
            found.setdefault(one.indicator_id, one)
        rows = [found[indicator.pk] for indicator in indicators if indicator.pk in found][:FIGURES]
        missing = [one.name_and_language()[0] for one in indicators if one.pk not in found]
        if missing:
            self.questions.append(
                gettext("No value for {place}: {names}.").format(
                    place=where[-1].name_and_language()[0], names=", ".join(missing[:FIGURES])
                )
            )
        if not rows:
            return [muted(gettext("No value of its indicators is known for this place."))]
        columns = (gettext("Indicator"), gettext("Value"), gettext("Place and year"))
        return [
            Table(
                columns,
                tuple(
                    (
                        self.named(one.indicator),
                        Text(quantity(one.value, own(one.indicator, "unit_symbol")), self.notes([one.source])),
                        Text(f"{one.place.name_and_language()[0]}, {one.year}"),
                    )
                    for one in rows
                ),
                (5, 3, 3),
            )
        ]

    def places_of_the_issue(self) -> list:
        """The places of the issue in the country, or shared by it: a lake has values that no country has."""
        issue, country = self.subject.issue, self.subject.country
        if issue is None or country is None:
            return []
        inside = Place.objects.published().filter(Q(country=country) | Q(countries=country), issues=issue)
        return list(inside.distinct().order_by("key"))

    def causes(self) -> BriefSection:
        """What causes or worsens the issue, by the sourced links of the graph of causes."""
        links = list(
            self.subject.issue.cause_links.filter(cause__publication=VISIBLE)
            .select_related("cause")
            .prefetch_related("citations__source")[:CAUSES]
        )
        heading = gettext("Causes")
        if not links:
            return BriefSection(heading, (muted(gettext("The portal has no sourced cause of this issue.")),))
        return BriefSection(
            heading,
            (
                Items(
                    tuple((self.named(link.cause), Text(own(link, "mechanism"), self.notes.of(link))) for link in links)
                ),
            ),
        )

    # ── Who does what, and what came of it ───────────────────────────────────────────────────────────────────

    def projects(self) -> BriefSection:
        """The projects of the subject: their number, money and state, and the first ones as a table."""
        subject, ids = self.subject, self.ids
        heading = gettext("Who does what")
        if not ids:
            sentence = gettext("No sourced project of Korea on this subject is in the portal.")
            return BriefSection(heading, (muted(sentence),))
        published = Project.objects.published()
        gyeonggi = len(ids & registry.facet_index(Project).facets["gyeonggi"][OfGyeonggi.YES.value])
        current = self.ids_with(*UNDER_WAY)
        sentences = [
            ngettext("%(count)s project is in the portal.", "%(count)s projects are in the portal.", len(ids))
            % {"count": number(len(ids))},
            gettext("Under way on {date}: {current}. Of Gyeonggi: {gyeonggi}.").format(
                date=date_text(self.day), current=number(len(current)), gyeonggi=number(gyeonggi)
            ),
        ]
        budgets = sum_budgets(ids, self.currency)
        sentences.append(budgets.sentence)
        self.ask_of_projects(ids, budgets.known)
        chosen = [pk for pk in subject.chosen if pk in ids]
        order = published.last_reported_first()
        pks = chosen + registry.first_ids(order, current - BitMap(chosen), PROJECTS - len(chosen))
        pks += registry.first_ids(published.latest_first(), ids - current - BitMap(chosen), PROJECTS - len(pks))
        parts = Participation.objects.filter(organisation__publication=VISIBLE).select_related("organisation")
        rows = registry.in_bulk_ordered(
            published.defer_texts().prefetch_related(
                Prefetch("participations", parts), Prefetch("citations__source", Source.objects.published())
            ),
            pks,
        )
        columns = (gettext("Project"), gettext("Status"), gettext("Project period"), gettext("Budget"), gettext("Lead"))
        table = Table(columns, tuple(self.project_row(project) for project in rows), (6, 5, 4, 3, 4))
        blocks = [Paragraph(Text(" ".join(sentences)))]
        if budgets.converted:
            blocks.append(Paragraph(Text(budgets.converted.sentence)))
            if budgets.converted.rates:
                blocks.append(Paragraph(Text(budgets.converted.rates, (), budgets.converted.source_url), muted=True))
        blocks.append(table)
        if len(ids) > len(rows):
            sentence = gettext("All {all} projects are in the list of projects.").format(all=number(len(ids)))
            there = self.base + with_query(reverse("projects"), subject.query)
            blocks.append(Paragraph(Text(sentence, (), there)))
        return BriefSection(heading, tuple(blocks))

    def project_row(self, project) -> tuple[Text, ...]:
        roles: dict = {}
        for part in project.participations.all():
            roles.setdefault(part.role, part.organisation)
        lead = next((roles[role] for role in Participation.Role.leading() if role in roles), None)
        return (
            self.named(project, self.notes.of(project)),
            Text(self.status_text(project)),
            Text(strip_tags(date_range(project.start, project.end))),
            Text(self.budget_text(project)),
            self.named(lead) if lead else Text(gettext("Not known")),
        )

    def status_text(self, project) -> str:
        """Return the status of the project on the day in words."""
        dates = (project.start, project.end, project.status_as_of)
        status = status_then(project.status, *dates, self.day, self.today)
        if status is None:
            return gettext("Not recorded for this day")
        if project.status_as_of and project.status_as_of.first_day > self.day:
            return str(status.label)
        project.shown_on = self.day
        return project.status_now_words

    def budget_text(self, project) -> str:
        """Return the budget as stated, and converted if the reader asks for it and there is a rate."""
        stated = money_in_words(project.budget, project.currency)
        converted = convert_budget(project, self.currency) if self.currency else None
        return f"{stated} ({converted.words})" if converted else stated

    def ask_of_projects(self, ids: BitMap, budgets_known: int) -> None:
        """Note what is not known of the projects."""
        unconfirmed = sum(
            len(found) for status, found in self.by_status.items() if status is None or not is_current(status)
        )
        for count, sentence in (
            (len(ids) - budgets_known, gettext("Projects whose budget is not known: {count}.")),
            (unconfirmed, gettext("Projects whose status no recent source confirms: {count}.")),
            (len(self.silent), gettext("Completed projects without a sourced result or lesson: {count}.")),
        ):
            if count:
                self.questions.append(sentence.format(count=number(count)))

    @cached_property
    def silent(self) -> BitMap:
        """The ids of the completed projects of which no source that was read reports a result."""
        return self.ids_with(StatusNow.CLOSED) - self.with_text_on_results - projects_of(Result.objects.published())

    @property
    def with_text_on_results(self) -> BitMap:
        """The ids of all published projects that have a text on their results."""
        return registry.facet_index(Project).facets["results"][VISIBLE.value]

    def outcomes(self) -> BriefSection:
        """Results and lessons of the projects, those of the topic without a project, and projects without any."""
        subject, filters = self.subject, ResultFilter.base_filters
        found = Result.objects.published()
        if self.is_past:
            cited = ResultCitation.objects.filter(result=OuterRef("pk"), source__publication=VISIBLE)
            day = self.day.isoformat()
            found = found.filter(
                Exists(cited.filter(source__date__lte=day)), ~Exists(cited.filter(source__date__gt=day))
            )
        with_records = projects_of(found)
        of_projects = found.filter(project__pk__in_ids=IdList(self.ids & with_records))
        general = found.filter(project=None)
        if subject.country:
            general = filters["country"].filter(general, [subject.country.key])
        if subject.issue:
            general = filters["issue"].filter(general, [subject.issue.key])
        else:
            general = filters["area"].filter(general, [subject.area.value])
        if subject.organisation:
            general = general.none()
        pks = [*of_projects.latest_first().values_list("pk", flat=True)[:RESULTS]]
        pks += general.order_by("key").values_list("pk", flat=True)[: RESULTS - len(pks)]
        rows = found.select_related("project").prefetch_related("citations__source").in_bulk(pks)
        items = [
            (
                Text(str(rows[pk].get_kind_display()), (), self.url(rows[pk])),
                Text(self.outcome_text(rows[pk]), self.notes.of(rows[pk])),
            )
            for pk in pks
        ]
        # A project without such records may have a text on its results.
        # The text has no date of its own. It cannot be earlier than the end.
        told = self.ids_with(StatusNow.CLOSED) if self.is_past else self.ids
        told = (told & self.with_text_on_results) - with_records
        newest = Project.objects.published().latest_first()
        for project in registry.first_records(newest.prefetch_related("citations__source"), told, RESULTS - len(items)):
            text = pgettext("project", "{title}: {text}").format(
                title=project.name_and_language()[0], text=own(project, "results")
            )
            link = Text(gettext("Results"), (), f"{self.url(project)}#results")
            items.append((link, Text(text, self.notes.of(project))))
        heading = gettext("What came of it, and lessons")
        none = gettext("No source that was read reports results.")
        silent = [
            (self.named(project), Text(f"{none} {project.looked_on_words}"))
            for project in registry.first_records(newest.defer_texts(), self.silent, SILENT)
        ]
        blocks = [Items(tuple(rows)) for rows in (items, silent) if rows]
        return BriefSection(heading, tuple(blocks or [muted(none)]))

    @staticmethod
    def outcome_text(result) -> str:
        """Return what a result states, after the title of its project if readers can see it."""
        project, text = result.project, own(result, "text")
        if project is None or project.publication != VISIBLE:
            return text
        return pgettext("project", "{title}: {text}").format(title=project.name_and_language()[0], text=text)

    # ── Ties ─────────────────────────────────────────────────────────────────────────────────────────────────

    def agreements(self) -> BriefSection:
        """The agreements on the subject, with their state on the day. Without any, how many there are on others."""
        subject, filters = self.subject, AgreementFilter.base_filters
        local = Agreement.objects.published()
        if self.is_past:
            local = local.filter(date__lte=self.day.isoformat())
        if subject.country:
            local = filters["country"].filter(local, [subject.country.key])
        if subject.organisation:
            local = filters["organisation"].filter(local, [subject.organisation.key])
        topic, value = ("issue", subject.issue.key) if subject.issue else ("area", subject.area.value)
        topical = filters[topic].filter(local, [value])
        rows = list(
            Agreement.objects.filter(pk__in=topical.values("pk"))
            .order_by("-date", "key")
            .prefetch_related(
                Prefetch("parties", AgreementParty.objects.published()),
                "activities__citations__source",
                "citations__source",
            )[: 4 * AGREEMENTS]
        )
        heading = gettext("Agreements")
        if not rows:
            sentence = gettext("No sourced agreement is on this subject. On other subjects: {count}.")
            count = local.order_by().values("pk").distinct().count()
            return BriefSection(heading, (muted(sentence.format(count=number(count))),))
        order = list(Agreement.State)
        rows.sort(key=lambda one: order.index(self.state_of(one)))  # the newest first within a state
        unknown = sum(self.state_of(one) == Agreement.State.UNKNOWN for one in rows)
        if unknown:
            sentence = gettext("Agreements without a known activity: {count}.")
            self.questions.append(sentence.format(count=number(unknown)))
        columns = (gettext("Agreement"), gettext("Date"), gettext("Parties"), gettext("State and last activity"))
        return BriefSection(
            heading,
            (Table(columns, tuple(self.agreement_row(one) for one in rows[:AGREEMENTS]), (5, 2, 5, 7)),),
        )

    def state_of(self, agreement) -> Agreement.State:
        """Return the state on the day. Nothing says when an agreement ended, so on a past day it is not known."""
        if self.is_past and agreement.ended:
            return Agreement.State.UNKNOWN
        return agreement.state_on(self.day)

    def agreement_row(self, agreement) -> tuple[Text, ...]:
        last = agreement.last_activity_on(self.day)
        state = str(self.state_of(agreement).label)
        if last is not None:
            state = pgettext("agreement", "{state}; {date}: {activity}").format(
                state=state, date=date_text(last.date), activity=own(last, "text")
            )
        return (
            self.named(agreement, self.notes.of(agreement)),
            Text(date_text(agreement.date)),
            Text(", ".join(party.who.name_and_language()[0] for party in agreement.parties.all())),
            Text(state, self.notes.of(last) if last is not None else ()),
        )

    def offices(self) -> BriefSection:
        """The organisations that take part in most of the projects: offices, never persons."""
        ids, counts, roles = self.ids, {}, set()
        for key, taking_part in registry.facet_index(Project).facets["organisation"].items():
            if ids.isdisjoint(taking_part):
                continue
            if isinstance(key, tuple):  # organisation and role
                roles.add(key)
            else:
                counts[key] = ids.intersection_cardinality(taking_part)
        best = sorted(counts, key=lambda key: (-counts[key], key))[:OFFICES]
        shown = Organisation.objects.published().filter(key__in=best)
        found = {one.key: one for one in shown.prefetch_related(Prefetch("country", Place.objects.published()))}
        heading = gettext("Organisations to ask")
        if not found:
            return BriefSection(heading, (muted(gettext("No organisation is known for this subject.")),))
        columns = (
            gettext("Organisation"),
            gettext("Country"),
            gettext("Roles in these projects"),
            gettext("Projects"),
        )
        rows = tuple(
            (
                self.named(found[key]),
                Text(_country_words(found[key])),
                Text(label_list([role.label for role in Participation.Role if (key, role.value) in roles])),
                Text(number(counts[key])),
            )
            for key in best
            if key in found
        )
        return BriefSection(heading, (Table(columns, rows, (7, 4, 4, 2)),))

    # ── What is missing, and what comes ──────────────────────────────────────────────────────────────────────

    def gaps(self) -> BriefSection:
        """The areas, and the provinces of the country, in which no project of the subject is known."""
        subject, facets = self.subject, registry.facet_index(Project).facets
        lines, notes = [], [gettext("A project that names only the country counts for no province.")]
        if subject.issue:
            here = self.ids
            empty = [area.label for area in Area if here.isdisjoint(facets["area"][area.value])]
            if empty and len(empty) < len(Area):
                lines.append((Text(gettext("Areas of cooperation without a project")), Text(label_list(empty))))
        if subject.place is not None and subject.place.kind == Place.Kind.COUNTRY:
            provinces = provinces_without_projects(subject.place.key, self.ids)
            if provinces:
                lines.append((Text(gettext("Provinces for which no project is known")), Text(", ".join(provinces))))
                notes += notes_on_provinces(subject.place.key)
        heading = gettext("Gaps")
        if not lines:
            return BriefSection(heading, (muted(gettext("No gap follows from the records.")),))
        return BriefSection(heading, (Items(tuple(lines)), muted(" ".join(notes))))

    def ahead(self) -> BriefSection:
        """Dated events on the subject, and ends of its projects, that lie ahead."""
        subject, filters = self.subject, EventFilter.base_filters
        events = Event.objects.published().filter(not_ended_before("date", self.day))
        if subject.country:
            events = filters["country"].filter(events, [subject.country.key])
        if subject.issue:
            events = filters["issue"].filter(events, [subject.issue.key])
        dated = [(one.date, self.named(one)) for one in events.order_by("date", "key")[:AHEAD]]
        planned, past = gettext("Planned end of the project: {title}"), gettext("End of the project: {title}")
        dated += [
            (
                one.end,
                Text(
                    (past if one.end.is_over_before(self.today) else planned).format(title=one.name_and_language()[0]),
                    (),
                    self.url(one),
                ),
            )
            for one in self.not_ended()
        ]
        dated.sort(key=lambda pair: pair[0])
        heading = gettext("What comes next")
        if not dated:
            return BriefSection(heading, (muted(gettext("Nothing that is dated ahead is known.")),))
        return BriefSection(
            heading, (Items(tuple((Text(date_in_sentence(date)), text) for date, text in dated[:AHEAD])),)
        )

    def not_ended(self) -> QuerySet:
        """Return the projects of the subject that end first, but not before its day, in the order of their ends.

        An end of which only the year or the month is known is not over before the last day of it.
        """
        dates, found = registry.facet_index(Project).facets["status_now"], BitMap()
        ends = (value for column, value in dates if column == "end")
        for end in sorted(end for end in ends if not PartialDate(end).is_over_before(self.day)):
            found |= self.ids & dates["end", end]
            if len(found) >= AHEAD:
                break
        ending = Project.objects.published().filter(pk__in_ids=IdList(found))
        return ending.defer_texts().order_by("end", "key")[:AHEAD]

    def open_questions(self) -> BriefSection:
        """What was looked for and is not known here."""
        heading = gettext("Not known here")
        if not self.questions:
            return BriefSection(heading, (muted(gettext("The records leave no question of this brief open.")),))
        return BriefSection(heading, (Items(tuple((Text(""), Text(question)) for question in self.questions)),))


def write_brief(subject: Subject, day: datetime.date, url: str, base: str = "", currency: str = "") -> Brief:
    """Return the brief of a subject as of a day, past or future, in the active language.

    `url` is the absolute URL of its page. `base` stands before the paths of records: a file needs absolute URLs. In
    `currency`, if it is given, budgets are also converted.
    """
    return BriefWriter(subject, day, base, currency).write(url)
