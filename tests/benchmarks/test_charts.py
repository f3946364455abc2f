"""Measure how long charts take to compute and render: targets are 5 ms for a chart and 60 ms for a page of six.

`make bench` prints the times. The tests do not fail because of them. Read the minimum and the median, because the
machine has other work too.
"""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import resolve

from issues.charts import WIDE, IndicatorFigure, axis_number
from issues.figures import readings
from issues.models import Indicator, Observation
from portal.graphics.charts import Series, line_chart

SERIES = [Series(f"Country {n}", [(year, (year * n) % 37 + n) for year in range(1960, 2025)], n) for n in range(1, 8)]


def test_shape_of_seven_series_over_65_years(benchmark):
    chart = benchmark(line_chart, SERIES, width=WIDE[0], height=WIDE[1], format_value=axis_number)
    assert len(chart.lines) == 7


@pytest.mark.usefixtures("content")
class TestContent:
    def test_drawing_of_the_largest_chart(self, benchmark):
        indicator = Indicator.objects.get(key="temperature-anomaly")
        observations = readings(Observation.objects.filter(indicator=indicator))[indicator.pk]

        def draw():
            figure = IndicatorFigure(indicator, observations)
            return render_to_string("charts/line.html", {"chart": figure.wide, "id": figure.id, "size": "chart-wide"})

        assert "<svg" in benchmark(draw)

    def test_rendering_of_a_page_with_six_charts(self, benchmark, rf):
        """Measure geometry and templates only: the data are loaded before the clock starts."""
        path = "/en/countries/uz/"
        found = resolve(path)

        def answer():
            request = rf.get(path)
            request.user, request.LANGUAGE_CODE = AnonymousUser(), "en"
            response = found.func(request, *found.args, **found.kwargs)
            for value in response.context_data.values():
                if isinstance(value, QuerySet):
                    len(value)
            return (response,), {}

        content = benchmark.pedantic(lambda response: response.rendered_content, setup=answer, rounds=30)
        assert content.count('class="figure-block"') == 6

    def test_whole_answer_of_a_page_with_six_charts(self, benchmark, client):
        answer = benchmark(client.get, "/en/countries/uz/")
        assert answer.content.count(b'class="figure-block"') == 6
