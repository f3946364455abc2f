"""The results of an endurance run are counted and judged correctly."""

import pytest

from tests.soak import judging
from tests.soak.judging import GRACE, Fault, Request

FAULT = Fault("the database restarts", 60, 62)
GOOD = {
    "seconds": 3 * judging.ROTATION,
    "actors": {"readers": {"requests": 10_000, "errors": 9, "errors outside": 0, "kinds": {"503": 9}}},
    "faults": [{"first good": 0.2}],
    "memory": {"workers": {"growth": 10.0}},
    "lost": [],
    "stale": [],
}


def missed(**changes):
    return [name for name, (_value, _most, is_met) in judging.targets(GOOD | changes).items() if not is_met]


def test_run_that_reaches_all_targets_misses_none():
    assert missed() == []


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"lost": ["soak-term-1"]}, ["acknowledged writes that are lost"]),
        ({"stale": ["soak-term-1: 200"]}, ["pages that are stale after 1 s"]),
        ({"faults": [{"first good": None}]}, ["faults without a good response afterwards"]),
        ({"memory": {"workers": {"growth": 10.1}}}, ["growth of workers, %"]),
        ({"memory": {"Redis": {"growth": None}}}, ["growth of Redis, %"]),
        (
            {"actors": {"readers": GOOD["actors"]["readers"] | {"errors": 10}, "editors": {"kinds": {"500": 1}}}},
            ["errors of readers, %", "server errors (500)"],
        ),
        (
            {"actors": {"readers": GOOD["actors"]["readers"] | {"errors outside": 10}}},
            ["errors of readers outside of faults, %"],
        ),
    ],
)
def test_missed_target_is_named(changes, names):
    assert missed(**changes) == names


def test_memory_of_a_short_run_is_not_judged():
    assert missed(seconds=600, memory={"workers": {"growth": 50.0}}) == []


def test_errors_of_an_actor_are_counted_within_and_outside_of_faults():
    requests = [
        Request("readers", 10, 0.1),
        Request("readers", 20, 0.1, "500"),
        Request("readers", 59, 2, "503"),  # it began before the fault
        Request("readers", 62 + GRACE - 1, 0.3, "503"),
        Request("readers", 62 + GRACE + 1, 0.3, "503"),
        Request("editors", 61, 0.1),
    ]
    found = judging.by_actor(requests, [FAULT])
    assert found["readers"] == {
        "requests": 5,
        "errors": 4,
        "errors outside": 2,
        "kinds": {"500": 1, "503": 3},
        "p50": 300,
        "p95": 2_000,
    }
    assert (found["editors"]["requests"], found["editors"]["errors"]) == (1, 0)


def test_fault_lists_the_seconds_until_the_first_good_response_and_the_last_error():
    requests = [
        Request("readers", 60.5, 0.1, "503"),
        Request("readers", 61, 2),  # good, but begun while the cause lasted
        Request("readers", 62.5, 0.1, "503"),
        Request("readers", 63, 0.5),
        Request("editors", 62, 0.1),
    ]
    [found] = judging.recoveries(requests, [FAULT], "readers")
    assert found == {
        "fault": FAULT.name,
        "at": 60,
        "lasted": 2,
        "errors": 2,
        "first good": 1.5,
        "last error": 0.5,
    }
    [never] = judging.recoveries(requests[:1], [FAULT], "readers")
    assert never["first good"] is None


def test_memory_is_compared_between_two_rotations_and_for_workers_that_lived_through_both():
    end = 4 * judging.ROTATION
    samples = []
    for at in range(0, end, 10):
        grown = 0 if at < 2 * judging.ROTATION else 20
        killed = {} if at > end / 2 else {2: 500}
        samples.append((at, {"workers": {1: 100 + grown, **killed}, "Redis": {7: 50}, "PostgreSQL": {at: 30, -at: 10}}))
    found = judging.growth(samples, end)
    assert found["workers"] == {"MB": 100, "MB at the end": 120, "growth": pytest.approx(20)}
    assert found["Redis"]["growth"] == 0
    assert found["PostgreSQL"]["MB"] == 40
