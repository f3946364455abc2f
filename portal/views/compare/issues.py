"""The comparison of issues: key figures, causes and effects, notes on each country, projects that answer them."""

from django.db.models import Prefetch
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from issues.key_figures import with_observations
from issues.models import Indicator, Issue, IssueInCountry, IssueLink, KeyFigure
from portal.core.languages import text_and_language
from portal.views.compare.rows import (
    VISIBLE,
    Comparison,
    ComparisonEntry,
    ComparisonRow,
    ComparisonSection,
    MeasuredEntry,
    cited,
    counted,
    goal_cells,
    in_order_of,
    named,
    prose,
    with_marks,
    with_shares,
)
from projects.filters import ProjectFilter
from projects.models import Project


class Issues(Comparison):
    """The issues of the region."""

    name = "issue"
    label = _("Issue")
    title = _("Issues side by side")
    choose = _("Compare issues")
    add = _("Add an issue")
    others_left_out = _("Only one kind can be compared at a time. The issues in the address were ignored.")
    sentence_for_one = _("Selected: {name}. Choose one to three more issues.")
    selects = (_("First issue"), _("Second issue"), _("Third issue (optional)"), _("Fourth issue (optional)"))

    def options(self):
        return Issue.objects.published().only("key", "parent", "name_en", "name_ko", "name_ru")

    def groups(self, options):
        """Return the issues in groups under their main issue, which is the first option of its group."""
        mains = [issue for issue in options if issue.parent_id is None]
        groups = [
            (main.name_and_language()[0], [main, *(issue for issue in options if issue.parent_id == main.pk)])
            for main in mains
        ]
        rest = [issue for issue in options if issue.parent_id and issue.parent_id not in {main.pk for main in mains}]
        return [*groups, *([(gettext("Other issues"), rest)] if rest else [])]

    def load(self, records):
        names = Issue.objects.published().without_sections()
        sourced = "citations__source"
        found = names.filter(pk__in=[record.pk for record in records]).prefetch_related(
            "sdgs",
            Prefetch("parent", names),
            Prefetch("indicators", Indicator.objects.published()),
            Prefetch("key_figures", KeyFigure.objects.prefetch_related(sourced)),
            Prefetch(
                "in_countries",
                IssueInCountry.objects.filter(country__publication=VISIBLE).select_related("country"),
            ),
            *(
                Prefetch(
                    links,
                    IssueLink.objects.filter(**{f"{end}__publication": VISIBLE}).prefetch_related(
                        Prefetch(end, names), sourced
                    ),
                )
                for links, end in (("cause_links", "cause"), ("effect_links", "effect"))
            ),
        )
        return in_order_of(records, found)

    def parts(self, issues):
        return [
            ComparisonSection("facts", gettext("At a glance"), self.facts(issues)),
            ComparisonSection("links", gettext("Causes and effects"), self.links(issues)),
            ComparisonSection("countries", gettext("By country"), self.countries(issues), shown=3),
        ]

    def facts(self, issues):
        projects = ProjectFilter(queryset=Project.objects.published()).counter.facet_counts("issue")
        figures = {issue.pk: [] for issue in issues}
        for figure in with_observations(figure for issue in issues for figure in issue.key_figures.all()):
            figures[figure.issue_id].append(figure)
        return [
            ComparisonRow(pgettext("of a record", "Summary"), [prose(issue, "summary") for issue in issues], wide=True),
            ComparisonRow(
                _("Top-level issue"),
                with_marks([self.main(issue) for issue in issues], issues),
            ),
            ComparisonRow(
                _("Key figures"),
                [[self.key_figure(figure) for figure in figures[issue.pk]] for issue in issues],
            ),
            ComparisonRow(
                _("Related projects"),
                with_shares([counted(projects.get(issue.key, 0), "projects", issue=issue.key) for issue in issues]),
                remark=gettext("Including projects addressing its sub-issues."),
            ),
            ComparisonRow(_("Sustainable Development Goals"), goal_cells(issues), missing=_("none named"), absent=True),
            ComparisonRow(
                _("Indicators"),
                with_marks([[named(indicator) for indicator in issue.indicators.all()] for issue in issues]),
                missing=_("none in the portal"),
                absent=True,
            ),
        ]

    @staticmethod
    def main(issue):
        if issue.parent_id is None:
            return [ComparisonEntry(gettext("This is a top-level issue."))]
        # The query for main issues finds published ones only.
        return [named(issue.parent)] if issue.parent else []

    @staticmethod
    def key_figure(figure):
        label, language = text_and_language(figure, "label")
        unit, unit_language = figure.stated_unit
        return MeasuredEntry(
            figure.stated_value,
            unit=unit,
            unit_language=unit_language,
            year=figure.stated_year,
            detail=label if figure.stated_year else gettext("{label} (year not stated)").format(label=label),
            detail_language=language,
            sources=figure.stated_sources,
            mark=_("by another author or definition") if figure.other_definition else "",
        )

    @staticmethod
    def links(issues):
        rows = []
        for count, words, name, end in (
            (_("Number of causes"), _("What causes or worsens it"), "cause_links", "cause"),
            (_("Number of effects"), _("What it causes or worsens"), "effect_links", "effect"),
        ):
            cells = []
            for issue in issues:
                cells.append([])
                for link in getattr(issue, name).all():
                    mechanism, language = text_and_language(link, "mechanism")
                    entry = named(getattr(link, end), detail=mechanism, detail_language=language, sources=cited(link))
                    cells[-1].append(entry)
            rows += [
                ComparisonRow(count, [[ComparisonEntry(len(cell))] for cell in cells]),
                ComparisonRow(
                    words, with_marks(cells, issues), missing=_("none in the portal"), wide=True, absent=True
                ),
            ]
        return rows

    @staticmethod
    def countries(issues):
        found = {}
        for column, issue in enumerate(issues):
            for part in issue.in_countries.all():
                found.setdefault(part.country, {})[column] = part
        rows = []
        for country, parts in sorted(found.items(), key=lambda pair: str(pair[0])):
            name, language = country.name_and_language()
            cells = [prose(parts[column], "note") if column in parts else [] for column in range(len(issues))]
            rows.append(
                ComparisonRow(
                    name,
                    cells,
                    language,
                    country.get_absolute_url(),
                    missing=_("not listed there"),
                    wide=True,
                    absent=True,
                )
            )
        return rows
