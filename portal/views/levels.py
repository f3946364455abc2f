"""Shares of the levels of the Korean side (national, provincial …) in the projects of each country, as a chart."""

from django.template.loader import render_to_string
from django.utils.translation import gettext

from portal.core.choices import Level
from portal.core.formatting import number
from portal.core.languages import text_and_language
from portal.facets import registry
from portal.graphics.charts import PHONE_WIDTH, share_chart
from portal.graphics.svg_export import LegendEntry, Panel, picture_file
from projects.models import Project

# The colour number of each level, the same in every chart.
LEVEL_TONES = {
    Level.NATIONAL: 1,
    Level.PROVINCIAL: 2,
    Level.MUNICIPAL: 5,
    Level.MULTILATERAL: 8,
    Level.PRIVATE: 3,
    Level.ACADEMIC: 6,
}


def levels_by_country(countries):
    """Return the chart of shares, its sentence, its legend and its numbers.

    Countries without a project of any level are left out. Return None if no country is left.
    """
    facets = registry.facet_index(Project).facets
    table = [
        (country, numbers)
        for country in countries
        if (here := facets["country"][country.key])
        if any(numbers := [here.intersection_cardinality(facets["level"][level.value]) for level in Level])
    ]
    if not table:
        return None
    parts = [(str(level.label), LEVEL_TONES[level]) for level in Level]
    provincial = list(Level).index(Level.PROVINCIAL)
    most, numbers = max(table, key=lambda row: row[1][provincial] / sum(row[1]))
    return {
        "chart": share_chart(
            [
                (
                    text_and_language(country, "name")[0],
                    [(name, tone, n) for (name, tone), n in zip(parts, row, strict=True)],
                )
                for country, row in table
            ],
            width=PHONE_WIDTH,
            format_value=number,
        ),
        "sentence": gettext("Korean provinces lead the largest share of projects in {country}: {n} of {all}.").format(
            country=text_and_language(most, "name")[0], n=number(numbers[provincial]), all=number(sum(numbers))
        ),
        "parts": parts,
        "rows": table,
    }


def levels_file(request, levels):
    """Return the chart of shares as an SVG file."""
    return picture_file(
        request,
        "projects-by-level",
        [Panel(render_to_string("charts/share.html", {"chart": levels["chart"]}))],
        title=gettext("Projects by lead (Korean side)"),
        sentence=levels["sentence"],
        source=gettext("From the portal’s own records: CC BY 4.0."),
        key=[LegendEntry(name, f"swatch tone-{tone}") for name, tone in levels["parts"]],
        width=480,
    )
