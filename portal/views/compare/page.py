"""The page of a comparison, its file, and the page with the forms to choose records."""

from collections import defaultdict
from dataclasses import dataclass

from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from issues.models import ComparisonExample
from portal.core.citation_marks import Footnotes
from portal.core.languages import name_html, reader_html
from portal.core.urls import with_query
from portal.formats import responses, tables
from portal.http import throttling
from portal.http.problems import ProblemDetail
from portal.seo.head import PageMetadataMixin
from portal.views.code_form import CodeField, CodeForm
from portal.views.compare.choice import KINDS, MOST, ComparisonChoice, form_of
from portal.views.compare.finding import LONGEST
from portal.views.compare.rows import FAR_APART

FIND, COMPARE = "find", "compare"  # parameters: the words of a search, and the button below its hits
ONLY, DIFFERENCES = "only", "differences"  # a parameter and its value: only the rows in which the records differ


class RowsForm(CodeForm):
    """The choice of rows in the query string."""

    only = CodeField(required=False, label=_("Rows"))


def examples():
    """Return title, query string and record names of each example. Examples with an unpublished record are left out.

    One query for the examples, and one for each kind among them.
    """
    chosen, keys = list(ComparisonExample.objects.all()), defaultdict(list)
    for example in chosen:
        keys[example.kind] += example.key_list
    found = {kind: KINDS[kind].found(of_kind) for kind, of_kind in keys.items()}
    return [
        (
            reader_html(example, "title"),
            urlencode([(example.kind, key) for key in example.key_list]),
            [name_html(found[example.kind][key]) for key in example.key_list],
        )
        for example in chosen
        if set(example.key_list) <= set(found[example.kind])
    ]


@dataclass
class ComparisonColumn:
    """The head of a column: the record, the query string without it, and its colour number if it has one.

    A phone shows the first two columns. `beside` is the query string in which this record is the second.
    """

    record: object
    query: str
    beside: str
    tone: int | None = None

    @property
    def name(self):
        return self.record.name_and_language()[0]

    @property
    def html(self):
        return name_html(self.record)


