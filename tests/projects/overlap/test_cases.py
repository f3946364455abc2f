"""The overlap check meets its bars on 40 labelled cases, also for cases that its weights have not seen."""

import pytest

from projects.models import Project
from projects.overlap.check import check_overlap
from projects.overlap.scoring import SIGNALS, WEIGHTS
from tests.projects.overlap.labelled import (
    START,
    cross_validate,
    figures,
    fit,
    in_words,
    measure_cases,
    plan_of,
    ranked,
)


def meets_the_bars(found):
    return (
        found["same"] / found["same of"] >= 0.95
        and found["strong"] / found["strong of"] >= 0.85
        and len(found["above related"]) <= 1
    )


@pytest.fixture(scope="class")
def cases(content, django_db_blocker):
    """Return the measured cases. They are only read, so one class shares them."""
    with django_db_blocker.unblock():
        return measure_cases()


class TestCases:
    def test_bars_are_met(self, cases, record_property):
        found = figures(cases, [WEIGHTS] * len(cases))
        record_property("figures", f"Overlap check, all cases: {in_words(found)}")
        assert len(cases) == 40
        assert meets_the_bars(found), in_words(found)

    def test_bars_are_met_for_cases_that_the_weights_have_not_seen(self, cases, record_property):
        found = cross_validate(cases)
        record_property("figures", f"Overlap check, each case left out of the fit: {in_words(found)}")
        assert meets_the_bars(found), in_words(found)

    def test_weights_in_use_are_those_of_the_fit(self, cases):
        fitted = fit(cases)
        assert {name: abs(WEIGHTS[name] - fitted[name]) < 0.5 for name in SIGNALS} == dict.fromkeys(SIGNALS, True)

    def test_figures_are_those_of_the_check_itself(self, cases):
        """The figures above rank the measured signals. The check must give readers the same order."""
        keys = dict(Project.objects.values_list("pk", "key"))
        for labelled in cases[::8]:
            shown = [(keys[one.pk], one.grade) for one in check_overlap(plan_of(labelled.case)).neighbours]
            assert shown == ranked(labelled, WEIGHTS)[: len(shown)]
            assert shown


def test_weights_and_start_name_each_signal():
    assert tuple(WEIGHTS) == tuple(START) == SIGNALS
