"""Template tags and filters for texts and links in three languages."""

from django import template
from django.conf import settings
from django.utils.encoding import escape_uri_path
from django.utils.html import escape
from django.utils.translation import get_language

from portal.core import languages
from portal.core.urls import path_in

register = template.Library()

register.simple_tag(languages.reader_html, name="text")
register.filter("name", languages.name_html)
register.filter(languages.in_language)
register.filter(languages.mid_sentence)
register.filter("language_called", languages.language_name)


@register.simple_tag(takes_context=True)
def glossary_text(context, record, field):
    """Return a translated field like `text`, with the first use of each glossary term linked to its definition."""
    words, language = languages.text_and_language(record, field)
    return languages.in_language(context["glosses"].mark(escape(words), language), language)


@register.simple_tag(takes_context=True)
def glossary_html(context, html, language):
    """Return safe HTML in `language`, with the first use of each glossary term linked to its definition."""
    return context["glosses"].mark(html, language)


@register.inclusion_tag("components/definitions.html", takes_context=True)
def glossary_definitions(context):
    """Render the definitions of the glossary terms that the page links to. They are hidden until a reader opens one."""
    glosses = context.get("glosses")
    return {"terms": list(glosses.used()), "anchor": glosses.anchor} if glosses else {}


@register.simple_tag(takes_context=True)
def language_links(context):
    """Return a dict for each language of this page.

    Its keys are: code, name (in the language itself), path, url (the path with the query) and now (True if it is
    current).
    """
    request = context.get("request")
    if request is None:
        return []
    path, query = escape_uri_path(request.path), request.META.get("QUERY_STRING", "")
    now = get_language()
    return [
        {
            "code": code,
            "name": name,
            "path": (other := path_in(path, code)),
            "url": f"{other}?{query}" if query else other,
            "now": code == now,
        }
        for code, name in settings.LANGUAGES
    ]
