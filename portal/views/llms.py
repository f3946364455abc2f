"""`/llms.txt`: what the portal has for AI assistants, in the form that llmstxt.org proposes."""

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import override
from django.views.decorators.http import require_safe

from issues.models import Issue
from portal.core.urls import file_path
from portal.formats.markdown import escape, link
from portal.formats.responses import HEADERS
from portal.models import Place
from portal.tracking import content_version

MOST = 200  # records of a kind in the file

HEAD = """\
# {name}

> {about}

Every record page has a Markdown form at its address with `.md` instead of the last slash, such as `{example}`, or with
`Accept: text/markdown`. Pages are in English (`/en/`), Korean (`/ko/`) and Russian (`/ru/`). Cite the address of the
record and the sources that it names. What no record states is not known here: do not add to it.

The portal's own texts are under CC BY 4.0. Figures and sources have their own licences, which stand beside them."""
ABOUT = (
    "Sourced records on the environment of Central Asia and on Korea's cooperation with Kazakhstan, Kyrgyzstan, "
    "Tajikistan, Turkmenistan and Uzbekistan, in English, Korean and Russian"
)


@require_safe
def llms(request):
    """`/llms.txt`: a summary, and lists of links to data and to records in Markdown. Its links are English."""
    state = content_version.state()

    def made():
        with override("en"):
            return HttpResponse(_text(), content_type="text/markdown; charset=utf-8")

    return content_version.conditional_response(
        request, f'W/"{state.number}-llms.txt"', state.changed_at, made, HEADERS
    )


def _text():
    base = settings.PUBLIC_URL
    issues = Issue.objects.published().without_sections().in_order_of("name")[:MOST]
    countries = Place.objects.published().filter(kind=Place.Kind.COUNTRY).exclude(group="").in_order_of("name")[:MOST]
    example = base + file_path(reverse("project", args=["KEY"]), "md").replace("KEY", "<key>")
    lines = [HEAD.format(name=escape(settings.PORTAL_NAME), about=ABOUT, example=example)]
    sections = {
        "For programs": [
            ("MCP endpoint", reverse("mcp"), "search, records, values, overlap check and briefs (streamable HTTP)"),
            ("API", reverse("openapi"), "description by OpenAPI; all lists with their filters as JSON"),
            ("API for people", reverse("api-docs"), "queries to try"),
            ("All data", reverse("data"), "tables, archive, database, catalogue"),
            ("Data package", reverse("datapackage"), "all tables as CSV"),
            ("Places", reverse("all-places"), "GeoJSON with outlines"),
            ("Features", reverse("ogc:landing"), "OGC API – Features: places, issues, projects, events"),
        ],
        "Lists": [
            ("Issues", reverse("issues"), "environmental issues: drivers, pressures, state, impacts, responses"),
            ("Indicators", reverse("indicators"), "values by place and year, each with its source"),
            ("Projects", reverse("projects"), "cooperation projects with status, money, organisations and sources"),
            ("Agreements", reverse("agreements"), "treaties, memoranda and what came of them"),
            ("Results and lessons", reverse("results"), "what came of projects"),
            ("Organisations", reverse("organisations"), "who funds, implements and hosts"),
            ("Timeline", reverse("timeline"), "events and agreements by date"),
            ("Sources", reverse("sources"), "everything that was read"),
            ("Glossary", reverse("glossary"), "terms in three languages"),
        ],
        "Countries": [(one.name_and_language()[0], _markdown(one), "") for one in countries],
        "Issues": [(one.name_and_language()[0], _markdown(one), one.summary) for one in issues],
        "Optional": [
            ("About the portal", reverse("about"), "who runs it, how records are checked"),
            ("Data completeness", reverse("about-data"), "what is known and what is not"),
            ("Changes", reverse("feed"), "Atom feed of the newest changes"),
            ("Sitemap", reverse("sitemap"), "all pages"),
        ],
    }
    for title, links in sections.items():
        if links:
            lines.append(f"## {title}")
            lines.append(
                "\n".join(
                    f"- {link(name, base + path)}" + (f": {escape(note)}" if note else "") for name, path, note in links
                )
            )
    return "\n\n".join(lines) + "\n"


def _markdown(record):
    return file_path(record.get_absolute_url(), "md")
