"""Key figures as readers see them: those of a series with its value, and a check of those written by hand.

A key figure is either written by hand, with its own sources, or states an observation: that of its indicator, place and
year, or of the latest year.
"""

import re
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from issues.models import Issue, Observation
from portal.core.choices import PublicationStatus
from portal.core.numbers import plain
from portal.models import Place
from portal.publishing.checks import PublishingBlocker, publishing_check

# ── Values ───────────────────────────────────────────────────────────────────────────────────────────────────────


def observed(wanted):
    """Return the published observations for triples of indicator, place (primary keys) and year, by triple.

    A year of None means the latest one. If several sources give a value, the main source of the indicator comes first,
    then the order of keys. Triples without an observation are left out. One query, or none if `wanted` is empty.
    """
    wanted = set(wanted)
    if not wanted:
        return {}
    newer = Observation.objects.filter(
        indicator=OuterRef("indicator"),
        place=OuterRef("place"),
        year__gt=OuterRef("year"),
        source__publication=PublicationStatus.PUBLISHED,
    )
    years = {year for _indicator, _place, year in wanted if year is not None}
    found = {}
    for one in (
        Observation.objects.published()
        .filter(indicator__in={row[0] for row in wanted}, place__in={row[1] for row in wanted})
        .filter(Q(year__in=years) | ~Exists(newer))
        .select_related("indicator", "source")
    ):
        for year in (one.year, None):
            triple = (one.indicator_id, one.place_id, year)
            if triple in wanted and (triple not in found or _precedence(one) < _precedence(found[triple])):
                found[triple] = one
    return found


def _precedence(observation):
    is_main = observation.source_id == observation.indicator.source_id
    return (-observation.year, not is_main, observation.source.key)


def with_observations(figures):
    """Return the key figures that can be stated, in their order, each with its `observation` if it is of a series.

    A figure of a series without a published observation is left out. At most one query.
    """
    figures = list(figures)
    found = observed(figure.series for figure in figures if figure.indicator_id)
    for figure in figures:
        figure.observation = found.get(figure.series) if figure.indicator_id else None
    return [figure for figure in figures if figure.observation or not figure.indicator_id]


# ── Contradictions ───────────────────────────────────────────────────────────────────────────────────────────────

MAGNITUDES = {"thousand": 3, "million": 6, "billion": 9}
LARGE_UNITS = {"km³": ("m³", 9), "cubic kilometres": ("m³", 9), "cubic metres": ("m³", 0), "hectares": ("ha", 0)}
GENERAL = {"share", "level", "total", "annual", "average", "with"}  # words that name no quantity
# A rounded figure differs from the exact one by at most this share, however many zeros it ends with.
MOST_ROUNDED = Decimal("0.01")


def base_unit(unit):
    """Return an English unit without its magnitude, and the power of ten: "billion m³" is ("m³", 9)."""
    power, rest = 0, []
    for word in unit.split():
        if word in MAGNITUDES:
            power += MAGNITUDES[word]
        else:
            rest.append(word)
    base, more = LARGE_UNITS.get(" ".join(rest), (" ".join(rest), 0))
    return base, power + more


def agrees(written: Decimal, value: Decimal) -> bool:
    """Return True if `written` is `value`, or `value` rounded.

    A number is rounded to its last digit. Zeros at its end may be rounded too, as long as that changes it by no more
    than MOST_ROUNDED: 68,000 agrees with 68,478, but 70 does not agree with 65.3.
    """
    text = plain(written)
    digits = len(text.partition(".")[2])
    last_digit = Decimal(10) ** -digits / 2
    zeros = 0 if digits else len(text) - len(text.rstrip("0"))
    coarse = min(Decimal(10) ** zeros / 2, abs(value) * MOST_ROUNDED) if zeros else 0
    return abs(written - value) <= max(last_digit, coarse)


