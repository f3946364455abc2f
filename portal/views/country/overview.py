"""Sentences that sum a country up. Plain values in, sentences in the reader's language out."""

from collections.abc import Collection
from typing import NamedTuple

from django.utils.translation import gettext, ngettext

from portal.core.formatting import number


class YearlyValue(NamedTuple):
    """A value with its unit as text, its year, and whether it is below zero. The text has no sign."""

    text: str
    year: int
    is_negative: bool = False


def people_and_income(population: YearlyValue | None, income: YearlyValue | None) -> str:
    """Return a sentence on the population and on the gross domestic product per person; "" if neither is known."""
    if population and income:
        return gettext(
            "The population was {population} in {population_year}; GDP per person was {income} in {income_year}."
        ).format(
            population=population.text, population_year=population.year, income=income.text, income_year=income.year
        )
    if population:
        return gettext("The population was {value} in {year}.").format(value=population.text, year=population.year)
    if income:
        return gettext("GDP per person was {value} in {year}.").format(value=income.text, year=income.year)
    return ""


def water_and_climate(stress: YearlyValue | None, agriculture: YearlyValue | None, anomaly: YearlyValue | None) -> str:
    """Return a sentence on water stress, agriculture's share of water withdrawal and the temperature of the year.

    Without one of them, each that is known has a sentence of its own; "" if none is known.
    """
    if stress and agriculture and anomaly:
        sentence = (
            gettext(
                "Water stress was {stress} in {stress_year}, agriculture took {share} of the water withdrawn in "
                "{share_year}, and {year} was {anomaly} cooler than the average of 1991–2020."
            )
            if anomaly.is_negative
            else gettext(
                "Water stress was {stress} in {stress_year}, agriculture took {share} of the water withdrawn in "
                "{share_year}, and {year} was {anomaly} warmer than the average of 1991–2020."
            )
        )
        return sentence.format(
            stress=stress.text,
            stress_year=stress.year,
            share=agriculture.text,
            share_year=agriculture.year,
            anomaly=anomaly.text,
            year=anomaly.year,
        )
    sentences = (
        (stress, gettext("Water stress was {value} in {year}.")),
        (agriculture, gettext("Agriculture took {value} of the water withdrawn in {year}.")),
        (
            anomaly,
            gettext("The year {year} was {value} cooler than the average of 1991–2020.")
            if anomaly and anomaly.is_negative
            else gettext("The year {year} was {value} warmer than the average of 1991–2020."),
        ),
    )
    return " ".join(sentence.format(value=one.text, year=one.year) for one, sentence in sentences if one)


def what_korea_does(
    projects: int, under_way: int, years: Collection[int], area: tuple[str, int] | None, agreements: int
) -> str:
    """Return a sentence on the projects of Korea in a country.

    `under_way` are those known to be so today, `years` the years in which projects began, and `area` is the area of
    cooperation with the most projects and their number.
    """
    if not projects:
        return (
            ngettext(
                "No project of Korea here was found; {agreements} agreement was.",
                "No project of Korea here was found; {agreements} agreements were.",
                agreements,
            ).format(agreements=number(agreements))
            if agreements
            else gettext("No project or agreement of Korea here was found.")
        )
    parts = {
        "all": number(projects),
        "under_way": number(under_way),
        "first": min(years, default=""),
        "area": area[0] if area else "",
        "count": number(area[1]) if area else "",
    }
    if years and area:
        return ngettext(
            "Korea’s cooperation here since {first} counts {all} project (known to be under way today: {under_way}); "
            "the most frequent area is {area} ({count}).",
            "Korea’s cooperation here since {first} counts {all} projects (known to be under way today: {under_way}); "
            "the most frequent area is {area} ({count}).",
            projects,
        ).format(**parts)
    return ngettext(
        "Korea’s cooperation here counts {all} project (known to be under way today: {under_way}).",
        "Korea’s cooperation here counts {all} projects (known to be under way today: {under_way}).",
        projects,
    ).format(**parts)
