"""The guide of the desk: what a good record is. Help texts of fields link to its sections."""

from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

# From the id of a section to its heading and sentences, in the order of a form.
SECTIONS = {
    "title": (
        gettext_lazy("Title and name"),
        (
            gettext_lazy("Say in plain words what it is and where: Saxaul planting on the dried seabed, Uzbekistan."),
            gettext_lazy("Leave out acronyms that readers must look up, and the full stop at the end."),
        ),
    ),
    "summary": (
        pgettext_lazy("desk", "Summary"),
        (
            gettext_lazy("Two or three sentences say who does what, where, why and since when."),
            gettext_lazy("State facts with figure, unit and year. Leave out praise and intentions."),
            gettext_lazy("A plan is not a deed: write “is to build” until a source reports that it is built."),
        ),
    ),
    "sources": (
        pgettext_lazy("desk", "Sources"),
        (
            gettext_lazy("Each claim has a source that states it. In prose, its key follows the claim in brackets."),
            gettext_lazy("Prefer the original: the report to the news about it, the agreement to a press release."),
            gettext_lazy("Enter the date of a source as precisely as the source gives it."),
        ),
    ),
    "evidence": (
        gettext_lazy("Evidence and confidence"),
        (
            gettext_lazy("Evidence says what in the sources supports the record: the figure, the date, the party."),
            gettext_lazy("High confidence needs a source of a party to it, a government, a journal, a report or data."),
            gettext_lazy("If sources disagree, the note gives each figure with its source."),
        ),
    ),
    "status": (
        gettext_lazy("Status and dates"),
        (
            gettext_lazy("The status is what the newest source states. “Status as of” is the date of that source."),
            gettext_lazy("A project is not closed because its end has passed: a source must say so."),
            gettext_lazy("Write dates as precisely as the source does: 2021, 2021-07 or 2021-07-02."),
        ),
    ),
    "translations": (
        gettext_lazy("Translations"),
        (
            gettext_lazy("English is required. Korean and Russian say the same, sentence by sentence."),
            gettext_lazy("Use the terms of the glossary, and for bodies the names that they use themselves."),
            gettext_lazy("After a change of the English text, change its translations, or confirm that they hold."),
        ),
    ),
    "review": (
        gettext_lazy("Before you submit"),
        (
            gettext_lazy("The form lists what is missing. Look at the preview in each language."),
            gettext_lazy("“Why” says in one sentence what readers should know about the change."),
        ),
    ),
}

# From fields to the sections that explain them.
EXPLAINED = {
    **dict.fromkeys(("name", "title", "term"), "title"),
    **dict.fromkeys(("summary", "definition", "text"), "summary"),
    **dict.fromkeys(("confidence", "evidence", "note"), "evidence"),
    **dict.fromkeys(("status", "status_as_of"), "status"),
}


def with_guide(name, help_text):
    """Return the help text of a field with a link to the section that explains it, or else as it is."""
    if (section := EXPLAINED.get(name)) is None:
        return help_text
    return format_html("{} {}", help_text, guide_link(section))


def guide_link(section):
    """Return a link to a section."""
    words = _("Guide: {heading}").format(heading=SECTIONS[section][0])
    return format_html('<a href="{}#{}">{}</a>', reverse("admin:guide"), section, words)


def guide_page(site, request):
    """Show the guide."""
    context = {**site.each_context(request), "title": _("What a good record is"), "sections": SECTIONS.items()}
    return TemplateResponse(request, "admin/guide.html", context)
