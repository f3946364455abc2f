"""Maps of the region: places as marks with an equal list, countries shaded by a value with an equal table."""

import itertools
from dataclasses import dataclass

from django import template
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext

from portal import geo
from portal.core.formatting import number
from portal.languages import text_and_language
from portal.regionmap import central_asia, corners, draw, mark_of, shapes

register = template.Library()


@dataclass(frozen=True)
class Entry:
    """A line of the list beside a map."""

    place: object
    kind: str
    count: int | None
    missing: str = ""  # why the map does not show it


# ── Places ───────────────────────────────────────────────────────────────────────────────────────────────────


@register.inclusion_tag("components/map.html")
def region_map(
    *,
    id,
    label,
    places=(),
    shaded=(),
    badges=(),
    counted=False,
    whole=False,
    listed=True,
    note="",
    explore=None,
    countries=None,
    title="",
):
    """A map of the region with a list of what it marks; nothing if there is nothing to mark.

    - `id` names the figure in its page, `label` says in words what it shows.
    - `places`: places to mark; those that the map cannot show are listed with the reason. On a map that is `counted` a
      place has `project_ids`, the numbers of its projects.
    - `shaded`: countries to stand out. `badges`: countries with `project_count`, to carry that number.
    - `whole`: True for the whole region; otherwise the map closes in on the places and shaded countries.
    - `listed`: False where the page has the same list beside it.
    - `note`: a sentence under the map.
    - `explore`: a query for the map that one can move; the map leads on to it. None where there is no more to see.
    - `countries`: the countries to name and link, asked for unless given.
    - `title`: a heading over the map.
    """
    marks, entries = [], []
    for place in places:
        records = getattr(place, "project_ids", ())
        mark = mark_of(place, records)
        shown = mark is not None and geo.FRAME.holds(mark.at)
        if shown:
            marks.append(mark)
        entries.append(
            Entry(
                place,
                place.get_kind_display(),
                len(records) if counted else None,
                "" if shown else gettext("position not known") if mark is None else gettext("outside this map"),
            )
        )
    badges = [place for place in badges if place.key in shapes()["countries"]]
    entries += [Entry(place, "", place.project_count) for place in badges]
    tones = {place.key: "map-shaded" for place in shaded if place.key in shapes()["countries"]}
    context = {
        "id": id,
        "entries": entries if listed else [],
        "with_numbers": counted or badges,
        "note": note,
        "explore": explore,
        "title": title,
    }
    if not marks and not tones and not badges:
        return context
    points = [mark.at for mark in marks] + [corner for key in tones for corner in corners(key)]
    return context | {
        "map": draw(
            id=id,
            label=label,
            countries=central_asia() if countries is None else countries,
            marks=marks,
            frame=geo.FRAME if whole else geo.frame_around(points),
            tones=tones,
            badges={place.key: place.project_count for place in badges},
            counted=counted,
            cluster_url=lambda marks: f"#{id}-list" if listed else "",
        ),
    }


# ── Values ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Class:
    """A class of the legend."""

    tone: str
    words: str


@dataclass(frozen=True)
class Row:
    """A line of the table beside a shaded map: a country, the values that sources give for the year, its class."""

    country: object
    observations: list
    tone: str


FEWEST = 3  # countries with a value for a year, for a map of it to say something


def common_years(years_by_country: dict[str, set[int]]) -> list[int]:
    """The years for which at least three countries have values, the latest first."""
    counts: dict[int, int] = {}
    for years in years_by_country.values():
        for year in years:
            counts[year] = counts.get(year, 0) + 1
    return sorted((year for year, count in counts.items() if count >= FEWEST), reverse=True)


def best_year(years_by_country: dict[str, set[int]], years: list[int], patience: int = 10) -> int:
    """The latest year that all countries share, or the latest of `years` if that is over `patience` years younger."""
    shared = set.intersection(*years_by_country.values()) & set(years)
    return max(shared) if shared and max(shared) >= years[0] - patience else years[0]


@register.inclusion_tag("components/choropleth.html", takes_context=True)
def choropleth(context, indicator, year=None):
    """The countries shaded by an indicator's values for one year, with the same values in a table.

    `year` is what the reader asked for, as text. An indicator without a map shows nothing.
    """
    found = value_map(indicator, year)
    if found is None:
        return {"map": None}
    request = context.get("request")
    kept = [
        (key, value)
        for key, values in (request.GET.lists() if request else ())
        if key not in {"year", "format", "part"}
        for value in values
    ]
    query = {"year": found["year"], "format": "svg", "part": "map"}
    return found | {"kept": kept, "svg_url": f"{indicator.get_absolute_url()}?{urlencode(query)}"}


