"""Template tags for the head of a page: metadata for search engines, reference managers and messengers."""

from django import template
from django.conf import settings

from portal.citations.references import reference
from portal.seo.citation_tags import citation_tags
from portal.seo.head import head_of

register = template.Library()


@register.inclusion_tag("components/head.html", takes_context=True)
def head(context):
    """Show the canonical URL, the languages, the share card and the structured data of a page (`portal.seo`)."""
    return {"head": head_of(context), "record": context.get("record"), "request": context["request"]}


@register.inclusion_tag("portal/includes/cited_as.html", takes_context=True)
def cited_as(context, record):
    """Show the citation metadata of a record for reference managers, at the URL of the page, which may have a day."""
    request = context["request"]
    return {"tags": citation_tags(reference(record, settings.PUBLIC_URL + request.path))}