def contradictions(issue):
    """Return pairs of a key figure written by hand and an observation that it contradicts.

    A figure is compared with the observations of the same place, year and unit, apart from magnitudes, of those
    published indicators of the issue whose name has at least half of its words in the label (`shares_words`). Its place
    is `place`, or else one that its English label names. It agrees if one source of the series agrees. Figures by
    another author or definition are not compared. Two queries.
    """
    figures = [
        figure
        for figure in issue.key_figures.filter(indicator=None, other_definition=False)
        if figure.year is not None and figure.value is not None
    ]
    if not figures:
        return []
    rows = (
        Observation.objects.published()
        .filter(indicator__issues=issue, year__in={figure.year for figure in figures})
        .select_related("indicator", "place", "source")
        .order_by("indicator__position", "place__key", "source__key")
    )
    by_series = {}
    for row in rows:
        by_series.setdefault((row.indicator_id, row.place_id, row.year), []).append(row)
    found = []
    for figure in figures:
        for (_indicator, _place, year), same in by_series.items():
            first = same[0]
            if (
                year == figure.year
                and _is_about(figure, first.place)
                and shares_words(figure.label_en or "", first.indicator.name_en)
            ):
                compared = [(row, scaled) for row in same if (scaled := _in_unit(figure, row)) is not None]
                if compared and not any(agrees(figure.value, value) for _row, value in compared):
                    found.append((figure, compared[0][0]))
    return found


def shares_words(label: str, name: str) -> bool:
    """Return True if at least half of the telling words of an indicator's English `name` are in `label`.

    Two shares in per cent of one country and year may measure different things: water stress and forest. Telling words
    have four letters or more and are not GENERAL.
    """
    telling = _words(name)
    return 2 * len(telling & _words(label)) >= len(telling) > 0


def _words(text):
    return set(re.findall(r"\w{4,}", text.casefold())) - GENERAL


def _is_about(figure, place):
    if figure.place_id:
        return figure.place_id == place.pk
    if place.kind in Place.WIDER_THAN_A_COUNTRY:
        return False
    return bool(re.search(rf"\b{re.escape(place.name_en)}\b", figure.label_en or ""))


def _in_unit(figure, observation):
    """Return the value of an observation in the unit of a figure, or None if the units measure different things."""
    unit, power = base_unit(figure.unit_en)
    for name in (observation.indicator.unit_symbol_en, observation.indicator.unit_en):
        base, magnitude = base_unit(name)
        if base == unit:
            return observation.value.scaleb(magnitude - power)
    return None


@publishing_check(Issue)
def key_figure_blockers(issue):
    """Yield blockers for key figures that contradict a series, and for those whose published series has no value.

    An indicator is published after its issues, so a figure of an unpublished one waits for it and blocks nothing.
    """
    for figure, observation in contradictions(issue):
        yield PublishingBlocker(contradiction_message(figure, observation), "key_figures", rows=True)
    of_series = list(issue.key_figures.filter(indicator__publication=PublicationStatus.PUBLISHED))
    stated = {figure.pk for figure in with_observations(of_series)}
    for figure in of_series:
        if figure.pk not in stated:
            yield PublishingBlocker(
                _("Key figure “{label}”: its series has no published value for that place and year.").format(
                    label=figure.label_en
                ),
                "key_figures",
                rows=True,
            )


def contradiction_message(figure, observation):
    """Return the sentence that tells editors how a figure differs from the series, and what to do."""
    return _(
        "Key figure “{label}”: {written} {unit} contradicts the portal’s series “{indicator}”, which has {value} "
        "{symbol} for {place}, {year}. Choose the indicator instead, or mark another author or definition."
    ).format(
        label=figure.label_en,
        written=plain(figure.value),
        unit=figure.unit_en,
        indicator=observation.indicator.name_en,
        value=plain(observation.value),
        symbol=observation.indicator.unit_symbol_en,
        place=observation.place.name_en,
        year=observation.year,
    )
