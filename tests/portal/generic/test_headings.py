"""No heading is above an empty section, whatever a record lacks and whatever is not published."""

import pytest
from django.utils import timezone
from lxml import html

from portal.core.choices import PublicationStatus
from portal.models import Record
from tests import reading
from tests.make import (
    make_agreement,
    make_country,
    make_event,
    make_indicator,
    make_issue,
    make_organisation,
    make_place,
    make_project,
    make_source,
)
from tests.pages import LANGUAGES, PAGES, address
from tests.world import make_world

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
# Elements without text that count as content.
SHOWN = {"img", "svg", "canvas", "input", "select", "textarea", "video", "object", "iframe"}
UNREAD = {"script", "style", "template"}
# Elements that end the section of a heading.
PARTS = {"section", "article", "aside", "main", "nav", "details", "dialog", "fieldset", "li", "body"}


def is_shown(element):
    """Return True if an element itself has content: its own text, or an element that counts as content."""
    return element.tag in SHOWN or bool((element.text or "").strip())


def has_content(element):
    """Return True if an element has any content."""
    if not isinstance(element.tag, str) or element.tag in UNREAD:
        return False
    return is_shown(element) or any(has_content(one) or (one.tail or "").strip() for one in element)


def stands_over_something(heading):
    """Return True if content follows a heading before the next heading of the same or a higher level.

    A heading of a list entry that is a link has the linked page as its content.
    """
    if any(one.tag == "li" for one in heading.iterancestors()) and reading.words(heading) == "".join(
        map(reading.words, heading.iter("a"))
    ):
        return True
    inside = heading
    while inside.getparent() is not None and inside.tag not in PARTS:
        if (inside.tail or "").strip():
            return True
        for after in inside.itersiblings():
            found = _before_the_next(after, heading.tag)
            if found is not None:
                return found
            if (after.tail or "").strip():
                return True
        inside = inside.getparent()
    return False


def _before_the_next(element, level):
    """Return True if an element has content, False if a heading that ends the section comes first, else None."""
    if not isinstance(element.tag, str) or element.tag in UNREAD:
        return None
    if element.tag in HEADINGS:
        return False if element.tag <= level else None  # content below a lower heading comes later
    if is_shown(element):
        return True
    for child in element:
        if (found := _before_the_next(child, level)) is not None:
            return found
        if (child.tail or "").strip():
            return True
    return None


def over_nothing(tree):
    """Return the texts of the headings, terms and named lists without content."""
    found = [f"{one.tag}: {reading.words(one)}" for one in tree.iter(*HEADINGS) if not stands_over_something(one)]
    for term in tree.iter("dt"):
        follower = term.getnext()
        while follower is not None and follower.tag == "dt":
            follower = follower.getnext()
        if follower is None or not has_content(follower):
            found.append(f"dt: {reading.words(term)}")
    found += [f"list: {one.get('aria-label')}" for one in tree.xpath("//ul[@aria-label]") if not has_content(one)]
    # Links of a page to its own sections have a target.
    ids = set(tree.xpath("//@id"))
    return found + [f"link: {to}" for to in tree.xpath("//a/@href") if to.startswith("#") and to[1:] not in {"", *ids}]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<h2>Who</h2><p>Anna</p>", []),
        ("<h2>Who</h2><p> </p>", ["h2: Who"]),
        ("<h2>Who</h2><dl></dl><h2>Where</h2><p>Here</p>", ["h2: Who"]),
        ("<h2>Who</h2><h3>Countries</h3><p>Here</p>", []),
        ("<h2>Who</h2><h3>Countries</h3><ul></ul>", ["h2: Who", "h3: Countries"]),
        ("<section><h2>Who</h2></section><p>Anna</p>", ["h2: Who"]),
        ("<div><h2>Who</h2></div><p>Anna</p>", []),
        ("<h2>Map</h2><div><svg></svg></div>", []),
        ("<h2>Who</h2>Anna", []),
        ("<h2>Who</h2><script>1</script>", ["h2: Who"]),
        ("<dl><dt>Who</dt><dd><ul></ul></dd><dt>Where</dt><dd>Here</dd></dl>", ["dt: Who"]),
        ("<ul aria-label='Figures'></ul>", ["list: Figures"]),
        ("<a href='#where'>Where</a>", ["link: #where"]),
    ],
)
def test_a_heading_over_nothing_is_noticed(source, expected):
    assert over_nothing(html.document_fromstring(f"<body>{source}</body>")) == expected


def checked(client, url):
    """Return the headings without content on a page, which must exist."""
    response = client.get(url)
    assert response.status_code in {200, 404}, url
    return over_nothing(reading.page(response))


@pytest.mark.any_database
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", PAGES)
def test_no_heading_of_the_content_stands_over_nothing(content, client, kind, language):
    assert checked(client, address(kind, language)) == []


# A record of each kind with only its required related records.
BARE = [
    *(make_project, make_agreement, make_organisation, make_issue, make_indicator, make_event),
    *(make_country, make_place, make_source),
]


@pytest.mark.django_db
@pytest.mark.parametrize("make", BARE)
def test_no_heading_of_a_bare_record_stands_over_nothing(client, make):
    record = make()
    assert checked(client, record.get_absolute_url()) == []


@pytest.mark.django_db
@pytest.mark.parametrize("make", BARE)
def test_no_heading_of_a_bare_record_as_it_was_stands_over_nothing(client, make):
    record = make()
    day = timezone.localdate()
    assert checked(client, f"{record.get_absolute_url()}on/{day:%Y-%m-%d}/") == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "make"), [("project", make_project), ("issue", make_issue), ("country", make_country)]
)
def test_no_heading_of_a_comparison_of_bare_records_stands_over_nothing(client, kind, make):
    assert checked(client, f"/en/compare/?{kind}={make().key}&{kind}={make().key}") == []


@pytest.mark.any_database
@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    [
        *("country", "province", "place", "source", "main", "issue", "indicator", "event", "organisation"),
        *("project", "agreement"),
    ],
)
def test_no_heading_stands_over_what_readers_cannot_see(client, name):
    """Return a published record of a world in which all others are drafts."""
    world = make_world()
    record = vars(world)[name]
    for model in Record.__subclasses__():
        model.objects.exclude(pk=record.pk if isinstance(record, model) else 0).update(
            publication=PublicationStatus.DRAFT
        )
    assert checked(client, record.get_absolute_url()) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "kind", [kind for kind, path in PAGES.items() if path.count("/") <= 1 and path != "no-such-page/"]
)
def test_no_heading_of_an_empty_portal_stands_over_nothing(client, kind):
    assert checked(client, address(kind, "en")) == []
