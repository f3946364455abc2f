"""The page of the desk that shows how often pages, files and searches were asked for."""

import datetime
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q, Sum
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.http.usage import NETWORKS
from portal.models import UsageCount

PERIODS = (7, 30, 90)  # days
USUAL_PERIOD = 30
MOST_ROWS = 25
CHART = (720, 120)  # width and height
GAP = 2  # between bars

Kind = UsageCount.Kind


@dataclass(frozen=True)
class DayBar:
    """The bar of one day: its number and where it stands in the chart."""

    day: datetime.date
    count: int
    x: float
    y: float
    width: float
    height: float


def day_bars(counts, days):
    """Return a `DayBar` for each of `days`. `counts` is a dict from a day to its number; a day without one has 0."""
    width, height = CHART
    step = width / len(days)
    most = max([*counts.values(), 1])
    bars = []
    for number, day in enumerate(days):
        size = round(counts.get(day, 0) / most * height, 1)
        x = round(number * step, 1)
        bars.append(DayBar(day, counts.get(day, 0), x, height - size, round(step - GAP, 1), size))
    return bars


def usage_page(site, request):
    """Show the counts of the last `days`, a parameter: 7, 30 or 90."""
    asked = request.GET.get("days", "")
    period = int(asked) if asked in map(str, PERIODS) else USUAL_PERIOD
    today = timezone.localdate()
    days = [today - datetime.timedelta(days=ago) for ago in range(period - 1, -1, -1)]
    counts = UsageCount.objects.filter(day__gte=days[0])
    pages = counts.filter(kind=Kind.PAGE)
    by_day = dict(pages.order_by("day").values_list("day").annotate(total=Sum("count")))
    totals = counts.filter(name="").order_by().values_list("kind").annotate(total=Sum("count"))
    searches = dict(totals.filter(kind__in=[Kind.SEARCH, Kind.NO_HITS]))
    context = {
        **site.each_context(request),
        "title": _("Use of the portal"),
        "is_counted": settings.COUNT_USAGE,
        "networks": NETWORKS,
        "months": UsageCount.MONTHS_KEPT,
        "period": period,
        "periods": PERIODS,
        "chart": CHART,
        "bars": day_bars(by_day, days),
        "view_count": sum(by_day.values()),
        "codes": [code for code, _name in settings.LANGUAGES],
        "pages": _most(pages, by_language=True),
        "search_count": searches.get(Kind.SEARCH, 0),
        "no_hits_count": searches.get(Kind.NO_HITS, 0),
        "words": _most(counts.filter(kind=Kind.SEARCH).exclude(name="")),
        "words_without_hits": _most(counts.filter(kind=Kind.NO_HITS).exclude(name="")),
        "downloads": _most(counts.filter(kind=Kind.DOWNLOAD)),
    }
    return TemplateResponse(request, "admin/usage.html", context)


def _most(counts, *, by_language=False):
    """Return the names with the highest numbers as dicts, with a number for each language if asked."""
    each = {code: Sum("count", filter=Q(language=code), default=0) for code, _name in settings.LANGUAGES}
    named = counts.order_by().values("name").annotate(total=Sum("count"), **(each if by_language else {}))
    return list(named.order_by("-total", "name")[:MOST_ROWS])
