"""What stands in the head of a page for those who read no pages: see `portal.seo`."""

from dataclasses import dataclass, field

from django.conf import settings
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import get_language, gettext

from portal.core.urls import languages_of, with_query
from portal.maps import share_image
from portal.seo import schema_org

LOCALES = {"en": "en_GB", "ko": "ko_KR", "ru": "ru_RU"}


@dataclass
class PageMetadata:
    """The metadata of one page.

    A view says what its page is about (`PageMetadataMixin`); the page of any other view has its address and title.
    """

    request: object
    title: str
    trail: list
    view: object = None
    context: dict = field(default_factory=dict)

    @cached_property
    def query(self):
        """What of the query makes a page of its own."""
        return self.view.canonical_query(self.context) if isinstance(self.view, PageMetadataMixin) else {}

    @property
    def address(self):
        """The address by which the page is known, however it was asked for."""
        return settings.PUBLIC_URL + with_query(self.request.path, self.query)

    @property
    def alternates(self):
        """Pairs of language code and address."""
        return [(code, settings.PUBLIC_URL + path) for code, path in languages_of(self.request.path, self.query)]

    @property
    def locale(self):
        return LOCALES[get_language()]

    # ── The card of a link ───────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def countries(self):
        """The countries of the page’s picture that are in colour, by key."""
        shown = self.view.share_countries(self.context) if isinstance(self.view, PageMetadataMixin) else []
        return {place.key: place for place in shown if place.key in share_image.KEYS}

    @property
    def picture(self):
        return settings.PUBLIC_URL + reverse("card", args=[share_image.name_of(self.countries)])

    @property
    def picture_words(self):
        """What the picture shows, for those who do not see it."""
        if share_image.name_of(self.countries) == share_image.WHOLE:
            return gettext("Map of Central Asia")
        names = [place.name_and_language()[0] for _key, place in sorted(self.countries.items())]
        return gettext("Map of Central Asia, in colour: {countries}").format(countries=", ".join(names))

    width, height = share_image.WIDTH, share_image.HEIGHT

    # ── Data ─────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def data(self):
        """What the page is about, as JSON-LD."""
        tell = schema_org.SchemaContext(settings.PUBLIC_URL, self.address)
        kind, things = (
            self.view.told(tell, self.context) if isinstance(self.view, PageMetadataMixin) else ("WebPage", [])
        )
        main = {"mainEntity": {"@id": things[0]["@id"]}} if things else {}
        return schema_org.json_ld_script([tell.page(kind, self.title, self.trail, **main), *things])


class PageMetadataMixin:
    """For views of pages: what the page is about, for the head of the page."""

    page_kind = "WebPage"  # what schema.org calls it

    def canonical_query(self, context):
        """What of the query makes another page of it. Everything else asks for a part of the same page."""
        return {}

    def share_countries(self, context):
        """The countries that the picture of a link to the page has in colour."""
        return []

    def schema_objects(self, tell, context):
        """What the page is about, the main thing first."""
        return []

    def told(self, tell, context):
        return self.page_kind, self.schema_objects(tell, context)


def head_of(context):
    """The head of the page that is made with this context."""
    record = context.get("record")
    title = record.name_and_language()[0] if record is not None else context.get("title") or settings.PORTAL_NAME
    return PageMetadata(
        context["request"], str(title), context.get("trail") or [], context.get("view"), context.flatten()
    )
