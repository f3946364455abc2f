"""Read and send the table of an indicator's values in tests."""

import re

from django.urls import reverse

from issues.models import Observation
from portal.core.choices import PublicationStatus
from tests import reading

D, R, S, P, A, _ASIDE = PublicationStatus


def address(indicator):
    return reverse("admin:issues_indicator_grid", args=[indicator.pk])


def form_of(response):
    """Return the data that a browser would send."""
    tree = reading.page(response)
    fields = tree.xpath("//form[@id='grid-form']//input[@name and not(@type='submit') and not(@type='file')]")
    return {field.get("name"): field.get("value", "") for field in fields}


def typed(client, indicator, query="", **cells):
    """Change cells of the table and store it. `uz_2019="5"` is the cell of Uzbekistan and 2019."""
    page = client.get(f"{address(indicator)}?{query}")
    return send(client, indicator, form_of(page), **cells)


def send(client, indicator, data, **cells):
    names = {cell: "v-{1}-{0}".format(*cell.split("_")) if re.search(r"_\d{4}$", cell) else cell for cell in cells}
    return client.post(address(indicator), data | {names[cell]: text for cell, text in cells.items()})


def values(indicator):
    rows = Observation.objects.filter(indicator=indicator).order_by("place__key", "year")
    return {(row.place.key, row.year): str(row.value.normalize()) for row in rows.select_related("place")}


def shown(response):
    """Return the table in the form: the places, and the texts of each year."""
    tree = reading.page(response)
    places = [cell.text for cell in tree.xpath("//form[@id='grid-form']//thead//th[position() > 1]")]
    rows = {
        int(row.xpath("th")[0].text): [cell.get("value") for cell in row.xpath("td/input")]
        for row in tree.xpath("//form[@id='grid-form']//tbody/tr")
    }
    return places, rows


def take(client, indicator, text="", **more):
    return send(client, indicator, form_of(client.get(address(indicator))), _take="1", _paste=text, **more)
