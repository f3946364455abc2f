"""The ledger of ties: agreements with their state today, last activity, what they led to and the next step due.

All of it is computed from stored records, because it depends on the day. `docs/planning.md` states the rules.
"""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Prefetch, Q
from django.db.models.functions import Substr
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from issues.models import Event
from portal.core.choices import Area, Level, PublicationStatus
from portal.core.formatting import date_in_sentence, partial_date
from portal.core.languages import name_html, reader_html, text_and_language
from portal.core.partial_dates import PartialDate
from portal.facets.filters import (
    DatedFilterSet,
    Facet,
    GyeonggiFacet,
    PlaceFacet,
    YearFacet,
    names,
    places_but_countries,
)
from portal.formats import responses
from portal.formats.tables import FORMATS, ExportTable
from portal.generic.list import PAGE_SIZES, RecordListView
from portal.generic.tables import DateColumn, NameColumn, RecordTable, SeveralColumn, ValueColumn, linked_names
from portal.graphics.histogram import histogram
from portal.models import Place, Record
from portal.templatetags.components import tag
from projects.models import (
    Agreement,
    AgreementActivity,
    AgreementActivityCitation,
    AgreementOutcome,
    AgreementParty,
    Organisation,
    Project,
)
from projects.ties import side_of

SUBNATIONAL = (Level.PROVINCIAL, Level.MUNICIPAL)
WIDE, NARROW = (860, 150), (348, 130)  # of the drawing of years, in pixels


# ── The next step ────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class NextStep:
    """A dated step that lies ahead, as a stored record states it, and the record."""

    date: PartialDate
    kind: str
    record: Record


def next_step(agreement, events, today) -> NextStep | None:
    """Return the earliest step ahead of an agreement on the day `today`; None if no stored record has one.

    Steps are the date of the agreement itself, its activities, the starts and ends of the projects it led to, and
    `events` (see `coming_events`) that name a place of each side. An end counts until its last possible day.
    """
    steps = [NextStep(agreement.date, gettext("Planned date of the agreement"), agreement)]
    steps += [NextStep(row.date, gettext("Planned activity"), agreement) for row in agreement.activities.all()]
    projects = [outcome.project for outcome in agreement.outcomes.all()]
    steps += [NextStep(one.start, gettext("Planned start of the project"), one) for one in projects if one.start]
    ahead = [step for step in steps if step.date.first_day > today]
    ahead += [
        NextStep(one.end, gettext("Planned end of the project"), one)
        for one in projects
        if one.end and not one.end.is_over_before(today) and one.status not in Project.Status.lasting()
    ]
    ahead += [NextStep(one.date, one._meta.verbose_name, one) for one in events if names_both_sides(one, agreement)]
    return min(ahead, key=lambda step: step.date, default=None)


def coming_events(today):
    """Return the published events that lie ahead of the day `today`, with the keys of their places."""
    ahead = Event.objects.published().filter(date__gt=today.isoformat())
    return list(ahead.prefetch_related(Prefetch("places", Place.objects.only("key"))))


def names_both_sides(event, agreement) -> bool:
    """Return True if an event names the place of a Korean party and the place of a party of Central Asia."""
    here = {place.key for place in event.places.all()}
    groups = {
        body.country.group
        for body in (party.organisation for party in agreement.parties.all())
        if body and body.country and side_of(body).key in here
    }
    return {Place.Group.KOREA, Place.Group.CENTRAL_ASIA} <= groups


# ── Filters ──────────────────────────────────────────────────────────────────────────────────────────────────────


class AgreementStateFacet(Facet):
    """The state of agreements today. It is computed, so there is no stored value to count."""

    def __init__(self):
        super().__init__("ended", options=Agreement.State, label=pgettext_lazy("agreement", "State"))

    def filter(self, queryset, values):
        return queryset.in_state(values, timezone.localdate()) if values else queryset

    def counts_from_queryset(self, queryset):
        today = timezone.localdate()
        rows = queryset.order_by().with_last_activity(today).values_list("ended", "last_activity_date")
        return dict(Counter(Agreement.State.on(today, *row).value for row in rows))


class ActivityYearFacet(YearFacet):
    """The years in which agreements have an activity."""

    def __init__(self):
        super().__init__("activities__date", options=activity_years, label=_("Year of an activity"), rare=True)

    def expand(self, stored):
        return (stored[:4],)

    def filter(self, queryset, values):
        in_years = Q()
        for year in values:
            in_years |= Q(date__startswith=year)
        rows = AgreementActivity._base_manager.filter(in_years, agreement=OuterRef("pk"))
        return queryset.filter(Exists(rows)) if values else queryset


def activity_years():
    """Return the years of the activities of published agreements as choices, the newest first."""
    rows = AgreementActivity.objects.filter(agreement__publication=PublicationStatus.PUBLISHED)
    years = rows.order_by().annotate(year=Substr("date", 1, 4)).values_list("year", flat=True).distinct()
    return [(year, year) for year in sorted(years, reverse=True)]


