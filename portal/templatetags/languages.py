"""Tags for pages in three languages."""

from django import template
from django.conf import settings
from django.urls import translate_url
from django.utils.translation import get_language

from portal import languages

register = template.Library()

register.simple_tag(languages.reader_html, name="text")
register.filter("name", languages.name_html)
register.filter(languages.in_language)


@register.simple_tag(takes_context=True)
def language_links(context):
    """This page in each language: code, the language's name in itself, address with the query, and whether it is on."""
    request = context.get("request")
    if request is None:
        return []
    path, query = request.path, request.META.get("QUERY_STRING", "")
    now = get_language()
    return [
        {
            "code": code,
            "name": name,
            "path": (other := translate_url(path, code)),
            "url": f"{other}?{query}" if query else other,
            "now": code == now,
        }
        for code, name in settings.LANGUAGES
    ]
