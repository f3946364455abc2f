"""The parts that pages are made of. Each tag states its arguments; `/styleguide/` shows them (with DEBUG)."""

from django import template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import get_language

from portal.citations.references import reference
from portal.citations.styles import STYLES
from portal.core.choices import Confidence
from portal.core.citation_marks import footnote_links
from portal.core.sdg import goal_of, in_order
from portal.core.urls import snapshot_url, with_query
from portal.formats.responses import REFERENCES

register = template.Library()

# Tones are classes of static/css/components/tag.css.
STATUS_TONES = {
    "pipeline": "plain",
    "implementation": "water",
    "finalisation": "water",
    "closed": "done",
    "cancelled": "dry",
    "suspended": "dry",
}


@register.simple_tag
def tag(words, tone="plain"):
    """A short word in a frame."""
    return format_html('<span class="tag tag-{}">{}</span>', tone, words)


@register.simple_tag
def status_tag(project):
    """A project's status."""
    return tag(project.Status(project.status).label, STATUS_TONES[project.status])


@register.simple_block_tag
def section(content, *, title, id, more="", more_url="", lead=""):
    """Return a part of a page under a heading that can be linked to; nothing if there is nothing to stand under it."""
    if not content.strip() and not more:
        return ""
    return render_to_string(
        "components/section.html",
        {"content": content, "title": title, "id": id, "more": more, "more_url": more_url, "lead": lead},
    )


@register.inclusion_tag("components/breadcrumbs.html")
def breadcrumbs(trail):
    """Where a page stands: pairs of title and address, the last one without an address."""
    return {"trail": trail}


@register.inclusion_tag("components/formats.html")
def formats_menu(formats):
    """The forms in which what a page shows is to be had (`portal.formats.responses.format_links`)."""
    return {"formats": formats}


@register.inclusion_tag("components/project_cards.html")
def project_cards(projects):
    """Projects as short entries (queryset: `for_list`)."""
    return {"projects": projects}


@register.inclusion_tag("components/all_projects.html")
def all_projects(count, **filters):
    """The way to the list of all projects that some filters let through, of which a page shows the first."""
    return {"count": count, "url": with_query(reverse("projects"), filters)}


@register.inclusion_tag("components/agreement_list.html")
def agreement_list(agreements):
    """Agreements by date."""
    return {"agreements": agreements}


@register.inclusion_tag("components/event_list.html")
def event_list(events):
    """Events by date."""
    return {"events": events}


@register.inclusion_tag("components/dated_list.html")
def dated_list(records):
    """Events and agreements in the order given, with their kinds."""
    return {"records": records}


@register.inclusion_tag("components/latest_table.html")
def latest_table(rows, columns):
    """The latest values of indicators, a column a country, other places named beside their values."""
    return {
        "rows": [row for row in rows if any(row.by_country)],
        "columns": columns,
        "others": [row for row in rows if row.others],
    }


@register.inclusion_tag("components/notes.html")
def notes_list(notes):
    """The numbered sources of a page."""
    return {"notes": notes}


@register.inclusion_tag("components/evidence.html")
def evidence(record):
    """What a record rests on: confidence, evidence, note."""
    return {"record": record, "confidence": Confidence(record.confidence)}


@register.inclusion_tag("components/cite.html", takes_context=True)
def cite(context, record):
    """How to cite the page of a record, or a source as the work that it is, and when the record last changed.

    A page is cited where it stays as it is today, or was on the day that is shown (`portal.history.snapshots`). The
    style that is usual in the reader’s language comes first.
    """
    one = reference(record, snapshot_url(context["address"], context.get("past") or timezone.localdate()))
    here = get_language()
    styles = sorted(STYLES, key=lambda style: style.language != here)
    return {
        "record": record,
        "is_source": record._meta.model_name == "source",
        "citations": [
            (style.title, "" if style.language == here else style.language, style.html(one)) for style in styles
        ],
        "formats": [link for link in context.get("record_formats", ()) if link.name in REFERENCES],
    }


@register.inclusion_tag("components/past_notice.html")
def past_notice(record, day):
    """That a page shows a record as it was on a day, and the way to today’s."""
    return {"record": record, "day": day, "shown": getattr(record, "is_shown_today", True)}


@register.inclusion_tag("components/facet.html")
def facet(facet):
    """The choices of one facet with their counts."""
    return {"facet": facet}


register.simple_tag(footnote_links)


@register.inclusion_tag("components/sdgs.html")
def sdg_list(record):
    """A record's Sustainable Development Goals, each with its targets, leading to the list of its like."""
    goals = {}
    for row in sorted(record.sdgs.all(), key=lambda row: in_order(row.code)):
        targets = goals.setdefault(goal_of(row.code), [])
        if "." in row.code:
            targets.append(row.code)
    return {"goals": goals.items(), "list_url": reverse(f"{record._meta.model_name}s")}
