"""Observations as a file."""

from portal.exports import csv_response

COLUMNS = (
    "indicator",
    "indicator_name",
    "place",
    "place_name",
    "year",
    "value",
    "unit",
    "source",
    "source_title",
    "source_url",
    "licence",
)


def observations_csv(indicator, observations):
    """Observations of an indicator as tidy CSV: one value a row, with its source and licence, names in English."""
    return csv_response(
        indicator.key,
        COLUMNS,
        (
            (
                indicator.key,
                indicator.name_en,
                observation.place.key,
                observation.place.name_en,
                observation.year,
                plain(observation.value),
                indicator.unit_en,
                observation.source.key,
                observation.source.title,
                observation.source.url,
                indicator.licence_en,
            )
            for observation in observations
        ),
    )


def plain(value):
    """A decimal without idle zeros or an exponent."""
    return value.quantize(1) if value == value.to_integral_value() else value.normalize()
