"""The tag that fills the head of a page for search engines, reference managers and messengers."""

from django import template

from portal.discovery.head import head_of

register = template.Library()


@register.inclusion_tag("components/head.html", takes_context=True)
def head(context):
    """The page’s address and languages, the card of a link to it, and what it is about (`portal.discovery`)."""
    return {"head": head_of(context), "record": context.get("record")}
