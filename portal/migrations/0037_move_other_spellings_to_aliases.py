"""Make an alias of each line of `other_spellings` of places and organisations, and of each line of their history.

The language of a line is not known, so it stays empty. A line of more than 300 characters is cut. Backwards, the aliases
of places and organisations become lines again; those of other kinds have no column to go to.
"""

from itertools import groupby

from django.db import migrations

OWNERS = {"place": "portal", "organisation": "projects"}
LONGEST = 300
TOLD = ("history_date", "history_user_id", "history_change_reason")
CREATED, DELETED, BEGINNING = "+", "-", "="


def lines_of(text):
    return list(dict.fromkeys(line.strip()[:LONGEST] for line in text.splitlines() if line.strip()))


def states_of(apps, using, kind):
    """Yield the primary key of each record that has a history, with its states, the first one first."""
    states = apps.get_model(OWNERS[kind], f"Historical{kind.title()}").objects.using(using)
    yield from groupby(states.order_by("id", "history_date", "history_id").iterator(), key=lambda state: state.id)


def move(apps, schema_editor):
    using = schema_editor.connection.alias
    Alias, State = apps.get_model("portal", "Alias"), apps.get_model("portal", "HistoricalAlias")
    for kind, app in OWNERS.items():
        records = apps.get_model(app, kind).objects.using(using).exclude(other_spellings="").order_by("pk")
        for key, text in records.values_list("key", "other_spellings").iterator():
            rows = [Alias(kind=kind, key=key, text=line) for line in lines_of(text)]
            Alias.objects.using(using).bulk_create(rows)
        for _pk, states in states_of(apps, using, kind):
            numbers, standing, told = {}, [], []
            for place, state in enumerate(states):
                lines = [] if state.history_type == DELETED else lines_of(state.other_spellings)
                added = BEGINNING if place == 0 and state.history_type == BEGINNING else CREATED
                for line in dict.fromkeys([*standing, *lines]):
                    if (line in standing) == (line in lines):
                        continue
                    if line not in numbers:
                        numbers[line] = number_of(Alias.objects.using(using), kind, state.key, line)
                    told.append(
                        State(
                            id=numbers[line],
                            kind=kind,
                            key=state.key,
                            text=line,
                            history_type=added if line in lines else DELETED,
                            **{name: getattr(state, name) for name in TOLD},
                        )
                    )
                standing = lines
            State.objects.using(using).bulk_create(told)


def number_of(aliases, kind, key, line):
    """Return the primary key of an alias; of one that no longer stands, a number that no other will have."""
    alias, created = aliases.get_or_create(kind=kind, key=key, language="", text=line)
    number = alias.pk
    if created:
        alias.delete()
    return number


def move_back(apps, schema_editor):
    using = schema_editor.connection.alias
    aliases = apps.get_model("portal", "Alias").objects.using(using)
    changes = apps.get_model("portal", "HistoricalAlias").objects.using(using)
    for kind, app in OWNERS.items():
        lines = {}
        for key, text in aliases.filter(kind=kind).order_by("pk").values_list("key", "text"):
            lines.setdefault(key, {})[text] = None
        records = apps.get_model(app, kind).objects.using(using)
        for key, texts in lines.items():
            records.filter(key=key).update(other_spellings="\n".join(texts))
        for _pk, states in states_of(apps, using, kind):
            for state in states:
                told = changes.filter(kind=kind, key=state.key).order_by("history_date", "history_id")
                then = dict.fromkeys(lines.get(state.key, ()))
                if told:
                    texts = set(told.values_list("text", flat=True))
                    then = {text: None for text in then if text not in texts}
                    for change in told.filter(history_date__lte=state.history_date):
                        then.pop(change.text, None)
                        if change.history_type != DELETED:
                            then[change.text] = None
                state.other_spellings = "\n".join(then)
                state.save(update_fields=["other_spellings"])


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0036_aliases"),
        ("projects", "0020_groups_edit_outcomes_and_results"),
    ]

    operations = [migrations.RunPython(move, move_back)]
