"""The style guide: `/styleguide/` shows each component with real records. It exists only with DEBUG."""

import copy

from django.db.models import Count, Q
from django.http import QueryDict
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import resolve, reverse
from django.utils import timezone

from issues.models import Indicator, Issue
from portal.core.choices import Area, PublicationStatus
from portal.core.citation_marks import Footnotes
from portal.core.formatting import number
from portal.core.urls import with_query
from portal.generic.detail import source_footnotes
from portal.graphics.charts import PHONE_WIDTH, bar_chart
from portal.models import Place
from projects.models import Agreement, Project


def page_at(request, path, **query):
    """Return the template context of the page at `path`, together with the copied request that asked for it."""
    other = copy.copy(request)
    other.path = other.path_info = path
    other.GET = QueryDict(with_query("", query).removeprefix("?"))
    found = resolve(path)
    return found.func(other, *found.args, **found.kwargs).context_data | {"request": other}


def styleguide(request):
    """Render each component for developers. Components without a suitable record are left out.

    Raise Http404 if there is no published project.
    """
    project = get_object_or_404(Project.objects.published().for_list()[:1])
    listed = page_at(request, reverse("projects"), country="uz")
    countries = page_at(request, reverse("countries"))
    in_region = Count(
        "observations__place", filter=Q(observations__place__group=Place.Group.CENTRAL_ASIA), distinct=True
    )
    measured = Indicator.objects.published().annotate(n=in_region).filter(n__gt=2)
    cited = project.citations.filter(source__publication=PublicationStatus.PUBLISHED)
    passage = cited.select_related("source").first()
    passage.page, passage.read_on = "12", timezone.localdate()  # an example, which is not stored
    passages = {passage.source.key: [passage]}
    folded_notes = Footnotes(project.sources.published(), anchor="folded-note", passages=passages)
    folded_notes.cite_all()
    context = {
        "title": "Styleguide",
        "trail": [("Styleguide", None)],
        "today": timezone.localdate(),
        "project": project,
        "projects": Project.objects.published().latest_first().for_list()[:2],
        "notes": source_footnotes(project),
        "folded_notes": folded_notes,
        "areas": list(Area),
        "list": render_to_string("components/list.html", listed, listed["request"]),
        "nothing": page_at(request, reverse("projects"), q="-"),
        "place": Place.objects.published().filter(identifiers__isnull=False).first(),
        "agreements": Agreement.objects.published().with_outlook().order_by("-date", "key")[:3],
        "levels": countries["levels"],
        "countries": countries["countries"],
        "coverage": page_at(request, reverse("coverage")),
        "timeline": page_at(request, reverse("timeline")),
        "threads": page_at(request, reverse("gyeonggi"))["threads"],
    }
    if indicator := measured.first():
        page = page_at(request, indicator.get_absolute_url())
        context |= {"indicator": indicator, "figure": page["figure"], "value_map": page["value_map"]}
    if country := Place.objects.published().filter(group=Place.Group.CENTRAL_ASIA).order_by("-key").first():
        context["country"] = page_at(request, country.get_absolute_url())
        context["bars"] = bar_chart(
            [(str(row.label), row.count, "") for row in context["country"]["areas"][:5]],
            width=PHONE_WIDTH,
            format_value=number,
            missing="",
        )
    if issue := Issue.objects.published().without_sections().exclude(effect_links=None).first():
        context["issue"] = page_at(request, issue.get_absolute_url())
    compared = [one.key for one in countries["countries"]][:2]
    if len(compared) == 2:
        compare = page_at(request, reverse("compare"), country=compared)
        context["compare"] = compare | {"parts": compare["parts"][:1], "charts": [], "notes": [], "more": None}
    return render(request, "portal/styleguide.html", context)
