"""Tables of issues, indicators and terms."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from issues.models import Indicator, Issue, Term
from portal.core.languages import reader_html
from portal.generic.tables import FigureColumn, NameColumn, RecordTable


class IssueTable(RecordTable):
    """Issues in the editors' order. The list page shows them as a tree."""

    name = NameColumn("name", verbose_name=_("Issue"), orderable=False)

    class Meta(RecordTable.Meta):
        model = Issue
        fields = ("name",)


class IndicatorTable(RecordTable):
    """Indicators with unit, first and last year, number of places, and licence."""

    name = NameColumn("name", verbose_name=_("Indicator"))
    unit = tables.Column(verbose_name=_("Unit"), orderable=False)
    first_year = FigureColumn(verbose_name=_("From year"))
    last_year = FigureColumn(verbose_name=_("To year"))
    place_count = FigureColumn(verbose_name=_("Places"))
    licence = tables.Column(verbose_name=_("Licence"), orderable=False)

    class Meta(RecordTable.Meta):
        model = Indicator
        fields = ("name", "unit", "first_year", "last_year", "place_count", "licence")

    def render_unit(self, record):
        return reader_html(record, "unit")

    def render_licence(self, record):
        return reader_html(record, "licence")


class TermTable(RecordTable):
    """Terms, for the glossary."""

    term = NameColumn("term", verbose_name=_("Term"))

    class Meta(RecordTable.Meta):
        model = Term
        fields = ("term",)
