"""The Sankey diagram of the covered projects: from the level of the Korean side to areas to countries."""

import functools
import itertools
from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils.translation import gettext, ngettext, pgettext
from pyroaring import BitMap

from portal.core.formatting import number
from portal.facets.bitmaps import NONE, ids_by_min_matches
from portal.graphics.sankey import Flow, Item, sankey
from portal.graphics.svg_export import Panel, picture_file
from portal.views.coverage.axes import AXES
from portal.views.coverage.cells import band_rows
from portal.views.coverage.table import CoverageCell, Member, count_words
from portal.views.levels import LEVEL_TONES

WIDTH, HEIGHT = 720, 520


@dataclass(frozen=True)
class Band:
    """A band from one member to another: their common projects, and its width.

    The width counts each project as 1 in total, divided among all bands of the project (see `FlowDiagram`).
    """

    source: Member
    target: Member
    cell: CoverageCell
    width: float

    @property
    def title(self):
        return pgettext("flow", "{source} → {target}: {count}").format(
            source=self.source.label, target=self.target.label, count=count_words(self.cell.count)
        )

    @property
    def rounded_width(self):
        return round(self.width, 1) or 0.1


def by_number(members):
    """Return (n, projects that belong to exactly n of the members), for each n that occurs."""
    so_many = ids_by_min_matches([member.projects for member in members])
    exactly = [keys - more for keys, more in itertools.pairwise([*so_many, NONE])]
    return [(count, keys) for count, keys in enumerate(exactly, 1) if keys]


def shared(projects, parted, *others):
    """Return the total width of `projects`, each divided by the number of members that it belongs to on each axis.

    `parted` and `others` are the results of `by_number`, one for each axis.
    """
    if others:
        return sum(shared(projects & keys, *others) / so_many for so_many, keys in parted)
    return sum(projects.intersection_cardinality(keys) / so_many for so_many, keys in parted)


class FlowDiagram:
    """Bands from the level of the Korean side to areas to countries.

    A project is one unit wide. It has one level or none. It is divided equally among its areas and countries, so that
    the same width enters and leaves each area. Projects without a level, an area or a country are not drawn.
    """

    axes = ("level", "area", "country")
    grey = 7

    def __init__(self, coverage):
        self.coverage = coverage
        self.columns = [coverage.members[name] for name in self.axes]
        self.drawn = BitMap.intersection(
            *(NONE.union(*(member.projects for member in column)) for column in self.columns)
        )

    @functools.cached_property
    def widths(self):
        """Return two dicts, one for each step, from (source key, target key) to the width of the band."""
        levels, areas, countries = self.columns
        by_areas, by_countries = by_number(areas), by_number(countries)
        return (
            {
                (level.key, area.key): width
                for level in levels
                for area in areas
                if (width := shared(self.drawn & level.projects & area.projects, by_areas))
            },
            {
                (area.key, country.key): width
                for area in areas
                for country in countries
                if (width := shared(self.drawn & area.projects & country.projects, by_areas, by_countries))
            },
        )

    @functools.cached_property
    def bands(self):
        """Return two lists of bands, one for each step, in the order of the columns."""
        return [
            [
                Band(source, target, self.coverage.counted(source, target), width)
                for source in self.columns[step]
                for target in self.columns[step + 1]
                if (width := widths.get((source.key, target.key)))
            ]
            for step, widths in enumerate(self.widths)
        ]

    @property
    def rows_html(self):
        """Return the HTML rows of the table of the bands, for each step."""
        return [band_rows(bands) for bands in self.bands]

    @functools.cached_property
    def totals(self):
        """Return for each column its label and pairs of member and cell, without members that have no projects."""
        return [
            (AXES[name].label, [(member, self.coverage.counted(member)) for member in members if member.projects])
            for name, members in zip(self.axes, self.columns, strict=True)
        ]

    @functools.cached_property
    def picture(self):
        columns = [
            [
                Item(
                    member.key,
                    member.label,
                    number(cell.count),
                    LEVEL_TONES.get(member.key, self.grey) if column == 0 else self.grey,
                    cell.url,
                    pgettext("flow", "{name}: {count}").format(name=member.label, count=count_words(cell.count)),
                )
                for member in members
                for cell in [self.coverage.counted(member)]
            ]
            for column, members in enumerate(self.columns)
        ]
        flows = [
            [
                Flow(
                    band.source.key,
                    band.target.key,
                    band.width,
                    LEVEL_TONES.get(band.source.key, self.grey) if step == 0 else self.grey,
                    band.cell.url,
                    band.title,
                )
                for band in bands
            ]
            for step, bands in enumerate(self.bands)
        ]
        return sankey(columns, flows, width=WIDTH, height=HEIGHT)

    @property
    def sentence(self):
        most = [
            max(((self.coverage.counted(member).count, -i, member.label) for i, member in enumerate(members)))
            for members in self.columns
        ]
        (level_count, _i, level), (area_count, _j, area), (country_count, _k, country) = most
        return gettext(
            "Shown: {all}. Most projects – by lead: {level} ({level_count}); by area: {area} ({area_count}); by "
            "country: {country} ({country_count})."
        ).format(
            all=count_words(len(self.drawn)),
            level=level,
            level_count=number(level_count),
            area=area,
            area_count=number(area_count),
            country=country,
            country_count=number(country_count),
        )

    @property
    def notes(self):
        notes = [
            gettext("The left side shows the lead on the Korean side: each project has at most one."),
            gettext(
                "Each project is one unit wide, whatever its budget. A project with several areas or countries is "
                "split equally among them; the number beside a name counts every project that involves it."
            ),
        ]
        if left_out := len(self.coverage.projects) - len(self.drawn):
            notes.append(
                ngettext(
                    "%(count)s project without a level, an area or a country of Central Asia is not drawn.",
                    "%(count)s projects without a level, an area or a country of Central Asia are not drawn.",
                    left_out,
                )
                % {"count": number(left_out)}
            )
        return notes

    def file(self, request):
        """Return the diagram as an SVG file."""
        return picture_file(
            request,
            "streams",
            [Panel(render_to_string("charts/sankey.html", {"chart": self.picture}))],
            title=gettext("From the Korean lead through areas to countries"),
            unit=pgettext("unit", "projects"),
            sentence=self.sentence,
            source=" ".join([*self.notes, gettext("From the portal’s own records: CC BY 4.0.")]),
        )

    def columns_and_rows(self):
        """Return the columns, as (name, label), and the rows of the bands for a file."""
        columns = [
            ("from_key", gettext("From (key)")),
            ("from", pgettext("flow", "From")),
            ("to_key", gettext("To (key)")),
            ("to", pgettext("flow", "To")),
            ("projects", gettext("Projects")),
            ("width", gettext("Width")),
        ]
        return columns, [
            [
                band.source.key,
                band.source.label,
                band.target.key,
                band.target.label,
                band.cell.count,
                band.rounded_width,
            ]
            for bands in self.bands
            for band in bands
        ]
