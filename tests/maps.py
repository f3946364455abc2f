"""Read maps in tests: their marks, lists and tables."""

from django.http import QueryDict
from django.template import Context, Template
from lxml import html

from portal.views.map_data import Located
from projects.filters import ProjectFilter
from projects.models import Project
from tests import reading

NUKUS = {"latitude": "42.4647", "longitude": "59.6022"}
TASHKENT = {"latitude": "41.3", "longitude": "69.25"}
SEOUL = {"latitude": "37.566", "longitude": "126.978"}
FIVE = {"kg": "Kyrgyzstan", "kz": "Kazakhstan", "tj": "Tajikistan", "tm": "Turkmenistan", "uz": "Uzbekistan"}


def drawn(source, **context):
    """Render a template tag of a map."""
    return html.fromstring(f"<div>{Template(source).render(Context(context))}</div>")


def of_class(element, name):
    return element.xpath(f".//*[contains(concat(' ', @class, ' '), ' {name} ')]")


def marks(element, size="fine"):
    """Return the marks of a drawing: (title, URL), in its order."""
    return [
        (mark.find("title").text, mark.get("href"))
        for mark in element.xpath(f".//*[@class='map-{size}']//*[contains(@class, 'map-mark')]")
    ]


def listed(element):
    """Return the list beside a map: (words, URL)."""
    return [(reading.words(item), item.find("a").get("href")) for item in element.xpath(".//ul[@class='map-list']/li")]


def located_projects(query=""):
    """Return the projects that the list would show, by place."""
    return Located.of(ProjectFilter(QueryDict(query), queryset=Project.objects.published()))


def rows(element, size="fine"):
    """Return the rows of the list in step with a drawing: (name with number, URL), like `marks`, by country."""
    name = f"map-rows map-rows-{size}" if size else "map-rows"
    found = element.xpath(f".//*[@class='{name}']")
    return [(reading.words(row), row.get("href")) for part in found for row in of_class(part, "map-row")]
