"""The signal `rows_changed`, which every receiver of changed rows gets."""

import pytest
from django.apps import apps
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save

from portal.models import Place
from portal.tracking.audit_log import audited_models
from portal.tracking.signals import Action, Phase, rows_changed
from projects.models import Project
from tests.make import make_country, make_place, make_project

pytestmark = pytest.mark.django_db

BEFORE, AFTER = Phase.BEFORE, Phase.AFTER


@pytest.fixture
def sent():
    """Return a function that makes a change and returns what `rows_changed` sent for it."""
    found = []

    def receive(sender, change, phase, **kwargs):
        found.append((sender, phase, change.action, sorted(change.pks), change))

    def sent(make):
        found.clear()
        make()
        return [one[:4] for one in found]

    rows_changed.connect(receive)
    sent.changes = lambda: [one[4] for one in found]
    yield sent
    rows_changed.disconnect(receive)


@pytest.mark.parametrize("signal", [pre_save, post_save, pre_delete, post_delete, m2m_changed])
def test_djangos_signals_of_content_have_no_other_receivers_but_history(signal):
    throughs = [model for model in apps.get_models(include_auto_created=True) if model._meta.auto_created]
    content = [model for model in throughs if model._meta.auto_created in audited_models()]
    for model in content if signal is m2m_changed else audited_models():
        modules = {receiver.__module__ for receiver in signal._live_receivers(model)[0]}
        ours = {name for name in modules if name.startswith(("portal", "issues", "projects"))}
        assert ours <= {"portal.tracking.signals", "portal.tracking.history"}
        assert "portal.tracking.signals" in ours


def test_saving_is_announced_before_and_after(sent):
    place = make_place()
    assert sent(place.save) == [
        (Place, BEFORE, Action.SAVE, [place.pk]),
        (Place, AFTER, Action.SAVE, [place.pk]),
    ]
    before, after = sent.changes()
    assert (before is after, after.instance is place, after.fields, after.is_created) == (True, True, None, False)
    sent(lambda: place.save(update_fields=["name_en"]))
    assert sent.changes()[0].fields == {"name_en"}
    (_place, _before, _save, no_pks), (_place, _after, _save, pks) = sent(lambda: Place.objects.create(key="osh"))
    assert (no_pks, pks, sent.changes()[0].is_created) == ([], [Place.objects.get(key="osh").pk], True)


def test_deletion_of_each_row_is_announced(sent):
    one, other = make_place(), make_place()
    pks = sorted([one.pk, other.pk])
    told = sent(Place.objects.filter(pk__in=pks).delete)
    assert sorted(told, key=lambda one: (one[1].value, one[3]), reverse=True) == [
        (Place, phase, Action.DELETE, [pk]) for phase in (BEFORE, AFTER) for pk in reversed(pks)
    ]


def test_changes_of_many_rows_are_announced_once(sent):
    one, other = make_place(), make_place()
    pks = sorted([one.pk, other.pk])
    assert sent(lambda: Place.objects.filter(pk__in=pks).update(name_en="New")) == [
        (Place, BEFORE, Action.UPDATE, pks),
        (Place, AFTER, Action.UPDATE, pks),
    ]
    change = sent.changes()[0]
    assert (change.fields, change.values) == ({"name_en"}, {"name_en": "New"})
    [created] = sent(lambda: Place.objects.bulk_create([Place(key="osh", name_en="Osh", kind="city")]))
    assert created == (Place, AFTER, Action.CREATE, [Place.objects.get(key="osh").pk])


@pytest.mark.parametrize("is_reverse", [False, True])
def test_changes_of_relations_are_announced_from_either_side(sent, is_reverse):
    project, country = make_project(), make_country()
    related, other = (country.projects_of_country, project) if is_reverse else (project.countries, country)
    through = Project.countries.through
    for make, pks in (
        (lambda: related.add(other), [other.pk]),
        (lambda: related.remove(other), [other.pk]),
        (related.clear, []),
    ):
        assert sent(make) == [(through, phase, Action.RELATE, pks) for phase in (BEFORE, AFTER)]
        assert {change.is_reverse for change in sent.changes()} == {is_reverse}
    assert sent.changes()[0].is_cleared


def test_what_a_receiver_keeps_before_is_there_after():
    seen = []

    def receive(sender, change, phase, **kwargs):
        if phase is BEFORE:
            change.memo["names"] = list(change.rows.values_list("name_en", flat=True))
        else:
            seen.append((change.memo["names"], change.rows.get().name_en))

    make_place(name_en="Old")
    rows_changed.connect(receive)
    try:
        Place.objects.update(name_en="New")
    finally:
        rows_changed.disconnect(receive)
    assert seen == [(["Old"], "New")]
