"""Builds the metadata in the head of a page: URLs, share image and structured data (see `portal.seo`)."""

from dataclasses import dataclass, field

from django.conf import settings
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import get_language, gettext

from portal.core.urls import languages_of, with_query
from portal.maps import share_image
from portal.seo import schema_org

NAMED_PLACES = 5  # most places that the text alternative of the share image names
LOCALES = {"en": "en_GB", "ko": "ko_KR", "ru": "ru_RU"}


@dataclass
class PageMetadata:
    """The metadata of one page.

    A view with `PageMetadataMixin` states what its page is about. Pages of other views have only a URL and a title.
    """

    request: object
    title: str
    trail: list
    view: object = None
    context: dict = field(default_factory=dict)

    @cached_property
    def query(self):
        """The part of the query that belongs to the canonical URL."""
        return self.view.canonical_query(self.context) if isinstance(self.view, PageMetadataMixin) else {}

    @property
    def address(self):
        """The canonical URL of the page."""
        return settings.PUBLIC_URL + with_query(self.request.path, self.query)

    @property
    def alternates(self):
        """Pairs of language code and URL, with x-default; empty if the page’s URL has no language."""
        return [(code, settings.PUBLIC_URL + path) for code, path in languages_of(self.request.path, self.query)]

    @property
    def locale(self):
        return LOCALES[get_language()]

    # ── Share image ──────────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def countries(self):
        """The countries that are coloured in the share image, by key."""
        shown = self.view.share_countries(self.context) if isinstance(self.view, PageMetadataMixin) else []
        return {place.key: place for place in shown if place.key in share_image.KEYS}

    @cached_property
    def places(self):
        """The places that are marked in the share image."""
        shown = self.view.share_places(self.context) if isinstance(self.view, PageMetadataMixin) else []
        return [place for place in shown if share_image.positions_of([place])]

    @cached_property
    def chart(self):
        """The figure whose chart is the share image of the page, or None."""
        return self.view.share_chart(self.context) if isinstance(self.view, PageMetadataMixin) else None

    @property
    def picture(self):
        if self.chart:
            return settings.PUBLIC_URL + reverse("indicator-card", args=[self.chart.indicator.key])
        if self.places:
            record = self.view.object
            return settings.PUBLIC_URL + reverse(f"{record._meta.model_name}-card", args=[record.key])
        return settings.PUBLIC_URL + reverse("card", args=[share_image.name_of(self.countries)])

    @property
    def picture_words(self):
        """The text alternative of the share image."""
        if self.chart:
            return gettext("Chart: {title}").format(title=self.chart.indicator.name_and_language()[0])
        if self.places:
            names = ", ".join(place.name_and_language()[0] for place in self.places[:NAMED_PLACES])
            return gettext("Map of Central Asia, with places marked: {places}").format(places=names)
        if share_image.name_of(self.countries) == share_image.WHOLE:
            return gettext("Map of Central Asia")
        names = [place.name_and_language()[0] for _key, place in sorted(self.countries.items())]
        return gettext("Map of Central Asia, in colour: {countries}").format(countries=", ".join(names))

    width, height = share_image.WIDTH, share_image.HEIGHT

    # ── Structured data ──────────────────────────────────────────────────────────────────────────────────────

    @property
    def data(self):
        """The JSON-LD script of the page and its subject."""
        return schema_org.json_ld_script(self.things)

    @property
    def things(self):
        """The page and its subject as schema.org objects."""
        tell = schema_org.SchemaContext(settings.PUBLIC_URL, self.address)
        kind, things = (
            self.view.metadata(tell, self.context) if isinstance(self.view, PageMetadataMixin) else ("WebPage", [])
        )
        main = {"mainEntity": {"@id": things[0]["@id"]}} if things else {}
        return [tell.page(kind, self.title, self.trail, **main), *things]


class PageMetadataMixin:
    """Adds metadata to a view: it states what the page is about."""

    page_kind = "WebPage"  # the schema.org type of the page

    def canonical_query(self, context):
        """Return the parameters that make a different page. All other parameters select a part of the same page."""
        return {}

    def share_countries(self, context):
        """Return the countries to colour in the share image of the page."""
        return []

    def share_places(self, context):
        """Return the places of the page's record to mark in its share image (see `portal.views.share_images`)."""
        return []

    def share_chart(self, context):
        """Return the figure of an indicator whose chart is the share image of the page, or None."""
        return None

    def schema_objects(self, tell, context):
        """Return the schema.org objects of the page’s subject, the main one first."""
        return []

    def metadata(self, tell, context):
        """Return the schema.org type of the page and the objects of its subject."""
        return self.page_kind, self.schema_objects(tell, context)


def head_of(context):
    """Return the metadata of the page that is rendered with this context."""
    record = context.get("record")
    title = record.name_and_language()[0] if record is not None else context.get("title") or settings.PORTAL_NAME
    return PageMetadata(
        context["request"], str(title), context.get("trail") or [], context.get("view"), context.flatten()
    )
