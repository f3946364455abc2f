"""Template tags for maps of the region: markers of places with a list, countries shaded by value with a table."""

from django import template

from portal.core.urls import with_query
from portal.maps import region

register = template.Library()

register.inclusion_tag("components/map.html")(region.region_map)


@register.inclusion_tag("components/choropleth.html", takes_context=True)
def choropleth(context, shown):
    """Show the countries shaded by an indicator's values for one year, with the same values in a table.

    `shown` is what `issues.charts.value_map` returns. For None, an indicator without a map, nothing is shown.
    """
    if shown is None:
        return {"map": None}
    request = context.get("request")
    kept = [
        (key, value)
        for key, values in (request.GET.lists() if request else ())
        if key not in {"year", "format", "part"}
        for value in values
    ]
    picture_url = with_query(shown["indicator"].get_absolute_url(), {"year": shown["year"], "part": "map"})
    return shown | {"kept": kept, "picture_url": picture_url}