class LedgerFilter(DatedFilterSet):
    """Filter the ledger by state, city, organisation, partner country and more."""

    state = AgreementStateFacet()
    country = Facet(
        "parties__country__key",
        "parties__organisation__country__key",
        options=names(Place.objects.filter(group=Place.Group.CENTRAL_ASIA)),
        label=_("Partner country"),
    )
    place = PlaceFacet(
        "parties__organisation__seat__key", options=places_but_countries, label=_("Province or city"), limit=6
    )
    gyeonggi = GyeonggiFacet()
    kind = Facet("kind", options=Agreement.Kind, label=_("Kind"), limit=5, shows_empty=False)
    area = Facet("areas__area", options=Area, label=_("Area of cooperation"), rare=True)
    organisation = Facet(
        "parties__organisation__key", options=names(Organisation.objects.all()), label=_("Organisation"), rare=True
    )
    activity = ActivityYearFacet()

    class Meta:
        model = Agreement
        fields = []


# ── The page ─────────────────────────────────────────────────────────────────────────────────────────────────────


def for_ledger(agreements, today):
    """Prefetch and annotate all that the ledger shows of agreements. Constant number of queries."""
    cited = AgreementActivityCitation.objects.filter(source__publication=PublicationStatus.PUBLISHED)
    citations = Prefetch("citations", cited.select_related("source"))
    projects = Project.objects.published().defer_texts()
    return agreements.with_last_activity(today).prefetch_related(
        Prefetch("parties", AgreementParty.objects.published().select_related("organisation__seat")),
        Prefetch("activities", AgreementActivity.objects.prefetch_related(citations)),
        Prefetch(
            "outcomes",
            AgreementOutcome.objects.filter(project__publication=PublicationStatus.PUBLISHED).prefetch_related(
                Prefetch("project", projects)
            ),
        ),
    )


def sources_of(activity):
    """Return the published sources of an activity that `for_ledger` prefetched."""
    return [citation.source for citation in activity.citations.all()]


class LedgerTable(RecordTable):
    """Agreements with state, last activity, what they led to and the next step due, as of a day."""

    title = NameColumn("title", verbose_name=_("Agreement"))
    date = DateColumn(verbose_name=_("Date"))
    last = ValueColumn(
        accessor="last_activity_date",
        verbose_name=_("State and last activity"),
        empty_values=(),
        attrs={"td": {"class": "wordy"}, "th": {"class": "wordy"}},
    )
    outcomes = SeveralColumn(verbose_name=_("What came of it"))
    next = SeveralColumn(verbose_name=_("Next step due"))

    class Meta(RecordTable.Meta):
        model = Agreement
        fields = ("title", "date", "last", "outcomes", "next")

    def __init__(self, *args, today, **kwargs):
        super().__init__(*args, **kwargs)
        self.today = today

    @cached_property
    def events(self):
        return coming_events(self.today)

    def render_title(self, record):
        return format_html(
            '<a href="{}">{}</a><br><small>{}: {}</small>',
            record.get_absolute_url(),
            name_html(record),
            record.get_kind_display(),
            linked_names(party.who for party in record.parties.all()),
        )

    def render_last(self, record):
        last, state = record.last_activity_on(self.today), record.state_on(self.today)
        shown = tag(state.in_words(last and last.date), f"{state.tone} tag-status")
        if last is None:
            return format_html('{}<br><span class="text-muted">{}</span>', shown, gettext("No activity was found."))
        if not state.is_dated:
            shown = format_html("{} {}", shown, partial_date(last.date))
        sources = sources_of(last)[:1]
        cited = format_html("<br><small>{} {}</small>", gettext("Source:"), linked_names(sources)) if sources else ""
        return format_html("{}<br>{}{}", shown, reader_html(last, "text"), cited)

    def render_outcomes(self, record):
        projects = [outcome.project for outcome in record.outcomes.all()]
        found = linked_names(projects) or format_html(
            '<span class="text-muted">{}</span>', gettext("No source that was read says what came of it.")
        )
        looked = gettext("It has not been looked for yet.")
        if record.looked_on:
            looked = gettext("Looked for on {date}").format(date=date_in_sentence(record.looked_on))
        return format_html("{}<br><small>{}</small>", found, looked)

    def render_next(self, record):
        step = next_step(record, self.events, self.today)
        if step is None:
            return format_html('<span class="text-muted">{}</span>', gettext("Not known"))
        link = "" if step.record is record else format_html(": {}", linked_names([step.record]))
        return format_html("{}<br>{}{}", partial_date(step.date), step.kind, link)


