"""The comparison of projects: facts, participants, aims, results, and the quality of their evidence."""

from django.db.models import Prefetch
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from issues.models import Issue
from portal.core.choices import Confidence
from portal.core.languages import text_and_language
from portal.models import FormerKey, Place
from portal.views.compare.rows import (
    VISIBLE,
    Amount,
    Comparison,
    ComparisonEntry,
    ComparisonRow,
    ComparisonSection,
    cited,
    goal_cells,
    in_order_of,
    listed,
    named,
    prose,
    with_marks,
)
from projects.models import Participation, Project, ProjectIssue, RioMarker


class ProjectComparison(Comparison):
    """The projects of Korea and Central Asia."""

    name = "project"
    label = _("Project")
    title = _("Projects side by side")
    choose = _("Compare projects")
    add = _("Add a project")
    others_left_out = _("Only one kind can be compared at a time. The projects in the address were ignored.")
    sentence_for_one = _("Selected: {name}. Choose one to three more projects.")
    former = FormerKey.Kind.PROJECT
    searched = True

    def options(self):
        return Project.objects.published().only("key", "title_en", "title_ko", "title_ru")

    def load(self, records):
        long = ("activities", "evidence", "note")
        found = (
            Project.objects.published()
            .filter(pk__in=[record.pk for record in records])
            .defer(*(f"{name}_{language}" for name in long for language in ("en", "ko", "ru")))
            .prefetch_related(
                "areas",
                "sectors",
                "sdgs",
                "rio_markers",
                "citations__source",
                Prefetch("countries", Place.objects.published().in_order_of("name")),
                Prefetch(
                    "participations",
                    Participation.objects.filter(organisation__publication=VISIBLE).select_related("organisation"),
                ),
                Prefetch(
                    "issue_links",
                    ProjectIssue.objects.filter(issue__publication=VISIBLE).prefetch_related(
                        Prefetch("issue", Issue.objects.without_sections())
                    ),
                ),
            )
        )
        return in_order_of(records, found)

    def parts(self, projects):
        return [
            ComparisonSection("facts", gettext("At a glance"), self.facts(projects)),
            ComparisonSection("parties", gettext("Organisations involved"), self.parties(projects)),
            ComparisonSection("aims", gettext("Objectives"), self.aims(projects)),
            ComparisonSection("evidence", gettext("Results and evidence"), self.evidence(projects)),
        ]

    @staticmethod
    def facts(projects):
        not_known = _("not known")
        return [
            ComparisonRow(
                pgettext("of a record", "Summary"), [prose(project, "summary") for project in projects], wide=True
            ),
            ComparisonRow(
                _("Status today"),
                [[listed(project.status_now_words, "projects", status_now=project.status_now)] for project in projects],
            ),
            ComparisonRow(
                _("Start date"),
                [[ComparisonEntry(project.start)] if project.start else [] for project in projects],
                missing=not_known,
            ),
            ComparisonRow(
                _("End"),
                [[ComparisonEntry(project.end)] if project.end else [] for project in projects],
                missing=not_known,
            ),
            ComparisonRow(
                _("Budget"),
                [
                    [Amount(project.budget, unit=project.currency)] if project.budget is not None else []
                    for project in projects
                ],
                missing=not_known,
                remark=gettext("As given in the source, never converted."),
            ),
            ComparisonRow(
                _("Funding type"),
                [
                    [listed(project.get_finance_display(), "projects", finance=project.finance)]
                    if project.finance
                    else []
                    for project in projects
                ],
                missing=not_known,
            ),
            ComparisonRow(
                _("Lead (Korean side)"),
                [
                    [listed(project.get_level_display(), "projects", level=project.level)] if project.level else []
                    for project in projects
                ],
                missing=not_known,
            ),
            ComparisonRow(
                _("Countries"),
                with_marks([[named(place) for place in project.countries.all()] for project in projects]),
                missing=not_known,
            ),
            ComparisonRow(
                _("Areas"),
                with_marks(
                    [
                        [listed(row.get_area_display(), "projects", area=row.area) for row in project.areas.all()]
                        for project in projects
                    ]
                ),
                missing=not_known,
            ),
        ]

    @staticmethod
    def parties(projects):
        """Return a row for each role that an organisation has in any of the projects."""
        rows = []
        for role in Participation.Role:
            cells = [
                [named(part.organisation) for part in project.participations.all() if part.role == role]
                for project in projects
            ]
            rows.append(ComparisonRow(role.label, with_marks(cells), missing=_("none named"), absent=True))
        return [row for row in rows if row.known]

    @staticmethod
    def aims(projects):
        sectors = []
        for project in projects:
            sectors.append([])
            for sector in project.sectors.all():
                name, language = text_and_language(sector, "name")
                entry = listed(sector.code, "projects", sector=sector.code)
                entry.detail, entry.detail_language = name, language
                sectors[-1].append(entry)
        markers = [{row.marker: row for row in project.rio_markers.all()} for project in projects]
        return [
            ComparisonRow(
                _("Issues it addresses"),
                with_marks(
                    [
                        [
                            named(link.issue, detail=link.get_significance_display())
                            for link in project.issue_links.all()
                        ]
                        for project in projects
                    ]
                ),
                missing=_("linked to no environmental issue"),
                absent=True,
            ),
            ComparisonRow(_("Sectors (OECD DAC)"), with_marks(sectors), missing=_("not known")),
            ComparisonRow(
                _("Sustainable Development Goals"), goal_cells(projects), missing=_("none named"), absent=True
            ),
            *(
                ComparisonRow(
                    gettext("Rio marker: {name}").format(name=marker.label),
                    [
                        [ComparisonEntry(row.significance, detail=row.get_significance_display())] if row else []
                        for rows in markers
                        for row in [rows.get(marker.value)]
                    ],
                    missing=_("not stated in a source"),
                )
                for marker in RioMarker.Marker
            ),
        ]

    @staticmethod
    def evidence(projects):
        return [
            ComparisonRow(
                _("Results"),
                [prose(project, "results") for project in projects],
                missing=_("None of the sources we read reports results."),
                wide=True,
                absent=True,
            ),
            ComparisonRow(
                _("Confidence"),
                [
                    [ComparisonEntry(confidence.label, detail=confidence.meaning)]
                    for project in projects
                    for confidence in [Confidence(project.confidence)]
                ],
            ),
            ComparisonRow(
                _("Number of sources"),
                [
                    [ComparisonEntry(len(sources), sources=sources)]
                    for project in projects
                    for sources in [cited(project)]
                ],
            ),
        ]
