"""The answer to a plan as a document, which becomes a PDF or DOCX file as a brief does."""

import datetime

from django.conf import settings
from django.utils.html import strip_tags
from django.utils.translation import gettext

from portal.core.formatting import date_range, date_text, number
from projects.brief.document import Brief, BriefSection, Items, Paragraph, Text
from projects.overlap.answer import GRADE_LABELS, budget_words, headline, what_was_read


def document_of(answer, title, url) -> Brief:
    """Return the answer as a document in the active language.

    `answer` is that of `answer_plan` with absolute URLs, `title` the working title of the plan, which may be empty, and
    `url` the absolute URL of the page.
    """
    name = gettext("Overlap check")
    made = gettext(
        "As of {day}. Of {searched} published projects, the {compared} closest by place, subject, organisation and "
        "words in three languages were compared one by one. The grades are computed; nobody has judged the plan."
    ).format(
        day=date_text(answer["checked_on"]), searched=number(answer["searched"]), compared=number(answer["compared"])
    )
    return Brief(
        title=title or name,
        subtitle=name if title else gettext("Projects that are near to a plan"),
        made=made,
        sources_heading="",
        language=answer["language"],
        day=datetime.date.fromisoformat(answer["checked_on"]),
        url=url,
        author=str(settings.PORTAL_NAME),
        sections=(*_neighbours(answer), _agreements(answer), _gaps(answer), _searched(answer)),
        sources=(),
    )


def _neighbours(answer):
    """Return a section for each grade that a project has. Without any, one that says so."""
    sections = []
    for grade, label in GRADE_LABELS.items():
        blocks = []
        for item in answer["items"]:
            if item["grade"] == grade:
                blocks += _neighbour(item)
        if blocks:
            sections.append(BriefSection(str(label), tuple(blocks)))
    if not sections:
        sections.append(BriefSection(gettext("Projects"), (Paragraph(Text(headline(answer)), muted=True),)))
    return sections


def _neighbour(item):
    """Return the title of a project with its status, period, budget and fit, and why it is near."""
    facts = [item["status"], strip_tags(date_range(*item["years"]))]
    if budget := budget_words(item):
        facts.append(budget)
    facts.append(gettext("Fit: {fit}%").format(fit=item["fit"]))
    outcome = [f"{one['kind']}: {one['text']}" for one in item["outcome"]]
    if not outcome:
        outcome = [gettext("None of the sources we read reports results."), item.get("looked_on_words")]
    rows = [
        (gettext("Why it is near"), "; ".join(item["reasons"])),
        (gettext("What came of it"), " ".join(filter(None, outcome))),
        (
            gettext("Whom to ask"),
            "; ".join(f"{one['name']} ({', '.join(one['roles'])})" for one in item["organisations"]),
        ),
    ]
    return (
        Paragraph(Text(item["title"], (), item["url"])),
        Paragraph(Text(" · ".join(facts)), muted=True),
        Items(tuple((Text(name), Text(text)) for name, text in rows if text)),
    )


def _agreements(answer):
    rows = tuple(
        (
            Text(item["title"], (), item["url"]),
            Text("; ".join([f"{item['kind']}, {item['date_label']}", *item["reasons"]])),
        )
        for item in answer["agreements"]
    )
    nothing = gettext("No agreement in the portal has this country and this organisation, area or issue.")
    block = Items(rows) if rows else Paragraph(Text(nothing), muted=True)
    return BriefSection(gettext("Agreements that may cover it"), (block,))


def _gaps(answer):
    rows = tuple((Text(""), Text(gap)) for gap in answer["gaps"])
    nothing = gettext("No gap was found for the planned countries and places.")
    block = Items(rows) if rows else Paragraph(Text(nothing), muted=True)
    note = Paragraph(Text(gettext("What is not shown may exist all the same.")), muted=True)
    return BriefSection(gettext("What nobody serves yet"), (block, note))


def _searched(answer):
    rows = [(Text(str(label)), Text(", ".join(values))) for label, values in what_was_read(answer)]
    if answer["unknown"]:
        rows.append(
            (Text(gettext("Not in the portal, so only searched as words:")), Text(", ".join(answer["unknown"])))
        )
    return BriefSection(gettext("How it was searched"), (Items(tuple(rows)),))