def value_map(indicator, year=None):
    """A map of the countries shaded by an indicator's values for one year, its sentence, its classes, its table.

    `year` is what the reader asked for, as text; without it the latest year that the countries share. An indicator
    with values for fewer than three countries in every year has no map: None.
    """
    countries = sorted(central_asia(), key=lambda place: place.name_and_language()[0])
    by_pk = {place.pk: place for place in countries}
    observations = list(
        indicator.observations.published().filter(place__in=countries).select_related("source").order_by("source__key")
    )
    years_of: dict[str, set[int]] = {}
    for observation in observations:
        years_of.setdefault(by_pk[observation.place_id].key, set()).add(observation.year)
    years = common_years(years_of)
    if not years:
        return None
    usual = best_year(years_of, years)
    asked = str(year or "").strip()
    chosen = int(asked) if asked.isdecimal() and int(asked) in years else usual
    problem = ""
    if asked and str(chosen) != asked:
        problem = gettext("There is no map for the year “{asked}”: this one shows {year}.").format(
            asked=asked[:20], year=chosen
        )
    of_country = {}
    for observation in observations:
        if observation.year == chosen:
            of_country.setdefault(observation.place_id, []).append(observation)
    # Where sources disagree the main one shades the map; the table has all.
    for found in of_country.values():
        found.sort(key=lambda observation: observation.source_id != indicator.source_id)
    values = {by_pk[pk].key: float(found[0].value) for pk, found in of_country.items()}
    breaks = geo.class_breaks([value for value in values.values() if value != 0] or [0])
    tones = {place.key: "shade-none" for place in countries}
    tones |= {key: f"shade-{geo.class_of(value, breaks)}" if value else "shade-zero" for key, value in values.items()}
    unit, unit_language = text_and_language(indicator, "unit_symbol")
    figures = {
        place.key: number(of_country[place.pk][0].value) if place.pk in of_country else gettext("no data")
        for place in countries
    }
    name = text_and_language(indicator, "name")[0]
    drawn = draw(
        id="map",
        label=gettext("{indicator} by country, {year}").format(indicator=name, year=chosen),
        marks=[],
        countries=countries,
        tones=tones,
        figures=figures,
        hatched=True,
    )
    return {
        "map": drawn,
        "indicator": indicator,
        "year": chosen,
        "years": years,
        "problem": problem,
        "unit": unit,
        "unit_language": "" if unit_language == get_language() else unit_language,
        "rows": [Row(place, of_country.get(place.pk, []), tones[place.key]) for place in countries],
        "classes": legend(breaks, tones.values()),
        "sentence": sentence(countries, of_country, chosen, unit),
        "several": any(len(found) > 1 for found in of_country.values()),
        "sources": list(dict.fromkeys(observation.source for found in of_country.values() for observation in found)),
    }


def legend(breaks, tones) -> list[Class]:
    """The classes of a shaded map in words; zero and no data only where they occur."""
    tones = set(tones)
    pairs = list(itertools.pairwise(breaks))
    classes = []
    if "shade-zero" in tones:
        classes.append(Class("shade-zero", gettext("zero")))
    for i, (low, high) in enumerate(pairs, start=1):
        words = gettext("{low} to {high}") if i == len(pairs) else gettext("{low} to under {high}")
        classes.append(Class(f"shade-{i}", words.format(low=number(low), high=number(high))))
    if "shade-none" in tones:
        classes.append(Class("shade-none", gettext("no data")))
    return classes


def sentence(countries, of_country, year, unit) -> str:
    """What a shaded map shows, in a sentence: the highest and the lowest value."""
    known = [place for place in countries if place.pk in of_country]
    values = sorted((of_country[place.pk][0].value, place.name_and_language()[0]) for place in known)

    def figure(value):
        return f"{number(value)}\u00a0{unit}"

    (low, lowest), (high, highest) = values[0], values[-1]
    if low == high:
        return gettext("In {year} all {n} countries with data stood at {value}.").format(
            year=year, n=len(known), value=figure(low)
        )
    return gettext("In {year} it was highest in {highest} ({high}) and lowest in {lowest} ({low}).").format(
        year=year, highest=highest, high=figure(high), lowest=lowest, low=figure(low)
    )
