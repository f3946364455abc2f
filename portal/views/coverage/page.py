"""The page of the coverage table, and its files."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext
from django.views.generic import TemplateView

from portal.core.urls import file_path, with_query
from portal.formats import responses, tables
from portal.graphics.svg_export import asks_for_picture
from portal.views.coverage.choice import GAPS, CoverageForm, CoverageRowsForm
from portal.views.coverage.flows import FlowDiagram
from portal.views.coverage.table import Coverage, count_words
from projects.filters import ProjectFilter


class CoveragePage(TemplateView):
    """The table of two axes, and the Sankey diagram of the same projects."""

    @staticmethod
    def known_parameters(as_file):
        names = {*ProjectFilter.base_filters, *CoverageForm.base_fields, *CoverageRowsForm.base_fields, "format"}
        return names | ({"lang", "part"} if as_file else set())

    template_name = "portal/coverage.html"

    def get(self, request, *args, **kwargs):
        if responses.requested_format(request):
            return responses.export_response(request, (), self.table, only=tables.FORMATS)
        self.coverage = Coverage(request.GET)
        self.coverage.filter.raise_for_former_keys()
        self.streams = FlowDiagram(self.coverage)
        if asks_for_picture(request) and self.streams.drawn:
            self.coverage.raise_for_errors()
            return self.streams.file(request)
        return super().get(request, *args, **kwargs)

    def table(self):
        """Return the table, or the bands of the diagram, for export."""
        coverage, addresses = Coverage(self.request.GET), responses.addresses(self.request)
        coverage.raise_for_errors()
        if self.request.GET.get("part") == "streams":
            return tables.ExportTable(
                "streams", _("Gaps and coverage"), *FlowDiagram(coverage).columns_and_rows(), **addresses
            )
        choice = coverage.choice
        label = f"coverage-{choice.rows.name}-{choice.columns.name}"
        return tables.ExportTable(label, coverage.caption, *coverage.columns_and_rows(), **addresses)

    def get_context_data(self, **kwargs):
        coverage = self.coverage
        choice = coverage.choice
        ways = {"rows": choice.rows.name, "columns": choice.columns.name}
        if choice.currency:
            ways["measure"] = choice.measure
        if choice.only:
            ways["only"] = choice.only
        query = coverage.filter.valid_data | ways
        column = {"column": choice.column} if choice.column else {}
        other_rows = {name: value for name, value in query.items() if name != "only"}
        if not choice.only:
            other_rows["only"] = GAPS
        here = self.request.path
        return super().get_context_data(**kwargs) | {
            "title": _("Gaps and coverage"),
            "trail": [(_("Gaps and coverage"), None)],
            "coverage": coverage,
            "streams": self.streams if self.streams.drawn else None,
            "choice": choice,
            "filter": coverage.filter,
            "problems": choice.problems + coverage.filter.error_messages,
            "count_in_words": count_words(len(coverage.projects)),
            "unfiltered": with_query(here, ways | column),
            "columns": [
                (pgettext("total", "All"), with_query(here, query), not choice.column),
                *(
                    (one.label, with_query(here, query | {"column": one.key}), one.key == choice.column)
                    for one in coverage.columns
                ),
            ],
            "other_rows": with_query(here, other_rows | column),
            "swapped": with_query(here, query | {"rows": choice.columns.name, "columns": choice.rows.name}),
            "formats": responses.format_links(self.request, (), only=tables.FORMATS),
            "csv_url": with_query(file_path(here, "csv"), query | column),
            "streams_picture_url": with_query(here, query),
            "streams_csv_url": with_query(file_path(here, "csv"), query | {"part": "streams"}),
        }
