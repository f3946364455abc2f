"""Template tags for the components of pages. `/styleguide/` shows each of them (with DEBUG)."""

import functools

from django import template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, gettext

from portal.citations.references import reading_days, reference
from portal.citations.styles import STYLES
from portal.core.choices import Confidence
from portal.core.citation_marks import footnote_links
from portal.core.formatting import number
from portal.core.sdg import goal_of, sort_key
from portal.core.urls import file_url, snapshot_url, with_query
from portal.formats.responses import REFERENCES
from portal.models import Outlook
from portal.models.corrections import corrected_on

register = template.Library()

# Tones are classes of static/css/components/tag.css. Every other status of a day is an old one.
STATUS_TONES = {
    "pipeline": "plain",
    "implementation": "water",
    "finalisation": "water",
    "closed": "done",
    "cancelled": "dry",
    "suspended": "dry",
    "end-passed": "overdue",
}


@register.simple_tag
def tag(words, tone="plain"):
    """Return a short text in a frame. `tone` is a class of static/css/components/tag.css."""
    return format_html('<span class="tag tag-{}">{}</span>', tone, words)


@register.simple_tag
def status_tag(project):
    """Return the status that readers see of a project as a tag, with the date that it was last reported."""
    return tag(project.status_now_words, f"{STATUS_TONES.get(project.status_now, 'stale')} tag-status")


@register.simple_tag
def outlook_tag(record):
    """Return as a tag whether the date of an event or agreement lies ahead, or its outcome is not recorded; or ""."""
    outlook = record.outlook
    return tag(outlook.label, "plain" if outlook == Outlook.COMING_UP else "stale") if outlook else ""


@register.simple_block_tag
def section(content, *, title, id, more="", more_url="", lead="", folded=""):
    """Return a section with a heading that has the anchor `id`; "" if it has neither content nor `more`.

    `folded` is "narrow" for a section that a phone folds, and "always" for one that every page folds.
    """
    if not content.strip() and not more:
        return ""
    return render_to_string(
        "components/section.html",
        {
            "content": content,
            "title": title,
            "id": id,
            "more": more,
            "more_url": more_url,
            "lead": lead,
            "folded": folded,
        },
    )


@register.simple_block_tag
def fact(content, label):
    """Return one fact of a strip (`<dl class="fact-strip">`): a label and its value, "Not known" if there is none."""
    value = content if content.strip() else format_html('<span class="text-muted">{}</span>', gettext("Not known"))
    return format_html("<div><dt>{}</dt><dd>{}</dd></div>", label, value)


@register.inclusion_tag("components/breadcrumbs.html")
def breadcrumbs(trail):
    """Show breadcrumbs. `trail` are pairs of title and URL; the last URL is None."""
    return {"trail": trail}


@register.inclusion_tag("components/formats.html")
def formats_menu(formats):
    """Show links to the export formats of a page (`portal.formats.responses.format_links`)."""
    return {"formats": formats}


@register.inclusion_tag("components/project_cards.html")
def project_cards(projects):
    """Show projects as cards. The queryset needs `for_list`."""
    return {"projects": projects}


@register.inclusion_tag("components/all_projects.html")
def all_projects(count, **filters):
    """Show the link to the filtered list of all `count` projects, of which the page shows the first ones."""
    return {"count": count, "url": with_query(reverse("projects"), filters)}


@register.inclusion_tag("components/agreement_list.html")
def agreement_list(agreements):
    """Show agreements in the order given."""
    return {"agreements": agreements}


@register.inclusion_tag("components/event_list.html")
def event_list(events):
    """Show events in the order given."""
    return {"events": events}


@register.inclusion_tag("components/dated_list.html")
def dated_list(records):
    """Show events and agreements, with their kinds, in the order given."""
    return {"records": records}


@register.inclusion_tag("components/latest_table.html")
def latest_table(rows, columns):
    """Show the latest values of indicators: one column for each country.

    Values of other places are listed with the names of the places.
    """
    return {
        "rows": [row for row in rows if any(row.by_country)],
        "columns": columns,
        "others": [row for row in rows if row.others],
    }


@register.inclusion_tag("components/fact_links.html")
def fact_links(label, records):
    """Show links to records under a label as one of the facts of a page; nothing without records."""
    return {"label": label, "records": records}


