"""The page of the ties between local governments of Korea and partners in Central Asia, and its files."""

import textwrap
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from portal.core.formatting import number
from portal.core.languages import text_and_language
from portal.core.urls import with_query
from portal.formats import responses, tables
from portal.graphics.threads import ThreadEnd, ThreadLink, threads
from portal.http.problems import ProblemDetail
from portal.models import Place
from portal.seo.head import PageMetadataMixin
from portal.views.code_form import CodeField, CodeForm
from projects.models import Agreement
from projects.ties import JOINT_PROJECT, Tie, local_governments, ties_of

NAMED = 2  # most projects that are named in one cell
WIDE = 610  # of the drawing of threads, in pixels
LONGEST_NAME = 36  # characters of a name in the drawing


def kind_words(tie: Tie) -> list[str]:
    """Return the kinds of a tie in words, the closest first."""
    return [kind_label(kind) for kind in tie.kinds]


def kind_label(kind) -> str:
    return gettext("Joint project") if kind == JOINT_PROJECT else str(Agreement.Kind(kind).label)


def state_words(tie: Tie) -> str:
    """Return the state of a tie with the date that decides: “Active, last sign July 2025”."""
    return tie.state.in_words(tie.last_sign)


@dataclass(frozen=True)
class TieView:
    """A tie as the page shows it."""

    tie: Tie

    @property
    def partner(self):
        return self.tie.partner

    @property
    def state(self):
        return state_words(self.tie)

    @property
    def tone(self):
        return self.tie.state.tone

    @property
    def kinds(self):
        return ", ".join(kind_words(self.tie))

    @property
    def agreements(self):
        return self.tie.agreements

    @property
    def outcomes(self):
        return self.tie.outcomes[:NAMED]

    @property
    def outcomes_more(self):
        return len(self.tie.outcomes) - len(self.outcomes)

    @property
    def projects(self):
        return self.tie.joint_projects[:NAMED]

    @property
    def projects_more(self):
        return len(self.tie.joint_projects) - len(self.projects)


@dataclass(frozen=True)
class TieRow:
    """A Korean side with its ties, by country in the order of the columns."""

    side: object
    cells: list[tuple[object, list[TieView]]]


def threads_of(ties: list[Tie], *, width: float, height: float = 0, labelled: bool = True):
    """Return the drawing of the ties: Korean sides on the left, partners by country on the right."""
    page = reverse("gyeonggi-ties")
    left = {tie.korean.key: tie.korean for tie in ties}
    right = {tie.partner.key: tie.partner for tie in sorted(ties, key=lambda tie: (tie.country.key, tie.partner.key))}
    return threads(
        [ThreadEnd(key, short_name(side), url=f"{page}#{key}") for key, side in left.items()],
        [
            ThreadEnd(key, short_name(side), name_of(side.country), side.get_absolute_url())
            for key, side in right.items()
        ],
        [
            ThreadLink(
                *tie.key,
                tie.state.value,
                pgettext("place on a map", "{name}: {value}").format(
                    name=f"{name_of(tie.korean)} – {name_of(tie.partner)}",
                    value=f"{', '.join(kind_words(tie))}; {state_words(tie)}",
                ),
            )
            for tie in ties
        ],
        width,
        height,
        labelled,
    )


def name_of(record) -> str:
    return text_and_language(record, "name")[0]


def short_name(record) -> str:
    """Return the name of a record, cut where it would be too long for the drawing."""
    return textwrap.shorten(name_of(record), LONGEST_NAME, placeholder="…")


class TiesForm(CodeForm):
    """The filters of the ties."""

    country = CodeField(label=_("Country"), required=False)
    kind = CodeField(label=_("Kind"), required=False)
    state = CodeField(label=_("State"), required=False)
    korea = CodeField(label=_("All of Korea"), required=False)

    def __init__(self, data, countries):
        choices = {
            "country": [(place.key, name_of(place)) for place in countries],
            "kind": [*Agreement.Kind.choices, (JOINT_PROJECT, _("Joint project"))],
            "state": Agreement.State.choices,
            "korea": [("1", _("All of Korea"))],
        }
        super().__init__(data, choices)


def matches(tie: Tie, chosen: dict[str, str]) -> bool:
    """Return True if a tie has the chosen country, kind and state."""
    return (
        chosen.get("country") in {None, tie.country.key}
        and ("kind" not in chosen or chosen["kind"] in tie.kinds)
        and chosen.get("state") in {None, tie.state.value}
    )


