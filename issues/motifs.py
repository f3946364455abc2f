"""Small pictures of stored values at the head of pages and on cards. Editors choose them: IssueMotif, PageIndicator."""

from dataclasses import dataclass, field

from issues import aral
from issues.charts import short_source
from issues.figures import readings, value_columns
from issues.models import Indicator, IssueMotif, Observation, PageIndicator
from portal.core.choices import PublicationStatus
from portal.graphics import motifs
from portal.models import Place

# Width and height of drawings, which are stretched to the width of their place.
CARD, HEAD = (320, 64), (320, 160)
FEWEST = 3  # years: fewer make no picture
STRETCHED = frozenset(IssueMotif.Shape) - {IssueMotif.Shape.SQUARES, IssueMotif.Shape.OUTLINES}


@dataclass(frozen=True)
class Motif:
    """A picture and what its caption states.

    `paths` are pairs of a CSS class and path data. `first` and `last` are the years drawn. `url` leads to the values.
    `sources` are pairs of a source and its short name.
    `indicator` and `place` are None, and `sources` is empty, for the outlines of the Aral Sea.
    """

    shape: IssueMotif.Shape
    width: float
    height: float
    paths: list
    url: str
    indicator: Indicator | None = None
    place: Place | None = None
    first: int = 0
    last: int = 0
    sources: list = field(default_factory=list)

    @property
    def is_stretched(self):
        return self.shape in STRETCHED


def motifs_of_issues(issues, size):
    """Return the pictures of issues by primary key; issues without one, or without published values, are left out.

    At most five queries.
    """
    rows = list(IssueMotif.objects.filter(issue__in=issues).select_related("indicator", "place"))
    values = published_values([row.indicator_id for row in rows], [row.place_id for row in rows])
    found = {}
    for row in rows:
        if row.shape == IssueMotif.Shape.OUTLINES:
            found[row.issue_id] = outlines()
        else:
            here = [one for one in values.get(row.indicator_id, []) if one.place.pk == row.place_id]
            found[row.issue_id] = drawn(IssueMotif.Shape(row.shape), row.indicator, here, size)
    return {issue: motif for issue, motif in found.items() if motif}


def motif_of_country(country, size):
    """Return the picture of a country: bars of the indicator that editors chose; None without values.

    At most four queries.
    """
    chosen = PageIndicator.objects.indicators_on(PageIndicator.Page.MOTIF)[:1]
    values = published_values([one.pk for one in chosen], [country.pk])
    pictures = [drawn(IssueMotif.Shape.BARS, one, values.get(one.pk, []), size) for one in chosen]
    return pictures[0] if pictures else None


def published_values(indicators, places):
    """Return the readings of published indicators by primary key; no query without indicators."""
    indicators = {pk for pk in indicators if pk}
    if not indicators:
        return {}
    return readings(
        Observation.objects.published().filter(
            indicator__in=indicators,
            indicator__publication=PublicationStatus.PUBLISHED,
            place__in={pk for pk in places if pk},
        )
    )


def drawn(shape, indicator, values, size):
    """Return the picture of the readings of one place; None if they are too few for it.

    If sources overlap in time, the one with most values is drawn.
    """
    if not values:
        return None
    column = max(value_columns(values), key=lambda one: len(one.by_year))
    points = [(year, float(one.value)) for year, one in column.by_year.items()]
    if shape == IssueMotif.Shape.SQUARES:
        points = [max(points)]
        squares = round(points[0][1] * IssueMotif.SQUARE_UNITS.get(indicator.unit_symbol_en, 0))
        paths = motifs.squares(squares, *size)
    else:
        draw = {"bars": motifs.bars, "stripes": motifs.stripes, "steps": motifs.steps, "line": motifs.line}[shape]
        points = motifs.longest_run(points) if shape == IssueMotif.Shape.STEPS else points
        paths = draw(points, *size) if len(points) >= FEWEST else []
    if not paths:
        return None
    years = [year for year, _value in points]
    sources = dict.fromkeys(column.by_year[year].source for year in sorted(years))
    url = f"{indicator.get_absolute_url()}?place={column.place.key}"
    return Motif(
        shape,
        *size,
        paths,
        url,
        indicator,
        column.place,
        min(years),
        max(years),
        [(one, short_source(one)) for one in sources],
    )


def outlines():
    """Return the picture of the Aral Sea: the shore of the late 1950s and, over it, the water of the 2010s.

    Return None if no published issue has the large picture, to which this one leads.
    """
    sea = aral.issue_of_the_sea()
    if sea is None:
        return None
    found, _place, size, _scale = aral.outlines()
    paths = [(f"shore-{number}", found[name].small_path) for number, name in enumerate(aral.LEADING, 1)]
    return Motif(IssueMotif.Shape.OUTLINES, *size, paths, f"{sea.get_absolute_url()}#sea")
