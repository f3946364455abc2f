"""The part of a page that other sites may show in a frame, with the code for it and its oEmbed address."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html

from portal.core.urls import embed_path, with_query

WIDTH = 720  # CSS pixels, where a site asks for a number


@dataclass(frozen=True)
class Embed:
    """The embed of the page at `path` with `query`. `height` is that of its frame in CSS pixels.

    The frame is as wide as the text around it. What is higher than the frame scrolls in it.
    """

    path: str
    query: dict
    title: str
    height: int

    @property
    def page_url(self):
        return settings.PUBLIC_URL + with_query(self.path, self.query)

    @property
    def url(self):
        return settings.PUBLIC_URL + with_query(embed_path(self.path), self.query)

    @property
    def code(self):
        """The HTML code that a site copies."""
        return self.html("100%", self.height)

    def html(self, width, height):
        """Return the HTML code of a frame of this size."""
        return format_html(
            '<iframe src="{}" title="{}" width="{}" height="{}" style="border:0" loading="lazy"></iframe>',
            self.url,
            self.title,
            width,
            height,
        )

    @property
    def oembed_url(self):
        return settings.PUBLIC_URL + with_query(reverse("oembed"), {"url": self.page_url, "format": "json"})