class TiesPage(PageMetadataMixin, TemplateView):
    """The table of ties: a row for each local government, a column for each country."""

    @staticmethod
    def known_parameters(as_file):
        return {*TiesForm.base_fields, "format", *(("lang",) if as_file else ())}

    template_name = "portal/ties.html"
    title = _("Ties of Gyeonggi with Central Asia")
    title_of_korea = _("Ties of Korea’s provinces and cities with Central Asia")

    def get(self, request, *args, **kwargs):
        if responses.requested_format(request):
            return responses.export_response(request, (), self.table, only=tables.FORMATS)
        return super().get(request, *args, **kwargs)

    def canonical_query(self, context):
        return {"korea": "1"} if "korea" in self.form.chosen else {}

    def share_countries(self, context):
        return context["columns"]

    @cached_property
    def countries(self):
        return list(Place.objects.published().countries_of_central_asia())

    @cached_property
    def form(self):
        return TiesForm(self.request.GET, self.countries)

    @property
    def of_korea(self):
        """Whether the page has the ties of all local governments of Korea."""
        return "korea" in self.form.chosen

    @cached_property
    def every(self):
        """All ties, before the filters."""
        return ties_of(local_governments(only_gyeonggi=not self.of_korea), timezone.localdate())

    @cached_property
    def found(self):
        return [tie for tie in self.every if matches(tie, self.form.chosen)]

    @property
    def shown_title(self):
        return self.title_of_korea if self.of_korea else self.title

    def get_context_data(self, **kwargs):
        chosen = self.form.chosen
        columns = [place for place in self.countries if any(tie.country.key == place.key for tie in self.found)]
        without = [] if "country" in chosen else [place for place in self.countries if place not in columns]
        return super().get_context_data(**kwargs) | {
            "title": self.shown_title,
            "trail": [(_("Gyeonggi"), reverse("gyeonggi")), (_("Ties"), None)],
            "selects": [select for select in self.form.selects(chosen) if select[0] != "korea"],
            "problems": self.form.problems,
            "of_korea": self.of_korea,
            "rows": self.rows(columns),
            "columns": columns,
            "without": without,
            "count": len(self.found),
            "total": len(self.every),
            "count_in_words": count_words(len(self.found)),
            "is_filtered": any(name != "korea" for name in chosen),
            "unfiltered": with_query(self.request.path, {"korea": "1"} if self.of_korea else {}),
            "places": self.places(),
            "shaded": columns,
            "formats": responses.format_links(self.request, (), only=tables.FORMATS),
        }

    def rows(self, columns):
        """Return a row for each Korean side, in the order of the ties."""
        sides = {tie.korean.key: tie.korean for tie in self.found}
        by_cell = {}
        for tie in self.found:
            by_cell.setdefault((tie.korean.key, tie.country.key), []).append(TieView(tie))
        return [
            TieRow(side, [(place, by_cell.get((key, place.key), [])) for place in columns])
            for key, side in sides.items()
        ]

    def places(self):
        """Return the partners that are places, each once."""
        return list({tie.partner.key: tie.partner for tie in self.found if isinstance(tie.partner, Place)}.values())

    def table(self):
        """Return the ties as a table for export."""
        if self.form.mistakes:
            raise ProblemDetail(400, " ".join(self.form.mistakes))
        columns = [
            ("korean_key", gettext("Key of the Korean side")),
            ("korean", gettext("Korean side")),
            ("partner_key", gettext("Key of the partner")),
            ("partner", gettext("Partner")),
            ("country", gettext("Country")),
            ("kinds", gettext("Kind")),
            ("since", gettext("Since")),
            ("last_sign", gettext("Last activity")),
            ("state", gettext("State")),
            ("agreements", gettext("Agreements")),
            ("outcomes", gettext("What came of it")),
            ("projects", gettext("Joint projects")),
        ]
        rows = [
            [
                tie.korean.key,
                name_of(tie.korean),
                tie.partner.key,
                name_of(tie.partner),
                name_of(tie.country),
                "; ".join(kind_words(tie)),
                tie.first_sign or "",
                tie.last_sign or "",
                tie.state.label,
                *("; ".join(one.key for one in records) for records in (tie.agreements, tie.outcomes, tie.projects)),
            ]
            for tie in self.found
        ]
        label = "ties-korea" if self.of_korea else "ties"
        return tables.ExportTable(label, self.shown_title, columns, rows, **responses.addresses(self.request))


def count_words(count):
    """Return a number of ties as text, such as "2 ties"."""
    return ngettext("%(count)s tie", "%(count)s ties", count) % {"count": number(count)}
