"""A revision stores steps from the live record, and merges them with what others changed since."""

from decimal import Decimal

import pytest

from issues.models import KeyFigure, Term
from portal.models import Revision
from portal.models.revision import attach_targets
from portal.tracking.history import RowVersionPair, parts_of, version_at
from projects.models import Project, ProjectCitation
from tests.make import (
    make_citation,
    make_country,
    make_issue,
    make_key_figure,
    make_project,
    make_revision,
    make_source,
    make_term,
)

pytestmark = pytest.mark.django_db


def now_of(record):
    return version_at(record, kinds=parts_of(record))


def rewritten(record, change):
    """Return a revision of what `change` makes of the versions of a record."""
    now, after = now_of(record), now_of(record)
    change(after)
    revision = Revision(kind=record._meta.label_lower, record=record.pk, why="So.")
    revision.rewrite(now, after)
    revision.save()
    return Revision.objects.get(pk=revision.pk)


def test_versions_survive_as_json():
    """Numbers, moments, dates of any precision and relations are what they were, and every column is kept."""
    project = make_project(budget=Decimal("5600000.50"), currency="USD", start="2020", end="2023-05")
    citation = make_citation(project)
    now, new = now_of(project), {"budget": Decimal("1.25"), "start": "2021-03"}

    def change(after):
        after[Project][project.pk].update(new)
        after[ProjectCitation].clear()

    steps = rewritten(project, change).steps
    before = now[Project][project.pk]
    assert steps[Project] == {project.pk: RowVersionPair(before, before | new)}
    assert steps[ProjectCitation] == {citation.pk: RowVersionPair(now[ProjectCitation][citation.pk], None)}


@pytest.mark.parametrize("is_added", [True, False], ids=["added", "removed"])
def test_row_of_a_revision_from_before_a_column_was_added_has_its_default(is_added):
    project = make_project()
    source = make_source()
    citation = None if is_added else make_citation(project, source)

    def change(after):
        if is_added:
            after[ProjectCitation][-1] = {"id": -1, "project_id": project.pk, "source_id": source.pk, "position": 1}
        else:
            after[ProjectCitation].clear()

    revision = rewritten(project, change)
    for _key, *versions in revision.changes["projects.projectcitation"]:
        for version in filter(None, versions):
            for name in ("page", "quotation", "read_on", "archived_url"):
                version.pop(name, None)
    steps, clashes = revision.merge(now_of(project))
    assert clashes == []
    [step] = steps[ProjectCitation].values()
    told = step.after if is_added else step.before
    assert {name: told[name] for name in ("page", "quotation", "read_on", "archived_url")} == {
        "page": "",
        "quotation": "",
        "read_on": None,
        "archived_url": "",
    }
    assert is_added or step.before["id"] == citation.pk


def test_state_key_and_bookkeeping_are_no_part_of_it():
    term = make_term()
    revision = rewritten(
        term, lambda after: after[Term][term.pk].update(publication="draft", key="other", version=9, published_at=None)
    )
    assert revision.changes == {}


def test_empty_text_is_the_same_as_none():
    term = make_term(definition_ko=None)
    assert rewritten(term, lambda after: after[Term][term.pk].update(definition_ko="")).changes == {}
    revision = make_revision(term, {"definition_ko": "숲"})
    Term.objects.filter(pk=term.pk).update(definition_ko="")
    _steps, clashes = revision.merge(now_of(term))
    assert clashes == []


def test_added_rows_have_keys_below_zero_that_stay():
    issue = make_issue()
    figure = make_key_figure(issue=issue)
    row = now_of(issue)[KeyFigure][figure.pk]

    def add(after):
        for pk in (901, 902):
            after[KeyFigure][pk] = row | {"id": pk, "position": pk, "label_en": f"Figure {pk}"}

    revision = rewritten(issue, add)
    assert set(revision.steps[KeyFigure]) == {-901, -902}
    now = now_of(issue)
    steps, _clashes = revision.merge(now)
    after = now_of(issue)
    after[KeyFigure] |= {key: step.after for key, step in steps[KeyFigure].items()}
    after[KeyFigure][901] = row | {"id": 901, "position": 903, "label_en": "Another"}  # SQLite gives the key again
    revision.rewrite(now, after)
    assert set(revision.steps[KeyFigure]) == {-901, -902, -903}


def test_only_what_both_changed_is_a_clash():
    term = make_term(term_en="Tugai", definition_en="Old.")
    revision = make_revision(term, {"term_en": "Tugay", "definition_en": "Mine."})
    Term.objects.filter(pk=term.pk).update(definition_en="Theirs.", definition_ko="숲")
    steps, [clash] = revision.merge(now_of(term))
    assert (clash.column, clash.before, clash.theirs, clash.mine) == ("definition_en", "Old.", "Theirs.", "Mine.")
    after = steps[Term][term.pk].after
    assert (after["term_en"], after["definition_en"], after["definition_ko"]) == ("Tugay", "Mine.", "숲")
    steps, _clashes = revision.merge(now_of(term), {clash.name: "theirs"})
    assert steps[Term][term.pk].after["definition_en"] == "Theirs."


def test_the_same_change_by_both_is_none():
    term = make_term(definition_en="Old.")
    revision = make_revision(term, {"definition_en": "New."})
    Term.objects.filter(pk=term.pk).update(definition_en="New.")
    steps, clashes = revision.merge(now_of(term))
    assert (steps[Term], clashes) == ({}, [])


def test_relation_that_both_added_is_added_once():
    project, country = make_project(), make_country()
    through = Project.countries.through
    row = {"id": 900, "project_id": project.pk, "place_id": country.pk}
    revision = rewritten(project, lambda after: after[through].update({900: row}))
    assert revision.merge(now_of(project))[0][through] == {country.pk: RowVersionPair(None, row | {"id": -900})}
    project.countries.add(country)
    assert revision.merge(now_of(project))[0][through] == {}


def test_revised_record_shows_its_rows_and_the_rest_of_the_live_one():
    issue = make_issue(name_en="Sea", summary_en="Old.")
    figure = make_key_figure(issue=issue, label_en="Area")
    revision = rewritten(issue, lambda after: after[KeyFigure][figure.pk].update(label_en="Volume"))
    record = revision.as_record()
    assert ([one.label_en for one in record.key_figures.all()], record.summary_en) == (["Volume"], "Old.")
    assert KeyFigure.objects.get().label_en == "Area"


def test_column_that_the_model_no_longer_has_is_left_out():
    revision = make_revision(make_term(), {"definition_en": "New."})
    for _key, before, after in revision.changes["issues.term"]:
        before["gone"], after["gone"] = 1, 2
    [step] = revision.steps[Term].values()
    assert "gone" not in step.before | step.after


def test_targets_of_many_revisions_are_read_with_one_query_for_each_kind(django_assert_num_queries):
    make_revision(make_term()), make_revision(make_term()), make_revision(make_project())
    with django_assert_num_queries(3):
        assert {str(one.target) for one in attach_targets(Revision.objects.all())}