class Ledger(RecordListView):
    """The ledger of ties, and the same agreements by year."""

    queryset = Agreement.objects.all()
    filterset_class = LedgerFilter
    followed_as = "ledger"
    table_class = LedgerTable
    template_name = "projects/ledger.html"
    title = _("Ledger of ties")
    lead = _(
        "Each agreement with its state today, its last activity and source, what it led to, and the next step due. "
        "All of it is computed from the records of the portal."
    )
    see_also = ((_("Ties"), "gyeonggi-ties"), (_("Timeline"), "timeline"))
    default_sort = "-last"
    page_sizes = (15, *PAGE_SIZES)  # its rows are long
    scopes = (("", _("Provinces and cities of Korea")), ("all", _("All agreements")))
    views = (("", pgettext_lazy("view of the ledger", "Ledger")), ("years", _("By year")))
    kinds = ()
    formats = FORMATS

    @staticmethod
    def count_words(count):
        return ngettext("%(count)s agreement", "%(count)s agreements", count) % {"count": count}

    def setup(self, *args, **kwargs):
        super().setup(*args, **kwargs)
        self.today = timezone.localdate()
        self.whole = bool(self.chosen_view)  # years have no pages

    def get_queryset(self):
        found = super().get_queryset()
        return found if self.chosen_scope else found.filter(level__in=SUBNATIONAL)

    def get_table_data(self):
        return for_ledger(self.object_list, self.today)

    def get_table_kwargs(self):
        return super().get_table_kwargs() | {"order_by": self.default_sort, "today": self.today}

    @property
    def results_template(self):
        return "projects/includes/ledger_years.html" if self.chosen_view else super().results_template

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs) | {
            "today": self.today,
            "trail": [(_("Agreements"), reverse("agreements")), (self.title, None)],
        }
        if self.chosen_view:
            return context | {"years": self.years(), "sort_choices": ()}
        return context

    def years(self):
        """Return the agreements found by year: drawings and rows. Two queries."""
        found = self.filterset.qs.order_by()
        made = found.annotate(year=Substr("date", 1, 4)).values_list("year").annotate(Count("pk"))
        begun = found.filter(activities__date__lte=self.today.isoformat())
        active = begun.annotate(year=Substr("activities__date", 1, 4)).values_list("year")
        return LedgerYears(dict(made), dict(active.annotate(Count("pk", distinct=True))), self.request)

    def get_records(self):
        rows = list(self.get_sorted_rows())
        return ledger_file(rows, self.today, self.title, **responses.addresses(self.request))


class LedgerYears:
    """Agreements by year: those made in it, and those with an activity in it."""

    def __init__(self, made, active, request):
        self.request = request
        self.counts = {int(year): (made.get(year, 0), active.get(year, 0)) for year in sorted({*made, *active})}

    @property
    def pictures(self):
        """Return the histogram for wide pages and for phones, each with its CSS class."""
        if not self.counts:
            return []
        return [("chart-wide", histogram(self.counts, *WIDE)), ("chart-narrow", histogram(self.counts, *NARROW))]

    @property
    def rows(self):
        """Return for each year, the newest first: year, (count, URL of the agreements made), the same with activity."""
        return [
            (
                year,
                (made, self.address(year_from=year, year_to=year)),
                (active, self.address(activity=year)),
            )
            for year, (made, active) in sorted(self.counts.items(), reverse=True)
        ]

    def address(self, **chosen):
        query = {name: values for name, values in self.request.GET.lists() if name not in {"view", "page", "sort"}}
        return f"{self.request.path}?{urlencode(query | chosen, doseq=True)}"


def ledger_file(agreements, today, title, **addresses):
    """Return the ledger as a table for export: a row for each agreement that `for_ledger` prepared."""
    columns = [
        ("key", gettext("Key")),
        ("date", gettext("Date")),
        ("kind", gettext("Kind")),
        ("title", gettext("Agreement")),
        ("parties", gettext("Parties")),
        ("state", gettext("State")),
        ("last_activity", gettext("Last activity")),
        ("last_activity_text", gettext("What the parties did")),
        ("last_activity_sources", gettext("Sources of the last activity")),
        ("outcomes", gettext("What came of it")),
        ("looked_on", gettext("Looked for on")),
        ("next_step", gettext("Next step due")),
        ("next_step_kind", gettext("Kind of the next step")),
        ("as_of", gettext("As of")),
    ]
    events = coming_events(today)
    rows = []
    for agreement in agreements:
        last, step = agreement.last_activity_on(today), next_step(agreement, events, today)
        rows.append(
            [
                agreement.key,
                agreement.date,
                agreement.get_kind_display(),
                agreement.name_and_language()[0],
                "; ".join(party.who.name_and_language()[0] for party in agreement.parties.all()),
                agreement.state_on(today).label,
                last.date if last else "",
                text_and_language(last, "text")[0] if last else "",
                "; ".join(source.key for source in sources_of(last)) if last else "",
                "; ".join(outcome.project.key for outcome in agreement.outcomes.all()),
                agreement.looked_on or "",
                step.date if step else "",
                step.kind if step else "",
                today,
            ]
        )
    return ExportTable("ledger", title, columns, rows, **addresses)
