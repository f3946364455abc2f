"""The migration that moves the lines of `other_spellings` to aliases, with the history of editors, and back."""

import datetime

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

BEFORE, AFTER = "0036_aliases", "0037_move_other_spellings_to_aliases"
LONG = "L" * 350
DAYS = [datetime.datetime(2026, 11, day, 9, tzinfo=datetime.UTC) for day in range(1, 8)]
# The history of records: (kind, key) -> states as (type, day, spellings).
HISTORIES = {
    ("place", "aral"): [("=", 0, "Aral Lake"), ("~", 1, "Aral Lake\nOrol dengizi"), ("~", 2, "Orol dengizi\nAral")],
    ("place", "gone"): [("+", 0, "Lost Lake"), ("-", 3, "Lost Lake")],
    ("place", "quiet"): [("+", 0, ""), ("~", 4, "")],
    ("organisation", "koica"): [("=", 0, ""), ("~", 1, "KOICA Seoul"), ("~", 5, "")],
}
# Of each change of a history: the spelling, its type, its day.
CHANGES = {
    ("place", "aral"): [
        ("Aral Lake", "=", 0),
        ("Orol dengizi", "+", 1),
        ("Aral Lake", "-", 2),
        ("Aral", "+", 2),
    ],
    ("place", "gone"): [("Lost Lake", "+", 0), ("Lost Lake", "-", 3)],
    ("organisation", "koica"): [("KOICA Seoul", "+", 1), ("KOICA Seoul", "-", 5)],
}
SPELLINGS = {
    ("place", "aral"): "Orol dengizi\nAral",
    ("place", "loaded"): " Nókis \n\nNukus\r\nNókis",
    ("place", "quiet"): "",
    ("organisation", "koica"): "",
    ("organisation", "kfs"): LONG,
}
MOVED = {
    ("place", "aral"): ["Orol dengizi", "Aral"],
    ("place", "loaded"): ["Nókis", "Nukus"],
    ("organisation", "kfs"): [LONG[:300]],
}
APPS = {"place": "portal", "organisation": "projects"}


def migrate(name):
    call_command("migrate", "portal", name, verbosity=0)


def model(name, of="portal"):
    """Return a model as it is at the migrations that are applied now."""
    executor = MigrationExecutor(connection)
    return executor.loader.project_state(list(executor.loader.applied_migrations)).apps.get_model(of, name)


@pytest.fixture
def before(blank_database):
    """A database as before the move, with spellings that were loaded and spellings that editors have changed."""
    migrate(BEFORE)
    kim = User.objects.create(username="kim")
    numbers = {}
    for (kind, key), text in SPELLINGS.items():
        fields = {"kind": "lake"} if kind == "place" else {"kind": "government"}
        record = model(kind, APPS[kind]).objects.create(key=key, name_en=key, other_spellings=text, **fields)
        numbers[kind, key] = record.pk
    for (kind, key), states in HISTORIES.items():
        for change, day, text in states:
            model(f"Historical{kind.title()}", APPS[kind]).objects.create(
                id=numbers.get((kind, key), 9_999),
                key=key,
                name_en=key,
                other_spellings=text,
                history_type=change,
                history_date=DAYS[day],
                history_user_id=kim.pk,
                history_change_reason=f"Day {day}",
            )


def moved():
    """Return the texts of the aliases in their order, by kind and key."""
    found = {}
    rows = model("Alias").objects.order_by("pk").values_list("kind", "key", "text", "language", "period")
    for kind, key, text, language, period in rows:
        assert (language, period) == ("", "")
        found.setdefault((kind, key), []).append(text)
    return found


def spellings():
    """Return the spellings of the records that have some, by kind and key."""
    return {
        (kind, key): text
        for kind, app in APPS.items()
        for key, text in model(kind, app).objects.values_list("key", "other_spellings")
        if text
    }


def histories():
    """Return the states of the records with a history, by kind and key."""
    found = {}
    for kind, app in APPS.items():
        rows = model(f"Historical{kind.title()}", app).objects.order_by("history_date", "history_id")
        for key, change, date, text in rows.values_list("key", "history_type", "history_date", "other_spellings"):
            found.setdefault((kind, key), []).append((change, DAYS.index(date), text))
    return found


def changes():
    """Return the changes of aliases, by kind and key; assert that each has its user, reason and number."""
    standing = dict(model("Alias").objects.values_list("text", "pk"))
    found, numbers = {}, {}
    for state in model("HistoricalAlias").objects.order_by("history_date", "history_id"):
        day = DAYS.index(state.history_date)
        found.setdefault((state.kind, state.key), []).append((state.text, state.history_type, day))
        assert (state.history_user.username, state.history_change_reason) == ("kim", f"Day {day}")
        # All states of an alias have its number, and one that is gone has a number of its own.
        assert numbers.setdefault(state.text, state.id) == state.id
        assert state.id == standing.get(state.text, state.id)
    assert len(set(numbers.values())) == len(numbers)
    return found


@pytest.mark.long
def test_lines_and_their_history_become_aliases_and_come_back(before):
    """One test, because each of its three runs of migrations takes as long as all its assertions."""
    migrate(AFTER)
    assert moved() == MOVED
    assert changes() == CHANGES

    aliases = model("Alias").objects
    aliases.create(kind="place", key="loaded", language="uz", text="Nukus shahri")
    aliases.create(kind="area", key="waste", language="uz", text="chiqindi")
    migrate(BEFORE)
    later = {("place", "loaded"): "Nókis\nNukus\nNukus shahri"}
    assert spellings() == {owner: "\n".join(texts) for owner, texts in MOVED.items()} | later
    gone = {("place", "gone"): [("+", 0, "Lost Lake"), ("-", 3, "")]}  # nothing is left of a deleted record
    assert histories() == HISTORIES | gone
    assert list(model("Alias").objects.exclude(kind__in=APPS).values_list("text", flat=True)) == ["chiqindi"]
