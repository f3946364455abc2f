"""Tables of projects, agreements, results and organisations."""

import django_tables2 as tables
from django.db.models import Case, IntegerField, When
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.core.choices import Area
from portal.core.formatting import date_range, money, partial_date
from portal.core.languages import label_list
from portal.generic.tables import (
    ChoiceColumn,
    DateColumn,
    FigureColumn,
    NameColumn,
    RecordTable,
    SeveralColumn,
    ValueColumn,
    linked_name,
    linked_names,
)
from portal.models.querysets import reader_text
from portal.templatetags.components import outlook_tag, status_tag, tag
from projects.budgets import convert_budget
from projects.models import Agreement, Organisation, Project, Result, StatusNow
from projects.models.project_status import has_status_on


def area_words(record):
    """Return the labels of a record's areas as text.

    It uses the enumeration, because `get_area_display` hashes all labels of the choices on each call.
    """
    return label_list(Area(row.area).label for row in record.areas.all())


class ComparedNameColumn(NameColumn):
    """The name of a project after a box, by which readers choose it for a comparison."""

    def render(self, record):
        title, _language = record.name_and_language()
        return format_html(
            '<input type="checkbox" name="project" value="{}" aria-label="{}"> {}',
            record.key,
            gettext("Select for comparison: {name}").format(name=title),
            super().render(record),
        )


class ProjectTable(RecordTable):
    """Projects with countries, areas, status, dates and budget. In `currency`, each budget is also converted."""

    title = ComparedNameColumn("title", verbose_name=_("Project"))
    countries = tables.Column(verbose_name=_("Countries"), orderable=False, empty_values=())
    areas = SeveralColumn(verbose_name=_("Areas"))
    status = tables.Column(verbose_name=_("Status today"))
    start = DateColumn(verbose_name=_("Project period"), empty_values=())
    budget = FigureColumn(verbose_name=_("Budget"), empty_values=())

    class Meta(RecordTable.Meta):
        model = Project
        fields = ("title", "countries", "areas", "status", "start", "budget")

    def __init__(self, *args, currency="", **kwargs):
        super().__init__(*args, **kwargs)
        self.currency = currency

    def render_countries(self, record):
        return linked_names(record.countries.all())

    def render_areas(self, record):
        return area_words(record)

    def render_status(self, record):
        return status_tag(record)

    def order_status(self, queryset, is_descending):
        today = timezone.localdate()
        position = Case(
            *(When(has_status_on([value], today), then=number) for number, value in enumerate(StatusNow.values)),
            output_field=IntegerField(),
        )
        return queryset.order_by(position.desc() if is_descending else position.asc(), "key"), True

    def render_start(self, record):
        return date_range(record.start, record.end)

    def render_budget(self, record):
        stated = money(record.budget, record.currency)
        if not self.currency or not (converted := convert_budget(record, self.currency)):
            return stated
        return format_html("{}<br><small>{}</small>", stated, converted.words)

    def order_budget(self, queryset, is_descending):
        # Amounts in different currencies cannot be compared, so they are sorted by currency first.
        direction = "-" if is_descending else ""
        return queryset.order_by("-currency", f"{direction}budget", "key"), True


class AgreementTable(RecordTable):
    """Agreements with date, kind, parties and areas."""

    date = DateColumn(verbose_name=_("Date"))
    title = NameColumn("title", verbose_name=_("Agreement"))
    kind = ChoiceColumn(verbose_name=_("Kind"))
    parties = SeveralColumn(verbose_name=_("Parties"))
    areas = SeveralColumn(verbose_name=_("Areas"))

    class Meta(RecordTable.Meta):
        model = Agreement
        fields = ("date", "title", "kind", "parties", "areas")

    def render_title(self, record):
        link = linked_name(record)
        outlook = outlook_tag(record)
        return format_html("{} {}", link, outlook) if outlook else link

    def render_parties(self, record):
        return linked_names(party.who for party in record.parties.all())

    def render_areas(self, record):
        return area_words(record)


class ResultTable(RecordTable):
    """Results with kind, project, countries, and the planned and the actual end of the project."""

    text = NameColumn("text", verbose_name=_("What the sources state"))
    kind = ChoiceColumn(verbose_name=_("Kind"))
    project = SeveralColumn(verbose_name=_("Project"))
    countries = SeveralColumn(verbose_name=_("Countries"))
    ends = ValueColumn(
        accessor="actual_end",
        verbose_name=_("Planned and actual end"),
        empty_values=(),
        attrs={"th": {"class": "wordy"}},
    )

    class Meta(RecordTable.Meta):
        model = Result
        fields = ("text", "kind", "project", "countries", "ends")

    def render_project(self, record):
        return linked_names([record.project]) if record.project else ""

    def render_countries(self, record):
        return linked_names(record.subject.countries.all())

    def render_ends(self, record):
        dates = ((gettext("Planned:"), record.planned_end), (gettext("Actual:"), record.actual_end))
        lines = [format_html("{} {}", label, partial_date(date)) for label, date in dates if date]
        if against := record.end_against_plan:
            lines.append(tag(against.label))
        return format_html_join(mark_safe("<br>"), "{}", ((line,) for line in lines))


class OrganisationTable(RecordTable):
    """Organisations with kind, country, and numbers of projects and agreements."""

    name = NameColumn("name", verbose_name=_("Organisation"))
    kind = ChoiceColumn(verbose_name=_("Kind"))
    country = tables.Column(verbose_name=_("Country"), empty_values=())
    project_count = FigureColumn(verbose_name=_("Projects"))
    agreement_count = FigureColumn(verbose_name=_("Agreements"))

    class Meta(RecordTable.Meta):
        model = Organisation
        fields = ("name", "kind", "country", "project_count", "agreement_count")

    def render_name(self, record):
        name = linked_name(record)
        return format_html("{} ({})", name, record.acronym) if record.acronym else name

    def render_country(self, record):
        if record.country:
            return linked_names([record.country])
        return "" if record.country_id else _("Several countries")

    def order_country(self, queryset, is_descending):
        name = reader_text("country__name")
        return queryset.order_by(name.desc() if is_descending else name.asc(), "key"), True
