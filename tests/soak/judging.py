"""Judge an endurance run: what its requests, faults and memory say about the targets."""

from collections import Counter
from statistics import median
from typing import NamedTuple

from tests.faults.burst import percentile

MOST_ERRORS = 0.1  # per cent of the requests of readers
STALE_AFTER = 1  # seconds after a save, from which on no reader may get the former page
MOST_GROWTH = 10  # per cent
FAULT_EVERY = 120  # seconds
ROTATION = 4 * FAULT_EVERY  # within it, each kind of fault happens once
GRACE = 5  # seconds after a fault that count as its time


class Request(NamedTuple):
    """A request of an actor. `error` is empty, or a status or what happened to the connection."""

    actor: str
    begun: float  # seconds since the start of the run, as all times
    seconds: float
    error: str = ""


class Fault(NamedTuple):
    name: str
    begun: float
    ended: float  # when the cause had gone


def windows(seconds):
    """Return the two times between which memory may grow: one rotation after the first one, and the last rotation.

    A shorter run has thirds of its time instead, in which different faults happen: they are not judged.
    """
    length = min(ROTATION, seconds / 3)
    return (length, 2 * length), (seconds - length, seconds)


def by_actor(requests, faults):
    """Return a dict for each actor: requests, errors, errors outside of faults, errors by kind, p50 and p95 in ms."""
    found = {}
    for actor in dict.fromkeys(request.actor for request in requests):
        own = [request for request in requests if request.actor == actor]
        failed = [request for request in own if request.error]
        took = sorted(1_000 * request.seconds for request in own)
        found[actor] = {
            "requests": len(own),
            "errors": len(failed),
            "errors outside": sum(not during(request, faults) for request in failed),
            "kinds": dict(Counter(request.error for request in failed)),
            "p50": percentile(took, 0.5),
            "p95": percentile(took, 0.95),
        }
    return found


def during(request, faults):
    """Return True if any part of a request was in the time of a fault."""
    ended = request.begun + request.seconds
    return any(request.begun < fault.ended + GRACE and ended > fault.begun for fault in faults)


def recoveries(requests, faults, actor):
    """Return a dict for each fault: its seconds, the errors of an actor, and the seconds until all was well.

    "first good" is when the first good response came after the cause had gone, "last error" when the last error began,
    0 if there was none. None means never.
    """
    found = []
    for fault in faults:
        own = [request for request in requests if request.actor == actor and during(request, [fault])]
        good = [r.begun + r.seconds for r in requests if r.actor == actor and not r.error and r.begun >= fault.ended]
        found.append(
            {
                "fault": fault.name,
                "at": fault.begun,
                "lasted": fault.ended - fault.begun,
                "errors": sum(bool(request.error) for request in own),
                "first good": min(good) - fault.ended if good else None,
                "last error": max((r.begun - fault.ended for r in own if r.error), default=0),
            }
        )
    return found


def growth(samples, seconds):
    """Return the megabytes of each part in both windows, and its growth in per cent.

    `samples` are pairs of a time and a dict: megabytes by process for each part. Of the workers, only those count that
    lived through both windows: a new worker is smaller, and would hide that others grow.
    """
    first, last = ([parts for at, parts in samples if begin <= at < end] for begin, end in windows(seconds))
    found = {}
    for part in samples[0][1]:
        if part == "workers":
            pids = set.intersection(*(set(parts[part]) for parts in first + last))
            before, after = (sum(median(parts[part][pid] for parts in some) for pid in pids) for some in (first, last))
        else:
            before, after = (median(sum(parts[part].values()) for parts in some) for some in (first, last))
        found[part] = {"MB": before, "MB at the end": after, "growth": 100 * (after / before - 1) if before else None}
    return found


def by_minute(samples):
    """Return the megabytes of each part at the end of each minute."""
    last = {int(at // 60) + 1: parts for at, parts in samples}
    return {minute: {part: sum(held.values()) for part, held in parts.items()} for minute, parts in last.items()}


def targets(results):
    """Return the targets of a run: pairs of its name with the result, and True if the target is met."""
    readers = results["actors"]["readers"]
    rows = {
        "errors of readers, %": (100 * readers["errors"] / readers["requests"], MOST_ERRORS),
        "errors of readers outside of faults, %": (100 * readers["errors outside"] / readers["requests"], MOST_ERRORS),
        "server errors (500)": (sum(actor["kinds"].get("500", 0) for actor in results["actors"].values()), 0),
        "acknowledged writes that are lost": (len(results["lost"]), 0),
        f"pages that are stale after {STALE_AFTER} s": (len(results["stale"]), 0),
        "faults without a good response afterwards": (sum(f["first good"] is None for f in results["faults"]), 0),
    }
    if results["seconds"] >= 3 * ROTATION:
        rows |= {f"growth of {part}, %": (row["growth"], MOST_GROWTH) for part, row in results["memory"].items()}
    # Errors must stay below their target, all else may reach it. A part without memory was not measured.
    return {
        name: (value, most, value is not None and (value < most if most == MOST_ERRORS else value <= most))
        for name, (value, most) in rows.items()
    }