@register.inclusion_tag("components/identifiers.html")
def identifiers(rows):
    """Show the identifiers of a record in other registers as one of its facts; nothing if it has none."""
    return {"rows": rows}


@register.inclusion_tag("components/notes.html")
def notes_list(notes):
    """Show the numbered sources of a page."""
    return {"notes": notes}


@register.inclusion_tag("components/evidence_and_sources.html")
def evidence_and_sources(record, notes):
    """Show what a record is based on and its numbered sources, folded until a reader opens them or follows a note."""
    return {"record": record, "confidence": Confidence(record.confidence), "notes": notes}


@register.inclusion_tag("components/evidence.html")
def evidence(record):
    """Show what a record is based on: confidence, evidence and note."""
    return {"record": record, "confidence": Confidence(record.confidence)}


@register.inclusion_tag("components/cite.html", takes_context=True)
def cite(context, record):
    """Show how to cite the page of a record, or a source as a work, and when the record last changed.

    The cited URL is that of today's version, or of the version of the day that is shown (`portal.history.snapshots`).
    Citation styles in the reader's language come first.
    """
    here, kind = get_language(), record._meta.model_name
    address = snapshot_url(context["address"], context.get("past") or timezone.localdate())
    read_on = reading_days([record.pk]).get(record.pk) if kind == "source" else None
    one = reference(record, address, read_on)
    styles = sorted(STYLES, key=lambda style: style.language != here)
    return {
        "record": record,
        "kind": kind,
        "is_source": kind == "source",
        "corrected": None if context.get("past") else corrected_on(kind, [record.key]).get(record.key),
        "report_url": with_query(reverse("report"), {"address": record.get_absolute_url()}),
        "citations": [
            (style.title, "" if style.language == here else style.language, style.html(one)) for style in styles
        ],
        "formats": [link for link in context.get("record_formats", ()) if link.name in REFERENCES],
    }


@register.inclusion_tag("components/past_notice.html")
def past_notice(record, day):
    """Show that a page is the version of a record on a day, with a link to the present version."""
    return {"record": record, "day": day, "shown": getattr(record, "is_shown_today", True)}


@register.inclusion_tag("components/facet.html")
def facet(facet):
    """Show the choices of one facet with their counts."""
    return {"facet": facet}


@register.simple_tag
def facet_options(name, options):
    """Return options of the facet `name` as check boxes with their counts.

    A page has hundreds of them, so they are joined as text: formatted numbers need no escaping.
    """
    counts = {option.count for option in options}
    marks = {n: "" if n is None else f'<span class="option-count">{number(n)}</span>' for n in counts}
    html = []
    for option in options:
        start, label = _parts_of_option(name, option.value, option.label)
        state = " checked" if option.chosen else " disabled" if option.is_disabled else ""
        html.append(f"{start}{state}>{label}{marks[option.count]}</label>\n")
    return mark_safe("".join(html))


@functools.lru_cache(maxsize=16_384)
def _parts_of_option(name, value, label):
    """Return the HTML before and after the state of a check box. Cached: lists have the same options each time."""
    start = f'<label class="option"><input type="checkbox" name="{escape(name)}"\nvalue="{escape(value)}"'
    return start, f"\n<span>{escape(label)}</span>\n"


register.simple_tag(footnote_links)


@register.simple_tag
def picture_links(page_url):
    """Return links to a picture of a page as an SVG and as a PNG file.

    `page_url` is the URL of the page with the parameters that choose the picture.
    """
    svg_url, png_url = (file_url(page_url, name) for name in ("svg", "png"))
    return format_html('<a href="{}">SVG</a> · <a href="{}">PNG</a>', svg_url, png_url)


@register.inclusion_tag("components/sdgs.html")
def sdg_list(record):
    """Show the Sustainable Development Goals of a record with their targets, linked to the list of its model."""
    goals = {}
    for row in sorted(record.sdgs.all(), key=lambda row: sort_key(row.code)):
        targets = goals.setdefault(goal_of(row.code), [])
        if "." in row.code:
            targets.append(row.code)
    return {"goals": goals.items(), "list_url": reverse(f"{record._meta.model_name}s")}