class Compare(PageMetadataMixin, TemplateView):
    """A comparison as a page or a file, or the forms to choose records if fewer than two are chosen."""

    @staticmethod
    def known_parameters(as_file):
        return {*KINDS, FIND, COMPARE, ONLY, "format", *(("lang",) if as_file else ())}

    template_name = "portal/compare.html"

    def canonical_query(self, context):
        """Return the query of the canonical URL: the compared records."""
        choice = self.choice
        return {choice.kind.name: [record.key for record in choice.records]} if self.shown else {}

    def share_countries(self, context):
        return self.choice.records if self.shown and self.choice.kind.name == "country" else []

    def get(self, request, *args, **kwargs):
        if COMPARE in request.GET:
            # The form sends the search words too. A URL to share does not need them once the records are chosen.
            query = {name: values for name, values in request.GET.lists() if name not in {COMPARE, FIND}}
            return HttpResponseRedirect(with_query(request.path, query))
        self.choice = ComparisonChoice(request.GET)
        self.form = RowsForm(request.GET, {ONLY: [(DIFFERENCES, _("Only differences"))]})
        if self.words:
            throttling.throttle(request, "search")
        if responses.requested_format(request):
            mistakes = [*self.choice.mistakes, *self.form.mistakes]
            if not mistakes and not self.choice.complete:
                mistakes = [gettext("Choose two to four.")]
            if mistakes:
                raise ProblemDetail(400, " ".join(mistakes))
            return responses.export_response(request, (), self.table, only=tables.FORMATS)
        return super().get(request, *args, **kwargs)

    @cached_property
    def words(self):
        """Return the words of the search for projects to compare; "" if another kind is compared."""
        if self.choice.kind and not self.choice.kind.searched:
            return ""
        return " ".join(self.request.GET.get(FIND, "").replace("\0", "").split())[:LONGEST]

    @property
    def shown(self):
        """Return True if the comparison is shown, not the forms."""
        return self.choice.complete and not self.words

    def table(self):
        """Return the comparison as a table for export."""
        kind = self.choice.kind
        records = kind.load(self.choice.records)
        return tables.ExportTable(
            "-".join(["compare", *(record.key for record in records)]),
            kind.title,
            *columns_and_rows(records, self.differing(kind.parts(records))),
            **responses.addresses(self.request),
        )

    def get_context_data(self, **kwargs):
        choice = self.choice
        context = super().get_context_data(**kwargs) | {
            "title": choice.kind.title if self.shown else _("Compare"),
            "problems": [*choice.problems, *self.form.problems],
            "searching": bool(self.words),
            "trail": [(_("Compare"), reverse("compare") if choice.kind else None)],
        }
        if not self.shown:
            return context | self.forms()
        context["trail"].append((choice.kind.title, None))
        return context | self.comparison()

    def forms(self):
        """Return the forms of all kinds and the examples, or one form if a kind is chosen already."""
        choice, words = self.choice, self.words
        if choice.kind or words:
            kind = choice.kind or KINDS["project"]
            sentence = gettext("Choose two to four.")
            if len(choice.records) == 1:
                sentence = str(kind.sentence_for_one).format(name=choice.records[0].name_and_language()[0])
            return {"sentence": sentence, "forms": [form_of(kind, choice.records, words)]}
        forms = [form_of(kind) for kind in KINDS.values()]
        return {"forms": forms, "examples": examples()}

    @property
    def shows_differences_only(self):
        return self.form.chosen.get(ONLY) == DIFFERENCES

    def differing(self, parts):
        """Return the sections, without the rows in which the records are the same if the query string asks for that."""
        if self.shows_differences_only:
            for part in parts:
                part.rows = [row for row in part.rows if row.difference]
        return parts

    def address(self, records, only):
        """Return the query string to compare these records; with `only`, just in the rows in which they differ."""
        return f"?{self.choice.query_of(records)}" + (f"&{ONLY}={DIFFERENCES}" if only else "")

    def columns(self, records):
        """Return the head of each column."""
        tones, only = self.choice.kind.tones(records), self.shows_differences_only
        columns = []
        for record in records:
            others = [other for other in records if other != record]
            columns.append(
                ComparisonColumn(
                    record,
                    self.address(others, only),
                    self.address([records[0], record, *others[1:]], only),
                    tones.get(record),
                )
            )
        return columns

    def comparison(self):
        """Return the rows, charts and footnotes of the chosen records."""
        choice = self.choice
        records = choice.kind.load(choice.records)
        parts, only = choice.kind.parts(records), self.shows_differences_only
        columns = self.columns(records)
        all_rows = [row for part in parts for row in part.rows]
        differing = [row for row in all_rows if row.difference]
        parts = self.differing(parts)
        return {
            "kind": choice.kind,
            "names": ", ".join(column.name for column in columns),
            "columns": columns,
            "parts": [
                (part, *([(row, list(zip(columns, row.cells, strict=True))) for row in rows] for rows in part.tables))
                for part in parts
                if part.rows
            ],
            "differences": {
                "only": only,
                "url": self.address(records, not only),
                "count": len(differing),
                "all": len(all_rows),
                "times": FAR_APART,
            },
            "charts": choice.kind.figures(records),
            "notes": Footnotes(
                source
                for part in parts
                for row in part.rows
                for cell in row.cells
                for entry in cell
                for source in entry.sources
            ),
            "formats": responses.format_links(self.request, (), only=tables.FORMATS),
            "more": form_of(choice.kind, records) if len(records) < MOST else None,
        }


def columns_and_rows(records, parts):
    """Return the columns and rows of a comparison for a file.

    Each record has five columns: value, detail, year, unit and sources. A cell with several entries takes several
    lines. A missing value is empty, and its detail says why.
    """
    columns = [("part", gettext("Part")), ("row", gettext("Row"))]
    for record in records:
        name = record.name_and_language()[0]
        columns += [
            (f"{record.key}_value", gettext("{name}: value").format(name=name)),
            (f"{record.key}_detail", gettext("{name}: detail").format(name=name)),
            (f"{record.key}_year", gettext("{name}: year").format(name=name)),
            (f"{record.key}_unit", gettext("{name}: unit").format(name=name)),
            (f"{record.key}_source", gettext("{name}: source").format(name=name)),
        ]
    return columns, [
        [str(part.title), str(row.label), *(text for cell in row.cells for text in file_cell(row, cell, line))]
        for part in parts
        for row in part.rows
        for line in range(max(1, *(len(cell) for cell in row.cells)))
    ]


def file_cell(row, cell, line):
    """Return the five columns of one record on line number `line` of a row."""
    if not cell and line == 0:
        return ["", str(row.missing), "", "", ""]
    if line >= len(cell):
        return [""] * 5
    entry = cell[line]
    sources = "; ".join(
        f"{source.own_title} <{source.url}>" if source.url else source.own_title for source in entry.sources
    )
    return [entry.plain, str(entry.detail), entry.year, entry.unit, sources]
