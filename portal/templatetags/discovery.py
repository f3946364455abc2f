"""The tag that fills the head of a page for search engines, reference managers and messengers."""

from django import template
from django.conf import settings

from portal.citations.references import reference
from portal.seo.citation_tags import citation_tags
from portal.seo.head import head_of

register = template.Library()


@register.inclusion_tag("components/head.html", takes_context=True)
def head(context):
    """The page’s address and languages, the card of a link to it, and what it is about (`portal.seo`)."""
    return {"head": head_of(context), "record": context.get("record"), "request": context["request"]}


@register.inclusion_tag("portal/includes/cited_as.html", takes_context=True)
def cited_as(context, record):
    """How reference managers cite the page of a record: at its address, which may be that of a day."""
    request = context["request"]
    return {"tags": citation_tags(reference(record, settings.PUBLIC_URL + request.path))}
